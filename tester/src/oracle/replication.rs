//! "A log entry is committed once the leader that created the entry has replicated it on a majority of the
//! servers" (paper, §5.3), and only then it is applied.
//!
//! Which message takes an entry along only the solution knows. But it was not there before a server was
//! given it. So whoever applies an entry knows, as cause and effect, that what came after it was given to a
//! server has reached a majority, that server included.

use labapi::LogIndex;
use rustc_hash::FxHashMap;

use super::Verdict;
use super::clocks::{Clocks, Moment};
use crate::words::{Lived, Servers};

/// When each request was given to which servers.
#[derive(Default)]
pub(super) struct Replication {
    /// In the order in which it happened.
    given: Vec<Given>,
    /// When a request was last given to a server, by a hash of the request. Two with the same hash are
    /// taken for one, which accuses nobody.
    last: FxHashMap<u64, u32>,
    /// When the entry at each index, from 1, had last been given to a server before it was first applied.
    entries: Vec<Option<u32>>,
    pub looked: u64,
}

/// A server was given a request.
#[derive(Clone, Copy)]
struct Given {
    server: usize,
    moment: Moment,
    /// When the same request was given to a server before.
    before: Option<u32>,
}

impl Replication {
    /// A server is about to be given a request, at this moment.
    pub fn give(&mut self, request: &[u8], server: usize, moment: Moment) {
        let number = u32::try_from(self.given.len()).expect("fewer than 2^32 requests");
        let before = self.last.insert(hash(request), number);
        self.given.push(Given { server, moment, before });
    }

    /// `who` applies the entry at `index`, a request that was given to somebody.
    pub fn applies(&mut self, who: Lived, index: LogIndex, request: &[u8], clocks: &Clocks) -> Verdict {
        let position = usize::try_from(index.0).expect("a log fits in memory") - 1;
        if position == self.entries.len() {
            self.entries.push(self.last.get(&hash(request)).copied());
        }
        self.looked += 1;
        let given = self.entries.get(position).copied().flatten();
        self.judge(who, given, clocks, || format!("apply the entry at index {index}"))
    }

    /// `who` takes over the state after the entry at `index`.
    pub fn restores(&mut self, who: Lived, index: LogIndex, clocks: &Clocks) -> Verdict {
        let position = usize::try_from(index.0).expect("a log fits in memory").checked_sub(1);
        self.looked += 1;
        let given = position.and_then(|position| self.entries.get(position).copied().flatten());
        self.judge(who, given, clocks, || format!("install a snapshot with the entry at index {index}"))
    }

    /// `who` does a request that was given to somebody. What it is called in a message, `name` tells.
    pub fn does(
        &mut self,
        who: Lived,
        request: &[u8],
        clocks: &Clocks,
        name: impl FnOnce() -> String,
    ) -> Verdict {
        self.looked += 1;
        let given = self.last.get(&hash(request)).copied();
        self.judge(who, given, clocks, || format!("do {}", name()))
    }

    /// Whether `who` knows that a request has reached a majority, which was given to a server then or before.
    fn judge(
        &self,
        who: Lived,
        given: Option<u32>,
        clocks: &Clocks,
        what: impl FnOnce() -> String,
    ) -> Verdict {
        let Some(last) = given else { return Ok(()) };
        let mut next = given;
        while let Some(number) = next {
            let Given { server, moment, before } = self.given[number as usize];
            if clocks.majority_reached(who.server, server, moment) {
                return Ok(());
            }
            next = before;
        }
        let Given { server, moment, .. } = self.given[last as usize];
        let reached: Vec<usize> = clocks.reached(who.server, server, moment).collect();
        let known = if server != who.server && !reached.contains(&who.server) {
            format!("nothing has reached it that server {server} sent since it was given that")
        } else {
            let reached =
                if reached.is_empty() { "no other server".to_owned() } else { Servers(&reached).to_string() };
            format!(
                "as far as it can know, what server {server} sent since it was given that has reached {reached}"
            )
        };
        Err(format!(
            "expected an entry to be applied when a majority of the servers store it (§5.3); saw {who} {}, but {known}",
            what()
        ))
    }
}

/// A hash of a request, whatever its length.
fn hash(request: &[u8]) -> u64 {
    use std::hash::Hasher;
    let mut hasher = rustc_hash::FxHasher::default();
    hasher.write(request);
    hasher.finish()
}
