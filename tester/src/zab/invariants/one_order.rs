//! [`OneOrder`]: all servers deliver the same transactions in the same order (the paper's §III, *total order*
//! and *agreement*).
//!
//! The order is that of whoever delivers a transaction first. Every incarnation delivers a prefix of it, from
//! the beginning or from a snapshot. So what one server has delivered is never lost or replaced, and what was
//! passed over does not come back: ids go up.

use std::collections::BTreeMap;
use std::time::Duration;

use labapi::Zxid;

use crate::display::Seconds;
use crate::event::{Event, Incarnation, Interests, Kind};
use crate::invariant::{Invariant, Verdict, Violation};
use crate::zab::event::Text;
use crate::zab::{Extent, ZabEvent};

/// Compares all deliveries with the order of the first ones.
#[derive(Default)]
pub(super) struct OneOrder {
    order: Vec<First>,
    /// How much of it each server has delivered in its present incarnation.
    positions: BTreeMap<usize, usize>,
}

/// The first delivery of a transaction.
struct First {
    zxid: Zxid,
    transaction: Vec<u8>,
    /// All up to it.
    extent: Extent,
    by: Incarnation,
    at: Duration,
}

impl OneOrder {
    fn delivers(&mut self, who: Incarnation, at: Duration, zxid: Zxid, transaction: &[u8]) -> Verdict {
        let position = self.positions.entry(who.server).or_default();
        if let Some(first) = self.order.get(*position) {
            *position += 1;
            if first.zxid == zxid && first.transaction == transaction {
                return Ok(());
            }
            return Err(Violation::new(format!(
                "expected all servers to deliver the same transactions in the same order; saw {who} deliver \
                 {zxid} {} as transaction {position}, which is {} {} on {} (at {})",
                Text(transaction),
                first.zxid,
                Text(&first.transaction),
                first.by,
                Seconds(first.at)
            )));
        }
        *position += 1;
        let before = self.order.last().map(|last| last.extent).unwrap_or_default();
        if zxid <= before.zxid {
            return Err(Violation::new(format!(
                "expected transactions to be delivered in the order of their ids, so that one which was \
                 passed over never comes back; saw {who} deliver {zxid} {} after {}",
                Text(transaction),
                before.zxid
            )));
        }
        let extent = before.and(zxid, transaction);
        self.order.push(First { zxid, transaction: transaction.to_vec(), extent, by: who, at });
        Ok(())
    }

    fn installs(&mut self, who: Incarnation, zxid: Zxid, content: Option<Extent>) -> Verdict {
        let known = content.and_then(|content| {
            let count = usize::try_from(content.count).ok()?;
            let first = self.order.get(count.checked_sub(1)?)?;
            (first.extent == content && content.zxid == zxid).then_some(count)
        });
        let Some(count) = known else {
            return Err(Violation::new(format!(
                "expected {who} to deliver a snapshot that a service has made, under the last id that is in \
                 it; saw another one delivered under id {zxid}"
            )));
        };
        let position = self.positions.insert(who.server, count).unwrap_or_default();
        if count < position {
            return Err(Violation::new(format!(
                "expected {who} never to move its service back; saw it deliver a snapshot of {count} \
                 transactions when it had delivered {position}"
            )));
        }
        Ok(())
    }
}

impl Invariant for OneOrder {
    fn name(&self) -> &'static str {
        "one order of deliveries"
    }

    fn interests(&self) -> Interests {
        Interests::SERVERS | Interests::AGREEMENT
    }

    fn on(&mut self, event: &Event<'_>) -> Verdict {
        let Some(who) = event.server() else { return Ok(()) };
        if let Kind::Started = event.kind {
            self.positions.remove(&who.server);
        }
        match event.protocol() {
            Some(ZabEvent::Delivered { zxid, transaction }) => {
                self.delivers(who, event.at, *zxid, transaction)
            }
            Some(ZabEvent::Installed { zxid, content }) => self.installs(who, *zxid, *content),
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
    use super::super::tests::{delivered, tell, tell_of, zxid};
    use super::*;

    /// Server 0 has delivered three transactions.
    fn three() -> OneOrder {
        let mut invariant = OneOrder::default();
        for (epoch, counter, transaction) in [(1, 1, "a"), (1, 2, "b"), (3, 1, "c")] {
            tell(&mut invariant, 0, &delivered(epoch, counter, transaction)).expect("ids go up");
        }
        invariant
    }

    #[test]
    fn another_transaction_in_a_place_is_a_violation() {
        let mut invariant = three();
        tell(&mut invariant, 1, &delivered(1, 1, "a")).expect("the same");
        let violation = tell(&mut invariant, 1, &delivered(2, 1, "x")).unwrap_err();
        assert_eq!(
            violation.message(),
            "expected all servers to deliver the same transactions in the same order; saw server 1 deliver \
             (2, 1) \"x\" as transaction 2, which is (1, 2) \"b\" on server 0 (at 0.010 s)"
        );
        assert!(tell(&mut three(), 2, &delivered(1, 1, "b")).is_err(), "another text under the id");
        assert!(tell(&mut three(), 0, &delivered(3, 1, "c")).is_err(), "it was delivered before");
    }

    #[test]
    fn what_was_passed_over_does_not_come_back() {
        let violation = tell(&mut three(), 0, &delivered(2, 7, "x")).unwrap_err();
        assert!(violation.message().ends_with("saw server 0 deliver (2, 7) \"x\" after (3, 1)"));
    }

    #[test]
    fn an_incarnation_begins_again() {
        let mut invariant = three();
        tell_of(&mut invariant, 0, Kind::Started).expect("no delivery");
        tell(&mut invariant, 0, &delivered(1, 1, "a")).expect("the beginning");
        assert!(tell(&mut invariant, 0, &delivered(3, 1, "c")).is_err(), "one is left out");
    }

    #[test]
    fn a_snapshot_has_a_prefix_and_goes_forward() {
        let extent = Extent::default().and(zxid(1, 1), b"a").and(zxid(1, 2), b"b");
        let installed = |last, content| ZabEvent::Installed { zxid: last, content };
        let mut invariant = three();
        tell(&mut invariant, 1, &installed(zxid(1, 2), Some(extent))).expect("a prefix");
        tell(&mut invariant, 1, &delivered(3, 1, "c")).expect("what follows");
        let back = tell(&mut invariant, 1, &installed(zxid(1, 2), Some(extent))).unwrap_err();
        assert!(back.message().ends_with("a snapshot of 2 transactions when it had delivered 3"), "{back}");
        let wrong = [
            installed(zxid(1, 1), Some(extent)),
            installed(zxid(1, 2), None),
            installed(zxid(1, 2), Some(Extent { hash: 0, ..extent })),
            installed(zxid(1, 2), Some(Extent { count: 9, ..extent })),
            installed(zxid(0, 0), Some(Extent::default())),
        ];
        for event in &wrong {
            let violation = tell(&mut three(), 2, event).unwrap_err();
            assert!(violation.message().starts_with("expected server 2 to deliver a snapshot that"));
        }
    }
}
