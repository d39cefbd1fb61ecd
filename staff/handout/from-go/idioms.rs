//! The code of `docs/from-go.md`, and what it needs around it. Each test is a run of a simulation.

use std::collections::HashMap;

use labrpc::ClientEnd;
use labrt::channel::{Receiver, Sender, TryRecvError, after, bounded, never, select, tick, unbounded};
use labrt::rand::{RngExt, rng};
use labrt::sync::atomic::{AtomicBool, AtomicI32, Ordering::SeqCst};
use labrt::sync::{Arc, Condvar, Mutex, Once, OnceLock, RwLock, WaitGroup};
use labrt::thread;
use labrt::time::{Duration, Instant, Ticker, Timer};
use labrt::world::{Options, World, simulate};
use persister::Persister;
use serde::{Deserialize, Serialize};

/// A few seeds of a simulation, and once real threads.
fn run(main: impl Fn(&World) + Copy + Send + 'static) {
    let threads = Options {
        backend: labrt::world::Backend::Threads,
        max_virtual_time: Duration::from_secs(20),
        ..Options::new(1)
    };
    for options in (0..20).map(Options::new).chain([threads]) {
        simulate(options, main).result.unwrap_or_else(|failure| panic!("{options:?}: {failure}"));
    }
}

const MS: Duration = Duration::from_millis(1);

struct Raft {
    peers: Vec<ClientEnd>,
    state: Mutex<State>,
    changed: Condvar,
    election: Timer,
    elections: AtomicI32,
    leads: AtomicBool,
    dead: AtomicBool,
}

#[derive(Default)]
struct State {
    ready: bool,
    log: Vec<Entry>,
    commit_index: u64,
    base: (u64, u64),
    saved: Vec<u8>,
    to_deliver: Option<(u64, u64, Vec<u8>)>,
}

#[derive(Clone, Debug, PartialEq)]
struct Entry {
    term: u64,
}

#[derive(Clone, Serialize, Deserialize)]
struct VoteArgs {
    term: u64,
}

#[derive(Serialize, Deserialize)]
struct VoteReply {
    granted: bool,
}

#[labrpc::service]
impl Raft {
    fn request_vote(&self, args: VoteArgs) -> VoteReply {
        VoteReply { granted: args.term > 1 }
    }
}

#[derive(Serialize, Deserialize, Debug, PartialEq)]
enum Op {
    Put(String, String),
    Get(String),
}

#[rustfmt::skip]
enum Role { Follower, Candidate, Leader }

impl Raft {
    fn new(peers: Vec<ClientEnd>) -> Arc<Self> {
        Arc::new(Self {
            peers,
            state: Mutex::new(State::default()),
            changed: Condvar::new(),
            election: Timer::new(election_timeout()),
            elections: AtomicI32::new(0),
            leads: AtomicBool::new(false),
            dead: AtomicBool::new(false),
        })
    }

    fn ticker(&self) {
        let raft = self;
        while !raft.is_killed() {
            thread::sleep(Duration::from_millis(10));
        }
    }

    fn is_killed(&self) -> bool {
        self.dead.load(SeqCst)
    }

    fn others(&self) -> std::ops::Range<usize> {
        1..self.peers.len()
    }

    fn majority(&self) -> usize {
        self.peers.len() / 2 + 1
    }

    /// Runs `body` in a thread of the server, as the skeletons do it.
    fn start_thread(self: &Arc<Self>, body: impl FnOnce(&Self) + Send + 'static) {
        let raft = self.clone();
        thread::spawn(move || body(&raft));
    }

    fn lead(&self, term: u64) {
        assert!(!self.leads.swap(true, SeqCst), "elected twice in term {term}");
    }

    fn stand_for_election(&self) {
        self.elections.fetch_add(1, SeqCst);
    }
}

impl State {
    fn cut_log(&mut self, index: u64, term: u64) {
        self.log.clear();
        self.base = (index, term);
    }

    fn persist(&mut self, snapshot: &[u8]) {
        self.saved = snapshot.to_vec();
    }
}

fn election_timeout() -> Duration {
    Duration::from_millis(rng().random_range(300..400))
}

// The longer ones.

fn run_elections(raft: &Raft, stopped: &Receiver<()>) {
    loop {
        select! {
            recv(raft.election.channel()) -> _ => {
                raft.election.reset(election_timeout());
                raft.stand_for_election();
            }
            recv(stopped) -> _ => return,
        }
    }
}

