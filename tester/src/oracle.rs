//! The oracles: properties that hold at every moment of every run, whatever the test.
//!
//! They watch all servers from the first start to the end, connected or not, and remember across
//! crashes. Each is a record of what was seen and a rule; [`Watch`] feeds them and ends the run
//! when a rule is broken. What a correct solution may do, they allow:
//!
//! * a state is looked at when none of the server's threads is in the middle of anything, and a
//!   claim to lead counts only if it is made twice in a row, so that two fields which are read one
//!   after the other are not mixed up;
//! * answers to questions that overlap are not put in an order;
//! * what a crash may forget (a term that was never led, an entry that was never applied) may be
//!   forgotten;
//! * messages may have any form: that one follows another, as effect and cause, is seen from who sent and got
//!   what and when (`clocks`), and more counts as cause than may have been one.

mod answers;
mod clocks;
mod committed;
mod completeness;
mod elections;
mod leaders;
mod parties;
mod replication;
mod submitted;
mod terms;

use std::sync::Arc;

use labapi::{LogIndex, Raft, Started, State, Term};
use labrpc::{Event, Observer};
use labrt::world::{FailureKind, Node, World};
use parking_lot::Mutex;

use crate::command::{Command, Unchecked};
use crate::words::Lived;
use answers::Answers;
pub(crate) use answers::Outcome;
use clocks::{Clocks, Moment};
use committed::Committed;
use completeness::Completeness;
use elections::Elections;
use leaders::Leaders;
pub(crate) use parties::Owner;
use parties::Parties;
use replication::Replication;
use submitted::Submitted;
use terms::Terms;

/// What an oracle says: `Err` with what was expected and what was seen.
type Verdict = Result<(), String>;

struct Oracles {
    leaders: Leaders,
    terms: Terms,
    submitted: Submitted,
    committed: Committed,
    completeness: Completeness,
    parties: Parties,
    clocks: Clocks,
    elections: Elections,
    replication: Replication,
    answers: Answers,
    probes: u64,
}

impl Oracles {
    fn new(servers: usize) -> Self {
        Self {
            leaders: Leaders::default(),
            terms: Terms::new(servers),
            submitted: Submitted::default(),
            committed: Committed::default(),
            completeness: Completeness::default(),
            parties: Parties::new(servers),
            clocks: Clocks::new(servers),
            elections: Elections::new(servers),
            replication: Replication::default(),
            answers: Answers::default(),
            probes: 0,
        }
    }

    /// Whether each oracle had something to look at.
    fn saw_something(&self) -> Verdict {
        if self.probes == 0 {
            return Err(never_saw("a server at rest (does one of its threads never wait?)"));
        }
        if self.terms.looked == 0 {
            return Err(never_saw("any server's term"));
        }
        if self.leaders.looked == 0 {
            return Err(never_saw("a leader"));
        }
        if self.elections.looked == 0 {
            return Err(never_saw("what reached a leader before it led"));
        }
        if self.answers.begun > 0 && self.answers.looked == 0 {
            return Err(never_saw("an answer of a clerk"));
        }
        if self.submitted.accepted == 0 {
            // Nothing was agreed on, and nothing had to be.
            return Ok(());
        }
        if self.committed.looked == 0 {
            return Err(never_saw("an applied entry"));
        }
        if self.replication.looked == 0 {
            return Err(never_saw("what reached a server before it applied an entry"));
        }
        if !self.completeness.has_evidence() {
            return Err(never_saw("a term with applied entries"));
        }
        Ok(())
    }
}

fn never_saw(what: &str) -> String {
    format!("expected the run's oracles to have something to look at; they never saw {what}")
}

/// Feeds the oracles, and ends the run when one of them objects.
pub(crate) struct Watch {
    world: World,
    oracles: Mutex<Oracles>,
}

impl Watch {
    pub fn new(world: &World, servers: usize) -> Arc<Self> {
        Arc::new(Self { world: world.clone(), oracles: Mutex::new(Oracles::new(servers)) })
    }

    /// Asks the oracles; the run ends with their objection, outside their lock.
    #[track_caller]
    fn ask<T>(&self, question: impl FnOnce(&mut Oracles) -> Result<T, String>) -> T {
        let answer = question(&mut self.oracles.lock());
        match answer {
            Ok(value) => value,
            Err(objection) => self.world.fail(FailureKind::Assertion, objection),
        }
    }

    /// A server begins another life, in which the solution has done nothing so far.
    pub fn begin_incarnation(&self, who: Lived) {
        let oracles = &mut *self.oracles.lock();
        oracles.parties.begin_life(who);
        let now = oracles.clocks.now(who.server);
        oracles.elections.begin_life(who, now);
    }

