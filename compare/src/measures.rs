//! [`Measures`]: what is measured of a run.

use std::collections::BTreeSet;
use std::time::Duration;

use serde::Serialize;

use crate::contestant::Contestant;
use crate::replica::Write;
use crate::timeline::{Happening, Timeline};

/// The measures of one run. `None` where the protocol has no such thing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Measures {
    /// The time without a leader.
    pub leaderless: Option<Gaps>,
    /// The longest time between two acknowledged writes. The beginning and the end of the measured time count
    /// as such.
    pub stalled: Option<Duration>,
    /// What elections cost.
    pub elections: Option<Cost>,
    /// What committed writes cost.
    pub commits: Option<Cost>,
    /// Several leaders at once.
    pub doubled: Option<Doubled>,
    /// What became of writes.
    pub writes: Option<Writes>,
    /// What clients read, where servers answer reads by themselves.
    pub reads: Option<Reads>,
}

/// Intervals of the measured time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Gaps {
    /// The longest of them.
    pub longest: Duration,
    /// All of them.
    pub total: Duration,
}

/// Something that happened several times, and what was sent for it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cost {
    /// How often it happened.
    pub times: u64,
    /// The requests and replies that were sent.
    pub messages: u64,
    /// Their bytes.
    pub bytes: u64,
}

/// The time in which two servers or more said that they lead.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Doubled {
    /// In whichever generations.
    pub total: Duration,
    /// Two of them in the same generation.
    pub in_one_generation: Duration,
}

/// What became of writes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Writes {
    /// The writes that were acknowledged.
    pub acknowledged: u64,
    /// Those of them that no server has at the end.
    pub lost: u64,
    /// Those of them that some server has at the end and another one has not.
    pub not_everywhere: u64,
    /// The writes that had failed for good and that a server has at the end.
    pub reappeared: u64,
}

/// What clients read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Reads {
    /// The reads that were answered.
    pub answered: u64,
    /// Those that missed a write which had been acknowledged before they began.
    pub stale: u64,
}

impl Measures {
    /// The measures of a run of this contestant.
    #[must_use]
    pub fn of(contestant: &Contestant, timeline: &Timeline) -> Self {
        let Contestant { has_leaders, takes_writes, .. } = *contestant;
        let (elections, commits) = costs(timeline, has_leaders);
        Self {
            leaderless: has_leaders.then(|| leaderless(timeline)),
            stalled: takes_writes.then(|| stalled(timeline)),
            elections: has_leaders.then_some(elections),
            commits: takes_writes.then_some(commits),
            doubled: has_leaders.then(|| doubled(timeline)),
            writes: takes_writes.then(|| fates(timeline)),
            reads: reads(timeline),
        }
    }
}

/// The time without a leader in the view of a majority.
fn leaderless(timeline: &Timeline) -> Gaps {
    let (mut gaps, mut present) = (Gaps::default(), Duration::ZERO);
    for (from, until, leadership) in timeline.leaderships() {
        if leadership.in_office().is_some() {
            present = Duration::ZERO;
            continue;
        }
        let gap = timeline.clip(from, until);
        present += gap;
        gaps = Gaps { longest: gaps.longest.max(present), total: gaps.total + gap };
    }
    gaps
}

/// The longest time between two acknowledged writes.
fn stalled(timeline: &Timeline) -> Duration {
    let acknowledged = timeline.entries.iter().filter_map(|entry| match entry.what {
        Happening::Acknowledged(_) => Some(entry.at),
        _ => None,
    });
    let (mut longest, mut last) = (Duration::ZERO, timeline.from);
    for at in acknowledged.chain([timeline.until]) {
        longest = longest.max(timeline.clip(last, at));
        last = at;
    }
    longest
}

/// What was sent while there was no leader, for each time that one came into office; and what was sent
/// otherwise, for each write that was acknowledged. Both count from the start of the servers on.
fn costs(timeline: &Timeline, has_leaders: bool) -> (Cost, Cost) {
    let (mut elections, mut commits) = (Cost::default(), Cost::default());
    let mut entries = timeline.entries.iter().peekable();
    let mut was_led = false;
    for (_, until, leadership) in timeline.leaderships() {
        let is_led = !has_leaders || leadership.in_office().is_some();
        elections.times += u64::from(is_led && !was_led);
        was_led = is_led;
        while let Some(entry) = entries.next_if(|entry| entry.at < until) {
            match entry.what {
                Happening::Sent(bytes) => {
                    let cost = if is_led { &mut commits } else { &mut elections };
                    cost.messages += 1;
                    cost.bytes += bytes as u64;
                }
                Happening::Acknowledged(_) => commits.times += 1,
                _ => {}
            }
        }
    }
    (elections, commits)
}

