//! [`CommittedByAQuorum`]: a state is committed when n/2 + 1 nodes have saved it.
//!
//! The messages that carry a state are known to the solution alone. But a state does not exist before a node
//! is given it. So when a node knows that it was committed, messages that causally follow that have reached a
//! majority, as far as the node can know.

use std::collections::BTreeMap;

use crate::bully_extended::CuredBullyEvent;
use crate::bully_extended::publications::Shown;
use crate::causality::LogicalTime;
use crate::display::Servers;
use crate::event::{Event, Interests, Kind};
use crate::invariant::{Invariant, Verdict, Violation};

/// The states that were given to nodes: the server, and its logical time.
#[derive(Default)]
pub(super) struct CommittedByAQuorum {
    given: BTreeMap<Vec<u8>, (usize, LogicalTime)>,
    checked: bool,
}

impl Invariant for CommittedByAQuorum {
    fn name(&self) -> &'static str {
        "states are committed when a quorum can have saved them"
    }

    fn interests(&self) -> Interests {
        Interests::REQUESTS | Interests::AGREEMENT | Interests::CAUSALITY
    }

    fn on(&mut self, event: &Event<'_>) -> Verdict {
        let Some(who) = event.server() else { return Ok(()) };
        if let Kind::Submitted { request } = event.kind {
            self.given.insert(request.to_owned(), (who.server, event.moment()));
        }
        let Some(CuredBullyEvent::Knows(known)) = event.protocol() else { return Ok(()) };
        self.checked = true;
        let Some(&(publisher, moment)) = self.given.get(&known.state) else {
            return Err(Violation::new(format!(
                "expected a state to be committed that was given to a node; saw {who} say that {} was",
                Shown(Some(known))
            )));
        };
        let causality = event.causality();
        if causality.majority_reached(who, publisher, moment) {
            return Ok(());
        }
        let reached: Vec<usize> = causality.reached(who, publisher, moment).collect();
        Err(Violation::new(format!(
            "expected a state to be committed when a quorum has saved it; saw {who} say that {} was, but as \
             far as it can know, what server {publisher} sent since it was given that state has reached {}",
            Shown(Some(known)),
            if reached.is_empty() { "no other server".to_owned() } else { Servers(&reached).to_string() }
        )))
    }

    fn exercised(&self) -> bool {
        self.checked
    }

    fn subject(&self) -> &'static str {
        "a committed state"
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use labapi::Publication;
    use labrpc::Step;

    use super::*;
    use crate::causality::Causality;
    use crate::event::{Group, Incarnation};

    const GROUP: Group = Group { number: 0, name: "" };

    /// Tells of an event of server 0, with these clocks.
    fn tell(invariant: &mut CommittedByAQuorum, kind: Kind<'_>, causality: &Causality) -> Verdict {
        let who = Incarnation { group: GROUP, server: 0, number: 1 };
        let (at, party, group) = (Duration::ZERO, who.into(), Some(GROUP));
        invariant.on(&Event { number: 1, at, cause: 0, group, party, kind, causality, moment: None })
    }

    /// Server 0 of three is given a state, and commits it before and after it has talked to server 1.
    #[test]
    fn a_commitment_follows_messages_of_a_quorum() {
        let mut causality = Causality::default();
        causality.track();
        for server in 0..3 {
            causality.add_server(GROUP, server);
            causality.start(Incarnation { group: GROUP, server, number: 1 });
        }
        let who = Incarnation { group: GROUP, server: 0, number: 1 };
        causality.add_end(0, who.into(), GROUP, 1);
        let mut invariant = CommittedByAQuorum::default();
        let event = CuredBullyEvent::Knows(Publication { version: 1, state: b"a".to_vec() });
        let violation = tell(&mut invariant, Kind::Protocol(&event), &causality).unwrap_err();
        assert!(violation.message().ends_with("saw server 0 say that version 1, \"a\" was"), "{violation}");

        tell(&mut invariant, Kind::Submitted { request: b"a" }, &causality).expect("nothing is committed");
        let violation = tell(&mut invariant, Kind::Protocol(&event), &causality).unwrap_err();
        assert!(violation.message().ends_with("given that state has reached no other server"), "{violation}");
        use Step::{ReplyDelivered, ReplySent, RequestDelivered, RequestSent};
        for step in [RequestSent { end: 0 }, RequestDelivered, ReplySent, ReplyDelivered] {
            causality.on(1, step, 0);
        }
        assert_eq!(tell(&mut invariant, Kind::Protocol(&event), &causality), Ok(()));
        assert!(invariant.exercised());
    }
}