fn ask_all(raft: &Arc<Raft>, args: VoteArgs) {
    let votes = Arc::new(Mutex::new(1)); // its own
    for peer in raft.others() {
        let (raft, votes, args) = (raft.clone(), votes.clone(), args.clone());
        thread::spawn(move || {
            let Some(reply) = raft.peers[peer].request_vote(&args) else { return };
            let mut votes = votes.lock();
            *votes += usize::from(reply.granted);
            if reply.granted && *votes == raft.majority() {
                drop(votes);
                raft.lead(args.term);
            }
        });
    }
}

struct Stop {
    sender: Mutex<Option<Sender<()>>>,
    stopped: Receiver<()>,
}

impl Stop {
    fn close(&self) {
        let sender = self.sender.lock().take();
        drop(sender);
    }
}

fn install_snapshot(state: &mut State, index: u64, term: u64, snapshot: Vec<u8>) {
    if index <= state.commit_index {
        return; // it is not news: what CondInstallSnapshot answered `false` to
    }
    state.cut_log(index, term);
    state.commit_index = index;
    state.persist(&snapshot);
    // For the applier, which takes it before anything else and goes on at index + 1.
    state.to_deliver = Some((index, term, snapshot));
}

#[test]
fn an_election_timer_is_reset_and_stopped() {
    run(|_| {
        let raft = Raft::new(Vec::new());
        let (sender, stopped) = bounded(0);
        let stop = Stop { sender: Mutex::new(Some(sender)), stopped };
        let (ticking, stopped) = (raft.clone(), stop.stopped.clone());
        let ticker = thread::spawn(move || run_elections(&ticking, &stopped));
        for _ in 0..10 {
            thread::sleep(50 * MS);
            raft.election.reset(election_timeout());
        }
        assert_eq!(raft.elections.load(SeqCst), 0);
        thread::sleep(600 * MS);
        assert!(raft.elections.load(SeqCst) >= 1);
        stop.close();
        ticker.join().unwrap();
    });
}

#[test]
fn a_candidate_asks_everybody_and_leads_once() {
    run(|world| {
        let network = labrpc::Network::new(world);
        let ends: Vec<ClientEnd> = (0..3)
            .map(|peer| {
                let node = world.node(format!("server {peer}"));
                let mut server = labrpc::Server::new(&node);
                server.add_service(Raft::new(Vec::new()).service());
                network.add_server(format!("server {peer}"), server);
                let end = network.make_end(format!("end {peer}"));
                network.connect(&format!("end {peer}"), &format!("server {peer}"));
                network.enable(&format!("end {peer}"), true);
                end
            })
            .collect();
        let raft = Raft::new(ends);
        ask_all(&raft, VoteArgs { term: 2 });
        thread::sleep(100 * MS);
        assert!(raft.leads.load(SeqCst));
        let peer = &raft.peers[1];
        let args = VoteArgs { term: 1 };
        if let Some(reply) = peer.request_vote(&args) {
            assert!(!reply.granted);
        }
        network.cleanup();
    });
}

#[test]
fn a_snapshot_that_is_news_is_installed() {
    let mut state = State { commit_index: 5, ..State::default() };
    install_snapshot(&mut state, 5, 1, vec![1]);
    assert_eq!(state.to_deliver, None);
    install_snapshot(&mut state, 9, 2, vec![2]);
    assert_eq!((state.base, &state.saved[..]), ((9, 2), &[2][..]));
    assert_eq!(state.to_deliver, Some((9, 2, vec![2])));
}

// The rows.

#[test]
fn goroutines() {
    run(|_| {
        let raft = Raft::new(Vec::new());
        let server = raft.clone();
        let ticker = {
            let raft = raft.clone();
            thread::spawn(move || raft.ticker())
        };
        server.dead.store(true, SeqCst);
        ticker.join().unwrap();

        let peers = 3;
        let wg = WaitGroup::new();
        for peer in 0..peers {
            let raft = raft.clone();
            let working = wg.clone();
            thread::spawn(move || {
                assert!(raft.is_killed(), "{peer}");
                drop(working);
            });
        }
        wg.wait();
        raft.start_thread(Raft::ticker);
        wg.add(1);
        thread::spawn({
            let wg = Arc::new(wg.clone());
            move || wg.done()
        });
        wg.wait();

        let once = Once::new();
        let started = AtomicBool::new(false);
        let init = || started.store(true, SeqCst);
        once.call_once(init);
        assert!(started.load(SeqCst));
        let cell = OnceLock::new();
        let make = || 7;
        assert_eq!(*cell.get_or_init(make), 7);

        thread::yield_now();
        let sleeper = thread::spawn(|| thread::park());
        sleeper.thread().unpark();
        sleeper.join().unwrap();
    });
}