    /// Through the end point of this number `owner` calls server `to`.
    pub fn add_end(&self, number: u32, owner: Owner, to: usize) {
        self.oracles.lock().parties.add_end(number, owner, to);
    }

    /// A server begins another life.
    pub fn begin_life(&self, who: Lived) {
        self.oracles.lock().terms.begin_life(who);
    }

    /// Looks at the state of `who` each time its threads have come to rest. `applied` tells the
    /// highest index that this life has applied.
    pub fn probe(
        self: &Arc<Self>,
        who: Lived,
        node: &Node,
        raft: Arc<dyn Raft>,
        applied: impl Fn() -> LogIndex + Send + 'static,
    ) {
        let watch = Arc::clone(self);
        let mut last_seen = None;
        let (_, mut last_look) = watch.look(who.server);
        node.when_quiet("probe", move || {
            // In this order: the term asked for thereafter is not below that of the entries.
            let applied = applied();
            // Threads may have gone on since the server was at rest, and tell of it a little later. So the
            // look before counts: whatever it has not told by now, it has begun thereafter.
            let (floor, now) = watch.look(who.server);
            let look = std::mem::replace(&mut last_look, now);
            let state = raft.get_state();
            watch.looked(who, state.term, look);
            if last_seen == Some((applied, state)) {
                return;
            }
            if state.is_leader && !watch.knows_leader(who.server, state.term) && raft.get_state() != state {
                return;
            }
            last_seen = Some((applied, state));
            watch.saw_at_rest(who, floor, state, applied);
        });
    }

    fn knows_leader(&self, server: usize, term: Term) -> bool {
        self.oracles.lock().leaders.knows(server, term)
    }

    /// Before somebody looks at a server: the [floor](Terms::floor) of its term, and the moment.
    fn look(&self, server: usize) -> (Term, Moment) {
        let oracles = self.oracles.lock();
        (oracles.terms.floor(server), oracles.clocks.now(server))
    }

    /// `who`, asked after `look`, is in `term`.
    fn looked(&self, who: Lived, term: Term, look: Moment) {
        let oracles = &mut *self.oracles.lock();
        oracles.probes += 1;
        oracles.elections.saw_at_rest(who, term, look);
    }

    #[track_caller]
    fn saw_at_rest(&self, who: Lived, floor: Term, state: State, applied: LogIndex) {
        let at = self.world.now();
        self.ask(|oracles| {
            oracles.terms.saw(who, floor, state.term)?;
            oracles.terms.saw_at_rest(who, state)?;
            oracles.completeness.learn(who, applied, state.term, at);
            if !state.is_leader {
                return Ok(());
            }
            oracles.leaders.saw(who.server, state.term, at)?;
            oracles.elections.claims(who, state.term, &oracles.clocks, at)
        });
    }

    /// See [`Terms::floor`].
    pub fn term_floor(&self, server: usize) -> Term {
        self.oracles.lock().terms.floor(server)
    }

    /// `who` answered a question of the test, asked when `floor` was the floor.
    #[track_caller]
    pub fn saw_state(&self, who: Lived, floor: Term, state: State) {
        let at = self.world.now();
        self.ask(|oracles| {
            oracles.terms.saw(who, floor, state.term)?;
            oracles.elections.tells(who, state, &oracles.clocks, at)
        });
    }

    /// A request is about to be given to the solution on a server.
    pub fn gives(&self, request: &[u8], server: usize) {
        let oracles = &mut *self.oracles.lock();
        let moment = oracles.clocks.mark(server);
        oracles.replication.give(request, server, moment);
    }

    /// `command` is about to be handed to a server.
    pub fn submit(&self, command: &Command) {
        self.oracles.lock().submitted.submit(command);
    }

    /// `who` took a command.
    #[track_caller]
    pub fn accepted(&self, who: Lived, place: Started) {
        let at = self.world.now();
        self.ask(|oracles| {
            oracles.submitted.accept(who.server, place)?;
            oracles.leaders.saw(who.server, place.term, at)?;
            oracles.elections.claims(who, place.term, &oracles.clocks, at)?;
            oracles.completeness.check(who.server, place)
        });
    }

