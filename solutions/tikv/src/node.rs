//! [`Node`]: the library's state machine, and the work that it asks for.

use std::ops::Range;

use labapi::{ApplyMsg, Inspection, LogIndex, Role, Started, State, Term};
use labrt::channel::Sender;
use labrt::rand::{RngExt, rng};
use labrt::time::Duration;
use persister::Persister;
use raft_rs::eraftpb::{Entry, Message};
use raft_rs::{Config, RawNode, SnapshotStatus, StateRole};

use crate::log::{Log, command_context, is_command};
use crate::logger::logger;

/// The time between two ticks of the library's clock.
pub(crate) const TICK: Duration = Duration::from_millis(10);

/// Ticks between two heartbeats of a leader. The course allows ten heartbeats a second.
const HEARTBEAT: usize = 10;

/// Ticks until a server that hears of no leader wants to become one. A leader that does not hear of a
/// majority for the least of them steps down.
const ELECTION: Range<usize> = 50..100;

/// One server's state machine. Each function that changes it returns the messages to send.
pub(crate) struct Node {
    raw: RawNode<Log>,
    /// The term and role for which `election_timeout` was drawn.
    drawn_for: (u64, StateRole),
    /// In ticks.
    election_timeout: usize,
    /// The channel to the thread that delivers to the service; `None` after a kill.
    delivery: Option<Sender<ApplyMsg>>,
}

impl Node {
    /// The state machine of the server `me`, counted from 0, with what it has saved.
    pub(crate) fn new(me: usize, servers: usize, persister: Persister, delivery: Sender<ApplyMsg>) -> Self {
        let log = Log::restore(persister, servers);
        // As TiKV sets them, but for the size of what is in flight: the course limits the number of messages.
        let config = Config {
            id: id_of(me),
            election_tick: ELECTION.start,
            min_election_tick: ELECTION.start,
            max_election_tick: ELECTION.end,
            heartbeat_tick: HEARTBEAT,
            // The service has restored the snapshot by itself.
            applied: log.base(),
            max_size_per_msg: raft_rs::NO_LIMIT,
            // What arrives while entries are on their way to a follower leaves with the next message.
            max_inflight_msgs: 1,
            check_quorum: true,
            pre_vote: true,
            // Followers learn the commit index with the next entries or with the next heartbeat.
            skip_bcast_commit: true,
            ..Config::default()
        };
        let raw = RawNode::new(&config, log, &logger()).expect("the configuration is valid");
        let drawn_for = (raw.raft.term, raw.raft.state);
        let mut node = Self { raw, drawn_for, election_timeout: 0, delivery: Some(delivery) };
        node.draw_election_timeout();
        node
    }

    /// One tick of the clock has passed.
    pub(crate) fn tick(&mut self) -> Vec<Message> {
        self.raw.tick();
        self.work()
    }

    /// A message of another server has arrived.
    pub(crate) fn step(&mut self, message: Message) -> Vec<Message> {
        if let Err(error) = self.raw.step(message) {
            log::debug!("a message has no effect: {error}");
        }
        self.work()
    }

    /// No answer to the entries that were sent to `peer`.
    pub(crate) fn report_unreachable(&mut self, peer: u64) -> Vec<Message> {
        self.raw.report_unreachable(peer);
        self.work()
    }

    /// The snapshot that was sent to `peer` has arrived there, or not.
    pub(crate) fn report_snapshot(&mut self, peer: u64, arrived: bool) -> Vec<Message> {
        let status = if arrived { SnapshotStatus::Finish } else { SnapshotStatus::Failure };
        self.raw.report_snapshot(peer, status);
        self.work()
    }

    /// Appends a command, on a leader.
    pub(crate) fn propose(&mut self, command: Vec<u8>) -> Option<(Started, Vec<Message>)> {
        // The library of a follower would send the command to the leader.
        if self.delivery.is_none() || !self.is_leader() {
            return None;
        }
        if let Err(error) = self.raw.propose(command_context(), command) {
            log::debug!("the command is refused: {error}");
            return None;
        }
        let (index, term) = (self.raw.raft.raft_log.last_index(), Term(self.raw.raft.term));
        let messages = self.work();
        // The entry is in the log now.
        Some((Started { index: self.command_index(index), term }, messages))
    }

    /// Replaces the log up to and including a command by the service's snapshot.
    pub(crate) fn compact(&mut self, command: LogIndex, snapshot: Vec<u8>) {
        let log = self.raw.mut_store();
        if log.compact(command.0, snapshot) {
            log.save();
        }
    }

