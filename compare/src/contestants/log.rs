//! [`LogReplica`]: a server of any replicated log behind [`labapi::Raft`], with a service that applies it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use labapi::{ApplyMsg, LogIndex, MakeRaft, Raft, State};
use labrpc::Service;
use labrt::channel::{self, Receiver, Sender};
use labrt::sync::Mutex;
use tester::NodeEnv;

use crate::outcomes::Outcomes;
use crate::replica::{Replica, StartReplica, StartedReplica, View, Write};

/// Says up to which index a read has to wait, if the peer can tell at once.
pub(super) type FreshIndex = Box<dyn Fn() -> Option<LogIndex> + Send + Sync>;

/// A peer of a log and its service.
pub(super) struct LogReplica {
    peer: Arc<dyn Raft>,
    /// Where the log lets a leader answer reads by itself.
    fresh_index: Option<FreshIndex>,
    service: Mutex<LogService>,
    outcomes: Arc<Outcomes>,
}

#[derive(Default)]
struct LogService {
    applied: LogIndex,
    writes: BTreeSet<Write>,
    /// The writes that this server has taken and not yet applied.
    taken: BTreeSet<Write>,
    /// Where they will be if they are committed.
    positions: BTreeMap<LogIndex, Write>,
}

/// Starts peers that `make` makes.
pub(super) fn start(make: MakeRaft) -> StartReplica {
    Arc::new(move |env, _servers, outcomes| {
        let (peers, me, persister) = (env.peers(), env.me(), env.persister());
        start_with(env, outcomes, move |messages| {
            let peer = make(peers, me, persister, messages);
            let services = Arc::clone(&peer).services();
            (peer, None, services)
        })
    })
}

/// Starts a peer that `make` makes with the channel of its service.
pub(super) fn start_with(
    env: &NodeEnv<'_>,
    outcomes: &Arc<Outcomes>,
    make: impl FnOnce(Sender<ApplyMsg>) -> (Arc<dyn Raft>, Option<FreshIndex>, Vec<Service>) + Send + 'static,
) -> Option<StartedReplica> {
    let (sender, messages) = channel::bounded(0);
    let (peer, fresh_index, services) = env.make("make", move || make(sender))?;
    let (service, outcomes) = (Mutex::default(), Arc::clone(outcomes));
    let replica = Arc::new(LogReplica { peer, fresh_index, service, outcomes });
    let it = Arc::clone(&replica);
    env.run("applier", move || it.apply_all(&messages));
    Some(StartedReplica { replica, services })
}

impl LogReplica {
    fn apply_all(&self, messages: &Receiver<ApplyMsg>) {
        while let Ok(message) = messages.recv() {
            // No service takes snapshots, so there are none.
            if let ApplyMsg::Command { index, command } = message {
                self.apply(index, &command);
            }
        }
    }

    /// A write that was taken here is acknowledged when it is applied. It has failed when something else is
    /// applied where it should have been.
    fn apply(&self, index: LogIndex, command: &[u8]) {
        let mut service = self.service.lock();
        service.applied = service.applied.max(index);
        let expected = service.positions.remove(&index);
        // Entries without a command belong to the log itself.
        let write = command.try_into().ok().map(Write::from_le_bytes);
        let acknowledged = write.filter(|write| {
            service.writes.insert(*write);
            service.taken.remove(write)
        });
        let failed = expected.filter(|expected| Some(*expected) != write && service.taken.remove(expected));
        drop(service);
        if let Some(write) = acknowledged {
            self.outcomes.acknowledge(write);
        }
        if let Some(write) = failed {
            self.outcomes.fail(write);
        }
    }
}

impl Replica for LogReplica {
    fn view(&self) -> View {
        let State { term, is_leader } = self.peer.get_state();
        View::in_generation(term.0, is_leader)
    }

    fn submit(&self, write: Write) -> bool {
        // Before the peer has it, which may deliver it at once.
        self.service.lock().taken.insert(write);
        let started = self.peer.start(write.to_le_bytes().to_vec());
        let mut service = self.service.lock();
        match started {
            None => drop(service.taken.remove(&write)),
            Some(started) if service.taken.contains(&write) && started.index > service.applied => {
                service.positions.insert(started.index, write);
            }
            Some(_) => {}
        }
        started.is_some()
    }

    fn sees(&self, write: Write) -> Option<bool> {
        let index = (self.fresh_index.as_ref()?)()?;
        let service = self.service.lock();
        (service.applied >= index).then(|| service.writes.contains(&write))
    }

    fn writes(&self) -> BTreeSet<Write> {
        self.service.lock().writes.clone()
    }

    fn stop(&self) {
        self.peer.kill();
    }
}