/// The time with several leaders.
fn doubled(timeline: &Timeline) -> Doubled {
    let mut doubled = Doubled::default();
    for (from, until, leadership) in timeline.leaderships() {
        let time = timeline.clip(from, until);
        if leadership.is_doubled() {
            doubled.total += time;
        }
        if leadership.is_doubled_in_one_generation() {
            doubled.in_one_generation += time;
        }
    }
    doubled
}

/// What became of the writes that were acknowledged, and of those that had failed.
fn fates(timeline: &Timeline) -> Writes {
    let mut writes = Writes::default();
    let servers_with = |write: Write| timeline.at_end.iter().filter(|held| held.contains(&write)).count();
    let mut acknowledged = BTreeSet::new();
    for entry in &timeline.entries {
        match entry.what {
            Happening::Acknowledged(write) if acknowledged.insert(write) => {
                writes.acknowledged += 1;
                let servers = servers_with(write);
                writes.lost += u64::from(servers == 0);
                writes.not_everywhere += u64::from((1..timeline.at_end.len()).contains(&servers));
            }
            Happening::Failed(write) => writes.reappeared += u64::from(servers_with(write) > 0),
            _ => {}
        }
    }
    writes
}

/// What clients read; `None` if no server answered a read by itself.
fn reads(timeline: &Timeline) -> Option<Reads> {
    let mut reads = Reads::default();
    for entry in &timeline.entries {
        if let Happening::Read(stale) = entry.what {
            reads.answered += 1;
            reads.stale += u64::from(stale);
        }
    }
    (reads.answered > 0).then_some(reads)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::replica::View;

    fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    /// A timeline of three servers that run and reach each other, measured from 1000 to 5000 ms. Server 0
    /// leads generation 1 from 200 ms on.
    fn began() -> Timeline {
        let mut timeline = Timeline { from: ms(1000), until: ms(5000), ..Timeline::new(3) };
        for server in 0..3 {
            timeline.add(ms(0), Happening::Started(server));
            (0..server).for_each(|other| timeline.add(ms(0), Happening::Link(other, server, true)));
        }
        for server in [1, 2, 0] {
            timeline.add(ms(200), Happening::Viewed(server, View::in_generation(1, server == 0)));
        }
        timeline
    }

    /// Server 1 leads this generation from then on, and server 2 follows.
    fn elect(timeline: &mut Timeline, at: u64, generation: u64) {
        timeline.add(ms(at), Happening::Viewed(2, View::in_generation(generation, false)));
        timeline.add(ms(at), Happening::Viewed(1, View::in_generation(generation, true)));
    }

    #[test]
    fn time_without_a_leader_is_clipped_to_what_is_measured() {
        // There was none for 200 ms at first, before the beginning.
        assert_eq!(leaderless(&began()), Gaps::default());

        let mut timeline = began();
        timeline.add(ms(900), Happening::Crashed(0));
        elect(&mut timeline, 1300, 2);
        timeline.add(ms(2000), Happening::Paused(1));
        timeline.add(ms(2100), Happening::Resumed(1));
        timeline.add(ms(4800), Happening::Crashed(1));
        timeline.add(ms(7000), Happening::Started(1));
        let gaps = leaderless(&timeline);
        assert_eq!(gaps, Gaps { longest: ms(300), total: ms(300 + 100 + 200) });
    }

    #[test]
    fn a_time_without_a_leader_goes_on_while_other_things_happen() {
        let mut timeline = began();
        timeline.add(ms(2000), Happening::Crashed(0));
        timeline.add(ms(2100), Happening::Viewed(2, View::in_generation(2, false)));
        timeline.add(ms(2200), Happening::Started(0));
        timeline.add(ms(2300), Happening::Acknowledged(9));
        elect(&mut timeline, 2500, 3);
        assert_eq!(leaderless(&timeline), Gaps { longest: ms(500), total: ms(500) });
    }

    #[test]
    fn the_longest_time_between_writes_has_the_ends_of_the_measured_time_as_bounds() {
        let mut timeline = began();
        for (number, at) in [900, 1400, 1500, 3900, 5200].into_iter().enumerate() {
            timeline.add(ms(at), Happening::Acknowledged(number as u64));
        }
        assert_eq!(stalled(&timeline), ms(2400));
        assert_eq!(stalled(&began()), ms(4000), "nothing was acknowledged");
        let mut timeline = began();
        timeline.add(ms(2000), Happening::Acknowledged(1));
        assert_eq!(stalled(&timeline), ms(3000));
    }

    #[test]
    fn messages_belong_to_an_election_or_to_writes() {
        let mut timeline = Timeline { entries: Vec::new(), ..began() };
        timeline.add(ms(0), Happening::Sent(10));
        let start = began();
        start.entries.iter().for_each(|entry| timeline.add(entry.at, entry.what));
        timeline.add(ms(300), Happening::Sent(100));
        timeline.add(ms(300), Happening::Acknowledged(1));
        timeline.add(ms(400), Happening::Acknowledged(2));
        timeline.add(ms(2000), Happening::Crashed(0));
        timeline.add(ms(2100), Happening::Sent(20));
        timeline.add(ms(2200), Happening::Sent(20));
        elect(&mut timeline, 2300, 2);
        timeline.add(ms(2400), Happening::Sent(100));
        timeline.add(ms(5000), Happening::Sent(100));
        let (elections, commits) = costs(&timeline, true);
        assert_eq!(elections, Cost { times: 2, messages: 3, bytes: 50 });
        assert_eq!(commits, Cost { times: 2, messages: 2, bytes: 200 });
        let (_, commits) = costs(&timeline, false);
        assert_eq!(commits, Cost { times: 2, messages: 5, bytes: 250 });
    }

    #[test]
    fn doubled_leaders_are_timed() {
        let mut timeline = began();
        for other in [1, 2] {
            timeline.add(ms(2000), Happening::Link(0, other, false));
        }
        elect(&mut timeline, 2400, 2);
        timeline.add(ms(3000), Happening::Viewed(0, View::in_generation(2, true)));
        timeline.add(ms(3100), Happening::Viewed(0, View::in_generation(2, false)));
        assert_eq!(doubled(&timeline), Doubled { total: ms(700), in_one_generation: ms(100) });
    }

    #[test]
    fn writes_are_lost_missing_somewhere_or_reappear() {
        let mut timeline = began();
        (1..=4).for_each(|write| timeline.add(ms(1000), Happening::Acknowledged(write)));
        // Another server acknowledges it, too.
        timeline.add(ms(1100), Happening::Acknowledged(1));
        (5..=7).for_each(|write| timeline.add(ms(1000), Happening::Failed(write)));
        // Nobody heard what became of write 8.
        timeline.at_end =
            [&[1, 3, 4, 8][..], &[1, 3, 6], &[1, 3, 6]].map(|held| held.iter().copied().collect()).into();
        let expected = Writes { acknowledged: 4, lost: 1, not_everywhere: 1, reappeared: 1 };
        assert_eq!(fates(&timeline), expected);
    }

    #[test]
    fn stale_reads_are_counted_where_servers_answer_reads() {
        let mut timeline = began();
        assert_eq!(reads(&timeline), None);
        for stale in [false, true, false] {
            timeline.add(ms(1000), Happening::Read(stale));
        }
        assert_eq!(reads(&timeline), Some(Reads { answered: 3, stale: 1 }));
    }

    #[test]
    fn a_protocol_has_the_measures_of_what_it_does() {
        let has = |name: &str| {
            let measures = Measures::of(Contestant::named(name).unwrap(), &began());
            let Measures { leaderless, stalled, elections, commits, doubled, writes, reads } = measures;
            assert_eq!(reads, None);
            let of_leaders = [leaderless.is_some(), elections.is_some(), doubled.is_some()];
            (of_leaders, [stalled.is_some(), commits.is_some(), writes.is_some()])
        };
        assert_eq!(has("raft"), ([true; 3], [true; 3]));
        assert_eq!(has("bully"), ([true; 3], [false; 3]));
        assert_eq!(has("eureka"), ([false; 3], [true; 3]));
    }
}
