//! [`Fault`]: a fault of a plan.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A fault that begins at some time after the clients, and ends by itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    /// The time of its beginning, in virtual milliseconds since the clients began.
    pub at_ms: u64,
    /// How long it lasts, in virtual milliseconds. A server that crashes is down for so long.
    pub for_ms: u64,
    /// The fault.
    pub kind: FaultKind,
}

/// A kind of fault. Faults of all kinds may last at the same time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum FaultKind {
    /// A server crashes, and is started again at the end.
    Crash {
        /// The server.
        server: Who,
        /// The moment.
        moment: Moment,
    },
    /// A server is paused: it sends and handles nothing, its timers go on, and it does not know.
    Pause {
        /// The server.
        server: Who,
    },
    /// These servers are cut off from the others, both ways.
    Halves {
        /// One side of the cut; the other servers are the other side.
        side: Vec<Who>,
    },
    /// As `Halves`, but the cut comes and goes.
    Flapping {
        /// One side of the cut.
        side: Vec<Who>,
        /// The time for which it is cut, and then open, in milliseconds.
        every_ms: u64,
    },
    /// No message of this server reaches another one. Those of others reach it.
    Mute {
        /// The server.
        server: Who,
    },
    /// No message of another server reaches this one. Its own reach them.
    Deaf {
        /// The server.
        server: Who,
    },
    /// Two halves that reach each other through one server alone.
    Bridge {
        /// The server that is in both halves.
        bridge: Who,
    },
    /// Each server reaches the two next to it alone.
    Ring,
    /// Messages are lost, one in ten, and delayed by up to 27 ms.
    Loss,
    /// Each message between servers takes up to so many milliseconds more, so that they overtake each other.
    Delay {
        /// The most, in milliseconds.
        up_to_ms: u64,
    },
    /// Two replies in three are delayed by up to 2.2 s.
    LateReplies,
    /// Some requests arrive twice.
    Duplicates {
        /// How many of a hundred.
        percent: u32,
        /// The second arrives up to so many milliseconds later.
        up_to_ms: u64,
    },
    /// Each save takes up to so many milliseconds. A crash interrupts it; in one of two cases it has taken
    /// effect.
    SlowSaves {
        /// The most, in milliseconds.
        up_to_ms: u64,
    },
    /// The clock of a server runs fast or slow.
    Clock {
        /// The server.
        server: Who,
        /// Its rate, in percent of the true one: 10 to 1000.
        percent: u32,
    },
    /// The clients do not pause between their commands.
    Burst,
}

/// A server of a fault. It is looked up when the fault begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Who {
    /// The server that leads; server 0 if none does, or if the protocol has no leader.
    Leader,
    /// The server so many places after the one that leads, from 1 on.
    Follower(usize),
    /// The server of this number.
    Server(usize),
}

/// The moment of a crash. If it does not come within 50 ms, the server crashes then.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Moment {
    /// At once: mostly the server is at rest then.
    Now,
    /// After so many scheduling points of its threads, in the middle of whatever they do.
    Point(u32),
    /// Right after the save of this number from now: before what it is saved for is answered or sent.
    Save(u32),
    /// Right after it has sent the reply of this number from now.
    Reply(u32),
    /// Right after it has sent the request of this number from now.
    Request(u32),
}

impl Fault {
    /// The time of its end, in milliseconds since the clients began.
    #[must_use]
    pub fn end_ms(&self) -> u64 {
        self.at_ms.saturating_add(self.for_ms)
    }
}

impl FaultKind {
    /// The servers that it names.
    pub(super) fn named(&self) -> &[Who] {
        match self {
            Self::Halves { side } | Self::Flapping { side, .. } => side,
            Self::Crash { server, .. }
            | Self::Pause { server }
            | Self::Mute { server }
            | Self::Deaf { server }
            | Self::Clock { server, .. }
            | Self::Bridge { bridge: server } => std::slice::from_ref(server),
            Self::Ring
            | Self::Loss
            | Self::Delay { .. }
            | Self::LateReplies
            | Self::Duplicates { .. }
            | Self::SlowSaves { .. }
            | Self::Burst => &[],
        }
    }

