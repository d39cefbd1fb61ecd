//! [`Applier`]: the service on each server. It reads what its Raft delivers and checks every message.
//! [`Appliers`]: those of a cluster.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use labapi::{ApplyMsg, LogIndex, Raft};
use labrt::channel::Receiver;
use labrt::world::{FailureKind, World};
use parking_lot::Mutex;

use super::Observations;
use super::command::Unchecked;
use super::event::RaftEvent;
use super::snapshot::Snapshot;
use super::snapshot_times::SnapshotTimes;
use crate::calls::Calls;
use crate::event::{EventSource, Incarnation};
use crate::protocol::NodeEnv;

/// A snapshot is taken after every index `x` with `x + 1` divisible by this: 9, 19, 29, ...
const SNAPSHOT_INTERVAL: u64 = 10;

/// The log prefix that one server has applied in one of its incarnations.
///
/// No index is ever skipped and all servers agree, so one number is enough: the commands up to it are those
/// of [`Observations`]. An applier belongs to one incarnation; the next one has its own, so that nothing of a
/// crashed instance can get into it.
pub(crate) struct Applier {
    events: EventSource,
    snapshots: bool,
    applied: AtomicU64,
    world: World,
    observations: Observations,
    snapshot_times: SnapshotTimes,
    calls: Arc<Calls>,
}

impl Applier {
    pub fn new(
        env: &NodeEnv<'_>,
        snapshots: bool,
        observations: &Observations,
        snapshot_times: &SnapshotTimes,
    ) -> Arc<Self> {
        Arc::new(Self {
            events: env.events(),
            snapshots,
            applied: AtomicU64::new(0),
            world: env.world.clone(),
            observations: observations.clone(),
            snapshot_times: snapshot_times.clone(),
            calls: Arc::clone(env.calls),
        })
    }

    fn who(&self) -> Incarnation {
        self.events.who()
    }

    /// Every index up to this one has been applied.
    pub fn applied(&self) -> LogIndex {
        LogIndex(self.applied.load(Ordering::Acquire))
    }

    fn set_applied(&self, index: LogIndex) {
        self.applied.store(index.0, Ordering::Release);
    }

    /// Reads what `raft` delivers until the channel is closed or the server crashes.
    pub fn read(&self, messages: &Receiver<ApplyMsg>, raft: &dyn Raft) {
        while let Ok(message) = messages.recv() {
            self.handle(message, raft);
        }
    }

    /// Does what one message of `raft` says.
    pub fn handle(&self, message: ApplyMsg, raft: &dyn Raft) {
        match message {
            ApplyMsg::Command { index, command } => self.apply(index, command, raft),
            // A service without snapshots has not passed any to Raft, and ignores them (like the course's).
            ApplyMsg::Snapshot { index, snapshot, .. } if self.snapshots => self.install(index, snapshot),
            ApplyMsg::Snapshot { .. } => {}
        }
    }

    fn apply(&self, index: LogIndex, command: Vec<u8>, raft: &dyn Raft) {
        let last = self.applied();
        // Without snapshots an entry may be delivered again (as in the course), but not another one.
        let repeated = index <= last && index.0 > 0 && !self.snapshots;
        if index != last.next() && !repeated {
            self.out_of_order(index, last, &command);
        }
        let applied = RaftEvent::Applied { index, command };
        self.events.emit(&applied);
        if let RaftEvent::Applied { command, .. } = &applied {
            self.world.record_event(trace(self.who(), index, command));
            self.world.note("tester", || format!("applied {index}: {}", Unchecked(command)));
        }
        if repeated {
            return;
        }
        self.set_applied(index);
        if self.snapshots && (index.0 + 1).is_multiple_of(SNAPSHOT_INTERVAL) {
            let snapshot = self.observations.snapshot(index).to_vec();
            let time = self.snapshot_times.of(self.who().server);
            if !time.is_zero() {
                labrt::thread::sleep(time);
            }
            self.events.emit(&RaftEvent::SnapshotTaken(index));
            self.world.note("tester", || format!("snapshot({index}), {} bytes", snapshot.len()));
            let _underway = self.calls.enter(self.who(), "snapshot", self.world.now());
            raft.snapshot(index, snapshot);
        }
    }