    /// Takes no part any more, and lets the service end.
    pub(crate) fn kill(&mut self) {
        self.delivery = None;
    }

    pub(crate) fn is_killed(&self) -> bool {
        self.delivery.is_none()
    }

    pub(crate) fn state(&self) -> State {
        State { term: Term(self.raw.raft.term), is_leader: self.is_leader() }
    }

    pub(crate) fn saved_bytes(&self) -> usize {
        self.raw.store().saved_bytes()
    }

    /// What the server tells of itself, in the indices of the course.
    pub(crate) fn describe(&self) -> Inspection {
        let (raft, log) = (&self.raw.raft, self.raw.store());
        let role = match raft.state {
            // A pre-candidate is a follower that asks whether to begin a term.
            StateRole::Follower | StateRole::PreCandidate => Role::Follower,
            StateRole::Candidate => Role::Candidate,
            StateRole::Leader => Role::Leader,
        };
        let commands = log.entries_after_snapshot().iter().filter(|entry| is_command(entry));
        let told = Inspection::new(Term(raft.term), role)
            .voted_for(raft.vote.checked_sub(1).map(|voted| voted as usize))
            .log(
                LogIndex(log.index_map().base_command()),
                Term(log.base_term()),
                commands.map(|entry| Term(entry.term)),
            )
            .commit_index(self.command_index(raft.raft_log.committed));
        if !self.is_leader() {
            return told;
        }
        let progress = (1..=raft.prs().iter().len() as u64).filter_map(|id| raft.prs().get(id));
        let (next, matched) = progress
            .map(|it| (self.command_index(it.next_idx - 1).next(), self.command_index(it.matched)))
            .unzip();
        told.progress(next, matched)
    }

    fn is_leader(&self) -> bool {
        self.raw.raft.state == StateRole::Leader
    }

    fn command_index(&self, raft_index: u64) -> LogIndex {
        LogIndex(self.raw.store().index_map().command_index(raft_index))
    }

    /// Carries out what the last change of the state machine asks for: saves, delivers what is committed, and
    /// collects the messages, which may be sent when this returns.
    fn work(&mut self) -> Vec<Message> {
        self.draw_election_timeout();
        let mut messages = Vec::new();
        while self.raw.has_ready() {
            let mut ready = self.raw.ready();
            let log = self.raw.mut_store();
            let installed = (!ready.snapshot().is_empty()).then(|| log.install(ready.snapshot()));
            log.append(ready.take_entries());
            if let Some(hard_state) = ready.hs() {
                log.set_hard_state(hard_state.clone());
            }
            // Not for the commit index alone.
            if ready.must_sync() {
                log.save();
            }
            if let Some(data) = installed {
                self.deliver(ApplyMsg::Snapshot {
                    index: LogIndex(data.command_index),
                    term: Term(ready.snapshot().get_metadata().term),
                    snapshot: data.snapshot,
                });
            }
            self.deliver_commands(ready.take_committed_entries());
            messages.extend(ready.take_messages());
            messages.extend(ready.take_persisted_messages());

            let mut light = self.raw.advance(ready);
            if let Some(commit) = light.commit_index() {
                self.raw.mut_store().set_commit(commit);
            }
            self.deliver_commands(light.take_committed_entries());
            messages.extend(light.take_messages());
        }
        messages
    }

    fn deliver_commands(&self, entries: Vec<Entry>) {
        for entry in entries.into_iter().filter(is_command) {
            let (index, command) = (self.command_index(entry.index), entry.data.to_vec());
            self.deliver(ApplyMsg::Command { index, command });
        }
    }

    fn deliver(&self, message: ApplyMsg) {
        if let Some(delivery) = &self.delivery {
            // It fails when the service is gone, which needs nothing more.
            let _ = delivery.send(message);
        }
    }

    /// Puts the server's own draw in the place of the library's election timeout, which comes from a random
    /// generator that does not follow the seed everywhere.
    ///
    /// The library draws anew whenever it begins a term or changes its role, and looks at the timeout only
    /// when the clock ticks.
    fn draw_election_timeout(&mut self) {
        let current = (self.raw.raft.term, self.raw.raft.state);
        if self.election_timeout == 0 || self.drawn_for != current {
            self.drawn_for = current;
            self.election_timeout = rng().random_range(ELECTION);
        }
        self.raw.raft.set_randomized_election_timeout(self.election_timeout);
    }
}

/// The library's name for a server: from 1, because 0 stands for none.
fn id_of(server: usize) -> u64 {
    server as u64 + 1
}
