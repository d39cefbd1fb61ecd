//! [`Shadow`]: what is known of each server from outside, by the messages that it has sent and received.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use labapi::State;
use rustc_hash::{FxHashMap, FxHashSet};

use super::fact::{Call, Fact, FactKind};
use super::message::{Entry, Index, Position, Reply, Request, Term};
use super::shadow_log::ShadowLog;

/// A call of `start` takes less than this, unless it saves slowly.
const CALL_TIME: Duration = Duration::from_millis(1);

/// What is known of all servers.
pub(super) struct Shadow {
    pub servers: Vec<Server>,
    pub unread: UnreadMessages,
}

/// The messages that could not be read so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct UnreadMessages {
    /// Requests for votes, or the replies to them.
    pub votes: bool,
    /// AppendEntries or InstallSnapshot, or the replies to them.
    pub entries: bool,
    /// Messages of other kinds, which may carry anything.
    pub others: bool,
}

/// What is known of a server.
#[derive(Default)]
pub(super) struct Server {
    pub is_up: bool,
    /// Whether what it does is lost, because it crashes or was told to stop.
    is_cut_off: bool,
    /// Whether it was told to stop in this incarnation.
    pub is_halted: bool,
    /// The newest term that it certainly was in, and the event that shows it.
    pub term: Term,
    pub term_shown_by: Option<Fact>,
    /// Its state when it was last at rest, in this incarnation.
    pub probed: Option<Rest>,
    pub log: ShadowLog,
    /// Requests that its handlers work on.
    pub handlers: Vec<Handler>,
    /// Its last crash.
    pub crashed: Option<Fact>,
    /// The number of its last save that took effect.
    pub last_save: u64,
    /// The last snapshot that arrived.
    pub snapshot_arrived: Option<(Position, Fact)>,
    /// The highest index that it may know to be committed.
    pub may_commit: Index,
    /// The highest `leader_commit` that it was told, and the request.
    pub told_commit: Option<(Index, Fact)>,
    /// The voters that it heard of, by term.
    pub votes: FxHashMap<Term, Votes>,
    /// The indices that followers have acknowledged, by the term of the request: server and index.
    pub acknowledged: BTreeMap<Term, Vec<Index>>,
    /// The terms in which it has sent a leader's request, and the first of them.
    pub led: BTreeMap<Term, Fact>,
    /// The highest index that its service has applied in this incarnation.
    pub applied: Index,
    /// The end of the last snapshot that its service took or was reset to.
    pub snapshot_taken: Index,
    /// Whether the next save shows what was read back after a crash.
    pub wants_saved_log: bool,
    /// The terms of the log that was saved first after the last crash, if they could be read.
    pub restored_log: Option<Vec<Term>>,
    /// Whether any request or reply has reached it in this incarnation, readable or not.
    pub has_heard: bool,
    /// When it was given commands: time and event.
    submitted: Vec<(Duration, u64)>,
}

/// A server at rest.
#[derive(Clone)]
pub(super) struct Rest {
    pub state: State,
    /// The number of the last event before it was asked.
    pub asked: u64,
    pub fact: Fact,
}

impl Rest {
    /// Whether it was in an older term, and nothing was saved since.
    pub fn is_unsaved(&self, term: Term, last_save: u64) -> bool {
        self.state.term.0 < term && last_save <= self.asked
    }
}

/// The votes of a term that a candidate has heard of.
#[derive(Default)]
pub(super) struct Votes {
    pub voters: FxHashSet<usize>,
    pub last: Option<Fact>,
}

/// A request that a server works on.
pub(super) struct Handler {
    pub call: Arc<Call>,
    pub delivered: Fact,
    /// The newest term that the server certainly was in when the request arrived, and the event that shows
    /// it.
    pub term: Term,
    pub term_shown_by: Option<Fact>,
    /// Other requests that were handled at the same time, and that change the log.
    pub others: Vec<Arc<Call>>,
    /// Whether it may have appended its entries: it was not of an older term when it arrived.
    may_accept: bool,
    /// Whether its entries certainly replace others.
    pub replaces: bool,
    /// The highest index that the service had applied when the request arrived.
    pub applied: Index,
}

impl Shadow {
    pub fn new(servers: usize) -> Self {
        let servers = (0..servers).map(|_| Server::default()).collect();
        Self { servers, unread: UnreadMessages::default() }
    }

