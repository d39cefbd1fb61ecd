//! [`OneLeader`]: an epoch has one established leader at most (the paper's §III: "epochs identify primaries
//! uniquely").

use std::collections::BTreeMap;
use std::time::Duration;

use labapi::ZabRole;

use crate::display::Seconds;
use crate::event::{Event, Incarnation, Interests};
use crate::invariant::{Invariant, Verdict, Violation};
use crate::zab::ZabEvent;

/// Compares each leader with the first one of its epoch.
#[derive(Default)]
pub(super) struct OneLeader {
    first: BTreeMap<u32, (Incarnation, Duration)>,
}

impl Invariant for OneLeader {
    fn name(&self) -> &'static str {
        "one leader in an epoch"
    }

    fn interests(&self) -> Interests {
        Interests::STATES | Interests::AGREEMENT
    }

    fn on(&mut self, event: &Event<'_>) -> Verdict {
        let Some(who) = event.server() else { return Ok(()) };
        // Only a leader gives ids, and those of its epoch.
        let (epoch, how) = match event.protocol() {
            Some(ZabEvent::State(state)) if state.role == ZabRole::Leading => (state.epoch, "lead"),
            Some(ZabEvent::Proposed { zxid, .. }) => (zxid.epoch, "propose in"),
            _ => return Ok(()),
        };
        let (first, at) = *self.first.entry(epoch).or_insert((who, event.at));
        // A server that has led an epoch and starts again leads another one, too.
        if first == who {
            return Ok(());
        }
        Err(Violation::new(format!(
            "expected one established leader in an epoch at most; saw {who} {how} epoch {epoch}, which \
             {first} had led at {}",
            Seconds(at)
        )))
    }

    fn exercised(&self) -> bool {
        !self.first.is_empty()
    }

    fn subject(&self) -> &'static str {
        "a leader"
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{proposed, state, tell};
    use super::*;

    #[test]
    fn a_second_leader_of_an_epoch_is_a_violation() {
        let mut invariant = OneLeader::default();
        tell(&mut invariant, 0, &state(ZabRole::Following, 3)).expect("no leader");
        assert!(!invariant.exercised());
        tell(&mut invariant, 1, &state(ZabRole::Leading, 3)).expect("the first");
        tell(&mut invariant, 1, &proposed(3, 1, "a")).expect("the same");
        tell(&mut invariant, 2, &state(ZabRole::Leading, 4)).expect("another epoch");
        assert!(invariant.exercised());
        let violation = tell(&mut invariant, 2, &proposed(3, 1, "b")).unwrap_err();
        assert_eq!(
            violation.message(),
            "expected one established leader in an epoch at most; saw server 2 propose in epoch 3, which \
             server 1 had led at 0.010 s"
        );
        assert!(tell(&mut invariant, 0, &state(ZabRole::Leading, 4)).is_err());
    }
}
