//! Rules of log replication: the box "AppendEntries RPC" of Figure 2, and what leaders send (§5.3).

use rustc_hash::{FxHashMap, FxHashSet};

use super::fact::{Fact, FactKind, broken};
use super::message::{Entry, Index, Position, Reply, Request, Term};
use super::shadow::{Handler, Shadow};
use super::shadow_log::Certain;
use super::terms::accepts_an_older_term;
use crate::raft::rules::{AE1, AE2, AE3, IS6, L2, L6, P1, P3, S1};
use crate::rule::BrokenRule;

/// What leaders have sent.
#[derive(Default)]
pub(super) struct Entries {
    /// The command of each entry, and who sent it first.
    commands: FxHashMap<Position, (u64, Fact)>,
    /// Servers whose log was found to differ; each is reported once.
    reported: FxHashSet<usize>,
}

impl Entries {
    pub fn on(&mut self, fact: &Fact, shadow: &Shadow) -> Option<BrokenRule> {
        match &fact.kind {
            FactKind::Answered(call, reply) => {
                let handler = shadow.handler(fact.server, call)?;
                match &call.request {
                    Request::AppendEntries { term, prev, entries, .. } => match reply.yes {
                        Some(true) => accepted(fact, handler, *term, *prev, entries, shadow),
                        Some(false) => refused(fact, handler, *term, *prev, *reply, shadow),
                        None => None,
                    },
                    _ => None,
                }
            }
            FactKind::Sent(call) => match &call.request {
                Request::AppendEntries { term, prev, entries, .. } => {
                    self.sent(fact, *term, *prev, entries, shadow)
                }
                Request::InstallSnapshot { last, .. } => {
                    let log = &shadow.server(fact.server).log;
                    let known = log.certain(last.index).filter(|_| shadow.sees_entries())?;
                    (known.term != last.term).then(|| {
                        let headline = format!(
                            "server {} sends a snapshot up to {last}, but the term of its entry {} was {}",
                            fact.server, last.index, known.term
                        );
                        broken(&S1, headline, vec![&known.since, fact])
                    })
                }
                Request::RequestVote { .. } => None,
            },
            FactKind::Accepted { index: 0, .. } => {
                let headline = format!("server {} gave a command index 0", fact.server);
                Some(broken(&L6, headline, vec![fact]))
            }
            FactKind::Applied { index, command } => applied(fact, *index, *command, shadow),
            _ => None,
        }
    }

    /// A leader sends entries.
    fn sent(
        &mut self,
        fact: &Fact,
        term: Term,
        prev: Position,
        entries: &[Entry],
        shadow: &Shadow,
    ) -> Option<BrokenRule> {
        let server = shadow.server(fact.server);
        for (index, entry) in (prev.index + 1..).zip(entries) {
            let (at, Some(command)) = (Position { index, term: entry.term }, entry.command) else { continue };
            let (before, first) = self.commands.entry(at).or_insert_with(|| (command, fact.clone()));
            if *before != command {
                let headline = format!(
                    "server {} sends another command as entry {at} than was sent before",
                    fact.server
                );
                return Some(broken(&L2, headline, vec![first, fact]));
            }
        }
        // Arguments may be older than what the server has become since.
        if !shadow.sees_entries()
            || server.term > term
            || server.handlers.iter().any(|handler| handler.call.request.term() > term)
        {
            return None;
        }
        let all = std::iter::once(prev).chain(
            (prev.index + 1..).zip(entries).map(|(index, entry)| Position { index, term: entry.term }),
        );
        let differs = |at: &Position| server.log.certain(at.index).is_some_and(|known| known.term != at.term);
        let at = all.into_iter().find(differs).filter(|_| self.reported.insert(fact.server))?;
        let known = server.log.certain(at.index)?;
        let own = Position { index: at.index, term: known.term };
        Some(if server.log.may_have(at) || at.index > prev.index {
            differs_from(fact, own, at, known, shadow)
        } else {
            let headline = format!(
                "server {} sends prev_log_term {} for index {}, where its entry has term {}",
                fact.server, at.term, at.index, known.term
            );
            broken(&S1, headline, vec![&known.since, fact])
        })
    }
}