    /// Whether all that can change a log or a commit index is read.
    pub fn sees_entries(&self) -> bool {
        !self.unread.entries && !self.unread.others
    }

    /// Whether all votes are read.
    pub fn sees_votes(&self) -> bool {
        !self.unread.votes && !self.unread.others
    }

    pub fn majority(&self) -> usize {
        self.servers.len() / 2 + 1
    }

    pub fn server(&self, server: usize) -> &Server {
        &self.servers[server]
    }

    /// The oldest handler of the call on the server: the one that answers, if the request came twice.
    pub fn handler(&self, server: usize, call: &Call) -> Option<&Handler> {
        self.servers[server].handlers.iter().find(|handler| handler.call.number == call.number)
    }

    /// The highest index that a majority stores, as far as the leader of `term` has been told in that term.
    pub fn majority_index(&self, leader: usize, term: Term) -> Index {
        let told = self.servers[leader].acknowledged.get(&term).map_or(&[][..], Vec::as_slice);
        let mut stored: Vec<Index> = (0..self.servers.len())
            .map(|server| if server == leader { Index::MAX } else { told.get(server).copied().unwrap_or(0) })
            .collect();
        stored.sort_unstable();
        stored[stored.len() - self.majority()]
    }

    /// The highest index that the server may know to be committed, requests that it works on included.
    pub fn commit_bound(&self, server: usize) -> Index {
        let server = &self.servers[server];
        let of = |handler: &Handler| told_commit(&handler.call.request);
        server.handlers.iter().map(of).max().unwrap_or(0).max(server.may_commit)
    }

    /// Takes a fact into account. The rules have judged it before.
    pub fn on(&mut self, fact: &Fact) {
        let server = &mut self.servers[fact.server];
        match &fact.kind {
            FactKind::Started => {
                server.is_up = true;
                server.is_cut_off = false;
                server.has_heard = false;
                server.is_halted = false;
                server.probed = None;
                server.applied = 0;
                server.wants_saved_log = server.crashed.is_some();
                server.restored_log = None;
            }
            FactKind::CutOff => server.is_cut_off = true,
            FactKind::Crashed => {
                for handler in std::mem::take(&mut server.handlers) {
                    server.may_commit = server.may_commit.max(told_commit(&handler.call.request));
                }
                server.is_up = false;
                server.crashed = Some(fact.clone());
                server.log.crash();
            }
            FactKind::Halted => server.is_halted = true,
            FactKind::Saved(log) => {
                server.last_save = fact.number;
                if let Some(log) = log {
                    server.restored_log = Some(log.clone());
                }
                server.wants_saved_log = false;
            }
            FactKind::SnapshotTaken(index) => server.snapshot_taken = server.snapshot_taken.max(*index),
            FactKind::OutOfOrder { .. } | FactKind::Queried(_) => {}
            FactKind::Probed { state, asked } => {
                server.probed = Some(Rest { state: *state, asked: *asked, fact: fact.clone() });
            }
            FactKind::Sent(call) => self.sent(call, fact),
            FactKind::Delivered(call) => server.delivered(call, fact),
            FactKind::Answered(call, reply) => server.answered(call, *reply, fact),
            FactKind::Heard(call, reply) => self.heard(call, *reply, fact),
            FactKind::Submitted => {
                server.submitted.retain(|(at, _)| *at + CALL_TIME >= fact.at);
                server.submitted.push((fact.at, fact.number));
            }
            FactKind::Accepted { index, term } => {
                server.is_in(*term, fact);
                let is_overtaken = server.handlers.iter().any(|handler| handler.call.request.term() > *term);
                let at = Position { index: *index, term: *term };
                if server.term <= *term && !is_overtaken {
                    server.log.has(at, None, fact, false);
                } else {
                    server.log.had([at], fact);
                }
            }
            FactKind::Applied { index, .. } => server.applied = server.applied.max(*index),
            FactKind::Installed(index) => {
                server.snapshot_taken = server.snapshot_taken.max(*index);
                server.applied = *index;
                server.may_commit = server.may_commit.max(*index);
            }
        }
    }

