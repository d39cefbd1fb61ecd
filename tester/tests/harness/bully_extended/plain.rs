//! The plain form in the place of all cured ones. It has no generations: all its nodes are in the first one
//! for ever.

use std::sync::Arc;

use labapi::{Bully, BullyExtended, BullyView, CuredBully, Export, Solution};
use labrpc::{ClientEnd, Service};
use tester::{Report, RunOptions, run};

use crate::expect::case;

struct Plain(Arc<dyn Bully>);

fn make(peers: Vec<ClientEnd>, me: usize) -> Arc<dyn CuredBully> {
    Arc::new(Plain(::bully::make(peers, me)))
}

impl Bully for Plain {
    fn leader(&self) -> Option<usize> {
        self.0.leader()
    }

    fn kill(&self) {
        self.0.kill();
    }

    fn services(self: Arc<Self>) -> Vec<Service> {
        Arc::clone(&self.0).services()
    }
}

impl CuredBully for Plain {
    fn view(&self) -> BullyView {
        BullyView { generation: 1, leader: self.0.leader() }
    }
}

const SOLUTION: BullyExtended = BullyExtended {
    generations: make,
    asks_others: make,
    quorum: make,
    publishes: |peers, me, _| make(peers, me),
    priorities: |peers, me, _| make(peers, me),
};

const ALL: &[Export] = &[("bully_extended", &SOLUTION)];

/// A run of a test on the plain form.
pub fn report(name: &str, seed: u64) -> Report {
    run(case(name), &Solution::new("plain").with(ALL), &RunOptions::new(seed))
}
