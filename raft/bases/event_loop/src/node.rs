//! [`Node`]: the state of a server, and the turns of its thread.

use std::collections::VecDeque;

use labapi::{ApplyMsg, LogIndex, Started, State, Term};
use labgob::{DecodeError, Decoder};
use labrt::channel::{self, Receiver, Select, Sender};
use labrt::rand::{RngExt, rng};
use labrt::sync::{Arc, Mutex};
use labrt::time::Duration;
use persister::Persister;

use crate::event::{Call, Event, Outgoing, Reply};
use crate::log::{Entry, Log};
use crate::progress::Progress;

/// The unit of time.
const TICK: Duration = Duration::from_millis(20);

/// Heartbeats are so many ticks apart.
const HEARTBEAT_TICKS: u32 = 5;

/// A follower waits for at least so many ticks for its leader, and for less than twice as many.
const ELECTION_TICKS: u32 = 15;

/// What is saved besides the entries: term, vote, the end of the snapshot, and the number of entries.
type Header = (Term, Option<usize>, (LogIndex, Term), usize);

/// The role of a server, with what it knows in that role.
pub(crate) enum Role {
    Follower,
    /// By server: whether it has given its vote.
    Candidate(Vec<bool>),
    /// By server.
    Leader(Vec<Progress>),
}

/// What a turn makes the server say, once its state is saved.
pub(crate) enum Effect {
    /// Answers somebody who waits.
    Answer(Box<dyn FnOnce() + Send>),
    /// Calls a server.
    Call(usize, Outgoing),
}

/// The state of a server.
pub(crate) struct Node {
    pub(crate) me: usize,
    pub(crate) servers: usize,
    // Saved.
    pub(crate) term: Term,
    pub(crate) vote: Option<usize>,
    pub(crate) log: Log,
    pub(crate) snapshot: Vec<u8>,
    /// Whether any of it has changed since it was saved.
    pub(crate) unsaved: bool,
    // Volatile.
    pub(crate) role: Role,
    pub(crate) commit_index: LogIndex,
    /// Ticks since the last heartbeat, or since the server last heard of a leader.
    pub(crate) elapsed: u32,
    /// Ticks until an election.
    pub(crate) timeout: u32,
    /// What is committed and waits for the service.
    pub(crate) due: VecDeque<ApplyMsg>,
    pub(crate) effects: Vec<Effect>,
}

impl Node {
    /// The state of a server that starts.
    pub(crate) fn new(me: usize, servers: usize, persister: &Persister) -> Self {
        let bytes = persister.read_raft_state();
        let (term, vote, log) = if bytes.is_empty() {
            Default::default()
        } else {
            decode(&bytes).expect("these bytes were made by `encode`")
        };
        let mut node = Self {
            me,
            servers,
            term,
            vote,
            commit_index: log.base().0,
            log,
            snapshot: persister.read_snapshot(),
            unsaved: false,
            role: Role::Follower,
            elapsed: 0,
            timeout: 0,
            due: VecDeque::new(),
            effects: Vec::new(),
        };
        node.wait_for_a_leader();
        node
    }

    /// The server's thread.
    pub(crate) fn run(
        mut self,
        events: &Receiver<Event>,
        service: &Sender<ApplyMsg>,
        persister: &Persister,
        published: &Arc<Mutex<State>>,
        call: impl Fn(usize, Outgoing),
    ) {
        let ticks = channel::tick(TICK);
        loop {
            let mut select = Select::new();
            let an_event = select.recv(events);
            let a_tick = select.recv(&ticks);
            if !self.due.is_empty() {
                select.send(service);
            }
            let ready = select.select();
            if ready.index() == an_event {
                let Ok(event) = ready.recv(events) else { return };
                for event in [event].into_iter().chain(events.try_iter()) {
                    if matches!(event, Event::Kill) {
                        return;
                    }
                    self.handle(event);
                }
            } else if ready.index() == a_tick {
                let _ = ready.recv(&ticks);
                self.tick();
            } else {
                let message = self.due.pop_front().expect("the select has a send only if something is due");
                if ready.send(service, message).is_err() {
                    return;
                }
            }
            self.replicate();
            self.save(persister);
            let is_leader = matches!(self.role, Role::Leader(_));
            *published.lock() = State { term: self.term, is_leader };
            for effect in self.effects.drain(..) {
                match effect {
                    Effect::Answer(answer) => answer(),
                    Effect::Call(peer, request) => call(peer, request),
                }
            }
        }
    }

