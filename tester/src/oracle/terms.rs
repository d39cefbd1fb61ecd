//! `currentTerm` "increases monotonically" (paper, Figure 2), and survives a crash.

use labapi::{State, Term};

use super::Verdict;
use crate::words::Lived;

/// The highest terms that each server was seen in.
pub(super) struct Terms {
    servers: Vec<Seen>,
    pub looked: u64,
}

#[derive(Clone, Default)]
struct Seen {
    life: u32,
    in_this_life: Term,
    /// The highest term that the server led in any life. It must have been saved: a candidate
    /// saves its term before it asks for votes. A term that the server was merely in may be lost
    /// with a crash at the wrong moment, before anybody was told of it.
    led: Term,
}

impl Terms {
    pub fn new(servers: usize) -> Self {
        Self { servers: vec![Seen::default(); servers], looked: 0 }
    }

    /// A new life begins. What was not saved may be forgotten.
    pub fn begin_life(&mut self, who: Lived) {
        let seen = &mut self.servers[who.server];
        seen.life = who.life;
        seen.in_this_life = Term::default();
    }

    /// The lowest term that a question asked from now on may be answered with.
    ///
    /// Taken before the question: two questions that overlap may be answered in any order.
    pub fn floor(&self, server: usize) -> Term {
        self.servers[server].in_this_life
    }

    /// `who` answered with `term` to a question asked when `floor` was the floor.
    pub fn saw(&mut self, who: Lived, floor: Term, term: Term) -> Verdict {
        let seen = &mut self.servers[who.server];
        if seen.life != who.life {
            return Ok(());
        }
        self.looked += 1;
        if term < floor {
            return Err(format!(
                "expected {who} never to go back in term; saw term {term} after term {floor}"
            ));
        }
        seen.in_this_life = seen.in_this_life.max(term);
        Ok(())
    }

    /// `who` was in `state` at a moment when none of its threads was in the middle of anything.
    pub fn saw_at_rest(&mut self, who: Lived, state: State) -> Verdict {
        let seen = &mut self.servers[who.server];
        if seen.life != who.life {
            return Ok(());
        }
        if state.term < seen.led {
            return Err(format!(
                "expected {who} to remember after its restart that it had led term {}; saw it in term {}",
                seen.led, state.term
            ));
        }
        if state.is_leader {
            seen.led = state.term;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIRST_LIFE: Lived = Lived { server: 1, life: 1 };
    const SECOND_LIFE: Lived = Lived { server: 1, life: 2 };

    fn terms() -> Terms {
        let mut terms = Terms::new(3);
        terms.begin_life(FIRST_LIFE);
        terms
    }

    #[test]
    fn a_term_goes_up_or_stays() {
        let mut terms = terms();
        for term in [1, 1, 4] {
            let floor = terms.floor(1);
            assert_eq!(terms.saw(FIRST_LIFE, floor, Term(term)), Ok(()));
        }
        let floor = terms.floor(1);
        assert_eq!(
            terms.saw(FIRST_LIFE, floor, Term(3)).expect_err("it went back"),
            "expected server 1 never to go back in term; saw term 3 after term 4"
        );
    }

    #[test]
    fn overlapping_questions_may_be_answered_in_any_order() {
        let mut terms = terms();
        let (early, late) = (terms.floor(1), terms.floor(1));
        assert_eq!(terms.saw(FIRST_LIFE, late, Term(5)), Ok(()));
        assert_eq!(terms.saw(FIRST_LIFE, early, Term(4)), Ok(()));
    }

    #[test]
    fn what_an_earlier_life_says_too_late_counts_for_nothing() {
        let mut terms = terms();
        terms.begin_life(SECOND_LIFE);
        let leads = State { term: Term(3), is_leader: true };
        terms.saw_at_rest(SECOND_LIFE, leads).expect("nothing before");
        assert_eq!(terms.saw_at_rest(FIRST_LIFE, State { term: Term(2), is_leader: true }), Ok(()));
        assert_eq!(terms.saw_at_rest(SECOND_LIFE, leads), Ok(()));
        assert!(terms.saw_at_rest(SECOND_LIFE, State { term: Term(2), is_leader: false }).is_err());
    }

    #[test]
    fn a_crash_may_lose_a_term_but_not_one_that_was_led() {
        let mut terms = terms();
        terms.saw_at_rest(FIRST_LIFE, State { term: Term(2), is_leader: true }).expect("nothing before");
        terms.saw(FIRST_LIFE, Term(2), Term(6)).expect("it goes up");
        terms.begin_life(SECOND_LIFE);
        let floor = terms.floor(1);
        let back_in = |term| State { term: Term(term), is_leader: false };
        assert_eq!(terms.saw(SECOND_LIFE, floor, Term(2)), Ok(()));
        assert_eq!(terms.saw_at_rest(SECOND_LIFE, back_in(2)), Ok(()));
        assert_eq!(
            terms.saw_at_rest(SECOND_LIFE, back_in(1)).expect_err("it forgot"),
            "expected server 1 (life 2) to remember after its restart that it had led term 2; saw it in term 1"
        );
    }
}
