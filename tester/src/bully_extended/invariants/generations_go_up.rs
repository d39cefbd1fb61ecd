//! [`GenerationsGoUp`]: the generation that a node knows never goes back while it runs.

use std::collections::BTreeMap;

use labapi::BullyView;

use crate::bully_extended::CuredBullyEvent;
use crate::event::{Event, Incarnation, Interests};
use crate::invariant::{Invariant, Verdict, Violation};

/// The newest generation that each incarnation was seen to know.
#[derive(Default)]
pub(super) struct GenerationsGoUp {
    newest: BTreeMap<Incarnation, u64>,
}

impl Invariant for GenerationsGoUp {
    fn name(&self) -> &'static str {
        "generations go up"
    }

    fn interests(&self) -> Interests {
        Interests::STATES
    }

    fn on(&mut self, event: &Event<'_>) -> Verdict {
        let Some(&CuredBullyEvent::Views(BullyView { generation, .. })) = event.protocol() else {
            return Ok(());
        };
        let Some(who) = event.server() else { return Ok(()) };
        let newest = self.newest.entry(who).or_insert(generation);
        if generation < *newest {
            return Err(Violation::new(format!(
                "expected a node to drop what is older than it knows; saw {who} go back from generation \
                 {newest} to {generation}"
            )));
        }
        *newest = generation;
        Ok(())
    }

    fn exercised(&self) -> bool {
        !self.newest.is_empty()
    }

    fn subject(&self) -> &'static str {
        "a node"
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bully_extended::invariants::tests::views;

    #[test]
    fn an_older_generation_is_a_violation() {
        let mut invariant = GenerationsGoUp::default();
        for generation in [0, 8, 8, 14] {
            views(&mut invariant, 0, 10, generation, None).expect("it goes up");
        }
        views(&mut invariant, 1, 10, 8, None).expect("another node");
        let violation = views(&mut invariant, 0, 10, 8, Some(3)).unwrap_err();
        assert!(violation.message().ends_with("saw server 0 go back from generation 14 to 8"), "{violation}");
        assert!(invariant.exercised());
    }
}
