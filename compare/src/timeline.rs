//! [`Timeline`]: what happened in a run, in the order of time. Measures are made of it alone.

use std::collections::BTreeSet;
use std::time::Duration;

use crate::leadership::Leadership;
use crate::replica::{View, Write};

/// What happened in a run, as far as a measure needs it.
#[derive(Clone, Debug, Default)]
pub struct Timeline {
    /// The number of servers that take part in the protocol. A controller is none of them.
    pub servers: usize,
    /// The happenings from the start of the servers on, in the order of time.
    pub entries: Vec<Entry>,
    /// The beginning of the time that is measured: the plan's.
    pub from: Duration,
    /// The end of that time. Clients stop then.
    pub until: Duration,
    /// The writes that each server held at the end, when all faults were healed and nothing was under way.
    pub at_end: Vec<BTreeSet<Write>>,
    /// The last write that was acknowledged.
    pub last_acknowledged: Option<Write>,
    /// The leadership after the last entry.
    pub now: Leadership,
}

/// A happening and its time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Virtual time since the start of the run.
    pub at: Duration,
    /// What happened.
    pub what: Happening,
}

/// Something that happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Happening {
    /// A server started.
    Started(usize),
    /// A server crashed.
    Crashed(usize),
    /// A server was paused.
    Paused(usize),
    /// A server was resumed.
    Resumed(usize),
    /// Two servers, the lower number first, can reach each other from now on, or cannot.
    Link(usize, usize, bool),
    /// A server sees the leadership in another way.
    Viewed(usize, View),
    /// A server sent a request or a reply of so many bytes.
    Sent(usize),
    /// A write was acknowledged.
    Acknowledged(Write),
    /// A write failed for good.
    Failed(Write),
    /// A client read at a server; `true`: it missed a write that had been acknowledged before.
    Read(bool),
}

impl Timeline {
    /// A timeline of so many servers, to which entries are added.
    #[must_use]
    pub fn new(servers: usize) -> Self {
        Self { servers, now: Leadership::of(servers), ..Self::default() }
    }

    /// Adds what happened at this time, which is not before that of the last entry.
    pub fn add(&mut self, at: Duration, what: Happening) {
        self.now.on(what);
        if let Happening::Acknowledged(write) = what {
            self.last_acknowledged = Some(write);
        }
        self.entries.push(Entry { at, what });
    }

    /// The time that is measured.
    #[must_use]
    pub fn measured(&self) -> Duration {
        self.until.saturating_sub(self.from)
    }

    /// The part of the time from `from` to `until` that is measured.
    #[must_use]
    pub fn clip(&self, from: Duration, until: Duration) -> Duration {
        until.min(self.until).saturating_sub(from.max(self.from))
    }

    /// The leadership over the whole run: each state with the times at which it began and ended, in order.
    pub fn leaderships(&self) -> impl Iterator<Item = (Duration, Duration, Leadership)> + '_ {
        let mut state = Leadership::of(self.servers);
        let mut entries = self.entries.iter().filter(|entry| entry.what.concerns_leadership()).peekable();
        let mut since = Duration::ZERO;
        std::iter::from_fn(move || {
            if since >= self.until {
                return None;
            }
            let began = since;
            while let Some(entry) = entries.next_if(|entry| entry.at <= began) {
                state.on(entry.what);
            }
            since = entries.peek().map_or(self.until, |entry| entry.at.min(self.until));
            Some((began, since, state.clone()))
        })
    }
}

impl Happening {
    /// Whether it changes who leads, or may.
    pub(crate) fn concerns_leadership(self) -> bool {
        !matches!(self, Self::Sent(_) | Self::Acknowledged(_) | Self::Failed(_) | Self::Read(_))
    }
}