    /// The same, to be changed.
    pub(super) fn named_mut(&mut self) -> &mut [Who] {
        match self {
            Self::Halves { side } | Self::Flapping { side, .. } => side,
            Self::Crash { server, .. }
            | Self::Pause { server }
            | Self::Mute { server }
            | Self::Deaf { server }
            | Self::Clock { server, .. }
            | Self::Bridge { bridge: server } => std::slice::from_mut(server),
            Self::Ring
            | Self::Loss
            | Self::Delay { .. }
            | Self::LateReplies
            | Self::Duplicates { .. }
            | Self::SlowSaves { .. }
            | Self::Burst => &mut [],
        }
    }
}

impl Who {
    /// A server of the same kind, among so many: two or more.
    pub(super) fn among(self, servers: usize) -> Self {
        match self {
            Self::Leader => self,
            Self::Follower(distance) => Self::Follower((distance.max(1) - 1) % (servers - 1) + 1),
            Self::Server(server) => Self::Server(server % servers),
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { at_ms, for_ms, kind } = self;
        write!(f, "{at_ms:>6} ms, for {for_ms:>5} ms: {kind}")
    }
}

impl fmt::Display for FaultKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Crash { server, moment } => write!(f, "{server} crashes {moment}"),
            Self::Pause { server } => write!(f, "{server} is paused"),
            Self::Halves { side } => write!(f, "{} cut off from the others", Side(side)),
            Self::Flapping { side, every_ms } => {
                write!(f, "{} cut off from the others every other {every_ms} ms", Side(side))
            }
            Self::Mute { server } => write!(f, "nothing that {server} sends arrives"),
            Self::Deaf { server } => write!(f, "nothing arrives at {server}"),
            Self::Bridge { bridge } => write!(f, "two halves, with {bridge} in both"),
            Self::Ring => f.write_str("each server reaches its two neighbours alone"),
            Self::Loss => f.write_str("one message in ten is lost"),
            Self::Delay { up_to_ms } => write!(f, "each message takes up to {up_to_ms} ms more"),
            Self::LateReplies => f.write_str("two replies in three are up to 2.2 s late"),
            Self::Duplicates { percent, up_to_ms } => {
                write!(f, "{percent} % of the requests arrive again, up to {up_to_ms} ms later")
            }
            Self::SlowSaves { up_to_ms } => write!(f, "each save takes up to {up_to_ms} ms"),
            Self::Clock { server, percent } => write!(f, "the clock of {server} runs at {percent} %"),
            Self::Burst => f.write_str("the clients do not pause"),
        }
    }
}

struct Side<'a>(&'a [Who]);

impl fmt::Display for Side<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, who) in self.0.iter().enumerate() {
            let separator = match at {
                0 => "",
                _ if at + 1 == self.0.len() => " and ",
                _ => ", ",
            };
            write!(f, "{separator}{who}")?;
        }
        f.write_str(if self.0.len() == 1 { " is" } else { " are" })
    }
}

impl fmt::Display for Who {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Leader => f.write_str("the leader"),
            Self::Follower(distance) => write!(f, "follower {distance}"),
            Self::Server(server) => write!(f, "server {server}"),
        }
    }
}

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Now => f.write_str("at once"),
            Self::Point(points) => write!(f, "after {points} scheduling points"),
            Self::Save(1) => f.write_str("right after its next save"),
            Self::Save(number) => write!(f, "right after its save {number} from then"),
            Self::Reply(1) => f.write_str("right after its next reply"),
            Self::Reply(number) => write!(f, "right after its reply {number} from then"),
            Self::Request(1) => f.write_str("right after its next request"),
            Self::Request(number) => write!(f, "right after its request {number} from then"),
        }
    }
}
