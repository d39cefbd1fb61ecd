//! [`OnlyProposed`]: "Only a value that has been proposed may be chosen" (*Paxos Made Simple*, §2.1).

use std::collections::BTreeSet;

use crate::event::{Event, Interests};
use crate::invariant::{Invariant, Verdict, Violation};
use crate::paxos::PaxosEvent;
use crate::paxos::event::Text;

/// Compares each decision with the proposals for its instance.
#[derive(Default)]
pub(super) struct OnlyProposed {
    proposed: BTreeSet<(u64, Vec<u8>)>,
    checked: bool,
}

impl Invariant for OnlyProposed {
    fn name(&self) -> &'static str {
        "only proposed values are chosen"
    }

    fn interests(&self) -> Interests {
        Interests::AGREEMENT
    }

    fn on(&mut self, event: &Event<'_>) -> Verdict {
        let Some(who) = event.server() else { return Ok(()) };
        match event.protocol() {
            Some(PaxosEvent::Proposed(decree)) => {
                self.proposed.insert((decree.instance, decree.value.clone()));
            }
            Some(PaxosEvent::Decided(decree)) => {
                self.checked = true;
                if !self.proposed.contains(&(decree.instance, decree.value.clone())) {
                    return Err(Violation::new(format!(
                        "expected only a value to be chosen that was proposed for the instance (§2.1); saw \
                         {who} say that {} was chosen for instance {}",
                        Text(&decree.value),
                        decree.instance
                    )));
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn exercised(&self) -> bool {
        self.checked
    }

    fn subject(&self) -> &'static str {
        "a decision"
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::paxos::invariants::one_value::tests::{decided, proposed, tell};

    #[test]
    fn a_value_of_another_instance_was_not_proposed() {
        let mut invariant = OnlyProposed::default();
        assert!(!invariant.exercised());
        tell(&mut invariant, 0, &proposed(1, "a")).expect("nothing is decided");
        tell(&mut invariant, 1, &decided(1, "a")).expect("it was proposed");
        let violation = tell(&mut invariant, 2, &decided(2, "a")).unwrap_err();
        assert!(violation.message().ends_with("that \"a\" was chosen for instance 2"), "{violation}");
        assert!(invariant.exercised());
    }
}
