//! A protocol of the harness's own, with neither leader nor log: servers gossip numbers. It shows that
//! everything a protocol needs is public.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use labapi::Solution;
use labgob::Value;
use labrpc::{ClientEnd, Service};
use labrt::sync::Mutex;
use labrt::thread;
use persister::Storage;
use serde::{Deserialize, Serialize};
use tester::{
    Case, Cluster, Detail, Dialer, Event, EventSource, Interests, Invariant, Kind, NodeEnv, Protocol,
    ProtocolEvent, Report, RunOptions, Stage, StartedNode, Violation, run,
};

/// The protocol, and its fault.
#[derive(Clone, Copy, Default)]
pub struct Gossip {
    pub fault: Option<Fault>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// A server that restarts has lost its numbers.
    Forgets,
    /// Servers emit no event.
    EmitsNothing,
    /// Servers panic at their start.
    PanicsAtStart,
    /// Servers call each other by another method.
    CallsOtherMethod,
    /// Servers save under another name.
    SavesElsewhere,
}

/// A server.
pub struct Gossiper {
    me: usize,
    known: Mutex<BTreeSet<u64>>,
    peers: Mutex<Vec<ClientEnd>>,
    storage: Storage,
    dialer: Dialer,
    events: EventSource,
    fault: Option<Fault>,
}

/// The messages between servers.
#[derive(Serialize, Deserialize)]
pub struct Rumor {
    number: u64,
    from: usize,
}

/// The protocol's own event.
#[derive(Serialize)]
pub enum GossipEvent {
    /// A server knows a number.
    Knows { number: u64 },
}

impl ProtocolEvent for GossipEvent {
    fn name(&self) -> &'static str {
        "knows"
    }

    fn class(&self) -> Interests {
        Interests::STATES
    }

    fn value(&self) -> Value {
        Value::of(self).unwrap()
    }
}

/// The number of servers in memory.
static ALIVE: AtomicUsize = AtomicUsize::new(0);

pub fn alive() -> usize {
    ALIVE.load(Ordering::Relaxed)
}

