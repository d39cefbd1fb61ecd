//! Tests of the tester's Zab tests. The doubles are the reference's servers with wrong answers and wrong
//! deliveries.

mod deliveries;
mod fault;
mod verdicts;

use std::cell::RefCell;
use std::sync::Arc;

use labapi::{Delivery, Export, MakeZab, Solution, Zab, ZabConfig, ZabRole, ZabState, Zxid};
use labrpc::{ClientEnd, Service};
use labrt::channel::{self, Sender};
use labrt::sync::Mutex;
use labrt::thread;
use labrt::time::{Duration, Instant};
use persister::Storage;
use tester::{Report, RunOptions, run};

use crate::expect::case;
use deliveries::Deliveries;
use fault::Fault;

thread_local! {
    /// What was proposed and not delivered, in the run of this thread.
    static LOST: RefCell<Vec<Lost>> = const { RefCell::new(Vec::new()) };
}

/// A transaction, and when it was proposed.
#[derive(Clone)]
struct Lost {
    transaction: Vec<u8>,
    at: Instant,
}

/// Longer than three servers take to elect a leader without the other two.
const LONG_LOST: Duration = Duration::from_millis(1000);

/// What the doubles export, one constant for each fault.
struct Exports<const FAULT: u8>;

impl<const FAULT: u8> Exports<FAULT> {
    const SOLUTION: MakeZab = make::<FAULT>;
    const ALL: &'static [Export] = &[("zab", &Self::SOLUTION)];
}

/// A server of the reference, and its fault.
struct Double {
    fault: Fault,
    zab: Arc<dyn Zab>,
    peers: Vec<ClientEnd>,
    made_at: Instant,
    deliveries: Arc<Deliveries>,
    seen: Mutex<Seen>,
}

#[derive(Default)]
struct Seen {
    led: Option<u32>,
    proposals: u64,
}

fn make<const FAULT: u8>(mut config: ZabConfig, storage: Storage, service: Sender<Delivery>) -> Arc<dyn Zab> {
    let fault = Fault::of(FAULT);
    let has_state = !storage.records().is_empty();
    match fault {
        Fault::NoLimit => config.counter_limit = u32::MAX,
        Fault::Hoards => storage.save("junk", &[1; 70_000]),
        _ => {}
    }
    let (sender, messages) = channel::bounded::<Delivery>(0);
    let deliveries = Arc::new(Deliveries::new(fault, config.me, has_state, service));
    let forwarder = Arc::clone(&deliveries);
    thread::spawn(move || messages.into_iter().try_for_each(|message| forwarder.forward(message)));
    let peers = config.peers.clone();
    let zab = (::zab::SOLUTION)(config, storage, sender);
    Arc::new(Double { fault, zab, peers, made_at: Instant::now(), deliveries, seen: Mutex::default() })
}

impl Zab for Double {
    fn propose(&self, transaction: Vec<u8>) -> Option<Zxid> {
        if self.fault == Fault::TakesOne && self.seen.lock().proposals > 0 {
            return None;
        }
        if self.fault == Fault::ProposesAgain {
            let lost: Vec<Lost> = LOST.with(|lost| lost.borrow().clone());
            for lost in lost.into_iter().filter(|lost| lost.at.elapsed() > LONG_LOST) {
                let _ = self.zab.propose(lost.transaction);
            }
        }
        let zxid = self.zab.propose(transaction.clone())?;
        self.seen.lock().proposals += 1;
        let lost = Lost { transaction: transaction.clone(), at: Instant::now() };
        LOST.with(|all| all.borrow_mut().push(lost));
        if self.fault == Fault::Chatters {
            for end in self.peers.clone() {
                thread::spawn(move || end.call::<_, ()>("Junk.junk", &vec![1_u64; 20_000]));
            }
        }
        if self.fault == Fault::DeliversAtOnce {
            self.deliveries.deliver_at_once(zxid, transaction);
        }
        Some(self.fault.id(zxid))
    }

    fn state(&self) -> ZabState {
        let state = self.zab.state();
        let mut seen = self.seen.lock();
        if state.role == ZabRole::Leading {
            seen.led = Some(state.epoch);
        }
        let seconds = u32::try_from(self.made_at.elapsed().as_secs()).unwrap_or(0);
        self.fault.state(state, seen.led, seconds)
    }

    fn sync(&self) -> Option<Zxid> {
        self.fault.synced(self.zab.sync())
    }

    fn snapshot(&self, zxid: Zxid, snapshot: Vec<u8>) {
        self.zab.snapshot(zxid, snapshot);
    }

    fn kill(&self) {
        self.zab.kill();
    }

    fn services(self: Arc<Self>) -> Vec<Service> {
        let mut services = Arc::clone(&self.zab).services();
        services.push(Service::new("Junk").method("junk", |_: Vec<u64>| ()));
        services
    }
}

/// The number of seeds with which wrong servers are tried.
const RUNS: u64 = 3;

fn report<const FAULT: u8>(name: &str, seed: u64) -> Report {
    LOST.with(|lost| lost.borrow_mut().clear());
    let solution = Solution::new("double").with(Exports::<FAULT>::ALL);
    run(case(name), &solution, &RunOptions::new(seed))
}
