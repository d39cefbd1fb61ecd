//! Peers without a leader, as in Netflix' Eureka: a small experiment.
//!
//! Every peer takes writes, acknowledges them at once, and forwards each of them once to all others. What a
//! write stands for is an instance of a service that registers; those that have registered at one peer are
//! its *lease*, which it renews at all others. A peer that hears of a renewal of more than it knows asks for
//! all. A lease that nobody renews is evicted, unless so many are not renewed that the network is more likely
//! at fault than the instances: *self-preservation*.
//!
//! It promises that any peer answers at any time. It gives up that the answer is the newest, and that what a
//! peer has acknowledged outlives it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use labrpc::ClientEnd;
use labrt::sync::Mutex;
use labrt::thread;
use labrt::time::Instant;
use serde::{Deserialize, Serialize};

use crate::contestant::Contestant;
use crate::outcomes::Outcomes;
use crate::replica::{Replica, StartReplica, StartedReplica, View, Write};

/// Peers without a leader.
pub(crate) const EUREKA: Contestant = Contestant {
    name: "eureka",
    title: "Eureka's peers",
    lab: None,
    has_leaders: false,
    takes_writes: true,
    controllers: 0,
    why: "There is nothing to elect. Each peer takes writes at any time, whatever happens to the others, so \
          the time without progress is the pause between two writes, under every plan. Each write is \
          forwarded once to each other peer and not waited for. So whoever reads elsewhere may miss it: for \
          a moment always, for up to 200 ms if the message is lost (the next renewal mends that), and for \
          as long as it lasts in a partition. Self-preservation keeps what the other half has registered, \
          though nobody renews it. A write is lost if its peer crashes before it could forward it. That \
          does not happen under these plans, where no peer is cut off and crashes while it is.",
    start: |_| Some(start(true)),
};

/// How often a peer renews its lease at all others, and looks for leases that have run out.
const RENEWAL_INTERVAL: Duration = Duration::from_millis(200);

/// A lease that was not renewed for so long has run out.
const LEASE: Duration = Duration::from_millis(900);

/// Nothing is evicted while fewer leases than so many of a hundred are renewed.
const RENEWED_PERCENT: usize = 85;

struct Peer {
    me: usize,
    peers: Vec<ClientEnd>,
    preserves_itself: bool,
    outcomes: Arc<Outcomes>,
    registry: Mutex<Registry>,
}

/// What a peer knows. None of it is on disk.
#[derive(Default)]
struct Registry {
    /// Whether the peer has copied another's registry, or has found none, and takes writes and reads.
    is_open: bool,
    stopped: bool,
    leases: BTreeMap<usize, Lease>,
}

/// What has registered at one peer.
struct Lease {
    writes: BTreeSet<Write>,
    renewed: Instant,
}

/// Writes that have registered at a peer: a new one, or all.
#[derive(Clone, Serialize, Deserialize)]
struct Registration {
    peer: usize,
    writes: BTreeSet<Write>,
}

/// A peer is there, and so are the instances that have registered at it.
#[derive(Serialize, Deserialize)]
struct Renewal {
    peer: usize,
    count: usize,
}

/// A peer that starts asks for all that another knows.
#[derive(Serialize, Deserialize)]
struct Copy;

/// The answer to a message: whether all that it is about is known.
#[derive(Serialize, Deserialize)]
struct Known(bool);

fn start(preserves_itself: bool) -> StartReplica {
    Arc::new(move |env, _servers, outcomes| {
        let (me, peers, outcomes) = (env.me(), env.peers(), Arc::clone(outcomes));
        let peer = Arc::new(Peer { me, peers, preserves_itself, outcomes, registry: Mutex::default() });
        let it = Arc::clone(&peer);
        env.run("peer", move || it.run());
        Some(StartedReplica { services: vec![Arc::clone(&peer).service()], replica: Arc::new(Handle(peer)) })
    })
}

impl Peer {
    fn run(self: &Arc<Self>) {
        let others = (0..self.peers.len()).filter(|peer| *peer != self.me);
        let copied = others.into_iter().find_map(|peer| self.peers[peer].copy(&Copy)?);
        copied.into_iter().flatten().for_each(|registration| self.add(registration));
        self.registry.lock().is_open = true;
        while !self.registry.lock().stopped {
            self.renew_lease();
            self.registry.lock().evict(self.preserves_itself);
            thread::sleep(RENEWAL_INTERVAL);
        }
    }

    /// Takes over what has registered at a peer, which is a sign of life from there.
    fn add(&self, registration: Registration) {
        let mut registry = self.registry.lock();
        let lease = registry.leases.entry(registration.peer);
        let lease = lease.or_insert_with(|| Lease { writes: BTreeSet::new(), renewed: Instant::now() });
        lease.writes.extend(registration.writes);
        lease.renewed = Instant::now();
    }

    /// Sends something to all other peers, each time on a thread of its own, and once.
    fn to_others(self: &Arc<Self>, send: impl Fn(&Self, &ClientEnd) + Clone + Send + 'static) {
        for to in (0..self.peers.len()).filter(|to| *to != self.me) {
            let (peer, send) = (Arc::clone(self), send.clone());
            thread::spawn(move || send(&peer, &peer.peers[to]));
        }
    }

