//! [`Progress`]: a leader's knowledge of a follower.

use labapi::LogIndex;

/// The number of requests that may be on their way to a follower whose log is known.
const WINDOW: usize = 8;

/// What a leader knows of a follower.
#[derive(Clone, Debug)]
pub(crate) struct Progress {
    /// The next entry to send.
    pub(crate) next: LogIndex,
    /// The last index up to which the logs are known to be equal.
    pub(crate) matched: LogIndex,
    /// Whether the follower's log is known to continue at `next`, so that requests need not wait for answers.
    streams: bool,
    /// The number of requests with entries that are not answered.
    on_their_way: usize,
}

impl Progress {
    /// What a new leader knows.
    pub(crate) fn new(next: LogIndex) -> Self {
        Self { next, matched: LogIndex(0), streams: false, on_their_way: 0 }
    }

    /// Whether more entries may be sent now.
    pub(crate) fn has_room(&self) -> bool {
        self.on_their_way < if self.streams { WINDOW } else { 1 }
    }

    /// So many entries were sent.
    pub(crate) fn sent(&mut self, entries: usize) {
        if entries > 0 {
            self.on_their_way += 1;
        }
        if self.streams {
            self.next = LogIndex(self.next.0 + entries as u64);
        }
    }

    /// A snapshot was sent, and entries wait for the answer.
    pub(crate) fn sent_snapshot(&mut self, last_included_index: LogIndex) {
        self.streams = false;
        self.on_their_way = 1;
        self.next = last_included_index.next();
    }

    /// What was sent before the last heartbeat and is not answered may be lost: the leader probes again.
    pub(crate) fn forget_requests(&mut self) {
        if self.streams && self.on_their_way > 0 {
            self.streams = false;
            self.next = self.matched.next();
        }
        self.on_their_way = 0;
    }

    /// The logs are equal up to `index`.
    pub(crate) fn acknowledged(&mut self, index: LogIndex) {
        self.on_their_way = self.on_their_way.saturating_sub(1);
        if index >= self.matched && !self.streams {
            self.streams = true;
            self.on_their_way = 0;
        }
        self.matched = self.matched.max(index);
        self.next = self.next.max(self.matched.next());
    }

    /// The follower lacks the entry at `prev_log_index`; the logs may be equal up to `guess`. Returns whether
    /// that is news.
    pub(crate) fn refused(&mut self, prev_log_index: LogIndex, guess: LogIndex) -> bool {
        if prev_log_index <= self.matched || prev_log_index >= self.next {
            return false;
        }
        self.streams = false;
        self.on_their_way = 0;
        self.next = guess.next().clamp(self.matched.next(), prev_log_index);
        true
    }
}
