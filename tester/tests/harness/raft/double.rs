//! A Raft that cheats: its servers share memory, so that there is nothing to agree on.
//!
//! Its messages say nothing. But a server calls the others before it leads and before anything is
//! delivered, and goes on when a majority has answered, so that whatever it does follows from messages as a
//! right solution's does. It passes the course's tests in which servers crash, and shows that the tester
//! lets a right solution pass. With a [`Fault`] it is wrong in one way, and shows that the tester notices.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Weak};
use std::time::Duration;

use labapi::{ApplyMsg, LogIndex, MakeRaft, Raft, Solution, Started, State, Term};
use labrpc::{ClientEnd, Service};
use labrt::channel::{self, Sender};
use labrt::thread;
use parking_lot::Mutex;
use persister::Persister;

use super::fault::Fault;

/// The solution with a fault: `solution::<{ Fault::Gap as u8 }>()`.
pub fn solution<const FAULT: u8>() -> Solution {
    let make_raft: MakeRaft = make::<FAULT>;
    Solution::new("double").with_raft(make_raft)
}

/// The state that all servers of a run share. A run has an OS thread of its own.
#[derive(Default)]
struct Shared {
    term: u64,
    leader: Option<usize>,
    log: Vec<Vec<u8>>,
    /// The length of the log that a majority was last told. Entries beyond it are lost with their leader.
    committed: usize,
    servers: Vec<Weak<Double>>,
    last_index: u64,
    /// Whether the leader is about to enter the next term.
    next_term: bool,
    /// Whether a majority has answered server 1, though it does not lead.
    server_1_is_heard: bool,
    claims: u64,
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

    /// Whether a server is the next leader: the first of those that are up, if they are a majority and there
    /// is no leader.
    fn is_next_leader(&self, server: usize) -> bool {
        let mut up = (0..self.servers.len()).filter(|&server| self.is_up(server));
        let is_first = up.next() == Some(server);
        is_first
            && (up.count() + 1) * 2 > self.servers.len()
            && !self.leader.is_some_and(|leader| self.is_up(leader))
    }

    /// The first snapshot of a server that goes beyond an index.
    fn snapshot_beyond(&self, index: u64) -> Option<(u64, Vec<u8>)> {
        let snapshots =
            self.servers.iter().filter_map(|server| Some(server.upgrade()?.snapshot.lock().clone()));
        { snapshots }.find(|(last, _)| *last > index)
    }

    /// Makes a server the leader of the term that it has started.
    fn elect(&mut self, server: usize, fault: Fault) {
        self.leader = Some(server);
        let lost = self.log.len().saturating_sub(self.committed);
        self.log.truncate(self.committed);
        self.last_index = self.last_index.saturating_sub(lost as u64);
        if fault == Fault::LeaderWithoutLog && self.term > 1 {
            self.last_index = 0;
        }
    }
}

struct Double {
    me: usize,
    fault: Fault,
    restarted: bool,
    peers: Vec<ClientEnd>,
    persister: Persister,
    /// The length of the log prefix that it may deliver.
    told: AtomicU64,
    /// Index of the last snapshot, and the snapshot.
    snapshot: Mutex<(u64, Vec<u8>)>,
}