    fn sent(&mut self, call: &Arc<Call>, fact: &Fact) {
        let term = call.request.term();
        let server = &mut self.servers[fact.server];
        let is_newest = server.handlers.iter().all(|handler| handler.call.request.term() <= term);
        server.is_in(term, fact);
        if call.request.is_leader_s() {
            server.led.entry(term).or_insert_with(|| fact.clone());
        }
        // A leader deletes nothing. But arguments may be older than what the server has become since.
        if let Request::AppendEntries { prev, entries, .. } = &call.request
            && !(server.term == term && is_newest)
        {
            server.log.had(positions(*prev, entries), fact);
        } else if let Request::AppendEntries { prev, entries, .. } = &call.request {
            let known = |at| server.log.certain(at).is_some();
            if !known(prev.index) && prev.index > server.log.snapshot_bound() {
                server.log.has(*prev, None, fact, false);
            }
            for (index, entry) in (prev.index + 1..).zip(entries) {
                server.log.has(Position { index, term: entry.term }, entry.command, fact, false);
            }
        }
        let bound = self.commit_bound(fact.server);
        let server = &mut self.servers[fact.server];
        server.may_commit = server.may_commit.max(bound);
    }

    fn heard(&mut self, call: &Arc<Call>, reply: Reply, fact: &Fact) {
        let (term, servers) = (call.request.term(), self.servers.len());
        let server = &mut self.servers[fact.server];
        let stored = match &call.request {
            Request::RequestVote { .. } => {
                if reply.yes == Some(true) {
                    let votes = server.votes.entry(term).or_default();
                    votes.voters.insert(call.to);
                    votes.last = Some(fact.clone());
                }
                return;
            }
            Request::AppendEntries { prev, entries, .. } if reply.yes == Some(true) => {
                prev.index + entries.len() as u64
            }
            Request::InstallSnapshot { last, .. } if reply.term.is_none_or(|of| of <= term) => last.index,
            _ => return,
        };
        let acknowledged = server.acknowledged.entry(term).or_insert_with(|| vec![0; servers]);
        acknowledged[call.to] = acknowledged[call.to].max(stored);
        if server.term > term {
            // A reply of an older term changes nothing.
            return;
        }
        // All up to the last index that may be counted may be committed.
        let on_majority = self.majority_index(fact.server, term);
        let log = &self.servers[fact.server].log;
        let from = self.servers[fact.server].may_commit + 1;
        let counted = (from..=on_majority.min(log.bound()))
            .rev()
            .find(|&at| log.certain(at).is_none_or(|certain| certain.term == term));
        if let Some(counted) = counted {
            self.servers[fact.server].may_commit = counted;
        }
    }
}

impl Server {
    /// Whether the fact is about something that is lost with the server.
    pub fn is_ignored(&self, fact: &Fact) -> bool {
        self.is_cut_off && !matches!(fact.kind, FactKind::Started | FactKind::Crashed | FactKind::Halted)
    }

    /// Whether the log that was saved first after the last crash has this entry. `None` if that is not known.
    pub fn was_restored(&self, at: Position) -> Option<bool> {
        // With a snapshot, the index of the first saved entry is not known.
        let log = self.restored_log.as_ref().filter(|_| self.snapshot_taken == 0)?;
        let slot = usize::try_from(at.index).ok()?.checked_sub(1)?;
        // Some logs have an entry at index 0.
        let with_dummy = log.first() == Some(&0);
        Some(log.get(slot + usize::from(with_dummy)) == Some(&at.term))
    }

    /// The number of an event before which the command of an entry was not known to the server, which then
    /// accepted or sent it. `None` if no client that the tester knows gave it a command.
    pub fn submitted_before(&self, accepted: &Fact) -> Option<u64> {
        let recent =
            |(at, number): &&(Duration, u64)| *number < accepted.number && *at + CALL_TIME >= accepted.at;
        self.submitted.iter().find(recent).map(|(_, number)| *number)
    }

    /// The server certainly was in this term.
    fn is_in(&mut self, term: Term, fact: &Fact) {
        if term > self.term {
            self.term = term;
            self.term_shown_by = Some(fact.clone());
        }
    }

