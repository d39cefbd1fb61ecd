//! [`ChosenByAMajority`]: "A process never learns that a value has been chosen unless it actually has been"
//! (*Paxos Made Simple*, §2.1).
//!
//! The messages that carry a value are known to the solution alone. But a value does not exist before a node
//! is given it. So when a node knows that it was chosen, messages that causally follow the proposal have
//! reached a majority, the proposer included.

use std::collections::BTreeMap;

use crate::causality::LogicalTime;
use crate::display::Servers;
use crate::event::{Event, Interests, Kind};
use crate::invariant::{Invariant, Verdict, Violation};
use crate::paxos::PaxosEvent;
use crate::paxos::event::Text;

/// The proposals of each value: the server, and its logical time.
#[derive(Default)]
pub(super) struct ChosenByAMajority {
    proposed: BTreeMap<Vec<u8>, Vec<(usize, LogicalTime)>>,
    checked: bool,
}

impl Invariant for ChosenByAMajority {
    fn name(&self) -> &'static str {
        "values are learned when a majority can have accepted them"
    }

    fn interests(&self) -> Interests {
        Interests::REQUESTS | Interests::AGREEMENT | Interests::CAUSALITY
    }

    fn on(&mut self, event: &Event<'_>) -> Verdict {
        let Some(who) = event.server() else { return Ok(()) };
        if let Kind::Submitted { request } = event.kind {
            self.proposed.entry(request.to_owned()).or_default().push((who.server, event.moment()));
        }
        let Some(PaxosEvent::Decided(decree)) = event.protocol() else { return Ok(()) };
        // A value that nobody has proposed is another invariant's.
        let Some(proposals) = self.proposed.get(&decree.value) else { return Ok(()) };
        self.checked = true;
        let causality = event.causality();
        if proposals.iter().any(|&(proposer, moment)| causality.majority_reached(who, proposer, moment)) {
            return Ok(());
        }
        let (proposer, moment) = proposals[0];
        let reached: Vec<usize> = causality.reached(who, proposer, moment).collect();
        Err(Violation::new(format!(
            "expected a value to be learned when a majority has accepted it (§2.1); saw {who} say that {} \
             was chosen for instance {}, but as far as it can know, what server {proposer} sent since it was \
             given that value has reached {}",
            Text(&decree.value),
            decree.instance,
            if reached.is_empty() { "no other server".to_owned() } else { Servers(&reached).to_string() }
        )))
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
    use std::time::Duration;

    use labrpc::Step;

    use super::*;
    use crate::causality::Causality;
    use crate::event::{Group, Incarnation};
    use crate::paxos::invariants::one_value::tests::decided;

    const GROUP: Group = Group { number: 0, name: "" };

    /// Tells of an event of server 0, with these clocks.
    fn tell(invariant: &mut ChosenByAMajority, kind: Kind<'_>, causality: &Causality) -> Verdict {
        let who = Incarnation { group: GROUP, server: 0, number: 1 };
        let (at, party, group) = (Duration::ZERO, who.into(), Some(GROUP));
        invariant.on(&Event { number: 1, at, cause: 0, group, party, kind, causality, moment: None })
    }

    /// Server 0 of three is given a value, and decides before and after it has talked to server 1.
    #[test]
    fn a_decision_follows_messages_of_a_majority() {
        let mut causality = Causality::default();
        causality.track();
        for server in 0..3 {
            causality.add_server(GROUP, server);
            causality.start(Incarnation { group: GROUP, server, number: 1 });
        }
        let who = Incarnation { group: GROUP, server: 0, number: 1 };
        causality.add_end(0, who.into(), GROUP, 1);
        let mut invariant = ChosenByAMajority::default();
        assert!(!invariant.exercised());
        tell(&mut invariant, Kind::Submitted { request: b"a" }, &causality).expect("nothing is decided");

        let event = decided(1, "a");
        let violation = tell(&mut invariant, Kind::Protocol(&event), &causality).unwrap_err();
        assert!(violation.message().ends_with("given that value has reached no other server"), "{violation}");
        use Step::{ReplyDelivered, ReplySent, RequestDelivered, RequestSent};
        for step in [RequestSent { end: 0 }, RequestDelivered, ReplySent, ReplyDelivered] {
            causality.on(1, step, 0);
        }
        assert_eq!(tell(&mut invariant, Kind::Protocol(&event), &causality), Ok(()));
        assert!(invariant.exercised());
    }
}