fn make<const FAULT: u8>(
    peers: Vec<ClientEnd>,
    me: usize,
    persister: Persister,
    service: Sender<ApplyMsg>,
) -> Arc<dyn Raft> {
    let fault = Fault::of(FAULT);
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
    let restarted = shared(|shared| {
        shared.servers.resize_with(peers.len(), Weak::new);
        if (0..peers.len()).all(|server| !shared.is_up(server)) {
            match fault {
                Fault::ForgetsLog => {
                    (shared.log, shared.committed, shared.last_index) = (Vec::new(), 0, 0);
                }
                Fault::RewritesLog => {
                    shared.log.clear();
                    shared.committed = 0;
                }
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
    let double =
        Arc::new(Double { me, fault, restarted, peers, persister, told: AtomicU64::new(0), snapshot });
    let this = Arc::downgrade(&double);
    shared(|shared| shared.servers[me] = this.clone());
    thread::spawn(move || run(&this, &service, servers));
    double
}

/// Elects leaders and delivers entries, every 5 ms.
fn run(this: &Weak<Double>, service: &Sender<ApplyMsg>, servers: usize) {
    let double = this.upgrade().expect("it is just being made");
    let (me, fault, peers) = (double.me, double.fault, double.peers.clone());
    let _saves_on_drop = SavesOnDrop(double.persister.clone(), fault);
    let mut delivered = double.snapshot.lock().0;
    drop(double);
    let mut followed = Followed::default();
    if !matches!(fault, Fault::LeadsAtOnce) {
        thread::sleep(Duration::from_millis(300));
    }
    if fault == Fault::DependsOnEarlierRuns {
        static SEEN: AtomicU64 = AtomicU64::new(0);
        thread::sleep(Duration::from_millis(SEEN.fetch_add(1, Ordering::Relaxed)));
    }
    if fault == Fault::IndexZero {
        let command = Vec::new();
        service.send(ApplyMsg::Command { index: LogIndex(0), command }).expect("somebody reads");
    }
    loop {
        if fault != Fault::NeverElects && shared(|shared| shared.is_next_leader(me)) {
            let term = shared(|shared| {
                shared.term += 1;
                shared.term
            });
            let asks = match fault {
                Fault::LeadsAtOnce => 0,
                Fault::CallsOftenWhenElected => 17,
                _ => 1,
            };
            if ask(&peers, me, 0, asks, fault) && shared(|shared| shared.term == term) {
                shared(|shared| shared.elect(me, fault));
                followed = Followed::default();
            }
        }
        if shared(|shared| shared.leader == Some(me)) {
            followed.lead(this, me, &peers, fault);
        }
        if fault == Fault::LeadsIntermittently && me == 1 && shared(|it| it.term > 0 && !it.server_1_is_heard)
        {
            let is_heard = ask(&peers, me, 0, 1, fault);
            shared(|shared| shared.server_1_is_heard = is_heard);
        }
        if fault == Fault::CallsOftenWhenIdle
            && shared(|shared| shared.leader == Some(me) && shared.log.len() >= 12)
        {
            call_everyone(&peers, 1);
            thread::sleep(Duration::from_millis(20));
        }
        if fault == Fault::SnapshotFromAfar
            && let Some((index, snapshot)) = shared(|shared| shared.snapshot_beyond(delivered))
        {
            delivered = index;
            let message = ApplyMsg::Snapshot { index: LogIndex(index), term: Term(1), snapshot };
            if service.send(message).is_err() {
                return;
            }
        }
        let told = match fault {
            Fault::AppliesFromAfar => shared(|shared| shared.committed as u64),
            _ => this.upgrade().map_or(0, |double| double.told.load(Ordering::Relaxed)),
        };
        loop {
            let next = shared(|shared| {
                let up = (0..servers).filter(|&server| shared.is_up(server)).count();
                let held_back = fault == Fault::SkipsAhead && delivered > 0 || delivered >= told;
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

/// The log prefix that a leader has replicated, and its rounds.
#[derive(Default)]
struct Followed {
    committed: usize,
    rounds: u32,
}

impl Followed {
    /// A leader's action every 5 ms.
    fn lead(&mut self, this: &Weak<Double>, me: usize, peers: &[ClientEnd], fault: Fault) {
        self.rounds += 1;
        if fault == Fault::GoesUpAlone && thread_time() > 1550 && shared(|it| it.term == 1) {
            shared(|shared| shared.term = 2);
        }
        let (length, next_term) = shared(|shared| (shared.log.len(), shared.next_term));
        let is_going_up = fault == Fault::TermGoesUp && thread_time() > 1500 && shared(|it| it.term == 1);
        if next_term || is_going_up {
            shared(|shared| {
                (shared.term, shared.leader, shared.next_term) = (shared.term + 1, None, false);
            });
            if ask(peers, me, 0, 1, fault) {
                shared(|shared| shared.leader = Some(me));
            }
        }
        if length > self.committed {
            if fault != Fault::AgreesAlone && !ask(peers, me, 0, 1, fault) {
                return;
            }
            self.committed = length;
            shared(|shared| shared.committed = length);
        } else if !self.rounds.is_multiple_of(20) {
            return;
        }
        if let Some(double) = this.upgrade() {
            double.told.fetch_max(self.committed as u64, Ordering::Relaxed);
        }
        if fault == Fault::AgreesAlone && !self.rounds.is_multiple_of(20) {
            return;
        }
        ask(peers, me, self.committed as u64, 1, fault);
    }
}

/// Tells all other servers how much may be delivered, so many times, and returns whether a majority, the
/// server itself included, has received it.
fn ask(peers: &[ClientEnd], me: usize, told: u64, times: usize, fault: Fault) -> bool {
    let is_silent = fault == Fault::SendsNothing || times == 0;
    let (sender, answers) = channel::unbounded();
    for (server, peer) in peers.iter().enumerate().filter(|(server, _)| *server != me && !is_silent) {
        for _ in 0..times {
            let (peer, sender) = (peer.clone(), sender.clone());
            thread::spawn(move || {
                if peer.hear(&told).is_some() {
                    let _ = sender.send(server);
                }
            });
        }
    }
    let mut heard = BTreeSet::from([me]);
    while heard.len() * 2 <= peers.len() && !is_silent {
        match answers.recv_timeout(Duration::from_millis(100)) {
            Ok(server) => drop(heard.insert(server)),
            Err(_) => return false,
        }
    }
    true
}

/// Sends an empty command to every server, so many times.
fn call_everyone(peers: &[ClientEnd], times: usize) {
    for peer in peers.iter().flat_map(|peer| std::iter::repeat_n(peer, times)) {
        let peer = peer.clone();
        thread::spawn(move || peer.receive(&Vec::new()));
    }
}

/// The messages that the server delivers when it should deliver `command` at `index`.
fn messages(this: &Weak<Double>, me: usize, fault: Fault, index: u64, command: Vec<u8>) -> Vec<ApplyMsg> {
    let message =
        |index: u64, command: &[u8]| ApplyMsg::Command { index: LogIndex(index), command: command.into() };
    let right = message(index, &command);
    let snapshot = |above: u64, change: fn(Vec<u8>) -> Vec<u8>| {
        let double = this.upgrade().expect("the server is up");
        let (index, snapshot) = double.snapshot.lock().clone();
        ApplyMsg::Snapshot { index: LogIndex(index + above), term: Term(1), snapshot: change(snapshot) }
    };
    if fault == Fault::OwnCommand && index == 2 {
        return vec![message(2, b"no-op")];
    }
    if me != 1 {
        return vec![right];
    }
    match (fault, index) {
        (Fault::Gap, 2) => vec![message(3, &command)],
        (Fault::DeliversTwice, _) => vec![right.clone(), right],
        (Fault::OtherCommand, 2) => vec![message(2, &shared(|shared| shared.log[0].clone()))],
        (Fault::SnapshotIndex, 11) => vec![snapshot(1, |bytes| bytes)],
        (Fault::OldSnapshot, 15) => vec![snapshot(0, |bytes| bytes)],
        (Fault::BrokenSnapshot, 11) => vec![snapshot(0, |_| vec![7; 5])],
        (Fault::MixedSnapshot, 11) => vec![snapshot(0, mixed)],
        (Fault::ShortSnapshot, 11) => vec![snapshot(0, short)],
        (Fault::EmptySnapshot, 11) => vec![snapshot(0, |_| Vec::new())],
        (Fault::SnapshotWithoutIndexZero, 11) => vec![snapshot(0, |_| encoded(9, Vec::new()))],
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

/// Saves when its thread is killed.
struct SavesOnDrop(Persister, Fault);

impl Drop for SavesOnDrop {
    fn drop(&mut self) {
        if self.1 == Fault::SavesWhileCrashing {
            let state = labgob::encode(&(999u64, "")).expect("a number and a text");
            self.0.save(&state, b"the last words");
        }
    }
}

impl Drop for Double {
    fn drop(&mut self) {
        if self.fault == Fault::NeverDropped {
            let (_sender, receiver) = channel::bounded::<()>(0);
            let _ = receiver.recv();
        }
    }
}

#[labrpc::service]
impl Double {
    fn receive(&self, command: Vec<u8>) -> bool {
        command.is_empty()
    }

    fn hear(&self, told: u64) -> bool {
        self.told.fetch_max(told, Ordering::Relaxed);
        true
    }
}

impl Double {
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

impl Raft for Double {
    fn start(&self, command: Vec<u8>) -> Option<Started> {
        // As in a real Raft, another thread may run before the lock is taken.
        thread::yield_now();
        match self.fault {
            Fault::StartHangs => wait_for_a_busy_thread(),
            Fault::StartPanics => panic!("the log is upside down"),
            Fault::StartExits => std::process::exit(3),
            Fault::StartIsMissing => todo!("put the command in the log"),
            Fault::SendsCommandsFiveTimes => self.waste(&command),
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
                (Fault::AppendsTwice | Fault::AppendsTwiceAnswersFirst, _) => {
                    shared.log.extend([command.clone(), command]);
                }
                _ => shared.log.push(command),
            }
            if self.fault != Fault::SameIndexAgain || shared.last_index < 2 {
                shared.last_index += 1;
            }
            let index = match self.fault {
                Fault::WrongIndex | Fault::DependsOnEarlierRuns => shared.last_index + 1,
                Fault::CountsFromZero => shared.last_index - 1,
                Fault::AppendsTwice => 2 * shared.last_index,
                Fault::AppendsTwiceAnswersFirst => 2 * shared.last_index - 1,
                Fault::SkipsAhead if shared.last_index == 3 => 7,
                _ => shared.last_index,
            };
            let term = shared.term;
            if self.fault == Fault::NewTerms {
                shared.next_term = true;
            }
            Some(Started { index: LogIndex(index), term: Term(term) })
        })
    }

    fn get_state(&self) -> State {
        let now = thread_time();
        shared(|shared| {
            let (mut term, mut is_leader) = (shared.term, shared.leader == Some(self.me));
            match self.fault {
                Fault::TwoLeaders if now > 700 && self.me == 1 => is_leader = true,
                Fault::LeadsForTheTest if self.me == 1 && term > 0 && is_asked_by_the_test() => {
                    is_leader = true;
                }
                Fault::TwoLeadersForAMoment if self.me == 1 => is_leader = (1200..1220).contains(&now),
                Fault::TermGoesBack if now > 1500 => term -= 1,
                Fault::TermGoesBackForTheTest if now > 1500 && is_asked_by_the_test() => term -= 1,
                Fault::TermGoesBackForAMoment if (1200..1220).contains(&now) => term -= 1,
                Fault::TermZero => term = 0,
                Fault::OwnTerm if self.me == 2 => term += 5,
                Fault::ForgetsTerm if self.restarted => term = 0,
                Fault::LeadsIntermittently if self.me == 1 && shared.server_1_is_heard => {
                    shared.claims += 1;
                    is_leader = shared.claims % 2 == 1;
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

/// Whether the call is the test's, and not the probe's.
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