    /// `who` applies `command` at `index`, having applied every index before.
    #[track_caller]
    pub fn applied(&self, who: Lived, index: LogIndex, command: &[u8]) {
        let at = self.world.now();
        self.ask(|oracles| {
            if let Some(verdict) = oracles.committed.agrees(who, index, command) {
                verdict?;
                return oracles.replication.applies(who, index, command, &oracles.clocks);
            }
            let Some(command) = oracles.submitted.find(command) else {
                return Err(format!(
                    "expected only commands that were submitted; saw {who} apply command {} at index {index}",
                    Unchecked(command)
                ));
            };
            oracles.committed.append(who, command.clone(), at);
            oracles.replication.applies(who, index, command.bytes(), &oracles.clocks)
        });
    }

    /// `who` replaces its state by `snapshot`; returns the last index included.
    #[track_caller]
    pub fn restored(&self, who: Lived, snapshot: &[u8]) -> LogIndex {
        self.ask(|oracles| {
            let index = oracles.committed.agrees_with_snapshot(who, snapshot)?;
            oracles.replication.restores(who, index, &oracles.clocks)?;
            Ok(index)
        })
    }

    /// `who` does a request of which nobody knows the index; `name` is what it is called.
    #[track_caller]
    pub fn does(&self, who: Lived, request: &[u8], name: impl FnOnce() -> String) {
        self.ask(|oracles| oracles.replication.does(who, request, &oracles.clocks, name));
    }

    /// A client's clerk is about to be asked something.
    pub fn operation_begins(&self, client: u32) {
        let at = self.world.now();
        self.oracles.lock().answers.begins(client, at);
    }

    /// A client's clerk has answered what it was asked, `what`.
    #[track_caller]
    pub fn operation_ends(&self, client: u32, what: &str, outcome: Outcome) {
        let at = self.world.now();
        self.ask(|oracles| oracles.answers.ends(client, what, outcome, at));
    }

    /// The service's state after the entry at `index`, which some server has applied.
    pub fn snapshot(&self, index: LogIndex) -> Arc<[u8]> {
        self.oracles.lock().committed.snapshot(index)
    }

    /// The command that was applied at `index`, by whomever.
    pub fn command(&self, index: LogIndex) -> Option<Command> {
        self.oracles.lock().committed.command(index).cloned()
    }

    /// The highest index that any server ever applied.
    pub fn max_index(&self) -> LogIndex {
        self.oracles.lock().committed.max_index()
    }

    /// Whether each oracle had something to look at.
    pub fn have_looked(&self) -> bool {
        self.oracles.lock().saw_something().is_ok()
    }

    /// Ends a run that seemed to pass while an oracle saw nothing of it: such a run proves nothing.
    #[track_caller]
    pub fn must_have_looked(&self) {
        self.ask(|oracles| oracles.saw_something());
        self.world.note("tester", || {
            let oracles = self.oracles.lock();
            format!(
                "oracles: {} looks at rest, {} claims to lead, {} applied entries, {} leaders measured",
                oracles.probes, oracles.leaders.looked, oracles.committed.looked, oracles.completeness.looked
            )
        });
    }
}

impl Observer for Watch {
    fn on(&self, event: &Event) {
        let oracles = &mut *self.oracles.lock();
        oracles.answers.counts(event.call);
        if oracles.answers.concerns(event, &oracles.parties) {
            oracles.answers.on(event, &oracles.parties, &mut oracles.clocks);
        } else {
            oracles.clocks.on(event, &oracles.parties);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn what_no_oracle_saw_is_named() {
        let mut oracles = Oracles::new(1);
        let objects = |oracles: &Oracles, what: &str| {
            let objection = oracles.saw_something().expect_err("something was not seen");
            assert!(objection.ends_with(&format!("they never saw {what}")), "{objection}");
        };
        objects(&oracles, "a server at rest (does one of its threads never wait?)");
        oracles.probes = 1;
        objects(&oracles, "any server's term");
        oracles.terms.looked = 1;
        objects(&oracles, "a leader");
        oracles.leaders.looked = 1;
        objects(&oracles, "what reached a leader before it led");
        oracles.elections.looked = 1;
        assert_eq!(oracles.saw_something(), Ok(()));

        oracles.submitted.accepted = 1;
        objects(&oracles, "an applied entry");
        oracles.committed.looked = 1;
        objects(&oracles, "what reached a server before it applied an entry");
        oracles.replication.looked = 1;
        objects(&oracles, "a term with applied entries");
        oracles.completeness.learn(Lived { server: 0, life: 1 }, LogIndex(1), Term(1), Duration::ZERO);
        assert_eq!(oracles.saw_something(), Ok(()));

        oracles.answers.begun = 1;
        objects(&oracles, "an answer of a clerk");
        oracles.answers.looked = 1;
        assert_eq!(oracles.saw_something(), Ok(()));
    }
}
