//! A Raft that cheats: its servers share memory, so that there is nothing to agree on.
//!
//! It does not see who is cut off, only who is down. So it passes the course's tests in which
//! servers crash, and shows that the tester lets a right solution pass. With a [`Fault`] it is wrong in
//! one way, and shows that the tester notices.

use std::cell::RefCell;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Weak};
use std::time::Duration;

use labapi::{ApplyMsg, LogIndex, MakeRaft, Raft, Solution, Started, State, Term};
use labrpc::{ClientEnd, Service};
use labrt::channel::{self, Sender};
use labrt::thread;
use parking_lot::Mutex;
use persister::Persister;

use crate::fault::Fault;

/// The solution with a fault: `solution::<{ Fault::Gap as u8 }>()`.
pub fn solution<const FAULT: u8>() -> Solution {
    let make_raft: MakeRaft = make::<FAULT>;
    Solution::new("fake").with_raft(make_raft)
}

/// What all servers of a run share. A run has an OS thread of its own.
#[derive(Default)]
struct Shared {
    term: u64,
    leader: Option<usize>,
    log: Vec<Vec<u8>>,
    servers: Vec<Weak<Fake>>,
    last_index: u64,
    flickers: u64,
    held: Vec<u8>,
    refused: bool,
}

thread_local! {
    static SHARED: RefCell<Shared> = RefCell::default();
}

fn shared<T>(f: impl FnOnce(&mut Shared) -> T) -> T {
    SHARED.with_borrow_mut(f)
}

impl Shared {
    fn is_up(&self, server: usize) -> bool {
        self.servers.get(server).is_some_and(|server| server.strong_count() > 0)
    }

    /// Makes the first server that is up the leader if there is none, and the servers that are up
    /// are a majority. Answers whether it did.
    fn elect(&mut self, fault: Fault) -> bool {
        let up: Vec<usize> = (0..self.servers.len()).filter(|&server| self.is_up(server)).collect();
        if up.len() * 2 > self.servers.len() && !self.leader.is_some_and(|leader| self.is_up(leader)) {
            self.term += 1;
            self.leader = Some(up[0]);
            if fault == Fault::LeaderWithoutLog && self.term > 1 {
                self.last_index = 0;
            }
            return true;
        }
        false
    }
}

struct Fake {
    me: usize,
    fault: Fault,
    born_again: bool,
    peers: Vec<ClientEnd>,
    persister: Persister,
    /// Index of the last snapshot, and the snapshot.
    snapshot: Mutex<(u64, Vec<u8>)>,
}

fn make<const FAULT: u8>(
    peers: Vec<ClientEnd>,
    me: usize,
    persister: Persister,
    service: Sender<ApplyMsg>,
) -> Arc<dyn Raft> {
    let fault = Fault::ALL.into_iter().find(|fault| *fault as u8 == FAULT).expect("a fault's number");
    if fault == Fault::MakeHangs {
        thread::sleep(Duration::from_secs(240));
    }
    let saved: Option<(u64, Vec<u8>)> = match persister.read_raft_state() {
        state if state.is_empty() => None,
        state => {
            let (index, _): (u64, String) = labgob::decode(&state).expect("what was saved");
            Some((index, persister.read_snapshot()))
        }
    };
    let born_again = shared(|shared| {
        shared.servers.resize_with(peers.len(), Weak::new);
        if (0..peers.len()).all(|server| !shared.is_up(server)) {
            match fault {
                Fault::ForgetsLog => (shared.log, shared.last_index) = (Vec::new(), 0),
                Fault::RewritesLog => shared.log.clear(),
                _ => {}
            }
        }
        if shared.leader == Some(me) {
            shared.leader = None;
        }
        shared.term > 0
    });
    let snapshot = Mutex::new(saved.unwrap_or_default());
    let servers = peers.len();
    let fake = Arc::new(Fake { me, fault, born_again, peers, persister, snapshot });
    let this = Arc::downgrade(&fake);
    shared(|shared| shared.servers[me] = this.clone());
    thread::spawn(move || run(&this, &service, servers));
    fake
}

/// Elects and delivers, every 5 ms.
fn run(this: &Weak<Fake>, service: &Sender<ApplyMsg>, servers: usize) {
    let fake = this.upgrade().expect("it is just being made");
    let (me, fault, peers) = (fake.me, fake.fault, fake.peers.clone());
    let _last_words = LastWords(fake.persister.clone(), fault);
    let mut delivered = fake.snapshot.lock().0;
    drop(fake);
    thread::sleep(Duration::from_millis(300));
    if fault == Fault::Remembers {
        static SEEN: AtomicU64 = AtomicU64::new(0);
        thread::sleep(Duration::from_millis(SEEN.fetch_add(1, Ordering::Relaxed)));
    }
    if fault == Fault::IndexZero {
        let command = Vec::new();
        service.send(ApplyMsg::Command { index: LogIndex(0), command }).expect("somebody reads");
    }
    loop {
        if fault != Fault::NeverElects && shared(|shared| shared.elect(fault)) {
            call_everyone(&peers, if fault == Fault::Loud { 11 } else { 1 }, fault);
        }
        if fault == Fault::Restless && shared(|shared| shared.leader == Some(me) && shared.log.len() >= 12) {
            call_everyone(&peers, 1, fault);
            thread::sleep(Duration::from_millis(20));
        }
        loop {
            let next = shared(|shared| {
                let up = (0..servers).filter(|&server| shared.is_up(server)).count();
                let held_back = fault == Fault::SkipsAhead && delivered > 0;
                shared.log.get(delivered as usize).filter(|_| up * 2 > servers && !held_back).cloned()
            });
            let Some(command) = next else { break };
            delivered += 1;
            for message in messages(this, me, fault, delivered, command) {
                if service.send(message).is_err() {
                    return;
                }
            }
        }
        thread::sleep(Duration::from_millis(5));
    }
}