    fn handle(&mut self, event: Event) {
        match event {
            Event::Call(Call::RequestVote(args, answer)) => {
                let reply = self.vote(&args);
                self.answer(&answer, reply);
            }
            Event::Call(Call::AppendEntries(args, answer)) => {
                let reply = self.append(args);
                self.answer(&answer, reply);
            }
            Event::Call(Call::InstallSnapshot(args, answer)) => {
                let reply = self.install(args);
                self.answer(&answer, reply);
            }
            Event::Reply(peer, Reply::RequestVote(args, reply)) => self.count_vote(peer, &args, &reply),
            Event::Reply(peer, Reply::AppendEntries(args, reply)) => self.appended(peer, &args, &reply),
            Event::Reply(peer, Reply::InstallSnapshot(args, reply)) => self.installed(peer, &args, &reply),
            Event::Start(command, answer) => {
                let started = self.start(command);
                self.answer(&answer, started);
            }
            Event::Compact(index, snapshot, answer) => {
                self.compact(index, snapshot);
                self.answer(&answer, ());
            }
            Event::Kill => {}
        }
    }

    /// Says `reply` at the end of the turn.
    fn answer<T: Send + 'static>(&mut self, answer: &Sender<T>, reply: T) {
        let answer = answer.clone();
        self.effects.push(Effect::Answer(Box::new(move || {
            let _ = answer.send(reply); // whoever waited may be gone
        })));
    }

    fn start(&mut self, command: Vec<u8>) -> Option<Started> {
        if !matches!(self.role, Role::Leader(_)) {
            return None;
        }
        self.log.push(Entry { term: self.term, command });
        self.unsaved = true;
        self.advance_commit_index();
        Some(Started { index: self.log.last().0, term: self.term })
    }

    fn tick(&mut self) {
        self.elapsed += 1;
        match &self.role {
            Role::Leader(_) if self.elapsed >= HEARTBEAT_TICKS => self.send_heartbeats(),
            Role::Follower | Role::Candidate(_) if self.elapsed >= self.timeout => self.stand(),
            _ => {}
        }
    }

    /// Begins to wait for a leader, for a random time.
    pub(crate) fn wait_for_a_leader(&mut self) {
        self.elapsed = 0;
        self.timeout = rng().random_range(ELECTION_TICKS..2 * ELECTION_TICKS);
    }

    /// Follows into a newer term. Returns whether `term` is older than the server's.
    pub(crate) fn is_old(&mut self, term: Term) -> bool {
        if term > self.term {
            self.term = term;
            self.vote = None;
            self.unsaved = true;
            if matches!(self.role, Role::Leader(_)) {
                self.wait_for_a_leader(); // a leader's ticks are those since its heartbeats
            }
            self.role = Role::Follower;
        }
        term < self.term
    }

    /// All servers but this one.
    pub(crate) fn others(&self) -> impl Iterator<Item = usize> + use<> {
        let me = self.me;
        (0..self.servers).filter(move |&peer| peer != me)
    }

    /// The number of servers that makes a majority.
    pub(crate) fn majority(&self) -> usize {
        self.servers / 2 + 1
    }

    /// Hands over what is committed up to `index`.
    pub(crate) fn commit(&mut self, index: LogIndex) {
        while self.commit_index < index {
            self.commit_index = self.commit_index.next();
            let entry = self.log.get(self.commit_index).expect("what is committed now is in the log");
            let command = entry.command.clone();
            self.due.push_back(ApplyMsg::Command { index: self.commit_index, command });
        }
    }

    fn save(&mut self, persister: &Persister) {
        if !self.unsaved {
            return;
        }
        let count = (self.log.last().0.0 - self.log.base().0.0) as usize;
        let header: Header = (self.term, self.vote, self.log.base(), count);
        let mut bytes = labgob::encode(&header).expect("numbers can be encoded");
        bytes.extend_from_slice(self.log.bytes());
        persister.save(&bytes, &self.snapshot);
        self.unsaved = false;
    }
}

fn decode(bytes: &[u8]) -> Result<(Term, Option<usize>, Log), DecodeError> {
    let mut decoder = Decoder::new(bytes);
    let (term, vote, base, count): Header = decoder.decode()?;
    Ok((term, vote, Log::restore(base, count, &mut decoder)?))
}
