//! [`RaftPeers`]: a Raft peer on each server, with a service that records what it delivers.

use std::sync::Arc;

use labapi::{ApplyMsg, LogIndex, MakeRaft, Raft};
use labrt::channel;
use parking_lot::Mutex;

use crate::program::{Birth, Booted, Program};
use crate::recorder::Recorder;

/// The program of the Raft tests.
pub struct RaftPeers {
    make_raft: MakeRaft,
    snapshots: bool,
    /// What the latest instance on each server has applied; kept after a crash, until the restart.
    recorders: Vec<Mutex<Option<Arc<Recorder>>>>,
}

impl RaftPeers {
    /// Peers made by `make_raft`; with `snapshots`, the service hands each of them a snapshot after every tenth command.
    pub(crate) fn new(make_raft: MakeRaft, servers: usize, snapshots: bool) -> Self {
        Self { make_raft, snapshots, recorders: (0..servers).map(|_| Mutex::default()).collect() }
    }

    /// Every index up to this one was applied by the latest instance on the server.
    pub(crate) fn applied(&self, server: usize) -> LogIndex {
        self.recorders[server].lock().as_ref().map_or(LogIndex(0), |recorder| recorder.applied())
    }
}

impl Program for RaftPeers {
    type Instance = dyn Raft;

    const LONG_DELAYS: bool = true;
    const HAS_RAFT: bool = true;

    fn boot(&self, birth: Birth<'_>) -> Option<Booted<dyn Raft>> {
        let (sender, messages) = channel::bounded::<ApplyMsg>(0);
        let Birth { world, watch, calls, node, who, .. } = birth;
        let (raft, services) = {
            let (make_raft, me) = (self.make_raft, who.server);
            let (peers, persister) = (birth.peers.clone(), birth.persister.clone());
            birth.make("make_raft", move || {
                let raft = make_raft(peers, me, persister, sender);
                let services = Arc::clone(&raft).services();
                (raft, services)
            })?
        };

        let recorder = Recorder::new(who, self.snapshots, world, watch, calls);
        watch.begin_life(who);
        // Before the first message is read: the next one must be the entry after the snapshot.
        if self.snapshots {
            let snapshot = birth.persister.read_snapshot();
            if !snapshot.is_empty() {
                recorder.restore(&snapshot);
            }
        }
        {
            let (recorder, raft) = (Arc::clone(&recorder), Arc::clone(&raft));
            node.run("applier", move || recorder.read(&messages, &*raft));
        }
        {
            let recorder = Arc::clone(&recorder);
            watch.probe(who, node, Arc::clone(&raft), move || recorder.applied());
        }
        *self.recorders[who.server].lock() = Some(recorder);
        Some(Booted { instance: raft, services })
    }

    fn raft(instance: &Arc<dyn Raft>) -> Option<Arc<dyn Raft>> {
        Some(Arc::clone(instance))
    }

    fn kill(instance: &dyn Raft) {
        instance.kill();
    }
}
