//! [`EpochsGoUp`]: the current epoch of a server never goes down, across crashes (the paper's §IV: it is kept
//! in stable storage, and phase 2 sets it to a later one).

use std::collections::BTreeMap;

use crate::event::{Event, Incarnation, Interests};
use crate::invariant::{Invariant, Verdict, Violation};
use crate::zab::ZabEvent;

/// Compares the epoch of each server with the last one that was seen.
#[derive(Default)]
pub(super) struct EpochsGoUp {
    last: BTreeMap<usize, (Incarnation, u32)>,
}

impl Invariant for EpochsGoUp {
    fn name(&self) -> &'static str {
        "current epochs go up"
    }

    fn interests(&self) -> Interests {
        Interests::STATES
    }

    fn on(&mut self, event: &Event<'_>) -> Verdict {
        let (Some(who), Some(ZabEvent::State(state))) = (event.server(), event.protocol()) else {
            return Ok(());
        };
        match self.last.insert(who.server, (who, state.epoch)) {
            Some((before, epoch)) if epoch > state.epoch => {
                let since = if before == who { "" } else { ", before it crashed" };
                Err(Violation::new(format!(
                    "expected the current epoch of a server never to go down; saw {who} in epoch {}, and it \
                     had been in epoch {epoch}{since}",
                    state.epoch
                )))
            }
            _ => Ok(()),
        }
    }

    fn exercised(&self) -> bool {
        !self.last.is_empty()
    }

    fn subject(&self) -> &'static str {
        "a state"
    }
}

#[cfg(test)]
mod tests {
    use labapi::ZabRole;

    use super::super::tests::{state, tell};
    use super::*;

    #[test]
    fn an_epoch_that_goes_down_is_a_violation() {
        let mut invariant = EpochsGoUp::default();
        assert!(!invariant.exercised());
        for epoch in [0, 2, 2, 5] {
            tell(&mut invariant, 0, &state(ZabRole::Looking, epoch)).expect("it goes up");
        }
        tell(&mut invariant, 1, &state(ZabRole::Looking, 1)).expect("another server");
        assert!(invariant.exercised());
        let violation = tell(&mut invariant, 0, &state(ZabRole::Following, 4)).unwrap_err();
        assert_eq!(
            violation.message(),
            "expected the current epoch of a server never to go down; saw server 0 in epoch 4, and it had \
             been in epoch 5"
        );
    }
}