    #[track_caller]
    fn out_of_order(&self, index: LogIndex, last: LogIndex, command: &[u8]) -> ! {
        let fault = if index > last {
            "so there is a gap"
        } else if index.0 == 0 {
            "but indices count from 1"
        } else {
            "which it had applied before"
        };
        self.events.emit(&RaftEvent::OutOfOrder { index, due: last.next() });
        self.world.fail(
            FailureKind::Assertion,
            format!(
                "expected {} to apply index {} next; saw it apply index {index}, {fault} (command {})",
                self.who(),
                last.next(),
                Unchecked(command)
            ),
        )
    }

    /// Replaces the state by a snapshot; returns the last index that it includes, and the snapshot.
    #[track_caller]
    fn replace(&self, bytes: Vec<u8>) -> (LogIndex, Vec<u8>) {
        let content = Snapshot::decode(&bytes);
        let included = content.as_ref().map(|content| content.last_index).unwrap_or_default();
        let installed = RaftEvent::Installed { bytes, content };
        self.events.emit(&installed);
        let RaftEvent::Installed { bytes, .. } = installed else { unreachable!("it was made here") };
        (included, bytes)
    }

    #[track_caller]
    fn install(&self, index: LogIndex, snapshot: Vec<u8>) {
        let (included, snapshot) = self.replace(snapshot);
        if index != included {
            self.world.fail(
                FailureKind::Assertion,
                format!(
                    "expected {} to deliver a snapshot under the last index that it includes, {included}; \
                     saw it \
                     delivered under index {index}",
                    self.who()
                ),
            );
        }
        let last = self.applied();
        if index < last {
            self.world.fail(
                FailureKind::Assertion,
                format!(
                    "expected {} never to move its service back; saw it deliver a snapshot up to index \
                     {index} \
                     when it had applied everything up to index {last}",
                    self.who()
                ),
            );
        }
        self.world.record_event(trace(self.who(), index, &snapshot));
        self.world.note("tester", || format!("installed a snapshot up to {index}, {} bytes", snapshot.len()));
        self.set_applied(index);
    }

    /// Restores the state that was saved before a crash, as a service does when it starts.
    #[track_caller]
    pub fn restore(&self, snapshot: Vec<u8>) {
        let (index, _) = self.replace(snapshot);
        self.world.note("tester", || format!("{} restored a snapshot up to {index}", self.who()));
        self.set_applied(index);
    }
}

/// The applier of the latest instance on each server; kept after a crash, until the restart.
#[derive(Default)]
pub(crate) struct Appliers {
    of_servers: Mutex<Vec<Option<Arc<Applier>>>>,
}

impl Appliers {
    /// Every index up to this one was applied by the latest instance on the server.
    pub fn applied(&self, server: usize) -> LogIndex {
        let appliers = self.of_servers.lock();
        appliers.get(server).and_then(Option::as_ref).map_or(LogIndex(0), |applier| applier.applied())
    }

    /// Puts the applier of a new instance in the place of the one before.
    pub fn set(&self, server: usize, applier: Arc<Applier>) {
        let mut appliers = self.of_servers.lock();
        let servers = appliers.len().max(server + 1);
        appliers.resize(servers, None);
        appliers[server] = Some(applier);
    }
}

/// A hash of a delivered message, for the run's fingerprint. The same on every machine.
fn trace(who: Incarnation, index: LogIndex, payload: &[u8]) -> u64 {
    let fold = |hash: u64, word: u64| (hash.rotate_left(5) ^ word).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let words = payload.chunks(8).map(|chunk| {
        let mut word = [0; 8];
        word[..chunk.len()].copy_from_slice(chunk);
        u64::from_le_bytes(word)
    });
    words.fold(fold(fold(who.server as u64, index.0), payload.len() as u64), fold)
}
