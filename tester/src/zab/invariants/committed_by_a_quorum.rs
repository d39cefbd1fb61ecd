//! [`CommittedByAQuorum`]: a transaction is delivered when a quorum of voters can have accepted it (the
//! paper's §IV, phase 3).
//!
//! The messages that carry a transaction are known to the solution alone. But a transaction does not exist
//! before a leader is given it. So when a server delivers it first, messages that causally follow the
//! proposal have reached a quorum of voters, the leader included.

use std::collections::{BTreeMap, BTreeSet};

use labapi::Zxid;

use crate::causality::LogicalTime;
use crate::display::Servers;
use crate::event::{Event, Interests, Kind};
use crate::invariant::{Invariant, Verdict, Violation};
use crate::zab::ZabEvent;
use crate::zab::event::Text;

/// The proposals of each transaction: the server, and its logical time.
pub(super) struct CommittedByAQuorum {
    voters: usize,
    proposed: BTreeMap<Vec<u8>, Vec<(usize, LogicalTime)>>,
    delivered: BTreeSet<Zxid>,
}

impl CommittedByAQuorum {
    /// For an ensemble in which so many servers vote, those with the lowest numbers.
    pub fn new(voters: usize) -> Self {
        Self { voters, proposed: BTreeMap::new(), delivered: BTreeSet::new() }
    }
}

impl Invariant for CommittedByAQuorum {
    fn name(&self) -> &'static str {
        "transactions are delivered when a quorum can have accepted them"
    }

    fn interests(&self) -> Interests {
        Interests::REQUESTS | Interests::AGREEMENT | Interests::CAUSALITY
    }

    fn on(&mut self, event: &Event<'_>) -> Verdict {
        let Some(who) = event.server() else { return Ok(()) };
        if let Kind::Submitted { request } = event.kind {
            self.proposed.entry(request.to_owned()).or_default().push((who.server, event.moment()));
        }
        let Some(ZabEvent::Delivered { zxid, transaction }) = event.protocol() else { return Ok(()) };
        // Later deliveries, also those after a crash, rely on the first one. What nobody has proposed is
        // another invariant's.
        let (true, Some(proposals)) = (self.delivered.insert(*zxid), self.proposed.get(transaction)) else {
            return Ok(());
        };
        let causality = event.causality();
        let reached = |&(leader, moment): &(usize, LogicalTime)| -> Vec<usize> {
            causality.reached(who, leader, moment).filter(|server| *server < self.voters).collect()
        };
        if proposals.iter().any(|proposal| reached(proposal).len() >= self.voters / 2) {
            return Ok(());
        }
        let proposal = &proposals[0];
        let seen = reached(proposal);
        Err(Violation::new(format!(
            "expected a transaction to be delivered when a quorum of the {} voters has accepted it; saw \
             {who} deliver {zxid} {}, but as far as it can know, what server {} sent since it was given that \
             transaction has reached {}",
            self.voters,
            Text(transaction),
            proposal.0,
            if seen.is_empty() { "no other voter".to_owned() } else { Servers(&seen).to_string() }
        )))
    }

    /// Always, because a test of elections may propose nothing.
    fn exercised(&self) -> bool {
        true
    }

    fn subject(&self) -> &'static str {
        "a delivery"
    }
}

#[cfg(test)]
mod tests {
    use labrpc::Step;

    use super::super::tests::{GROUP, delivered, tell_with};
    use super::*;
    use crate::causality::Causality;
    use crate::event::Incarnation;

    /// Server 0 of three voters and an observer is given a transaction, and talks to servers of these
    /// numbers before it delivers.
    fn deliver_after(others: &[usize]) -> Verdict {
        let mut causality = Causality::default();
        causality.track();
        let who = |server| Incarnation { group: GROUP, server, number: 1 };
        for server in 0..4 {
            causality.add_server(GROUP, server);
            causality.start(who(server));
        }
        let mut invariant = CommittedByAQuorum::new(3);
        tell_with(&mut invariant, 0, Kind::Submitted { request: b"a" }, &causality).expect("a proposal");
        for (call, &other) in others.iter().enumerate() {
            let end = u32::try_from(call).expect("they are few");
            causality.add_end(end, who(0).into(), GROUP, other);
            use Step::{ReplyDelivered, ReplySent, RequestDelivered, RequestSent};
            for step in [RequestSent { end }, RequestDelivered, ReplySent, ReplyDelivered] {
                causality.on(call as u64, step, 0);
            }
        }
        let event = delivered(1, 1, "a");
        let verdict = tell_with(&mut invariant, 0, Kind::Protocol(&event), &causality);
        if verdict.is_err() {
            tell_with(&mut invariant, 0, Kind::Protocol(&event), &causality).expect("not the first");
        }
        verdict
    }

    #[test]
    fn a_quorum_has_no_observers() {
        assert_eq!(deliver_after(&[1]), Ok(()));
        assert_eq!(deliver_after(&[3, 2]), Ok(()));
        let alone = deliver_after(&[]).unwrap_err();
        assert!(alone.message().ends_with("transaction has reached no other voter"), "{alone}");
        assert!(deliver_after(&[3]).is_err(), "an observer does not count");
    }
}
