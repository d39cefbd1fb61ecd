//! [`LeadersNeedAQuorum`]: two nodes do not lead beside each other for long.
//!
//! A leader that goes on for longer than [`QUORUM_TIMEOUT`] after its election has reached a quorum
//! meanwhile. From then on this quorum drops what leaders of older generations say, so that each of these
//! reaches no quorum any more, and stops within another [`QUORUM_TIMEOUT`].
//!
//! A node that crashes forgets the generation. So two leaders beside each other are judged only if no node
//! has started meanwhile, or just before.

use std::collections::BTreeMap;
use std::time::Duration;

use labapi::{BullyView, QUORUM_TIMEOUT};

use crate::bully_extended::CuredBullyEvent;
use crate::display::Seconds;
use crate::event::{Event, Interests, Kind};
use crate::invariant::{Invariant, Verdict, Violation};

/// Since when each server leads that does.
#[derive(Default)]
pub(super) struct LeadersNeedAQuorum {
    leads_since: BTreeMap<usize, Duration>,
    /// When a server started last.
    started: Duration,
    checked: bool,
}

/// The longest time for which two may lead beside each other: a little longer, because a node is seen when it
/// is at rest.
const LONGEST: Duration = Duration::from_millis(2 * QUORUM_TIMEOUT.as_millis() as u64 + 100);

/// How long before its victory a leader may have asked a node that has crashed since.
const ELECTION: Duration = Duration::from_secs(2);

impl LeadersNeedAQuorum {
    /// A server leads no longer.
    fn ends(&mut self, server: usize, at: Duration) -> Verdict {
        let Some(since) = self.leads_since.remove(&server) else { return Ok(()) };
        for (&other, &others_since) in &self.leads_since {
            let both_since = since.max(others_since);
            if at > both_since + LONGEST && self.started + ELECTION < both_since {
                return Err(Violation::new(format!(
                    "expected a leader that reaches no quorum to stop within {}; saw servers {server} and \
                     {other} lead beside each other from {} to {}",
                    Seconds(QUORUM_TIMEOUT),
                    Seconds(both_since),
                    Seconds(at)
                )));
            }
        }
        Ok(())
    }
}

impl Invariant for LeadersNeedAQuorum {
    fn name(&self) -> &'static str {
        "two leaders are not beside each other for long"
    }

    fn interests(&self) -> Interests {
        Interests::STATES | Interests::SERVERS
    }

    fn on(&mut self, event: &Event<'_>) -> Verdict {
        let Some(who) = event.server() else { return Ok(()) };
        match event.kind {
            Kind::Started => self.started = event.at,
            Kind::CutOff | Kind::Crashed { .. } | Kind::Halted => {
                self.leads_since.remove(&who.server);
            }
            _ => {}
        }
        let Some(&CuredBullyEvent::Views(BullyView { leader, .. })) = event.protocol() else { return Ok(()) };
        if leader == Some(who.server) {
            self.checked = true;
            self.leads_since.entry(who.server).or_insert(event.at);
            return Ok(());
        }
        self.ends(who.server, event.at)
    }

    fn exercised(&self) -> bool {
        self.checked
    }

    fn subject(&self) -> &'static str {
        "a leader"
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bully_extended::invariants::tests::{tell, views};

    /// Server 4 leads from 10 s on and server 2 from 11 s on; server 4 stops at this time.
    fn beside(invariant: &mut LeadersNeedAQuorum, until: u64) -> Verdict {
        views(invariant, 4, 10_000, 9, Some(4)).expect("the first leader");
        views(invariant, 2, 11_000, 12, Some(2)).expect("the next");
        views(invariant, 4, until, 12, None)
    }

    #[test]
    fn leaders_beside_each_other_are_a_violation_after_a_while() {
        beside(&mut LeadersNeedAQuorum::default(), 13_100).expect("not for long");
        let violation = beside(&mut LeadersNeedAQuorum::default(), 13_101).unwrap_err();
        assert!(
            violation
                .message()
                .ends_with("saw servers 4 and 2 lead beside each other from 11.000 s to 13.101 s"),
            "{violation}"
        );
    }

    #[test]
    fn a_node_that_started_may_have_forgotten() {
        let mut invariant = LeadersNeedAQuorum::default();
        tell(&mut invariant, (0, 2), 9_000, Kind::Started).expect("a start");
        beside(&mut invariant, 20_000).expect("node 0 may have followed both");
        let mut invariant = LeadersNeedAQuorum::default();
        tell(&mut invariant, (0, 2), 8_999, Kind::Started).expect("a start");
        assert!(beside(&mut invariant, 20_000).is_err());
    }
}
