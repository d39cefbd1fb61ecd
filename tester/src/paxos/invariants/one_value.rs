//! [`OneValue`]: "Only a single value is chosen" (*Paxos Made Simple*, §2.1): all nodes that know the value
//! of an instance know the same one, across crashes, and do not forget it while they run.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::display::Seconds;
use crate::event::{Event, Incarnation, Interests};
use crate::invariant::{Invariant, Verdict, Violation};
use crate::paxos::PaxosEvent;
use crate::paxos::event::Text;

/// Compares each decision with the first one of its instance.
#[derive(Default)]
pub(super) struct OneValue {
    first: BTreeMap<u64, Decision>,
    checked: bool,
}

struct Decision {
    value: Vec<u8>,
    by: Incarnation,
    at: Duration,
}

impl Invariant for OneValue {
    fn name(&self) -> &'static str {
        "one value is chosen in an instance"
    }

    fn interests(&self) -> Interests {
        Interests::AGREEMENT
    }

    fn on(&mut self, event: &Event<'_>) -> Verdict {
        let Some(who) = event.server() else { return Ok(()) };
        match event.protocol() {
            Some(PaxosEvent::Decided(decree)) => {
                self.checked = true;
                let now = Decision { value: decree.value.clone(), by: who, at: event.at };
                let first = self.first.entry(decree.instance).or_insert(now);
                if first.value != decree.value {
                    return Err(Violation::new(format!(
                        "expected a single value to be chosen in an instance (§2.1); saw {who} say that {} \
                         was chosen for instance {}, for which {} had said {} at {}",
                        Text(&decree.value),
                        decree.instance,
                        first.by,
                        Text(&first.value),
                        Seconds(first.at)
                    )));
                }
                Ok(())
            }
            Some(PaxosEvent::Forgot { instance }) => Err(Violation::new(format!(
                "expected a node that knows what was chosen to know it for as long as it runs; saw {who} \
                 forget what was chosen for instance {instance}"
            ))),
            _ => Ok(()),
        }
    }

    fn exercised(&self) -> bool {
        self.checked
    }

    fn subject(&self) -> &'static str {
        "a decision"
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::causality::Causality;
    use crate::event::{Group, Kind};
    use crate::paxos::event::Decree;

    const GROUP: Group = Group { number: 0, name: "" };

    pub(crate) fn proposed(instance: u64, value: &str) -> PaxosEvent {
        PaxosEvent::Proposed(Decree { instance, value: value.into() })
    }

    pub(crate) fn decided(instance: u64, value: &str) -> PaxosEvent {
        PaxosEvent::Decided(Decree { instance, value: value.into() })
    }

    /// Tells an invariant of an event of a server.
    pub(crate) fn tell(invariant: &mut dyn Invariant, server: usize, event: &PaxosEvent) -> Verdict {
        let who = Incarnation { group: GROUP, server, number: 1 };
        invariant.on(&Event {
            number: 1,
            at: Duration::from_millis(10),
            cause: 0,
            group: Some(GROUP),
            party: who.into(),
            kind: Kind::Protocol(event),
            causality: &Causality::default(),
            moment: None,
        })
    }

    #[test]
    fn a_second_value_is_a_violation_and_a_second_instance_is_not() {
        let mut invariant = OneValue::default();
        assert!(!invariant.exercised());
        for server in 0..2 {
            tell(&mut invariant, server, &decided(1, "a")).expect("all say the same");
        }
        tell(&mut invariant, 2, &decided(2, "b")).expect("another instance");
        let violation = tell(&mut invariant, 2, &decided(1, "b")).unwrap_err();
        assert_eq!(
            violation.message(),
            "expected a single value to be chosen in an instance (§2.1); saw server 2 say that \"b\" was \
             chosen for instance 1, for which server 0 had said \"a\" at 0.010 s"
        );
        assert!(invariant.exercised());
    }

    #[test]
    fn to_forget_is_a_violation() {
        let mut invariant = OneValue::default();
        tell(&mut invariant, 0, &decided(1, "a")).expect("nothing before");
        assert!(tell(&mut invariant, 0, &PaxosEvent::Forgot { instance: 1 }).is_err());
    }
}
