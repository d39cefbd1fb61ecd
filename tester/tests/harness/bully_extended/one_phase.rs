//! The form with a quorum, and a leader that publishes in one phase: whoever receives a state knows it at
//! once, the leader first.

use std::sync::Arc;

use ::bully_extended::SOLUTION as REFERENCE;
use labapi::{Bully, BullyExtended, BullyView, CuredBully, Export, Publication, Solution};
use labrpc::{ClientEnd, Service};
use labrt::sync::Mutex;
use labrt::thread;
use serde::{Deserialize, Serialize};
use tester::{Report, RunOptions, run};

use crate::expect::case;

/// A state on its way.
#[derive(Clone, Serialize, Deserialize)]
struct Sent {
    version: u64,
    state: Vec<u8>,
}

#[derive(Serialize, Deserialize)]
struct Received;

struct OnePhase {
    me: usize,
    peers: Vec<ClientEnd>,
    node: Arc<dyn CuredBully>,
    known: Arc<Register>,
}

/// The newest state that a node knows.
#[derive(Default)]
struct Register(Mutex<Option<Publication>>);

#[labrpc::service]
impl Register {
    fn set(&self, args: Sent) -> Received {
        let mut known = self.0.lock();
        if known.as_ref().is_none_or(|known| known.version < args.version) {
            *known = Some(Publication { version: args.version, state: args.state });
        }
        Received
    }
}

impl Bully for OnePhase {
    fn leader(&self) -> Option<usize> {
        self.node.leader()
    }

    fn kill(&self) {
        self.node.kill();
    }

    fn services(self: Arc<Self>) -> Vec<Service> {
        let mut services = Arc::clone(&self.node).services();
        services.push(Arc::clone(&self.known).service());
        services
    }
}

impl CuredBully for OnePhase {
    fn view(&self) -> BullyView {
        self.node.view()
    }

    fn publish(&self, state: Vec<u8>) -> Option<u64> {
        self.leader().filter(|&leader| leader == self.me)?;
        let version = self.published().map_or(0, |known| known.version) + 1;
        let sent = Sent { version, state };
        for peer in self.peers.clone() {
            let sent = sent.clone();
            thread::spawn(move || peer.set(&sent));
        }
        self.known.set(sent);
        Some(version)
    }

    fn published(&self) -> Option<Publication> {
        self.known.0.lock().clone()
    }
}

const SOLUTION: BullyExtended = BullyExtended {
    publishes: |peers, me, _| {
        let node = (REFERENCE.quorum)(peers.clone(), me);
        Arc::new(OnePhase { me, peers, node, known: Arc::default() })
    },
    ..REFERENCE
};

const ALL: &[Export] = &[("bully_extended", &SOLUTION)];

/// A run of a test with publication in one phase.
pub fn report(name: &str, seed: u64) -> Report {
    run(case(name), &Solution::new("one phase").with(ALL), &RunOptions::new(seed))
}
