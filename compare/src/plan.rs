//! [`Plan`]: the faults of a run, the same for every protocol.

use std::time::Duration;

use labrt::rand::RngExt;
use labrt::world::StreamRng;

/// A sequence of faults, each of which ends before the next one begins.
///
/// The times are drawn from the seed and the plan's name alone. So they are the same for every protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Plan {
    /// The name on the command line and in JSON: `leader-crashes`.
    pub name: &'static str,
    /// The title in tables: `The leader crashes`.
    pub title: &'static str,
    /// What happens, in a sentence.
    pub story: &'static str,
    /// The fault.
    fault: FaultKind,
    /// How often it happens.
    times: u64,
    /// How long it lasts, in virtual milliseconds.
    for_ms: u64,
    /// The virtual milliseconds from the beginning of one to that of the next.
    every_ms: u64,
}

/// A fault at its time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Its beginning, since that of the plan.
    pub at: Duration,
    /// How long it lasts.
    pub lasts: Duration,
    /// The fault.
    pub kind: FaultKind,
}

/// A kind of fault. Which server leads is looked up when the fault begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FaultKind {
    /// There is none.
    Nothing,
    /// The leader crashes, and is started again at the end.
    LeaderCrashes,
    /// The leader is paused: its threads stop, and its timers go on.
    LeaderPauses,
    /// The leader is cut off from a majority, together with the servers after it that make up the minority.
    LeaderInMinority,
    /// The server of the highest number crashes, and is started again at the end.
    HighestCrashes,
    /// Each request is lost with a probability of 10 %, and so is each reply; requests take up to 26 ms more.
    MessagesLost,
    /// All servers but the leader are paused. At the end the leader crashes and the others go on; it is
    /// started again [`ALONE_DOWN`] later.
    LeaderLeftAlone,
}

/// How long a leader that was left alone stays down.
pub const ALONE_DOWN: Duration = Duration::from_millis(1000);

/// The time for which servers run before the first fault, so that a leader is elected.
pub const WARM_UP: Duration = Duration::from_secs(2);

/// The time after the last fault that is still measured.
pub const AFTERMATH: Duration = Duration::from_secs(2);

/// The most by which the beginning of a fault is put off, in milliseconds.
const JITTER_MS: u64 = 300;

/// All plans, the one without a fault first.
pub const PLANS: &[Plan] = &[
    Plan {
        name: "calm",
        title: "No fault",
        story: "Nothing fails. This is what a protocol costs by itself.",
        fault: FaultKind::Nothing,
        times: 1,
        for_ms: 4000,
        every_ms: 4000,
    },
    Plan {
        name: "leader-crashes",
        title: "The leader crashes",
        story: "Three times the leader crashes. It returns after 1.5 s.",
        fault: FaultKind::LeaderCrashes,
        times: 3,
        for_ms: 1500,
        every_ms: 2500,
    },
    Plan {
        name: "leader-pauses",
        title: "The leader pauses",
        story: "Three times the leader stands still for 1.5 s, as a process that collects garbage or swaps. \
                It does not know.",
        fault: FaultKind::LeaderPauses,
        times: 3,
        for_ms: 1500,
        every_ms: 2500,
    },
    Plan {
        name: "partition",
        title: "A partition",
        story: "Two times the network falls into halves for 2.5 s, with the leader in the smaller one.",
        fault: FaultKind::LeaderInMinority,
        times: 2,
        for_ms: 2500,
        every_ms: 4000,
    },
    Plan {
        name: "unstable-best",
        title: "An unstable best node",
        story: "The server with the highest number, which some protocols prefer, crashes five times for \
                0.7 s.",
        fault: FaultKind::HighestCrashes,
        times: 5,
        for_ms: 700,
        every_ms: 1700,
    },
    Plan {
        name: "loss",
        title: "Messages get lost",
        story: "For 6 s a request is lost with a probability of 10 %, and so is a reply. Requests take up to \
                26 ms more.",
        fault: FaultKind::MessagesLost,
        times: 1,
        for_ms: 6000,
        every_ms: 6000,
    },
    Plan {
        name: "left-alone",
        title: "The leader is left alone",
        story: "Two times all servers but the leader pause for 1.5 s. Then they go on and the leader \
                crashes, for 1 s.",
        fault: FaultKind::LeaderLeftAlone,
        times: 2,
        for_ms: 1500,
        every_ms: 4500,
    },
];

impl Plan {
    /// The plan of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<&'static Self> {
        PLANS.iter().find(|plan| plan.name == name)
    }

    /// The faults of a seed, in the order of their times.
    #[must_use]
    pub fn faults(&self, seed: u64) -> Vec<Fault> {
        let mut rng = StreamRng::new(seed, self.name);
        (0..self.times)
            .map(|number| Fault {
                at: Duration::from_millis(number * self.every_ms + rng.random_range(0..JITTER_MS)),
                lasts: Duration::from_millis(self.for_ms),
                kind: self.fault,
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_do_not_overlap_and_follow_the_seed() {
        for plan in PLANS {
            assert_eq!(plan.faults(7), plan.faults(7));
            assert!((0..9).any(|seed| plan.faults(seed) != plan.faults(7)));
            let down = if plan.fault == FaultKind::LeaderLeftAlone { ALONE_DOWN } else { Duration::ZERO };
            for pair in plan.faults(7).windows(2) {
                assert!(pair[0].at + pair[0].lasts + down < pair[1].at, "{}", plan.name);
            }
            assert_eq!(Plan::named(plan.name), Some(plan));
        }
        assert_eq!(Plan::named("storm"), None);
    }
}