/// Sends nothing to everyone, so many times.
fn call_everyone(peers: &[ClientEnd], times: usize, fault: Fault) {
    if fault == Fault::Silent {
        return;
    }
    for peer in peers.iter().flat_map(|peer| std::iter::repeat_n(peer, times)) {
        let peer = peer.clone();
        thread::spawn(move || peer.receive(&Vec::new()));
    }
}

/// What the server delivers when it should deliver `command` at `index`.
fn messages(this: &Weak<Fake>, me: usize, fault: Fault, index: u64, command: Vec<u8>) -> Vec<ApplyMsg> {
    let message =
        |index: u64, command: &[u8]| ApplyMsg::Command { index: LogIndex(index), command: command.into() };
    let right = message(index, &command);
    let snapshot = |above: u64, change: fn(Vec<u8>) -> Vec<u8>| {
        let fake = this.upgrade().expect("the server is up");
        let (index, snapshot) = fake.snapshot.lock().clone();
        ApplyMsg::Snapshot { index: LogIndex(index + above), term: Term(1), snapshot: change(snapshot) }
    };
    if me != 1 {
        return vec![right];
    }
    match (fault, index) {
        (Fault::Gap, 2) => vec![message(3, &command)],
        (Fault::DeliversTwice, _) => vec![right.clone(), right],
        (Fault::OtherCommand, 2) => vec![message(2, &shared(|shared| shared.log[0].clone()))],
        (Fault::OwnCommand, 2) => vec![message(2, b"no-op")],
        (Fault::SnapshotIndex, 11) => vec![snapshot(1, |bytes| bytes)],
        (Fault::OldSnapshot, 15) => vec![snapshot(0, |bytes| bytes)],
        (Fault::BrokenSnapshot, 11) => vec![snapshot(0, |_| vec![7; 5])],
        (Fault::MixedSnapshot, 11) => vec![snapshot(0, mixed)],
        (Fault::ShortSnapshot, 11) => vec![snapshot(0, short)],
        (Fault::EmptySnapshot, 11) => vec![snapshot(0, |_| Vec::new())],
        (Fault::HeadlessSnapshot, 11) => vec![snapshot(0, |_| encoded(9, Vec::new()))],
        (Fault::SnapshotAhead, 11) => vec![snapshot(0, |_| ahead())],
        _ => vec![right],
    }
}

fn mixed(snapshot: Vec<u8>) -> Vec<u8> {
    let (index, mut commands) = decoded(&snapshot);
    commands.swap(1, 2);
    encoded(index, commands)
}

fn short(snapshot: Vec<u8>) -> Vec<u8> {
    let (index, mut commands) = decoded(&snapshot);
    commands.pop();
    encoded(index, commands)
}

/// The state after one command more than there are in the log.
fn ahead() -> Vec<u8> {
    let log = shared(|shared| shared.log.clone());
    let text = |command: &Vec<u8>| labgob::decode::<String>(command).expect("a command");
    let mut commands = vec![String::new()];
    commands.extend(log.iter().map(text));
    commands.push("one more".to_owned());
    encoded(log.len() as u64 + 1, commands)
}

fn decoded(snapshot: &[u8]) -> (u64, Vec<String>) {
    labgob::decode(snapshot).expect("a snapshot")
}

fn encoded(index: u64, commands: Vec<String>) -> Vec<u8> {
    labgob::encode(&(index, commands)).expect("a number and texts")
}

/// Saves when its thread dies.
struct LastWords(Persister, Fault);

impl Drop for LastWords {
    fn drop(&mut self) {
        if self.1 == Fault::SavesWhileDying {
            let state = labgob::encode(&(999u64, "")).expect("a number and a text");
            self.0.save(&state, b"the last words");
        }
    }
}

impl Drop for Fake {
    fn drop(&mut self) {
        if self.fault == Fault::NeverDropped {
            let (_sender, receiver) = channel::bounded::<()>(0);
            let _ = receiver.recv();
        }
    }
}

#[labrpc::service]
impl Fake {
    fn receive(&self, command: Vec<u8>) -> bool {
        command.is_empty()
    }
}

impl Fake {
    /// Sends the command to every server five times, if this one leads.
    fn waste(&self, command: &[u8]) {
        if shared(|shared| shared.leader == Some(self.me)) {
            for peer in self.peers.iter().flat_map(|peer| [peer; 5]) {
                let (peer, command) = (peer.clone(), command.to_vec());
                thread::spawn(move || peer.receive(&command));
            }
        }
    }
}

