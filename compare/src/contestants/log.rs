//! [`LogReplica`]: a server of a replicated log, with a service that applies what it delivers.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use labapi::{ApplyMsg, LogIndex, MakeRaft, Raft, State};
use labrpc::Service;
use labrt::channel::{self, Sender};
use labrt::sync::Mutex;
use tester::NodeEnv;

use crate::outcomes::Outcomes;
use crate::replica::{Replica, StartReplica, StartedReplica, View, Write};

/// A peer of a replicated log, of any make.
pub(super) trait Log: Send + Sync + 'static {
    /// The place of a command in the log. Commands are delivered in the order of their places.
    type Place: Copy + Ord + Default + Send + 'static;

    /// How the peer sees the leadership.
    fn view(&self) -> View;

    /// Hands the peer a command; returns the place that it has if it is committed. `None`: refused.
    fn propose(&self, command: Vec<u8>) -> Option<Self::Place>;

    /// Whether the service on this server, which has applied everything up to this place, answers a read by
    /// itself now.
    fn answers_reads(&self, applied: Self::Place) -> bool {
        let _ = applied;
        false
    }

    /// Stops the peer.
    fn kill(&self);
}

/// A delivery to a service: a command at its place.
pub(super) type Delivered<Place> = Option<(Place, Vec<u8>)>;

/// A peer of a log and its service.
struct LogReplica<L: Log> {
    peer: L,
    service: Mutex<LogService<L::Place>>,
    outcomes: Arc<Outcomes>,
}

#[derive(Default)]
struct LogService<Place> {
    applied: Place,
    writes: BTreeSet<Write>,
    /// The writes that this server has taken, and of which the outcome is not known.
    taken: BTreeSet<Write>,
    /// Where they will be if they are committed.
    places: BTreeMap<Place, Write>,
}

/// Starts the peer that `make` makes with the channel of its service. `read` says what a message of that
/// channel delivers.
pub(super) fn start<L: Log, M: Send + 'static>(
    env: &NodeEnv<'_>,
    outcomes: &Arc<Outcomes>,
    make: impl FnOnce(Sender<M>) -> (L, Vec<Service>) + Send + 'static,
    read: fn(M) -> Delivered<L::Place>,
) -> Option<StartedReplica> {
    let (sender, messages) = channel::bounded(0);
    let (peer, services) = env.make("make", move || make(sender))?;
    let (service, outcomes) = (Mutex::default(), Arc::clone(outcomes));
    let replica = Arc::new(LogReplica { peer, service, outcomes });
    let it = Arc::clone(&replica);
    env.run("applier", move || {
        while let Ok(message) = messages.recv() {
            if let Some((place, command)) = read(message) {
                it.apply(place, &command);
            }
        }
    });
    Some(StartedReplica { replica, services })
}

impl<L: Log> LogReplica<L> {
    /// A write that was taken here is acknowledged when it is applied. It has failed when something else is
    /// applied where it should have been, or after that.
    fn apply(&self, place: L::Place, command: &[u8]) {
        let mut service = self.service.lock();
        service.applied = service.applied.max(place);
        // Entries without a command belong to the log itself.
        let write = command.try_into().ok().map(Write::from_le_bytes);
        let acknowledged = write.filter(|write| {
            service.writes.insert(*write);
            service.taken.remove(write)
        });
        let mut failed = Vec::new();
        while let Some(first) = service.places.first_entry().filter(|first| *first.key() <= place) {
            let expected = first.remove();
            if service.taken.remove(&expected) {
                failed.push(expected);
            }
        }
        drop(service);
        acknowledged.into_iter().for_each(|write| self.outcomes.acknowledge(write));
        failed.into_iter().for_each(|write| self.outcomes.fail(write));
    }
}

impl<L: Log> Replica for LogReplica<L> {
    fn view(&self) -> View {
        self.peer.view()
    }

    fn submit(&self, write: Write) -> bool {
        // Before the peer has it, which may deliver it at once.
        self.service.lock().taken.insert(write);
        let place = self.peer.propose(write.to_le_bytes().to_vec());
        let mut service = self.service.lock();
        match place {
            None => drop(service.taken.remove(&write)),
            Some(place) if service.taken.contains(&write) && place > service.applied => {
                service.places.insert(place, write);
            }
            Some(_) => {}
        }
        place.is_some()
    }

    fn sees(&self, write: Write) -> Option<bool> {
        let applied = self.service.lock().applied;
        let answers = self.peer.answers_reads(applied);
        answers.then(|| self.service.lock().writes.contains(&write))
    }

    fn writes(&self) -> BTreeSet<Write> {
        self.service.lock().writes.clone()
    }

    fn stop(&self) {
        self.peer.kill();
    }
}

/// Starts peers of a log behind [`labapi::Raft`], which reads through the log.
pub(super) fn start_raft(make: MakeRaft) -> StartReplica {
    Arc::new(move |env, _servers, outcomes| {
        let (peers, me, persister) = (env.peers(), env.me(), env.persister());
        let make = move |messages| {
            let peer = make(peers, me, persister, messages);
            let services = Arc::clone(&peer).services();
            (peer, services)
        };
        start(env, outcomes, make, command)
    })
}

/// The command that a message delivers. No service here takes snapshots, so there are none.
pub(super) fn command(message: ApplyMsg) -> Delivered<LogIndex> {
    match message {
        ApplyMsg::Command { index, command } => Some((index, command)),
        ApplyMsg::Snapshot { .. } => None,
    }
}

impl Log for Arc<dyn Raft> {
    type Place = LogIndex;

    fn view(&self) -> View {
        let State { term, is_leader } = self.get_state();
        View::in_generation(term.0, is_leader)
    }

    fn propose(&self, command: Vec<u8>) -> Option<LogIndex> {
        Raft::start(&**self, command).map(|started| started.index)
    }

    fn kill(&self) {
        Raft::kill(&**self);
    }
}
