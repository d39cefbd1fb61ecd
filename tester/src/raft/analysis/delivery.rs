//! Rules of what the service is handed: in order, each entry once, after its snapshot (Figure 2, "All
//! Servers"; §7; Figure 13, 5 and 8).

use super::fact::{Fact, FactKind, broken};
use super::message::Index;
use super::shadow::Shadow;
use crate::raft::rules::{AS5, IS5, IS8, P5};
use crate::rule::BrokenRule;

pub(super) fn on(fact: &Fact, shadow: &Shadow) -> Option<BrokenRule> {
    match fact.kind {
        FactKind::Installed(index) => installed(fact, index, shadow),
        FactKind::OutOfOrder { index, due } => Some(out_of_order(fact, index, due, shadow)),
        _ => None,
    }
}

/// The service is reset to a snapshot, which must not be older than its state.
fn installed(fact: &Fact, index: Index, shadow: &Shadow) -> Option<BrokenRule> {
    let server = shadow.server(fact.server);
    let (_, arrived) = server.snapshot_arrived.as_ref()?;
    (index < server.applied).then(|| {
        let headline = format!(
            "server {} resets its service to a snapshot up to {index}, and it had applied everything up to \
             {}",
            fact.server, server.applied
        );
        broken(&IS5, headline, vec![arrived, fact])
    })
}

/// The service is handed an entry that is not the next one.
fn out_of_order(fact: &Fact, index: Index, due: Index, shadow: &Shadow) -> BrokenRule {
    let server = shadow.server(fact.server);
    // The entries in between are in a snapshot that the service never got.
    if index > due
        && shadow.sees_entries()
        && let Some((last, arrived)) = server.snapshot_arrived.as_ref()
        && server.crashed.as_ref().is_none_or(|crash| crash.number < arrived.number)
        && (due..index).contains(&last.index)
    {
        let headline = format!(
            "server {} delivers entry {index} after {}, and never delivered the snapshot up to {} in between",
            fact.server,
            due - 1,
            last.index
        );
        return broken(&IS8, headline, vec![arrived, fact]);
    }
    if let Some(crash) = server.crashed.as_ref().filter(|_| index > due && server.applied < due)
        && (due..index).contains(&server.snapshot_taken)
    {
        let headline = format!(
            "server {} forgot its snapshot up to {} in a crash, and delivers entry {index} next",
            fact.server, server.snapshot_taken
        );
        return broken(&P5, headline, vec![crash, fact]);
    }
    let headline =
        format!("server {} delivers entry {index} to its service, and entry {due} is due", fact.server);
    broken(&AS5, headline, vec![fact])
}
