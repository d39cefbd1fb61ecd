//! Tests of the tester's tests of Raft beyond Figure 2. The doubles are the reference's servers with wrong
//! answers to what the tester asks.

mod demonstration;
mod fault;
mod injected;
mod verdicts;

use std::sync::Arc;
use std::time::Duration;

use labapi::{
    ApplyMsg, ChangeError, Dial, LogIndex, MakeRaftExtended, Membership, Raft, RaftExtended, ReadError,
    Solution, Started, State, TransferError,
};
use labrpc::Service;
use labrt::channel::Sender;
use labrt::sync::Mutex;
use labrt::thread;
use labrt::time::Instant;
use persister::Persister;
use tester::{Report, RunOptions, run};

use crate::expect::case;
use fault::Fault;

/// Exported by the solution with the fault of this number.
struct Export<const FAULT: u8>;

impl<const FAULT: u8> Export<FAULT> {
    const MAKE: MakeRaftExtended = make::<FAULT>;
    const SOLUTION: Solution = Solution::new("double").with(&[("raft_extended", &Self::MAKE)]);
}

/// A server of the reference, and the fault of its answers.
struct Double {
    fault: Fault,
    me: usize,
    raft: Arc<dyn RaftExtended>,
    started: Instant,
    seen: Mutex<Seen>,
}

/// What a server has been asked.
#[derive(Default)]
struct Seen {
    /// Its state when it led last.
    led: Option<State>,
    /// The first configuration that it told.
    first: Option<Membership>,
    /// When a transfer was asked for.
    transfer: Option<Instant>,
    /// How often a lease was asked for.
    leases: u32,
}

fn make<const FAULT: u8>(
    dial: Dial,
    me: usize,
    first: Vec<usize>,
    persister: Persister,
    service: Sender<ApplyMsg>,
) -> Arc<dyn RaftExtended> {
    let raft = ::raft_extended::make(dial, me, first, persister, service);
    let (fault, started, seen) = (Fault::of(FAULT), Instant::now(), Mutex::default());
    Arc::new(Double { fault, me, raft, started, seen })
}

/// Whether the call under way is a test's, and not a probe's.
fn test_asks() -> bool {
    thread::current().name() != Some("probe")
}

impl Raft for Double {
    fn start(&self, command: Vec<u8>) -> Option<Started> {
        match self.fault {
            Fault::AcceptsDuringTransfers if self.seen.lock().transfer.is_some() => {
                let state = self.raft.get_state();
                state.is_leader.then_some(Started { index: LogIndex(1_000_000), term: state.term })
            }
            Fault::RefusesAfterTransfers if self.seen.lock().transfer.is_some() => None,
            Fault::ReadsByAnEntry => {
                let started = self.raft.start(command.clone());
                if started.is_some() { self.raft.start(command) } else { None }
            }
            _ => self.raft.start(command),
        }
    }

    fn get_state(&self) -> State {
        let state = self.raft.get_state();
        let mut seen = self.seen.lock();
        if state.is_leader {
            seen.led = Some(state);
        }
        let age = self.started.elapsed();
        match self.fault {
            Fault::LeadsForEver if test_asks() => seen.led.unwrap_or(state),
            Fault::LeadsAgainLater if test_asks() && age > Duration::from_secs(4) => {
                seen.led.unwrap_or(state)
            }
            Fault::StopsLeading if test_asks() && age > Duration::from_secs(2) => {
                State { is_leader: false, ..state }
            }
            Fault::LeadsInALaterTerm if test_asks() && self.is_late() && state.is_leader => {
                State { term: state.term.next(), ..state }
            }
            Fault::CountsTermsAlone if test_asks() && age > Duration::from_secs(2) && !state.is_leader => {
                State { term: state.term.next(), ..state }
            }
            _ => state,
        }
    }

    fn snapshot(&self, index: LogIndex, snapshot: Vec<u8>) {
        self.raft.snapshot(index, snapshot);
    }

    fn persist_bytes(&self) -> usize {
        self.raft.persist_bytes()
    }

    fn kill(&self) {
        self.raft.kill();
    }

    fn services(self: Arc<Self>) -> Vec<Service> {
        Arc::clone(&self.raft).services()
    }
}

impl RaftExtended for Double {
    fn change_membership(&self, servers: Vec<usize>) -> Result<(), ChangeError> {
        match self.fault {
            Fault::RefusesChanges => Err(ChangeError::Busy),
            Fault::IgnoresChanges => Ok(()),
            Fault::KnowsNoErrors => self.raft.change_membership(servers).or(Ok(())),
            _ => self.raft.change_membership(servers),
        }
    }

    fn membership(&self) -> Membership {
        let membership = self.raft.membership();
        let mut seen = self.seen.lock();
        let first = seen.first.get_or_insert_with(|| membership.clone()).clone();
        match self.fault {
            Fault::HidesItsMembership => first,
            Fault::IsAloneAfterAChange if membership.index > LogIndex(0) || self.is_late() => {
                Membership { index: LogIndex(1_000), voters: vec![self.me], incoming: None }
            }
            Fault::WantsToBeAlone if test_asks() && self.started.elapsed() > Duration::from_millis(700) => {
                Membership { index: LogIndex(1_000), voters: vec![self.me], incoming: None }
            }
            Fault::CountsNewServersAtOnce if test_asks() && self.is_late() => {
                Membership { incoming: Some(vec![3, 4]), ..membership }
            }
            _ => membership,
        }
    }

    fn read_index(&self) -> Result<LogIndex, ReadError> {
        match self.fault {
            Fault::ReadsThePast => Ok(LogIndex(0)),
            Fault::ReadsTheFuture => self.raft.read_index().map(|index| LogIndex(index.0 + 1_000)),
            Fault::ReadsNothing => Err(ReadError::NotLeader),
            Fault::FollowersRead => self.raft.read_index().or(Ok(LogIndex(1_000))),
            _ => self.raft.read_index(),
        }
    }

    fn lease_read(&self) -> Result<LogIndex, ReadError> {
        let mut seen = self.seen.lock();
        seen.leases += 1;
        match self.fault {
            Fault::LeasesArePast => Ok(LogIndex(0)),
            Fault::HasNoLease => self.raft.lease_read().and(Err(ReadError::NoLease)),
            Fault::LeasesForAll => self.raft.lease_read().or(Ok(LogIndex(1_000))),
            Fault::LeasesNeedMessages => {
                drop(seen);
                self.raft.read_index()
            }
            _ => self.raft.lease_read(),
        }
    }

    fn transfer_leadership(&self, to: usize) -> Result<(), TransferError> {
        self.seen.lock().transfer = Some(Instant::now());
        match self.fault {
            Fault::RefusesTransfers => Err(TransferError::Busy),
            Fault::IgnoresTransfers | Fault::AcceptsDuringTransfers | Fault::RefusesAfterTransfers => {
                self.raft.get_state().is_leader.then_some(()).ok_or(TransferError::NotLeader)
            }
            Fault::KnowsNoErrors => self.raft.transfer_leadership(to).or(Ok(())),
            _ => self.raft.transfer_leadership(to),
        }
    }
}

impl Double {
    /// Whether a test has had time to begin.
    fn is_late(&self) -> bool {
        self.started.elapsed() > Duration::from_millis(1200)
    }
}

/// The number of seeds with which wrong servers are tried.
const RUNS: u64 = 2;

fn report<const FAULT: u8>(name: &str, seed: u64) -> Report {
    run(case(name), &Export::<FAULT>::SOLUTION, &RunOptions::new(seed))
}
