//! [`FreshSync`]: a server that has answered a sync is told of everything that any server had delivered
//! before the sync began (the contract of [`labapi::Zab::sync`]). So a read after it is linearizable.

use std::collections::BTreeMap;

use labapi::Zxid;

use crate::event::{Event, Interests};
use crate::invariant::{Invariant, Verdict, Violation};
use crate::zab::ZabEvent;

/// Compares each answer with what had been delivered when the sync began.
#[derive(Default)]
pub(super) struct FreshSync {
    /// The highest id that any server has delivered.
    delivered: Zxid,
    /// What it was when each of the syncs under way began.
    began: BTreeMap<u64, Zxid>,
}

impl Invariant for FreshSync {
    fn name(&self) -> &'static str {
        "syncs are fresh"
    }

    fn interests(&self) -> Interests {
        Interests::AGREEMENT
    }

    fn on(&mut self, event: &Event<'_>) -> Verdict {
        let Some(who) = event.server() else { return Ok(()) };
        match event.protocol() {
            Some(ZabEvent::Delivered { zxid, .. } | ZabEvent::Installed { zxid, .. }) => {
                self.delivered = self.delivered.max(*zxid);
            }
            Some(ZabEvent::SyncBegan { sync }) => {
                self.began.insert(*sync, self.delivered);
            }
            Some(ZabEvent::SyncAnswered { sync, zxid }) => {
                let due = self.began.remove(sync).unwrap_or_default();
                if *zxid < due {
                    return Err(Violation::new(format!(
                        "expected a sync to answer with an id that is not below {due}, which had been \
                         delivered when it began; saw {who} answer with {zxid}"
                    )));
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// Always, because a test may sync nothing.
    fn exercised(&self) -> bool {
        true
    }

    fn subject(&self) -> &'static str {
        "a sync"
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{delivered, tell, zxid};
    use super::*;

    #[test]
    fn an_answer_below_what_was_delivered_is_a_violation() {
        let mut invariant = FreshSync::default();
        tell(&mut invariant, 0, &delivered(1, 1, "a")).expect("no sync");
        for sync in 0..3 {
            tell(&mut invariant, 1, &ZabEvent::SyncBegan { sync }).expect("no answer");
        }
        tell(&mut invariant, 0, &delivered(1, 2, "b")).expect("no sync");
        let answered = |sync, zxid| ZabEvent::SyncAnswered { sync, zxid };
        tell(&mut invariant, 1, &answered(0, zxid(1, 1))).expect("what came meanwhile need not be seen");
        tell(&mut invariant, 1, &answered(1, zxid(1, 2))).expect("it may");
        let violation = tell(&mut invariant, 1, &answered(2, zxid(0, 0))).unwrap_err();
        assert_eq!(
            violation.message(),
            "expected a sync to answer with an id that is not below (1, 1), which had been delivered when it \
             began; saw server 1 answer with (0, 0)"
        );
    }
}
