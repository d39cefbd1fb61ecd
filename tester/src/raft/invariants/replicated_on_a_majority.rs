//! [`ReplicatedOnAMajority`]: "A log entry is committed once the leader that created the entry has replicated
//! it on a majority of the servers" (paper, §5.3), and only then it is applied.
//!
//! The message that carries an entry is known to the solution alone. But the entry did not exist before a
//! server was given it. So when a server applies an entry, messages that causally follow the submission to
//! some server have reached a majority, that server included.

use labapi::LogIndex;
use rustc_hash::FxHashMap;

use crate::causality::{Causality, LogicalTime};
use crate::display::Servers;
use crate::event::{Event, Incarnation, Interests, Kind};
use crate::invariant::{Invariant, Verdict, Violation};
use crate::raft::event::RaftEvent;

/// The submissions of each request.
#[derive(Default)]
pub(super) struct ReplicatedOnAMajority {
    /// In the order in which they happened.
    given: Vec<Given>,
    /// The last submission of each request, by a hash of the request. Two requests with the same hash are
    /// taken for one, which makes the invariant weaker and never wrong.
    last: FxHashMap<u64, u32>,
    /// The last submission of the entry at each index, from 1, before it was first applied.
    entries: Vec<Option<u32>>,
    /// Whether a leader has accepted a command.
    accepted: bool,
    checked: u64,
}

/// A submission of a request to a server.
#[derive(Clone, Copy)]
struct Given {
    server: usize,
    moment: LogicalTime,
    /// The submission of the same request before this one.
    before: Option<u32>,
}

impl ReplicatedOnAMajority {
    /// Records that a request is about to be submitted to a server.
    fn give(&mut self, request: &[u8], server: usize, moment: LogicalTime) {
        let number = u32::try_from(self.given.len()).expect("fewer than 2^32 requests");
        let before = self.last.insert(hash(request), number);
        self.given.push(Given { server, moment, before });
    }

    /// Checks that `who` may apply the entry at `index`, a request that was submitted.
    fn applies(
        &mut self,
        who: Incarnation,
        index: LogIndex,
        request: &[u8],
        causality: &Causality,
    ) -> Verdict {
        let position = usize::try_from(index.0).expect("a log fits in memory") - 1;
        if position == self.entries.len() {
            self.entries.push(self.last.get(&hash(request)).copied());
        }
        self.checked += 1;
        let given = self.entries.get(position).copied().flatten();
        self.judge(who, given, causality, || format!("apply the entry at index {index}"))
    }

    /// Checks that `who` may install the state after the entry at `index`.
    fn restores(&mut self, who: Incarnation, index: LogIndex, causality: &Causality) -> Verdict {
        let position = usize::try_from(index.0).expect("a log fits in memory").checked_sub(1);
        self.checked += 1;
        let given = position.and_then(|position| self.entries.get(position).copied().flatten());
        self.judge(who, given, causality, || format!("install a snapshot with the entry at index {index}"))
    }

    /// Checks that `who` may execute a request that was submitted. `name` is its name in messages.
    fn does(
        &mut self,
        who: Incarnation,
        request: &[u8],
        causality: &Causality,
        name: impl FnOnce() -> String,
    ) -> Verdict {
        self.checked += 1;
        let given = self.last.get(&hash(request)).copied();
        self.judge(who, given, causality, || format!("do {}", name()))
    }

    /// Checks that `who` knows that a request has reached a majority, which was submitted then or before.
    fn judge(
        &self,
        who: Incarnation,
        given: Option<u32>,
        causality: &Causality,
        what: impl FnOnce() -> String,
    ) -> Verdict {
        let Some(last) = given else { return Ok(()) };
        let mut next = given;
        while let Some(number) = next {
            let Given { server, moment, before } = self.given[number as usize];
            if causality.majority_reached(who, server, moment) {
                return Ok(());
            }
            next = before;
        }
        let Given { server, moment, .. } = self.given[last as usize];
        let reached: Vec<usize> = causality.reached(who, server, moment).collect();
        let known = if server != who.server && !reached.contains(&who.server) {
            format!("nothing has reached it that server {server} sent since it was given that")
        } else {
            let reached =
                if reached.is_empty() { "no other server".to_owned() } else { Servers(&reached).to_string() };
            format!(
                "as far as it can know, what server {server} sent since it was given that has reached \
                 {reached}"
            )
        };
        Err(Violation::new(format!(
            "expected an entry to be applied when a majority of the servers store it (§5.3); saw {who} {}, \
             but {known}",
            what()
        )))
    }
}

impl Invariant for ReplicatedOnAMajority {
    fn name(&self) -> &'static str {
        "entries are applied when a majority stores them"
    }

    fn interests(&self) -> Interests {
        Interests::REQUESTS | Interests::AGREEMENT | Interests::CAUSALITY
    }

    fn on(&mut self, event: &Event<'_>) -> Verdict {
        let Some(who) = event.server() else { return Ok(()) };
        let causality = event.causality();
        match (event.kind, event.protocol()) {
            (Kind::Submitted { request }, _) => self.give(request, who.server, event.moment()),
            (Kind::Executed { request, name }, _) => {
                self.does(who, request, causality, || name.to_string())?;
            }
            (_, Some(RaftEvent::Accepted { .. })) => self.accepted = true,
            (_, Some(RaftEvent::Applied { index, command })) => {
                self.applies(who, *index, command, causality)?;
            }
            (_, Some(RaftEvent::Installed { content: Ok(content), .. })) => {
                self.restores(who, content.last_index, causality)?;
            }
            _ => {}
        }
        Ok(())
    }

    /// A test without agreement applies nothing.
    fn exercised(&self) -> bool {
        !self.accepted || self.checked > 0
    }

    fn subject(&self) -> &'static str {
        "the messages that reach a server before it applies an entry"
    }
}

/// A hash of a request.
fn hash(request: &[u8]) -> u64 {
    use std::hash::Hasher;
    let mut hasher = rustc_hash::FxHasher::default();
    hasher.write(request);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_not_exercised_without_events() {
        let mut invariant = ReplicatedOnAMajority::default();
        assert!(invariant.exercised(), "nothing was agreed on");
        invariant.accepted = true;
        assert!(!invariant.exercised());
    }
}
