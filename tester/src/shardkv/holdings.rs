//! What the groups have of the shards.
//!
//! Two invariants: one configuration gives a shard to one group; and what a server has of a shard never
//! becomes that of an earlier configuration. A server executes the requests of its log, so it may be behind
//! the others, but it does not go back while it runs.

use std::collections::BTreeMap;
use std::sync::Arc;

use labapi::{ConfigNum, Holding, SHARDS, ShardId};
use parking_lot::Mutex;

use super::event::ShardEvent;
use crate::event::{Event, Incarnation, Interests};
use crate::invariant::{Invariant, Verdict, Violation};

/// The group that serves each shard, by configuration. All groups share it.
#[derive(Clone, Default)]
pub(super) struct Owners {
    served: Arc<Mutex<BTreeMap<(ShardId, ConfigNum), Incarnation>>>,
}

/// One configuration gives a shard to one group.
pub(super) struct OneOwner {
    owners: Owners,
    checked: bool,
}

impl OneOwner {
    pub fn new(owners: &Owners) -> Self {
        Self { owners: owners.clone(), checked: false }
    }
}

impl Invariant for OneOwner {
    fn name(&self) -> &'static str {
        "one group serves a shard by one configuration"
    }

    fn interests(&self) -> Interests {
        Interests::STATES
    }

    fn on(&mut self, event: &Event<'_>) -> Verdict {
        let Some(&ShardEvent::Holds { shard, holding, num }) = event.protocol() else { return Ok(()) };
        let Some(who) = event.server() else { return Ok(()) };
        self.checked = true;
        if holding != Holding::Serving {
            return Ok(());
        }
        let mut served = self.owners.served.lock();
        let first = *served.entry((shard, num)).or_insert(who);
        if first.group == who.group {
            return Ok(());
        }
        Err(Violation::new(format!(
            "expected configuration {num} to give shard {shard} to one group; saw {who} serve it by that \
             configuration, and {first} before"
        )))
    }

    fn exercised(&self) -> bool {
        self.checked
    }

    fn subject(&self) -> &'static str {
        "what a server has of a shard"
    }
}

/// What a server has of a shard never becomes that of an earlier configuration.
#[derive(Default)]
pub(super) struct NeverGoesBack {
    seen: BTreeMap<Incarnation, [(Holding, ConfigNum); SHARDS]>,
    checked: bool,
}

impl Invariant for NeverGoesBack {
    fn name(&self) -> &'static str {
        "a shard never goes back to an earlier configuration"
    }

    fn interests(&self) -> Interests {
        Interests::STATES
    }

    fn on(&mut self, event: &Event<'_>) -> Verdict {
        let Some(&ShardEvent::Holds { shard, holding, num }) = event.protocol() else { return Ok(()) };
        let Some(who) = event.server() else { return Ok(()) };
        self.checked = true;
        let seen = &mut self.seen.entry(who).or_default()[shard.0];
        let (before, known) = std::mem::replace(seen, (holding, num));
        if num < known {
            return Err(Violation::new(format!(
                "expected a server to have of a shard what the newest configuration gave it; saw {who} go \
                 back to configuration {num} with shard {shard}, after configuration {known}"
            )));
        }
        let serves_again = num == known && holding == Holding::Serving && before != Holding::Serving;
        if serves_again && known > ConfigNum::default() {
            return Err(Violation::new(format!(
                "expected a group that has given up a shard to serve it again by a later configuration \
                 only; saw {who} serve shard {shard} again by configuration {num}"
            )));
        }
        Ok(())
    }

    fn exercised(&self) -> bool {
        self.checked
    }

    fn subject(&self) -> &'static str {
        "what a server has of a shard"
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::causality::Causality;
    use crate::event::{Group, Kind};

    const ONE: Incarnation = of_group(1, "g1");
    const OTHER: Incarnation = of_group(2, "g2");

    const fn of_group(number: u16, name: &'static str) -> Incarnation {
        Incarnation { group: Group { number, name }, server: 0, number: 1 }
    }

    /// The server is seen to have this of shard 3.
    fn sees(invariant: &mut dyn Invariant, who: Incarnation, holding: Holding, num: u64) -> Verdict {
        let seen = ShardEvent::Holds { shard: ShardId(3), holding, num: ConfigNum(num) };
        invariant.on(&Event {
            number: 1,
            at: Duration::ZERO,
            cause: 0,
            group: Some(who.group),
            party: who.into(),
            kind: Kind::Protocol(&seen),
            causality: &Causality::default(),
            moment: None,
        })
    }

    #[test]
    fn two_groups_do_not_serve_a_shard_by_one_configuration() {
        let owners = Owners::default();
        let (mut of_one, mut of_other) = (OneOwner::new(&owners), OneOwner::new(&owners));
        assert!(!of_one.exercised());
        assert_eq!(sees(&mut of_one, ONE, Holding::Serving, 2), Ok(()));
        assert_eq!(sees(&mut of_one, ONE, Holding::Serving, 2), Ok(()), "another server of the group");
        assert_eq!(sees(&mut of_other, OTHER, Holding::Frozen, 2), Ok(()));
        assert_eq!(sees(&mut of_other, OTHER, Holding::Serving, 3), Ok(()), "a later configuration");
        let violation = sees(&mut of_other, OTHER, Holding::Serving, 2).expect_err("group 1 serves it");
        assert!(violation.message().contains("give shard 3 to one group"), "{violation}");
        assert!(of_one.exercised() && of_other.exercised());
    }

    #[test]
    fn a_server_does_not_go_back() {
        let mut invariant = NeverGoesBack::default();
        for (holding, num) in [(Holding::Serving, 2), (Holding::Frozen, 3), (Holding::Absent, 3)] {
            assert_eq!(sees(&mut invariant, ONE, holding, num), Ok(()));
        }
        let again = sees(&mut invariant, ONE, Holding::Serving, 3).expect_err("it has given it up");
        assert!(again.message().contains("serve shard 3 again by configuration 3"), "{again}");

        let mut invariant = NeverGoesBack::default();
        assert_eq!(sees(&mut invariant, ONE, Holding::Serving, 4), Ok(()));
        // Another incarnation executes its log from the beginning.
        let next = Incarnation { number: 2, ..ONE };
        assert_eq!(sees(&mut invariant, next, Holding::Serving, 2), Ok(()));
        let back = sees(&mut invariant, ONE, Holding::Absent, 2).expect_err("an earlier configuration");
        assert!(back.message().contains("go back to configuration 2"), "{back}");
    }
}
