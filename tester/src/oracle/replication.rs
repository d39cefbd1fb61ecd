//! "A log entry is committed once the leader that created the entry has replicated it on a majority of the servers"
//! (paper, §5.3), and only then it is applied.
//!
//! Which message takes an entry along only the solution knows. But it was not there before a server was given it. So whoever applies
//! an entry knows, as cause and effect, that what came after it was given to a server has reached a majority, that
//! server included.

use labapi::LogIndex;
use rustc_hash::FxHashMap;

use super::clocks::{Clocks, Moment};
use crate::words::{Lived, Servers};

/// When each request was given to which servers.
#[derive(Default)]
pub(super) struct Replication {
    /// By a hash of the request. Two with the same hash are taken for one, which accuses nobody.
    given: FxHashMap<u64, Vec<Given>>,
    /// What was given of the entry at each index, from 1, when it was first applied.
    entries: Vec<Box<[Given]>>,
    pub looked: u64,
}

/// A server was given a request.
#[derive(Clone, Copy)]
struct Given {
    server: usize,
    moment: Moment,
}

impl Replication {
    /// A server is about to be given a request.
    pub fn give(&mut self, request: &[u8], server: usize, clocks: &Clocks) {
        let given = Given { server, moment: clocks.now(server) };
        self.given.entry(hash(request)).or_default().push(given);
    }

    /// `who` applies the entry at `index`, a request that was given to somebody.
    pub fn applies(
        &mut self,
        who: Lived,
        index: LogIndex,
        request: &[u8],
        clocks: &Clocks,
    ) -> Result<(), String> {
        let position = usize::try_from(index.0).expect("a log fits in memory") - 1;
        if position == self.entries.len() {
            let given = self.given.get(&hash(request)).cloned().unwrap_or_default();
            self.entries.push(given.into());
        }
        self.looked += 1;
        let Some(given) = self.entries.get(position) else { return Ok(()) };
        judge(who, given, clocks, || format!("apply the entry at index {index}"))
    }

    /// `who` takes over the state after the entry at `index`.
    pub fn restores(&mut self, who: Lived, index: LogIndex, clocks: &Clocks) -> Result<(), String> {
        let position = usize::try_from(index.0).expect("a log fits in memory").checked_sub(1);
        let Some(given) = position.and_then(|position| self.entries.get(position)) else { return Ok(()) };
        self.looked += 1;
        judge(who, given, clocks, || format!("install a snapshot with the entry at index {index}"))
    }

    /// `who` does a request that was given to somebody. What it is called in a message, `name` tells.
    pub fn does(
        &mut self,
        who: Lived,
        request: &[u8],
        clocks: &Clocks,
        name: impl FnOnce() -> String,
    ) -> Result<(), String> {
        self.looked += 1;
        let Some(given) = self.given.get(&hash(request)) else { return Ok(()) };
        judge(who, given, clocks, || format!("do {}", name()))
    }
}

/// Whether `who` knows that a request has reached a majority.
fn judge(who: Lived, given: &[Given], clocks: &Clocks, what: impl FnOnce() -> String) -> Result<(), String> {
    let reached = |it: &Given| clocks.majority_reached(who.server, it.server, it.moment);
    let Some(last) = given.last().filter(|_| !given.iter().any(reached)) else { return Ok(()) };
    let Given { server, moment } = *last;
    let heard = server == who.server || clocks.knows_that(who.server, who.server, server, moment);
    let others: Vec<usize> =
        clocks.reached(who.server, server, moment).filter(|other| *other != who.server).collect();
    let known = if heard {
        format!(
            "it cannot know more than that what server {server} sent after it was given this has reached {} besides",
            Servers(&others)
        )
    } else {
        format!("nothing has reached it that server {server} sent after it was given this")
    };
    Err(format!(
        "expected an entry to be applied when a majority of the servers store it (§5.3); saw {who} {}, but {known}",
        what()
    ))
}

/// A hash of a request, whatever its length.
fn hash(request: &[u8]) -> u64 {
    use std::hash::Hasher;
    let mut hasher = rustc_hash::FxHasher::default();
    hasher.write(request);
    hasher.finish()
}
