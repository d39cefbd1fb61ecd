//! The plain form in the place of all cured ones.
//!
//! It has no generations. So that a test can show what follows from that, an onlooker counts who has led, and
//! the nodes say the number of their leader's last time. No node goes by it.

use std::sync::Arc;

use labapi::{Bully, BullyExtended, BullyView, CuredBully, Export, Solution};
use labrpc::{ClientEnd, Service};
use labrt::sync::Mutex;
use tester::{Report, RunOptions, run};

use crate::expect::case;

/// Who has led so far in the run, one list for each scene. Scenes run at the same time, the runs of a scene
/// one after the other.
static LED: [parking_lot::Mutex<Vec<usize>>; 8] = [const { parking_lot::Mutex::new(Vec::new()) }; 8];

struct Plain<const SCENE: usize> {
    me: usize,
    node: Arc<dyn Bully>,
    /// What it said last.
    last: Mutex<BullyView>,
}

fn make<const SCENE: usize>(peers: Vec<ClientEnd>, me: usize) -> Arc<dyn CuredBully> {
    let last = Mutex::new(BullyView { generation: 0, leader: None });
    Arc::new(Plain::<SCENE> { me, node: ::bully::make(peers, me), last })
}

impl<const SCENE: usize> Bully for Plain<SCENE> {
    fn leader(&self) -> Option<usize> {
        self.node.leader()
    }

    fn kill(&self) {
        self.node.kill();
    }

    fn services(self: Arc<Self>) -> Vec<Service> {
        Arc::clone(&self.node).services()
    }
}

impl<const SCENE: usize> CuredBully for Plain<SCENE> {
    fn view(&self) -> BullyView {
        let leader = self.node.leader();
        let mut last = self.last.lock();
        if leader != last.leader {
            let mut led = LED[SCENE].lock();
            if leader == Some(self.me) {
                led.push(self.me);
            }
            // The generation of a leader that comes back to a node is that of its last time.
            let generation = led.iter().rposition(|&one| Some(one) == leader).map(|time| time as u64 + 1);
            *last = BullyView { generation: generation.unwrap_or(last.generation), leader };
        }
        *last
    }
}

struct Exports<const SCENE: usize>;

impl<const SCENE: usize> Exports<SCENE> {
    const SOLUTION: BullyExtended = BullyExtended {
        generations: make::<SCENE>,
        asks_others: make::<SCENE>,
        quorum: make::<SCENE>,
        publishes: |peers, me, _| make::<SCENE>(peers, me),
        priorities: |peers, me, _| make::<SCENE>(peers, me),
    };
    const ALL: &'static [Export] = &[("bully_extended", &Self::SOLUTION)];
}

/// A run of a test on the plain form.
pub fn report<const SCENE: usize>(name: &str, seed: u64) -> Report {
    LED[SCENE].lock().clear();
    run(case(name), &Solution::new("plain").with(Exports::<SCENE>::ALL), &RunOptions::new(seed))
}
