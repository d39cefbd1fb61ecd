//! [`PrimaryOrder`]: a leader's transactions are delivered in the order in which it has proposed them, and
//! none is left out before one that is delivered (the paper's §III, *local primary order* and *integrity*).

use std::collections::{BTreeMap, BTreeSet};

use labapi::Zxid;

use crate::event::{Event, Incarnation, Interests, Kind};
use crate::invariant::{Invariant, Verdict, Violation};
use crate::zab::ZabEvent;
use crate::zab::event::Text;

/// Compares ids and transactions with what was proposed.
#[derive(Default)]
pub(super) struct PrimaryOrder {
    submitted: BTreeSet<Vec<u8>>,
    proposed: BTreeMap<Zxid, Vec<u8>>,
    delivered: BTreeMap<Zxid, Vec<u8>>,
}

impl PrimaryOrder {
    fn proposes(&mut self, who: Incarnation, zxid: Zxid, transaction: &[u8]) -> Verdict {
        if let Some(other) = self.proposed.insert(zxid, transaction.to_vec()) {
            return Err(Violation::new(format!(
                "expected each transaction to get an id of its own; saw {who} give {} the id {zxid}, which \
                 {} has",
                Text(transaction),
                Text(&other)
            )));
        }
        // On a fast leader it was delivered before.
        match self.delivered.get(&zxid) {
            Some(other) if other != transaction => Err(Violation::new(format!(
                "expected {} to be delivered under its id {zxid}, or not at all; saw {} delivered under it",
                Text(transaction),
                Text(other)
            ))),
            _ => Ok(()),
        }
    }

    fn delivers(&mut self, who: Incarnation, zxid: Zxid, transaction: &[u8]) -> Verdict {
        if !self.submitted.contains(transaction) {
            return Err(Violation::new(format!(
                "expected only transactions to be delivered that were proposed; saw {who} deliver {} under \
                 id {zxid}",
                Text(transaction)
            )));
        }
        if let Some(other) = self.proposed.get(&zxid).filter(|it| *it != transaction) {
            return Err(Violation::new(format!(
                "expected {} to be delivered under its id {zxid}, or not at all; saw {who} deliver {} under \
                 it",
                Text(other),
                Text(transaction)
            )));
        }
        let last = self.delivered.last_key_value().map_or(Zxid::ZERO, |(last, _)| *last);
        if zxid > last {
            let due = if zxid.epoch == last.epoch { last.counter + 1 } else { 1 };
            if zxid.counter != due {
                return Err(Violation::new(format!(
                    "expected the transactions of an epoch to be delivered as 1, 2, 3 … without a gap; saw \
                     {who} deliver {zxid} after {last}"
                )));
            }
            self.delivered.insert(zxid, transaction.to_vec());
        }
        Ok(())
    }
}

impl Invariant for PrimaryOrder {
    fn name(&self) -> &'static str {
        "the order of proposals"
    }

    fn interests(&self) -> Interests {
        Interests::REQUESTS | Interests::AGREEMENT
    }

    fn on(&mut self, event: &Event<'_>) -> Verdict {
        let Some(who) = event.server() else { return Ok(()) };
        if let Kind::Submitted { request } = event.kind {
            self.submitted.insert(request.to_vec());
        }
        match event.protocol() {
            Some(ZabEvent::Proposed { zxid, transaction }) => self.proposes(who, *zxid, transaction),
            Some(ZabEvent::Delivered { zxid, transaction }) => self.delivers(who, *zxid, transaction),
            _ => Ok(()),
        }
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
    use super::super::tests::{delivered, proposed, tell, tell_of};
    use super::*;

    /// These transactions were submitted.
    fn submitted() -> PrimaryOrder {
        let mut invariant = PrimaryOrder::default();
        for request in ["a", "b", "c"] {
            tell_of(&mut invariant, 0, Kind::Submitted { request: request.as_bytes() }).expect("any");
        }
        invariant
    }

    #[test]
    fn what_nobody_has_proposed_is_not_delivered() {
        assert!(tell(&mut submitted(), 0, &delivered(1, 1, "a")).is_ok());
        assert!(tell(&mut submitted(), 0, &delivered(1, 1, "x")).is_err());
    }

    #[test]
    fn an_id_has_one_transaction() {
        let mut invariant = submitted();
        tell(&mut invariant, 0, &proposed(1, 1, "a")).expect("the first");
        tell(&mut invariant, 1, &delivered(1, 1, "a")).expect("the same");
        let other = tell(&mut invariant, 1, &delivered(1, 1, "b")).unwrap_err();
        assert_eq!(
            other.message(),
            "expected \"a\" to be delivered under its id (1, 1), or not at all; saw server 1 deliver \"b\" \
             under it"
        );
        let twice = tell(&mut invariant, 0, &proposed(1, 1, "c")).unwrap_err();
        assert!(
            twice.message().contains("saw server 0 give \"c\" the id (1, 1), which \"a\" has"),
            "{twice}"
        );
        let mut invariant = submitted();
        tell(&mut invariant, 0, &delivered(1, 1, "b")).expect("it is known later who has proposed it");
        assert!(tell(&mut invariant, 0, &proposed(1, 1, "a")).is_err());
    }

    #[test]
    fn an_epoch_has_no_gap() {
        let mut invariant = submitted();
        tell(&mut invariant, 0, &delivered(2, 1, "a")).expect("the first of an epoch");
        assert!(tell(&mut invariant, 0, &delivered(2, 3, "b")).is_err());
        tell(&mut invariant, 0, &delivered(2, 2, "b")).expect("the next");
        tell(&mut invariant, 1, &delivered(2, 1, "a")).expect("another server");
        assert!(tell(&mut invariant, 0, &delivered(4, 2, "c")).is_err(), "an epoch begins with 1");
        tell(&mut invariant, 0, &delivered(4, 1, "c")).expect("the first of another epoch");
    }
}
