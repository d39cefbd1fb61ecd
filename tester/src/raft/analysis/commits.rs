//! Rules of commitment: what may be called committed, and applied (Figure 2, "Leaders", "AppendEntries RPC",
//! 5 and "All Servers"; §5.4.2).

use super::fact::{Fact, FactKind, broken};
use super::message::{Index, Request, Term};
use super::shadow::Shadow;
use crate::raft::rules::{AE5, AS1, L4, L5, P1, TR1};
use crate::rule::BrokenRule;

/// A server tells that entries are committed.
pub(super) fn on(fact: &Fact, shadow: &Shadow) -> Option<BrokenRule> {
    if !shadow.sees_entries() {
        return None;
    }
    match &fact.kind {
        FactKind::Sent(call) => match call.request {
            Request::AppendEntries { term, commit, .. } => {
                announced(fact, term, commit, shadow).or_else(|| counts_itself(fact, term, commit, shadow))
            }
            _ => None,
        },
        FactKind::Applied { index, .. } => applied(fact, *index, shadow).or_else(|| {
            let server = shadow.server(fact.server);
            // It may have heard from a newer leader that the entry is committed.
            let is_newest = server.handlers.iter().all(|handler| handler.call.request.term() <= server.term);
            if is_newest { counts_itself(fact, server.term, *index, shadow) } else { None }
        }),
        _ => None,
    }
}

/// A leader names its commit index.
fn announced(fact: &Fact, term: Term, commit: Index, shadow: &Shadow) -> Option<BrokenRule> {
    if commit <= shadow.commit_bound(fact.server) {
        return None;
    }
    Some(counted(fact, term, commit, shadow))
}

/// The leader of `term` commits up to `index`, which it may not.
fn counted(fact: &Fact, term: Term, index: Index, shadow: &Shadow) -> BrokenRule {
    let server = shadow.server(fact.server);
    let does = if matches!(fact.kind, FactKind::Applied { .. }) { "applies entry" } else { "commits entry" };
    let on_majority = shadow.majority_index(fact.server, term);
    let entry = server.log.certain(index).map(|certain| &certain.since);
    if index <= on_majority {
        let of = server.log.certain(index).map_or_else(String::new, |it| format!(" of term {}", it.term));
        let headline = format!(
            "server {} {does} {index}{of}, and no entry of its own term {term} is stored by a majority",
            fact.server
        );
        return broken(&L5, headline, entry.into_iter().chain([fact]).collect());
    }
    // With the replies to requests of older terms a majority would seem to store it.
    let mut stored: Vec<Index> = (0..shadow.servers.len())
        .map(|follower| {
            let of_any_term = server.acknowledged.values().filter_map(|by| by.get(follower)).max();
            if follower == fact.server { Index::MAX } else { of_any_term.copied().unwrap_or(0) }
        })
        .collect();
    stored.sort_unstable();
    let led = server.led.get(&term);
    if index <= stored[stored.len() - shadow.majority()] {
        let headline = format!(
            "server {} {does} {index}, which followers acknowledged in an older term only",
            fact.server
        );
        return broken(&TR1, headline, led.into_iter().chain([fact]).collect());
    }
    let headline = format!(
        "server {} {does} {index}, and a majority is known to store no more than {}",
        fact.server,
        if on_majority == Index::MAX { index } else { on_majority }
    );
    broken(&L4, headline, entry.into_iter().chain(led).chain([fact]).collect())
}

/// A leader that counts itself has the entry on stable storage.
fn counts_itself(fact: &Fact, term: Term, commit: Index, shadow: &Shadow) -> Option<BrokenRule> {
    let server = shadow.server(fact.server);
    let told = server.acknowledged.get(&term)?;
    let others = told.iter().filter(|&&index| index >= commit).count();
    let certain = server.log.certain(commit).filter(|certain| certain.term == term && !certain.durable)?;
    // An entry of this age was given to the server by one of the calls that began shortly before.
    let given = server.submitted_before(&certain.since)?;
    (others < shadow.majority() && server.last_save < given).then(|| {
        let headline = format!(
            "server {} counts itself among those that store entry {commit}@{term}, and has not saved it",
            fact.server
        );
        broken(&P1, headline, vec![&certain.since, fact])
    })
}

fn applied(fact: &Fact, index: Index, shadow: &Shadow) -> Option<BrokenRule> {
    if index <= shadow.commit_bound(fact.server) {
        return None;
    }
    let server = shadow.server(fact.server);
    if let Some((&term, _)) = server.led.last_key_value().filter(|(term, _)| **term >= server.term) {
        return Some(counted(fact, term, index, shadow));
    }
    Some(match server.told_commit.as_ref().filter(|(commit, _)| index <= *commit) {
        Some((commit, told)) => broken(
            &AE5,
            format!(
                "server {} applies index {index}, told that {commit} is committed, beyond the entries that \
                 it has accepted from that leader",
                fact.server
            ),
            vec![told, fact],
        ),
        None => broken(
            &AS1,
            format!(
                "server {} applies index {index}, which no leader has told it to be committed",
                fact.server
            ),
            vec![fact],
        ),
    })
}