    fn renew_lease(self: &Arc<Self>) {
        let own = {
            let mut registry = self.registry.lock();
            let Some(lease) = registry.leases.get_mut(&self.me) else { return };
            lease.renewed = Instant::now();
            lease.writes.clone()
        };
        let renewal = Renewal { peer: self.me, count: own.len() };
        let all = Registration { peer: self.me, writes: own };
        let (renewal, all) = (Arc::new(renewal), Arc::new(all));
        self.to_others(move |_, other| {
            if let Some(Known(false)) = other.renew(&renewal) {
                other.register(&all);
            }
        });
    }
}

impl Registry {
    /// Evicts leases that have run out, or none if there are too many of them.
    fn evict(&mut self, preserves_itself: bool) {
        let is_renewed = |lease: &Lease| lease.renewed.elapsed() < LEASE;
        let renewed = self.leases.values().filter(|lease| is_renewed(lease)).count();
        if preserves_itself && renewed * 100 < self.leases.len() * RENEWED_PERCENT {
            return;
        }
        self.leases.retain(|_, lease| is_renewed(lease));
    }
}

/// What other peers call.
#[labrpc::service]
impl Peer {
    fn register(&self, registration: Registration) -> Known {
        self.add(registration);
        Known(true)
    }

    fn renew(&self, renewal: Renewal) -> Known {
        let mut registry = self.registry.lock();
        let Some(lease) = registry.leases.get_mut(&renewal.peer) else { return Known(false) };
        lease.renewed = Instant::now();
        Known(lease.writes.len() >= renewal.count)
    }

    fn copy(&self, _: Copy) -> Option<Vec<Registration>> {
        let registry = self.registry.lock();
        let registration =
            |(peer, lease): (&usize, &Lease)| Registration { peer: *peer, writes: lease.writes.clone() };
        registry.is_open.then(|| registry.leases.iter().map(registration).collect())
    }
}

/// A peer with its own count of references, which threads that it starts need.
struct Handle(Arc<Peer>);

impl Replica for Handle {
    fn view(&self) -> View {
        View::default()
    }

    fn submit(&self, write: Write) -> bool {
        if !self.0.registry.lock().is_open {
            return false;
        }
        let registration = Registration { peer: self.0.me, writes: BTreeSet::from([write]) };
        self.0.add(registration.clone());
        self.0.outcomes.acknowledge(write);
        let registration = Arc::new(registration);
        self.0.to_others(move |_, other| {
            other.register(&registration);
        });
        true
    }

    fn sees(&self, write: Write) -> Option<bool> {
        let registry = self.0.registry.lock();
        let holds = |lease: &Lease| lease.writes.contains(&write);
        registry.is_open.then(|| registry.leases.values().any(holds))
    }

    fn writes(&self) -> BTreeSet<Write> {
        let registry = self.0.registry.lock();
        registry.leases.values().flat_map(|lease| lease.writes.iter().copied()).collect()
    }

    fn stop(&self) {
        self.0.registry.lock().stopped = true;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::servers::{Servers, Shared};

    /// The number of leases that are left of these, which are renewed or have run out.
    fn left(preserves_itself: bool, renewed: &[bool]) -> usize {
        let renewed = renewed.to_vec();
        let run = labrt::world::simulate(labrt::world::Options::new(1), move |_| {
            let began = Instant::now();
            thread::sleep(LEASE);
            let now = Instant::now();
            let lease = |renewed: &bool| Lease {
                writes: BTreeSet::new(),
                renewed: if *renewed { now } else { began },
            };
            let leases = renewed.iter().map(lease).enumerate().collect();
            let mut registry = Registry { leases, ..Registry::default() };
            registry.evict(preserves_itself);
            registry.leases.len()
        });
        run.result.unwrap()
    }

    #[test]
    fn leases_that_run_out_are_evicted_unless_they_are_too_many() {
        // Six of seven are 86 %.
        let (one_of_five, one_of_seven) =
            ([true, true, true, true, false], [&[true; 6][..], &[false]].concat());
        assert_eq!(left(true, &one_of_seven), 6);
        assert_eq!(left(true, &one_of_five), 5);
        assert_eq!(left(false, &one_of_five), 4);
    }

    /// The number of writes that a peer held when it was cut off, and when it had been so for a while.
    fn before_and_after_a_cut(preserves_itself: bool) -> (usize, usize) {
        let shared = Shared::new(3);
        let servers = Servers::new(start(preserves_itself), 3, &shared);
        let played = tester::play(1, 3, servers, move |cluster| {
            cluster.sleep(Duration::from_secs(2));
            shared.stop_clients();
            cluster.sleep(RENEWAL_INTERVAL);
            let held = || cluster.call(0, "writes", |_, peer| peer.writes().len()).unwrap().1;
            let before = held();
            cluster.partition(&[0], &[1, 2]);
            cluster.sleep(LEASE * 2);
            (before, held())
        });
        played.unwrap()
    }

    #[test]
    fn self_preservation_keeps_what_the_other_half_has_registered() {
        let (before, after) = before_and_after_a_cut(true);
        assert!(before > 50 && after == before, "{before}, {after}");
        let (before, after) = before_and_after_a_cut(false);
        assert!(after > 0 && after < before / 2, "only what has registered here is left: {before}, {after}");
    }
}
