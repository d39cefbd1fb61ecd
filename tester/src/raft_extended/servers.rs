//! [`RaftExtendedServers`]: a Raft peer on each server whose cluster can be changed, with a service that
//! checks the messages it delivers.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use labapi::{ApplyMsg, Dial, LogIndex, MakeRaftExtended, Membership, Raft, RaftExtended};
use labrpc::ClientEnd;
use labrt::channel;

use super::analysis::ExtendedAnalysis;
use super::event::RaftExtendedEvent;
use super::invariants;
use crate::event::EventSource;
use crate::invariant::Invariant;
use crate::protocol::{NodeEnv, Protocol, StartedNode};
use crate::raft::applier::{Applier, Appliers};
use crate::raft::snapshot_times::SnapshotTimes;
use crate::raft::{AppliesCommands, Command, Observations, OnRaft};
use crate::rule::Analysis;

/// The protocol of the tests of Raft beyond Figure 2.
pub struct RaftExtendedServers {
    make: MakeRaftExtended,
    /// The servers that vote at first.
    first: Vec<usize>,
    snapshots: bool,
    observations: Observations,
    snapshot_times: SnapshotTimes,
    appliers: Appliers,
    reads: AtomicU64,
}

impl RaftExtendedServers {
    /// Peers made by `make`, of which the servers `first` vote at first; with `snapshots`, the service passes
    /// each of them a snapshot after every tenth entry.
    #[must_use]
    pub fn new(make: MakeRaftExtended, first: Vec<usize>, snapshots: bool) -> Self {
        let (observations, snapshot_times) = <(Observations, SnapshotTimes)>::default();
        let (appliers, reads) = <(Appliers, AtomicU64)>::default();
        Self { make, first, snapshots, observations, snapshot_times, appliers, reads }
    }

    /// A number for a read.
    pub(super) fn next_read(&self) -> u64 {
        self.reads.fetch_add(1, Ordering::Relaxed)
    }
}

/// The command that stands for an entry without one, in the records of the tests.
fn no_command() -> Command {
    Command::from("(no command)")
}

impl Protocol for RaftExtendedServers {
    type Instance = dyn RaftExtended;

    const LONG_DELAYS: bool = true;

    fn invariants(&self, servers: usize) -> Vec<Box<dyn Invariant>> {
        let mut all = self.observations.invariants_of_any_membership(servers);
        all.extend(invariants::all());
        all
    }

    fn analyses(&self, _servers: usize) -> Vec<Box<dyn Analysis>> {
        vec![Box::new(ExtendedAnalysis::default())]
    }

    fn start(&self, env: &NodeEnv<'_>) -> Option<StartedNode<dyn RaftExtended>> {
        let (sender, messages) = channel::bounded::<ApplyMsg>(0);
        let (raft, services) = {
            let (make, me, first, persister) = (self.make, env.me(), self.first.clone(), env.persister());
            let dial = dial(env);
            env.make("make_raft_extended", move || {
                let raft = make(dial, me, first, persister, sender);
                let services = Arc::clone(&raft).services();
                (raft, services)
            })?
        };

        let applier = Applier::new(env, self.snapshots, &self.observations, &self.snapshot_times);
        if self.snapshots {
            let snapshot = env.persister().read_snapshot();
            if !snapshot.is_empty() {
                applier.restore(snapshot);
            }
        }
        // A peer adds entries without a command by itself.
        let nothing = no_command();
        env.events().submitted(nothing.bytes());
        {
            let (applier, raft) = (Arc::clone(&applier), Arc::clone(&raft));
            env.run("applier", move || {
                while let Ok(message) = messages.recv() {
                    let message = match message {
                        ApplyMsg::Command { index, command } if command.is_empty() => {
                            ApplyMsg::Command { index, command: nothing.bytes().to_vec() }
                        }
                        message => message,
                    };
                    applier.handle(message, &*raft);
                }
            });
        }
        {
            let applier = Arc::clone(&applier);
            let tell = report_membership(env.events(), Arc::clone(&raft));
            let raft: Arc<dyn Raft> = Arc::clone(&raft) as _;
            self.observations.probe(env, raft, move || {
                tell();
                applier.applied()
            });
        }
        self.appliers.set(env.me(), applier);
        Some(StartedNode { instance: raft, services })
    }

    fn stop(instance: &dyn RaftExtended) {
        instance.kill();
    }

    fn commands(&self) -> u64 {
        self.observations.max_index().0
    }
}

/// Makes end points: of each server one, so that a fault of a link holds for all that is sent there.
fn dial(env: &NodeEnv<'_>) -> Dial {
    let (known, dialer) = (env.peers(), env.dialer());
    // Of servers that have joined later. Never held while one is made, because that may wait.
    let later: parking_lot::Mutex<BTreeMap<usize, ClientEnd>> = parking_lot::Mutex::default();
    Arc::new(move |server| {
        if let Some(end) = known.get(server) {
            return end.clone();
        }
        let present = later.lock().get(&server).cloned();
        present.unwrap_or_else(|| {
            let end = dialer.dial(server);
            later.lock().entry(server).or_insert(end).clone()
        })
    })
}

/// A function that emits an event when the peer uses another configuration than at the call before.
fn report_membership(events: EventSource, raft: Arc<dyn RaftExtended>) -> impl Fn() + Send + 'static {
    let last: parking_lot::Mutex<Option<Membership>> = parking_lot::Mutex::default();
    move || {
        let membership = raft.membership();
        let mut last = last.lock();
        if last.as_ref() != Some(&membership) {
            *last = Some(membership.clone());
            events.emit(&RaftExtendedEvent::Uses(membership));
        }
    }
}

impl OnRaft for RaftExtendedServers {
    fn raft(instance: &Arc<dyn RaftExtended>) -> Arc<dyn Raft> {
        Arc::clone(instance) as _
    }

    fn observations(&self) -> &Observations {
        &self.observations
    }
}

impl AppliesCommands for RaftExtendedServers {
    fn applied(&self, server: usize) -> LogIndex {
        self.appliers.applied(server)
    }
}