#[test]
fn locks() {
    run(|_| {
        let raft = Raft::new(Vec::new());
        let other = raft.clone();
        thread::spawn(move || {
            let raft = other;
            let mut state = raft.state.lock();
            state.ready = true;
            drop(state);
            let changed = &raft.changed;
            changed.notify_one();
            changed.notify_all();
        });
        let changed = &raft.changed;
        let mut state = raft.state.lock();
        while !state.ready {
            changed.wait(&mut state);
        }
        changed.wait_while(&mut state, |state| !state.ready);
        assert!(raft.state.try_lock().is_none());
    });
}

#[test]
fn read_write_locks() {
    run(|_| {
        let shared = Arc::new((RwLock::new(HashMap::new()), Condvar::new()));
        let other = shared.clone();
        thread::spawn(move || {
            let (table, changed) = &*other;
            let mut writing = table.write();
            writing.insert("a", 1);
            changed.notify_all();
            while writing.len() < 2 {
                changed.wait(&mut writing);
            }
            writing.insert("c", 3);
            changed.notify_all();
        });
        let (table, changed) = &*shared;
        let mut reading = table.read();
        while !reading.contains_key("a") {
            changed.wait(&mut reading);
        }
        drop(reading);
        table.write().insert("b", 2);
        changed.notify_all();
        let mut reading = table.read();
        while !reading.contains_key("c") {
            changed.wait(&mut reading);
        }
    });
}

#[test]
fn atomics() {
    run(|_| {
        let dead = AtomicI32::new(0);
        dead.store(1, SeqCst);
        assert_eq!(dead.load(SeqCst), 1);
        let n = AtomicI32::new(1);
        assert_eq!(n.fetch_add(1, SeqCst) + 1, 2);
        let (old, new) = (2, 5);
        assert!(n.compare_exchange(old, new, SeqCst, SeqCst).is_ok());
    });
}

#[test]
fn channels() {
    run(|_| {
        let (sender, receiver) = bounded(0);
        thread::spawn(move || {
            for v in 0..3 {
                assert!(sender.send(v).is_ok());
            }
            drop(sender);
        });
        assert_eq!(receiver.recv(), Ok(0));
        let next = || {
            let Ok(v) = receiver.recv() else { return };
            assert_eq!(v, 1);
        };
        next();
        let mut rest = Vec::new();
        for v in &receiver {
            rest.push(v);
        }
        assert_eq!(rest, [2]);

        let (b, receiver) = bounded(10);
        let (_open, a) = bounded::<()>(0);
        assert_eq!((receiver.len(), receiver.capacity()), (0, Some(10)));
        let got = |_| panic!("nothing was sent");
        let was = |sent: Result<(), labrt::channel::SendError<i32>>| assert!(sent.is_ok());
        let x = 1;
        select! { recv(a) -> v => got(v), send(b, x) -> sent => was(sent) }
        select! { recv(a) -> v => got(v), default => {} }
        assert_eq!(a.try_recv(), Err(TryRecvError::Empty));
        assert!(b.try_send(x).is_ok());
        let off: Receiver<()> = never();
        select! { recv(off) -> v => got(v), recv(receiver) -> v => assert_eq!(v, Ok(1)) }

        let (sender, receiver) = unbounded();
        sender.send(1).unwrap();
        assert_eq!(receiver.len(), 1);
    });
}

#[test]
fn time() {
    run(|_| {
        let d = 5 * MS;
        let start = Instant::now();
        thread::sleep(Duration::from_millis(10));
        assert!(start.elapsed() >= Duration::from_millis(10));
        let (a, b) = (start + d, start);
        assert!(a > b);
        let (a, b) = (b, a);
        assert_eq!(b - a, d);

        let (_open, a) = bounded::<()>(0);
        let got = |_| panic!("nothing was sent");
        select! { recv(a) -> v => got(v), recv(after(d)) -> _ => {} }
        assert!(a.recv_timeout(d).is_err());

        let timer = Timer::new(d);
        timer.channel().recv().unwrap();
        timer.reset(d);
        let timer = Arc::new(timer);
        let (fired, fires) = unbounded();
        let waiting = timer.clone();
        thread::spawn(move || {
            let timer = waiting;
            let f = || fired.send(()).unwrap();
            while timer.channel().recv().is_ok() {
                f();
            }
        });
        fires.recv().unwrap();
        timer.reset(d);
        fires.recv().unwrap();
        timer.stop();
        let ticker = Ticker::new(d);
        let mut ticks = 0;
        for _ in ticker.channel() {
            ticks += 1;
            if ticks == 2 {
                ticker.stop();
                break;
            }
        }
        ticks = 0;
        for _ in tick(d) {
            ticks += 1;
            if ticks == 2 {
                break;
            }
        }

        assert!(rng().random_range(0..150) < 150);
        assert_ne!(rng().random::<u64>(), rng().random::<u64>());
    });
}