/// A server has accepted entries.
fn accepted(
    fact: &Fact,
    handler: &Handler,
    term: Term,
    prev: Position,
    entries: &[Entry],
    shadow: &Shadow,
) -> Option<BrokenRule> {
    let server = shadow.server(fact.server);
    let older =
        accepts_an_older_term(fact, handler, &AE1, "accepted an AppendEntries of an older term", shadow);
    if older.is_some() {
        return older;
    }
    if !shadow.sees_entries() {
        return None;
    }
    if !server.log.may_have(prev) {
        let known = server.log.certain(prev.index).map(|certain| &certain.since);
        let headline = match server.log.certain(prev.index) {
            Some(certain) => format!(
                "server {} accepted an AppendEntries after {prev}, where its log has an entry of term {}",
                fact.server, certain.term
            ),
            None => format!(
                "server {} accepted an AppendEntries after {prev}, an entry that its log cannot have",
                fact.server
            ),
        };
        let evidence = known.into_iter().chain([&handler.delivered, fact]);
        return Some(broken(&AE2, headline, evidence.collect()));
    }
    // Each entry was saved after it could first have come. What a snapshot stands for was saved with it.
    let acknowledged =
        (prev.index + 1..).zip(entries).map(|(index, entry)| Position { index, term: entry.term });
    let came = std::iter::once(prev)
        .chain(acknowledged)
        .filter(|at| at.index > server.log.snapshot_bound())
        .filter_map(|at| server.log.possible_since(at))
        .max();
    // If they replace others, they may be missing because nothing was replaced.
    if !handler.replaces && came.is_some_and(|came| server.last_save < came) {
        let headline = format!("server {} acknowledged entries without saving them", fact.server);
        return Some(broken(&P1, headline, vec![&handler.delivered, fact]));
    }
    let unsaved = server.probed.as_ref().filter(|rest| rest.is_unsaved(term, server.last_save));
    unsaved.map(|rest| {
        let headline = format!("server {} joined term {term} without saving it", fact.server);
        broken(&P1, headline, vec![&rest.fact, &handler.delivered, fact])
    })
}

/// A server has refused entries. If it certainly had the entry before them, it has lost that.
fn refused(
    fact: &Fact,
    handler: &Handler,
    term: Term,
    prev: Position,
    reply: Reply,
    shadow: &Shadow,
) -> Option<BrokenRule> {
    let server = shadow.server(fact.server);
    let of_this_term = term >= server.term && reply.term.is_none_or(|of| of == term);
    let certain = server.log.certain(prev.index).filter(|certain| certain.term == prev.term)?;
    // A request that is about what is committed already may be refused as outdated.
    let is_news = server.log.last().is_some_and(|(last, _)| last.index == prev.index)
        || prev.index > shadow.commit_bound(fact.server);
    // A server that has only a snapshot of it may say so. It knows the snapshot's last entry.
    let in_snapshot = prev.index < server.log.snapshot_bound().max(server.snapshot_taken);
    let is_sure = shadow.sees_entries()
        && of_this_term
        && !in_snapshot
        && is_news
        && certain.durable
        && !server.is_halted
        && handler.others.is_empty();
    is_sure.then(|| lost(fact, prev, certain, shadow))
}

/// A server applies an entry.
fn applied(fact: &Fact, index: Index, command: u64, shadow: &Shadow) -> Option<BrokenRule> {
    let server = shadow.server(fact.server);
    let certain = server.log.certain(index).filter(|_| shadow.sees_entries())?;
    certain.command.filter(|known| *known != command)?;
    let own = Position { index, term: certain.term };
    let headline = format!(
        "server {} applies another command at index {index} than that of entry {own}, which it has \
         acknowledged",
        fact.server
    );
    Some(broken(&AE3, headline, vec![&certain.since, fact]))
}

/// A server's log certainly had the entry `own` and shows that it does not have it any more.
pub(super) fn lost(fact: &Fact, own: Position, certain: &Certain, shadow: &Shadow) -> BrokenRule {
    let server = shadow.server(fact.server);
    let since = &certain.since;
    let crash = server.crashed.as_ref().filter(|crash| crash.number > since.number);
    if let Some(crash) = crash.filter(|_| server.was_restored(own) != Some(true)) {
        let headline = format!("server {} forgot entry {own} in a crash", fact.server);
        return broken(&P3, headline, vec![since, crash, fact]);
    }
    if let Some((_, snapshot)) =
        server.snapshot_arrived.as_ref().filter(|(_, arrived)| arrived.number > since.number)
    {
        let headline =
            format!("server {} lost entry {own}, which follows the snapshot that it was sent", fact.server);
        return broken(&IS6, headline, vec![since, snapshot, fact]);
    }
    let headline = format!("server {} lost entry {own} of its log", fact.server);
    broken(&AE3, headline, vec![since, fact])
}

/// A server's log certainly had `own`, and shows `other` at the same index.
fn differs_from(
    fact: &Fact,
    own: Position,
    other: Position,
    certain: &Certain,
    shadow: &Shadow,
) -> BrokenRule {
    let crashed = shadow.server(fact.server).crashed.as_ref();
    if crashed.is_some_and(|crash| crash.number > certain.since.number) {
        return lost(fact, own, certain, shadow);
    }
    let headline =
        format!("server {} has entry {other} where it had acknowledged or sent {own}", fact.server);
    broken(&AE3, headline, vec![&certain.since, fact])
}
