//! [`Controller`]: decides who leads. It stands for a quorum of controllers and never fails.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use labrt::sync::Mutex;
use labrt::thread;
use labrt::time::Instant;

use super::messages::{AlterIsr, Assignment, Heartbeat};
use crate::replica::{Replica, View};

/// A broker that was not heard of for so long is taken for dead.
const SESSION_TIMEOUT: Duration = Duration::from_millis(500);

/// How often the controller looks.
const INTERVAL: Duration = Duration::from_millis(50);

/// The controller.
pub(super) struct Controller {
    state: Mutex<State>,
}

struct State {
    assignment: Assignment,
    /// The time at which each broker was last heard of, at first that of the controller's start; `None`: it
    /// is known to be dead.
    heard: Vec<Option<Instant>>,
    /// The brokers that were ever heard of.
    known: BTreeSet<usize>,
    stopped: bool,
}

impl Controller {
    pub fn new(brokers: usize) -> Arc<Self> {
        let assignment = Assignment { isr: (0..brokers).collect(), ..Assignment::default() };
        let heard = vec![Some(Instant::now()); brokers];
        let state = State { assignment, heard, known: BTreeSet::new(), stopped: false };
        Arc::new(Self { state: Mutex::new(state) })
    }

    pub fn run(&self) {
        while !self.state.lock().stopped {
            self.state.lock().decide();
            thread::sleep(INTERVAL);
        }
    }
}

impl State {
    /// Takes dead brokers out of the ISR, as long as one is left, and gives the partition a leader from it.
    fn decide(&mut self) {
        let lives = |broker: &usize| self.heard[*broker].is_some_and(|at| at.elapsed() < SESSION_TIMEOUT);
        let Assignment { version, epoch, leader, isr } = self.assignment.clone();
        let live: BTreeSet<usize> = isr.iter().copied().filter(lives).collect();
        let next = leader.filter(|leader| live.contains(leader)).or(live.first().copied());
        let isr = if live.is_empty() { isr } else { live };
        let epoch = if next == leader { epoch } else { epoch + 1 };
        if next != leader || isr != self.assignment.isr {
            self.assignment = Assignment { version: version + 1, epoch, leader: next, isr };
        }
    }
}

/// What brokers call.
#[labrpc::service]
impl Controller {
    fn heartbeat(&self, heartbeat: Heartbeat) -> Assignment {
        let mut state = self.state.lock();
        if !state.known.insert(heartbeat.broker) && heartbeat.starts {
            // Its earlier incarnation is dead, and may have lost what it had in memory.
            state.heard[heartbeat.broker] = None;
            state.decide();
        }
        state.heard[heartbeat.broker] = Some(Instant::now());
        state.assignment.clone()
    }

    fn alter_isr(&self, proposal: AlterIsr) -> Assignment {
        let mut state = self.state.lock();
        let present = &mut state.assignment;
        let is_leader = present.leader == Some(proposal.leader) && proposal.isr.contains(&proposal.leader);
        if proposal.version == present.version && is_leader {
            present.version += 1;
            present.isr = proposal.isr;
        }
        present.clone()
    }
}

/// It takes no part in what is compared.
impl Replica for Controller {
    fn view(&self) -> View {
        View::default()
    }

    fn stop(&self) {
        self.state.lock().stopped = true;
    }
}
