//! [`Terms`]: `currentTerm` "increases monotonically" (paper, Figure 2), and survives a crash.

use labapi::{State, Term};

use crate::event::{Event, Incarnation, Interests, Kind};
use crate::invariant::{Invariant, Verdict, Violation};
use crate::raft::event::RaftEvent;

/// The highest terms in which each server was seen.
pub(super) struct Terms {
    servers: Vec<Seen>,
    checked: u64,
}

#[derive(Clone, Default)]
struct Seen {
    /// The number of the present incarnation.
    incarnation: u32,
    in_this_incarnation: Term,
    /// The terms in which it was seen, with the numbers of the events that reported them first.
    ///
    /// Two overlapping queries may be answered in any order: a report after the time of a query says nothing
    /// of the query's answer.
    told: Vec<(u64, Term)>,
    /// The highest term that the server led in any incarnation. It must have been saved: a candidate saves
    /// its term before it asks for votes. A term that the server was merely in may be lost with a crash
    /// before the server has told anybody.
    led: Term,
}

impl Terms {
    pub fn new(servers: usize) -> Self {
        Self { servers: vec![Seen::default(); servers], checked: 0 }
    }

    fn seen(&mut self, who: Incarnation) -> &mut Seen {
        self.servers.resize(self.servers.len().max(who.server + 1), Seen::default());
        &mut self.servers[who.server]
    }

    /// Records the start of an incarnation. Terms that were not saved may be forgotten.
    fn start(&mut self, who: Incarnation) {
        let seen = self.seen(who);
        seen.incarnation = who.number;
        seen.in_this_incarnation = Term::default();
        seen.told.clear();
    }

    /// Checks an answer of `who`, with `term`, at the event `number`, to a query made after the event
    /// `asked`.
    fn saw(&mut self, who: Incarnation, asked: u64, number: u64, term: Term) -> Verdict {
        let seen = self.seen(who);
        if seen.incarnation != who.number {
            return Ok(());
        }
        let known = seen.told.iter().rev().find(|(told, _)| *told <= asked);
        let floor = known.map_or(Term::default(), |(_, term)| *term);
        if term < floor {
            return Err(Violation::new(format!(
                "expected {who} never to go back in term; saw term {term} after term {floor}"
            )));
        }
        if term > seen.in_this_incarnation {
            seen.in_this_incarnation = term;
            seen.told.push((number, term));
        }
        self.checked += 1;
        Ok(())
    }

    /// Checks the state of `who` at rest.
    fn saw_at_rest(&mut self, who: Incarnation, state: State) -> Verdict {
        let seen = self.seen(who);
        if seen.incarnation != who.number {
            return Ok(());
        }
        if state.term < seen.led {
            return Err(Violation::new(format!(
                "expected {who} to remember after its restart that it had led term {}; saw it in term {}",
                seen.led, state.term
            )));
        }
        if state.is_leader {
            seen.led = state.term;
        }
        Ok(())
    }
}

impl Invariant for Terms {
    fn name(&self) -> &'static str {
        "terms never go back"
    }

    fn interests(&self) -> Interests {
        Interests::SERVERS | Interests::STATES
    }

    fn on(&mut self, event: &Event<'_>) -> Verdict {
        let Some(who) = event.server() else { return Ok(()) };
        match (event.kind, event.protocol()) {
            (Kind::Started, _) => self.start(who),
            (_, Some(&RaftEvent::Queried { asked, state, .. })) => {
                self.saw(who, asked.number, event.number, state.term)?;
            }
            (_, Some(&RaftEvent::Probed { probe, state, .. })) => {
                self.saw(who, probe.asked.number, event.number, state.term)?;
                self.saw_at_rest(who, state)?;
            }
            _ => {}
        }
        Ok(())
    }

    fn exercised(&self) -> bool {
        self.checked > 0
    }

    fn subject(&self) -> &'static str {
        "any server's term"
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Group;

    const FIRST: Incarnation = incarnation(1);
    const SECOND: Incarnation = incarnation(2);

    const fn incarnation(number: u32) -> Incarnation {
        Incarnation { group: Group { number: 0, name: "" }, server: 1, number }
    }

    fn terms() -> Terms {
        let mut terms = Terms::new(3);
        terms.start(FIRST);
        terms
    }

    /// Queries after all earlier reports, and checks the answer.
    fn ask_and_see(terms: &mut Terms, who: Incarnation, term: u64) -> Verdict {
        let number = terms.checked + 1;
        terms.saw(who, number - 1, number, Term(term))
    }

    #[test]
    fn a_term_goes_up_or_stays() {
        let mut terms = terms();
        for term in [1, 1, 4] {
            assert_eq!(ask_and_see(&mut terms, FIRST, term), Ok(()));
        }
        assert_eq!(
            ask_and_see(&mut terms, FIRST, 3).expect_err("it went back").message(),
            "expected server 1 never to go back in term; saw term 3 after term 4"
        );
    }

    #[test]
    fn overlapping_questions_may_be_answered_in_any_order() {
        let mut terms = terms();
        assert_eq!(terms.saw(FIRST, 2, 3, Term(5)), Ok(()));
        assert_eq!(terms.saw(FIRST, 2, 4, Term(4)), Ok(()));
        assert!(terms.saw(FIRST, 3, 5, Term(4)).is_err());
        assert_eq!(terms.checked, 2);
    }

    #[test]
    fn a_late_report_of_an_earlier_incarnation_is_ignored() {
        let mut terms = terms();
        terms.start(SECOND);
        let leads = State { term: Term(3), is_leader: true };
        terms.saw_at_rest(SECOND, leads).expect("nothing before");
        assert_eq!(terms.saw_at_rest(FIRST, State { term: Term(2), is_leader: true }), Ok(()));
        assert_eq!(terms.saw_at_rest(SECOND, leads), Ok(()));
        assert!(terms.saw_at_rest(SECOND, State { term: Term(2), is_leader: false }).is_err());
    }

    #[test]
    fn a_crash_may_lose_a_term_but_not_one_that_was_led() {
        let mut terms = terms();
        terms.saw_at_rest(FIRST, State { term: Term(2), is_leader: true }).expect("nothing before");
        ask_and_see(&mut terms, FIRST, 6).expect("it goes up");
        terms.start(SECOND);
        let back_in = |term| State { term: Term(term), is_leader: false };
        assert_eq!(ask_and_see(&mut terms, SECOND, 2), Ok(()));
        assert_eq!(terms.saw_at_rest(SECOND, back_in(2)), Ok(()));
        assert_eq!(
            terms.saw_at_rest(SECOND, back_in(1)).expect_err("it forgot").message(),
            "expected server 1 (incarnation 2) to remember after its restart that it had led term 2; saw it \
             in term 1"
        );
    }

    #[test]
    fn is_not_exercised_without_events() {
        assert!(!Terms::new(3).exercised());
    }
}
