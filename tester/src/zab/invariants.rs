//! Invariants of Zab: the properties of the paper's §III, at every moment, however slow, lossy or partitioned
//! the network is, and across crashes.

mod committed_by_a_quorum;
mod epochs_go_up;
mod fresh_sync;
mod one_leader;
mod one_order;
mod primary_order;

use crate::invariant::Invariant;
use committed_by_a_quorum::CommittedByAQuorum;
use epochs_go_up::EpochsGoUp;
use fresh_sync::FreshSync;
use one_leader::OneLeader;
use one_order::OneOrder;
use primary_order::PrimaryOrder;

/// All of them, in the order in which they judge, for an ensemble with so many voters.
pub(super) fn all(voters: usize) -> Vec<Box<dyn Invariant>> {
    vec![
        Box::new(OneLeader::default()),
        Box::new(EpochsGoUp::default()),
        Box::new(OneOrder::default()),
        Box::new(PrimaryOrder::default()),
        Box::new(CommittedByAQuorum::new(voters)),
        Box::new(FreshSync::default()),
    ]
}

#[cfg(test)]
pub(super) mod tests {
    use std::time::Duration;

    use labapi::{ZabRole, ZabState, Zxid};

    use super::super::event::ZabEvent;
    use crate::causality::Causality;
    use crate::event::{Event, Group, Incarnation, Kind};
    use crate::invariant::{Invariant, Verdict};

    pub(crate) const GROUP: Group = Group { number: 0, name: "" };

    pub(crate) fn zxid(epoch: u32, counter: u32) -> Zxid {
        Zxid { epoch, counter }
    }

    pub(crate) fn state(role: ZabRole, epoch: u32) -> ZabEvent {
        ZabEvent::State(ZabState { role, epoch })
    }

    pub(crate) fn proposed(epoch: u32, counter: u32, transaction: &str) -> ZabEvent {
        ZabEvent::Proposed { zxid: zxid(epoch, counter), transaction: transaction.into() }
    }

    pub(crate) fn delivered(epoch: u32, counter: u32, transaction: &str) -> ZabEvent {
        ZabEvent::Delivered { zxid: zxid(epoch, counter), transaction: transaction.into() }
    }

    /// Tells an invariant of what is observed of a server.
    pub(crate) fn tell(invariant: &mut dyn Invariant, server: usize, event: &ZabEvent) -> Verdict {
        tell_of(invariant, server, Kind::Protocol(event))
    }

    /// Tells an invariant of an event of a server.
    pub(crate) fn tell_of(invariant: &mut dyn Invariant, server: usize, kind: Kind<'_>) -> Verdict {
        tell_with(invariant, server, kind, &Causality::default())
    }

    /// Tells an invariant of an event of a server, with these clocks.
    pub(crate) fn tell_with(
        invariant: &mut dyn Invariant,
        server: usize,
        kind: Kind<'_>,
        causality: &Causality,
    ) -> Verdict {
        let who = Incarnation { group: GROUP, server, number: 1 };
        invariant.on(&Event {
            number: 1,
            at: Duration::from_millis(10),
            cause: 0,
            group: Some(GROUP),
            party: who.into(),
            kind,
            causality,
            moment: None,
        })
    }
}