    fn delivered(&mut self, call: &Arc<Call>, fact: &Fact) {
        let mut handler = Handler {
            call: Arc::clone(call),
            delivered: fact.clone(),
            // What certainly is of an older term must be refused.
            may_accept: call.request.term() >= self.term,
            term: self.term,
            term_shown_by: self.term_shown_by.clone(),
            others: Vec::new(),
            replaces: false,
            applied: self.applied,
        };
        if call.request.is_leader_s() {
            let others = self.handlers.iter_mut().filter(|other| other.call.request.is_leader_s());
            for other in others {
                other.others.push(Arc::clone(call));
                handler.others.push(Arc::clone(&other.call));
            }
        }
        let may_accept = handler.may_accept;
        match &call.request {
            Request::AppendEntries { prev, entries, commit, .. } => {
                handler.replaces = self.certainly_replaces(*prev, entries);
                if may_accept {
                    self.log.may_append(call.number, fact.number, *prev, entries);
                }
                if self.told_commit.as_ref().is_none_or(|(known, _)| known < commit) {
                    self.told_commit = Some((*commit, fact.clone()));
                }
            }
            Request::InstallSnapshot { last, .. } if may_accept => {
                self.log.may_install(*last, fact.number);
                self.snapshot_arrived = Some((*last, fact.clone()));
            }
            _ => {}
        }
        self.handlers.push(handler);
    }

    /// Whether these entries, if accepted, certainly replace others.
    fn certainly_replaces(&self, prev: Position, entries: &[Entry]) -> bool {
        let differs = |(index, entry): (u64, &Entry)| {
            self.log.certain(index).is_some_and(|certain| certain.term != entry.term)
        };
        (prev.index + 1..).zip(entries).any(differs)
    }

    fn answered(&mut self, call: &Arc<Call>, reply: Reply, fact: &Fact) {
        if let Some(term) = reply.term {
            self.is_in(term, fact);
        }
        let Some(at) = self.handlers.iter().position(|handler| handler.call.number == call.number) else {
            return;
        };
        let handler = self.handlers.remove(at);
        match &call.request {
            Request::RequestVote { term, .. } if reply.yes == Some(true) => self.is_in(*term, fact),
            Request::AppendEntries { term, prev, entries, .. } => match reply.yes {
                Some(true) => {
                    self.is_in(*term, fact);
                    self.may_commit = self.may_commit.max(told_commit(&call.request));
                    let disturbed =
                        handler.others.iter().any(|other| changes_differently(other, *prev, entries));
                    if disturbed {
                        self.log.had(positions(*prev, entries), fact);
                    } else {
                        let alone = handler.others.is_empty();
                        self.log.acknowledged(fact, *prev, entries, alone && handler.replaces);
                    }
                }
                Some(false) if handler.may_accept => self.log.refused(call.number, *prev, entries),
                Some(false) => {}
                None => self.may_commit = self.may_commit.max(told_commit(&call.request)),
            },
            Request::InstallSnapshot { term, last } => {
                // What a snapshot stands for is committed, and stays, whether or not the server needed it.
                if reply.term.is_none_or(|of| of <= *term) {
                    self.may_commit = self.may_commit.max(told_commit(&call.request));
                    self.log.has(*last, None, fact, true);
                }
            }
            Request::RequestVote { .. } => {}
        }
    }
}

/// The entry before those of a request, and those.
fn positions(prev: Position, entries: &[Entry]) -> impl Iterator<Item = Position> {
    let entries = (prev.index + 1..).zip(entries);
    std::iter::once(prev).chain(entries.map(|(index, entry)| Position { index, term: entry.term }))
}

/// Whether a request that was handled at the same time may have left other entries than these.
fn changes_differently(other: &Call, prev: Position, entries: &[Entry]) -> bool {
    match &other.request {
        Request::RequestVote { .. } => false,
        Request::InstallSnapshot { .. } => true,
        Request::AppendEntries { prev: from, entries: others, .. } => {
            let ours = |index: Index| {
                let offset = index.checked_sub(prev.index + 1)?;
                Some(entries.get(usize::try_from(offset).ok()?)?.term)
            };
            (from.index + 1..)
                .zip(others)
                .any(|(index, entry)| ours(index).map_or(index <= prev.index, |term| term != entry.term))
        }
    }
}

/// The highest index that a server may take for committed after this request.
fn told_commit(request: &Request) -> Index {
    match request {
        Request::RequestVote { .. } => 0,
        Request::AppendEntries { prev, entries, commit, .. } => {
            (*commit).min(prev.index + entries.len() as u64)
        }
        Request::InstallSnapshot { last, .. } => last.index,
    }
}
