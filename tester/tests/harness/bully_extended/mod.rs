//! Tests of the tester's tests of Bully's cures. The doubles are the reference's nodes with wrong answers;
//! and each form in the place of the one that cures its problem.

mod demonstration;
mod fault;
mod messages;
mod one_phase;
mod plain;
mod verdicts;

use std::sync::Arc;
use std::time::Duration;

use ::bully_extended::SOLUTION as REFERENCE;
use labapi::{Bully, BullyExtended, BullyView, CuredBully, Export, Publication, Solution};
use labrpc::Service;
use labrt::sync::Mutex;
use labrt::thread;
use labrt::time::Instant;
use persister::Storage;
use tester::{Report, RunOptions, run};

use crate::expect::case;
use fault::{Fault, Situation};

/// What the doubles export, one constant for each fault.
struct Exports<const FAULT: u8>;

impl<const FAULT: u8> Exports<FAULT> {
    const SOLUTION: BullyExtended = BullyExtended {
        generations: |peers, me| wrap::<FAULT>(me, (REFERENCE.generations)(peers, me)),
        asks_others: |peers, me| wrap::<FAULT>(me, (REFERENCE.asks_others)(peers, me)),
        quorum: |peers, me| wrap::<FAULT>(me, (REFERENCE.quorum)(peers, me)),
        publishes: |peers, me, storage| {
            let lost = Fault::of(FAULT) == Fault::SavesNothing;
            let storage = if lost { Storage::new() } else { storage };
            wrap::<FAULT>(me, (REFERENCE.publishes)(peers, me, storage))
        },
        priorities: |peers, me, priorities| wrap::<FAULT>(me, (REFERENCE.priorities)(peers, me, priorities)),
    };
    const ALL: &'static [Export] = &[("bully_extended", &Self::SOLUTION)];
}

/// A node of the reference, and the fault of its answers.
struct Double {
    fault: Fault,
    me: usize,
    node: Arc<dyn CuredBully>,
    started: Instant,
    seen: Mutex<Seen>,
}

/// What the node has been asked and has known.
#[derive(Clone, Default)]
struct Seen {
    /// Whether it has led, and in which generation last.
    led: Option<u64>,
    /// The committed states that it has known.
    committed: Vec<Publication>,
    /// The last state that it took, and the version that it gave it.
    given: Option<Publication>,
}

fn wrap<const FAULT: u8>(me: usize, node: Arc<dyn CuredBully>) -> Arc<dyn CuredBully> {
    let (fault, started, seen) = (Fault::of(FAULT), Instant::now(), Mutex::default());
    Arc::new(Double { fault, me, node, started, seen })
}

impl Double {
    fn situation(&self) -> Situation {
        let (view, published) = (self.node.view(), self.node.published());
        let mut seen = self.seen.lock();
        if view.leader == Some(self.me) {
            seen.led = Some(view.generation);
        }
        if let Some(published) = published
            && seen.committed.last() != Some(&published)
        {
            seen.committed.push(published);
        }
        let Seen { led, committed, given } = seen.clone();
        let name = thread::current().name().map(str::to_owned);
        let test_asks = name.is_some_and(|name| ["leader", "view", "publish", "published"].contains(&&*name));
        Situation { me: self.me, view, led, committed, given, age: self.started.elapsed(), test_asks }
    }
}

impl Bully for Double {
    fn leader(&self) -> Option<usize> {
        self.view().leader
    }

    fn kill(&self) {
        self.node.kill();
    }

    fn services(self: Arc<Self>) -> Vec<Service> {
        Arc::clone(&self.node).services()
    }
}

impl CuredBully for Double {
    fn view(&self) -> BullyView {
        self.fault.view(self.situation())
    }

    fn publish(&self, state: Vec<u8>) -> Option<u64> {
        let version = self.node.publish(state.clone());
        if let Some(version) = version {
            self.seen.lock().given = Some(Publication { version, state });
        }
        self.fault.version(version)
    }

    fn published(&self) -> Option<Publication> {
        self.fault.published(self.situation())
    }

    fn vote(&self) -> Option<usize> {
        self.fault.vote(self.me, self.node.vote(), self.started.elapsed())
    }
}

/// The number of seeds with which wrong nodes are tried.
const RUNS: u64 = 3;

/// A moment in which a fault shows.
const MOMENT: Duration = Duration::from_millis(20);

fn report<const FAULT: u8>(name: &str, seed: u64) -> Report {
    let solution = Solution::new("double").with(Exports::<FAULT>::ALL);
    run(case(name), &solution, &RunOptions::new(seed))
}
