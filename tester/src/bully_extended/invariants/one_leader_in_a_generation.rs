//! [`OneLeaderInAGeneration`]: all who name the leader of a generation name the same one.

use std::collections::BTreeMap;

use labapi::BullyView;

use crate::bully_extended::CuredBullyEvent;
use crate::event::{Event, Incarnation, Interests};
use crate::invariant::{Invariant, Verdict, Violation};

/// The leader of each generation, and the first who named it.
#[derive(Default)]
pub(super) struct OneLeaderInAGeneration {
    leaders: BTreeMap<u64, (usize, Incarnation)>,
}

impl Invariant for OneLeaderInAGeneration {
    fn name(&self) -> &'static str {
        "a generation has one leader"
    }

    fn interests(&self) -> Interests {
        Interests::STATES
    }

    fn on(&mut self, event: &Event<'_>) -> Verdict {
        let Some(&CuredBullyEvent::Views(BullyView { generation, leader: Some(leader) })) = event.protocol()
        else {
            return Ok(());
        };
        let Some(who) = event.server() else { return Ok(()) };
        let &mut (first, by) = self.leaders.entry(generation).or_insert((leader, who));
        if first == leader {
            return Ok(());
        }
        Err(Violation::new(format!(
            "expected one leader at most in a generation; saw {who} name server {leader} as the leader of \
             generation {generation}, for which {by} had named server {first}"
        )))
    }

    fn exercised(&self) -> bool {
        !self.leaders.is_empty()
    }

    fn subject(&self) -> &'static str {
        "a node that knows a leader"
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bully_extended::invariants::tests::views;

    #[test]
    fn two_leaders_of_a_generation_are_a_violation() {
        let mut invariant = OneLeaderInAGeneration::default();
        views(&mut invariant, 3, 10, 8, Some(3)).expect("the first");
        views(&mut invariant, 0, 11, 8, Some(3)).expect("the same");
        views(&mut invariant, 0, 12, 8, None).expect("it names nobody");
        views(&mut invariant, 4, 13, 9, Some(4)).expect("another generation");
        let violation = views(&mut invariant, 4, 14, 8, Some(4)).unwrap_err();
        assert_eq!(
            violation.message(),
            "expected one leader at most in a generation; saw server 4 name server 4 as the leader of \
             generation 8, for which server 3 had named server 3"
        );
        assert!(invariant.exercised());
    }
}