impl Raft for Fake {
    fn start(&self, command: Vec<u8>) -> Option<Started> {
        // As in a real one, another thread may run before the lock is taken.
        thread::yield_now();
        match self.fault {
            Fault::StartHangs => wait_for_a_busy_thread(),
            Fault::StartPanics => panic!("the log is upside down"),
            Fault::StartExits => std::process::exit(3),
            Fault::StartIsMissing => todo!("put the command in the log"),
            Fault::Wasteful => self.waste(&command),
            _ => {}
        }
        shared(|shared| {
            let accepts = self.fault == Fault::TwoAccept && self.me == 1 && shared.leader.is_some();
            if shared.leader != Some(self.me) && !accepts {
                return None;
            }
            if self.fault == Fault::RefusesOne && shared.last_index == 3 && !shared.refused {
                shared.refused = true;
                return None;
            }
            if self.fault == Fault::RewritesLog {
                shared.log.resize(shared.last_index as usize, command.clone());
            }
            match (self.fault, shared.last_index) {
                (Fault::SwapsTwo, 0) => shared.held = command,
                (Fault::SwapsTwo, 1) => shared.log = vec![command, std::mem::take(&mut shared.held)],
                (Fault::Doubles | Fault::DoublesQuietly, _) => shared.log.extend([command.clone(), command]),
                _ => shared.log.push(command),
            }
            if self.fault != Fault::SameIndexAgain || shared.last_index < 2 {
                shared.last_index += 1;
            }
            let index = match self.fault {
                Fault::WrongIndex | Fault::Remembers => shared.last_index + 1,
                Fault::CountsFromZero => shared.last_index - 1,
                Fault::Doubles => 2 * shared.last_index,
                Fault::DoublesQuietly => 2 * shared.last_index - 1,
                Fault::SkipsAhead if shared.last_index == 3 => 7,
                _ => shared.last_index,
            };
            let term = shared.term;
            if self.fault == Fault::NewTerms {
                shared.term += 1;
            }
            Some(Started { index: LogIndex(index), term: Term(term) })
        })
    }

    fn get_state(&self) -> State {
        let now = thread_time();
        shared(|shared| {
            let (mut term, mut is_leader) = (shared.term, shared.leader == Some(self.me));
            match self.fault {
                Fault::TwoLeaders if shared.leader.is_some() && self.me == 1 => is_leader = true,
                Fault::TwoLeadersForAMoment if self.me == 1 => is_leader = (1200..1220).contains(&now),
                Fault::TermGoesBack if now > 1500 => term -= 1,
                Fault::TermGoesBackForTheTest if now > 1500 && is_asked_by_the_test() => term -= 1,
                Fault::TermGoesBackForAMoment if (1200..1220).contains(&now) => term -= 1,
                Fault::TermGoesUp if now > 1500 => term += 1,
                Fault::TermZero => term = 0,
                Fault::OwnTerm if self.me == 2 => term += 5,
                Fault::ForgetsTerm if self.born_again => term = 0,
                Fault::Flickers if self.me == 1 && term > 0 => {
                    shared.flickers += 1;
                    is_leader = shared.flickers % 2 == 1;
                }
                _ => {}
            }
            State { term: Term(term), is_leader }
        })
    }

    fn snapshot(&self, index: LogIndex, snapshot: Vec<u8>) {
        let log = "x".repeat(if self.fault == Fault::LongLog { 2000 } else { 0 });
        let state = labgob::encode(&(index.0, log)).expect("a number and a text");
        self.persister.save(&state, &snapshot);
        *self.snapshot.lock() = (index.0, snapshot);
    }

    fn persist_bytes(&self) -> usize {
        self.persister.raft_state_size()
    }

    fn kill(&self) {
        if self.fault == Fault::KillHangs {
            thread::sleep(Duration::from_secs(3600));
        }
    }

    fn services(self: Arc<Self>) -> Vec<Service> {
        vec![self.service()]
    }
}

/// Whether the test asks, and not an oracle that looks at a server at rest.
fn is_asked_by_the_test() -> bool {
    thread::current().name() == Some("get_state")
}

/// Virtual milliseconds since this run's first call.
fn thread_time() -> u64 {
    use labrt::time::Instant;
    thread_local! {
        static START: RefCell<Option<Instant>> = const { RefCell::new(None) };
    }
    let now = Instant::now();
    let start = START.with_borrow_mut(|start| *start.get_or_insert(now));
    u64::try_from((now - start).as_millis()).expect("a run ends before")
}

/// Waits for a lock that another thread holds for an hour.
fn wait_for_a_busy_thread() {
    let busy = Arc::new(labrt::sync::Mutex::new(()));
    let held = Arc::clone(&busy);
    let worker = move || {
        let _busy = held.lock();
        thread::sleep(Duration::from_secs(3600));
    };
    thread::Builder::new().name("worker").spawn(worker).expect("room for a thread");
    thread::sleep(Duration::from_millis(1));
    drop(busy.lock());
}
