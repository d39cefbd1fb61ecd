//! [`OneHistory`]: a version is the same state everywhere and for ever, and no node goes back to an older
//! one. So a committed state is not lost: the next one is not committed in its place.

use std::collections::BTreeMap;

use labapi::Publication;

use crate::bully_extended::CuredBullyEvent;
use crate::bully_extended::publications::Shown;
use crate::event::{Event, Incarnation, Interests};
use crate::invariant::{Invariant, Verdict, Violation};

/// The committed states.
#[derive(Default)]
pub(super) struct OneHistory {
    states: BTreeMap<u64, (Vec<u8>, Incarnation)>,
    /// The newest version that each incarnation was seen to know.
    newest: BTreeMap<Incarnation, u64>,
}

impl Invariant for OneHistory {
    fn name(&self) -> &'static str {
        "committed states are the same everywhere, and replaced by newer ones alone"
    }

    fn interests(&self) -> Interests {
        Interests::AGREEMENT
    }

    fn on(&mut self, event: &Event<'_>) -> Verdict {
        let Some(who) = event.server() else { return Ok(()) };
        let known = match event.protocol() {
            Some(CuredBullyEvent::Knows(known)) => known,
            Some(CuredBullyEvent::Forgot) => {
                return Err(Violation::new(format!(
                    "expected a node to know for as long as it runs what was committed; saw {who} forget it"
                )));
            }
            _ => return Ok(()),
        };
        let Publication { version, state } = known;
        let (first, by) = self.states.entry(*version).or_insert_with(|| (state.clone(), who));
        if first != state {
            return Err(Violation::new(format!(
                "expected a committed state to be replaced by none of the same version; saw {who} say that \
                 {} was committed, for which {by} had said {:?}",
                Shown(Some(known)),
                String::from_utf8_lossy(first)
            )));
        }
        let newest = self.newest.entry(who).or_insert(*version);
        if *version < *newest {
            return Err(Violation::new(format!(
                "expected a committed state to be replaced by none that is older; saw {who} go back from \
                 version {newest} to {}",
                Shown(Some(known))
            )));
        }
        *newest = *version;
        Ok(())
    }

    fn exercised(&self) -> bool {
        !self.states.is_empty()
    }

    fn subject(&self) -> &'static str {
        "a committed state"
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bully_extended::invariants::tests::tell;
    use crate::event::Kind;

    fn knows(invariant: &mut OneHistory, server: usize, version: u64, state: &str) -> Verdict {
        let event = CuredBullyEvent::Knows(Publication { version, state: state.into() });
        tell(invariant, (server, 1), 10, Kind::Protocol(&event))
    }

    #[test]
    fn a_version_has_one_state() {
        let mut invariant = OneHistory::default();
        knows(&mut invariant, 0, 2, "b").expect("the first");
        knows(&mut invariant, 1, 1, "a").expect("older, on another node");
        knows(&mut invariant, 1, 2, "b").expect("the same");
        let violation = knows(&mut invariant, 2, 2, "c").unwrap_err();
        assert_eq!(
            violation.message(),
            "expected a committed state to be replaced by none of the same version; saw server 2 say that \
             version 2, \"c\" was committed, for which server 0 had said \"b\""
        );
    }

    #[test]
    fn a_node_does_not_go_back() {
        let mut invariant = OneHistory::default();
        knows(&mut invariant, 0, 2, "b").expect("the first");
        let violation = knows(&mut invariant, 0, 1, "a").unwrap_err();
        assert!(violation.message().ends_with("go back from version 2 to version 1, \"a\""), "{violation}");
        let forgot = Kind::Protocol(&CuredBullyEvent::Forgot);
        assert!(tell(&mut invariant, (0, 1), 10, forgot).is_err());
    }
}