#[test]
fn contexts() {
    run(|_| {
        let d = 5 * MS;
        let (cancel, done) = bounded::<()>(0);
        let watched = done.clone();
        let timed = thread::spawn(move || {
            let done = watched;
            let timeout = after(d);
            select! {
                recv(done) -> _ => false,
                recv(timeout) -> _ => true,
            }
        });
        assert!(timed.join().unwrap());
        assert!(done.try_recv() != Err(TryRecvError::Disconnected));
        let waiter = thread::spawn({
            let done = done.clone();
            move || done.recv().is_err()
        });
        drop(cancel);
        assert!(waiter.join().unwrap());
        assert!(done.try_recv() == Err(TryRecvError::Disconnected));
    });
}

#[test]
fn calls_and_bytes() {
    run(|_| {
        for op in [Op::Put("k".to_owned(), "v".to_owned()), Op::Get("k".to_owned())] {
            let command = labgob::encode(&op).unwrap();
            assert_eq!(labgob::decode::<Op>(&command).unwrap(), op);
        }
        let (term, vote): (u64, Option<usize>) = (3, Some(1));
        let bytes = labgob::encode(&(term, vote)).unwrap();
        assert_eq!(labgob::decode::<(u64, Option<usize>)>(&bytes).unwrap(), (term, vote));

        let (state, snapshot) = (bytes, vec![1]);
        let persister = Persister::new();
        persister.save(&state, &snapshot);
        persister.save(&state, &persister.read_snapshot());
        assert_eq!(persister.read_raft_state(), state);
        assert_eq!(persister.read_snapshot(), snapshot);
        assert_eq!(persister.raft_state_size(), state.len());
    });
}

#[test]
fn the_rest_of_the_language() {
    let (me, candidate) = (1, 2);
    log::debug!("{me} votes for {candidate}");
    let leads = |role| match role {
        Role::Follower | Role::Candidate => false,
        Role::Leader => true,
    };
    assert_eq!([Role::Follower, Role::Candidate, Role::Leader].map(leads), [false, false, true]);

    let mut matches = vec![3, 1, 2];
    matches.sort_unstable();
    assert_eq!(matches, [1, 2, 3]);
    matches.sort_unstable_by(|a, b| b.cmp(a));
    assert_eq!(matches, [3, 2, 1]);

    let (k, v) = ("k", 1);
    let mut map = HashMap::new();
    map.insert(k, v);
    *map.entry(k).or_insert(0) += 1;
    assert_eq!(map.get(&k), Some(&2));
    for (k, v) in &map {
        assert_eq!((*k, *v), ("k", 2));
    }
    map.remove(&k);
    let in_order: std::collections::BTreeMap<&str, i32> = map.into_iter().collect();
    assert!(in_order.is_empty());

    let entry = Entry { term: 1 };
    let entries = vec![Entry { term: 3 }, Entry { term: 2 }];
    let mut log = Vec::new();
    log.push(entry);
    log.extend(entries);
    log.sort_by_key(|entry| entry.term);
    let i = 1;
    let sent = log[i..].to_vec();
    assert_eq!(sent.len(), 2);
    let src = sent;
    assert_eq!(src.clone(), src);
    log.drain(..i);
    log.truncate(i);
    assert_eq!(log, [Entry { term: 2 }]);

    let n = 3;
    assert_eq!(vec![0; n], [0, 0, 0]);
    assert_eq!(log.last(), Some(&Entry { term: 2 }));
    let k = Entry { term: 1 };
    assert_eq!(format!("{k:?} of {n}"), "Entry { term: 1 } of 3");
    let mut rounds = 0;
    'outer: loop {
        for _ in 0..5 {
            rounds += 1;
            if rounds == 3 {
                break 'outer;
            }
        }
    }

    let (a, b) = (1, 2);
    assert_eq!((a.min(b), a.max(b)), (1, 2));
    let index = log.len();
    if index > 1 {
        panic!("log is shorter than {index}");
    }
}

/// A value that calls a function at the end of its block.
struct Deferred<F: FnMut()>(F);

impl<F: FnMut()> Drop for Deferred<F> {
    fn drop(&mut self) {
        self.0();
    }
}

#[test]
fn what_is_deferred_is_done_at_the_end_of_the_block() {
    let mut done = false;
    drop(Deferred(|| done = true));
    assert!(done);
}