impl Drop for Gossiper {
    fn drop(&mut self) {
        ALIVE.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Gossiper {
    /// Learns a number, and gossips it if it is new.
    pub fn learn(&self, number: u64) {
        let known = {
            let mut known = self.known.lock();
            if !known.insert(number) {
                return;
            }
            labgob::encode(&*known).unwrap()
        };
        let name = if self.fault == Some(Fault::SavesElsewhere) { "elsewhere" } else { "known" };
        self.storage.save(name, &known);
        if self.fault != Some(Fault::EmitsNothing) {
            self.events.emit(&GossipEvent::Knows { number });
        }
        let peers = self.peers.lock().clone();
        for peer in peers {
            let rumor = Rumor { number, from: self.me };
            if self.fault == Some(Fault::CallsOtherMethod) {
                thread::spawn(move || peer.whisper(&rumor));
            } else {
                thread::spawn(move || peer.rumor(&rumor));
            }
        }
    }

    pub fn known(&self) -> Vec<u64> {
        self.known.lock().iter().copied().collect()
    }

    /// Adds a peer that joined later; of another cluster, if that has a name.
    pub fn add_peer(&self, cluster: Option<&str>, server: usize) {
        let end = match cluster {
            Some(cluster) => self.dialer.dial_to(cluster, server),
            None => self.dialer.dial(server),
        };
        self.peers.lock().push(end);
    }
}

#[labrpc::service]
impl Gossiper {
    fn rumor(&self, rumor: Rumor) -> usize {
        self.learn(rumor.number);
        self.me + rumor.from
    }

    fn whisper(&self, rumor: Rumor) -> usize {
        self.rumor(rumor)
    }
}

impl Protocol for Gossip {
    type Instance = Gossiper;

    fn invariants(&self, _: usize) -> Vec<Box<dyn Invariant>> {
        vec![Box::new(KnowsWhatIsSmall::default()), Box::new(CallsAndSaves::default())]
    }

    fn start(&self, env: &NodeEnv<'_>) -> Option<StartedNode<Gossiper>> {
        let (me, fault) = (env.me(), self.fault);
        let (storage, dialer, events) = (env.storage(), env.dialer(), env.events());
        let peers = env.peers().into_iter().enumerate().filter(|(server, _)| *server != me);
        let peers: Vec<ClientEnd> = peers.map(|(_, peer)| peer).collect();
        let (instance, services): (_, Vec<Service>) = env.make("make_gossip", move || {
            assert!(fault != Some(Fault::PanicsAtStart), "it does not come up");
            let saved = storage.read("known");
            let remembers = !saved.is_empty() && fault != Some(Fault::Forgets);
            let known = if remembers { labgob::decode(&saved).unwrap() } else { BTreeSet::new() };
            let (known, peers) = (Mutex::new(known), Mutex::new(peers));
            ALIVE.fetch_add(1, Ordering::Relaxed);
            let gossiper = Arc::new(Gossiper { me, known, peers, storage, dialer, events, fault });
            let services = vec![Arc::clone(&gossiper).service()];
            (gossiper, services)
        })?;
        Some(StartedNode { instance, services })
    }

    fn stop(_: &Gossiper) {}
}

/// No server knows a number above 1,000.
#[derive(Default)]
struct KnowsWhatIsSmall {
    exercised: bool,
}

impl Invariant for KnowsWhatIsSmall {
    fn name(&self) -> &'static str {
        "numbers are small"
    }

    fn interests(&self) -> Interests {
        Interests::STATES
    }

    fn on(&mut self, event: &Event<'_>) -> Result<(), Violation> {
        let Some(GossipEvent::Knows { number }) = event.protocol() else { return Ok(()) };
        self.exercised = true;
        let who = event.server().expect("a server knows it");
        if *number <= 1000 {
            return Ok(());
        }
        Err(Violation::new(format!("expected small numbers; saw {who} learn {number}")))
    }

    fn exercised(&self) -> bool {
        self.exercised
    }

    fn subject(&self) -> &'static str {
        "a number"
    }
}

/// Servers spread rumors, and save their numbers. It objects in the middle of a message, or of a save.
#[derive(Default)]
struct CallsAndSaves {
    exercised: bool,
}

impl Invariant for CallsAndSaves {
    fn name(&self) -> &'static str {
        "calls and saves are those of the protocol"
    }

    fn interests(&self) -> Interests {
        Interests::SERVER_MESSAGES | Interests::SAVES
    }

    fn on(&mut self, event: &Event<'_>) -> Result<(), Violation> {
        self.exercised = true;
        match event.kind {
            Kind::Message(message) if message.method != "Gossiper.rumor" => {
                Err(Violation::new(format!("expected rumors; saw {} call {}", message.from, message.method)))
            }
            Kind::Saved(save) if save.records.iter().any(|record| record.name != "known") => Err(
                Violation::new(format!("expected what is known; saw {} save something else", event.party)),
            ),
            _ => Ok(()),
        }
    }

    fn exercised(&self) -> bool {
        self.exercised
    }

    fn subject(&self) -> &'static str {
        "a call or a save"
    }
}

/// Runs a test of servers that gossip.
pub fn gossip(fault: Option<Fault>, detail: Detail, body: fn(&Cluster<Gossip>)) -> Report {
    gossip_with(fault, &RunOptions { detail, ..RunOptions::new(7) }, body)
}

pub fn gossip_with(fault: Option<Fault>, options: &RunOptions, body: fn(&Cluster<Gossip>)) -> Report {
    let play = move |stage: &Stage<'_>| stage.play(Gossip { fault }, body);
    let case = Case::new("gossip_x1", "X1", "Test (X1): servers gossip", &[], play);
    run(Box::leak(Box::new(case)), &Solution::new("none"), options)
}
