//! Contents: the values that the solution encodes while a run is watched or recorded, and the saves made of
//! them.

use std::sync::{Arc, Once};

use labgob::Value;
use labgob::capture::{self, Recorder, Session};
use labgob::fragments::{Fragments, Piece};
use labrt::world::{self, World};
use parking_lot::Mutex;
use rustc_hash::FxHashMap;

use super::SavedRecord;

/// The values that the servers of a run have encoded.
pub(super) struct Contents {
    nodes: Mutex<FxHashMap<u32, NodeContents>>,
    _session: Session,
}

/// The values that one incarnation of a server has encoded, and its last save.
#[derive(Default)]
struct NodeContents {
    encoded: Fragments,
    /// The record that was saved first, which is expected to change most: its pieces are found as changes to
    /// those of the save before.
    main: Option<String>,
    others: Vec<Other>,
}

/// A record that seldom changes, with its pieces.
struct Other {
    record: String,
    bytes: Vec<u8>,
    pieces: Vec<Piece>,
}

impl Contents {
    /// Captures all that is encoded in the run.
    pub fn of(world: &World) -> Arc<Self> {
        static INSTALLED: Once = Once::new();
        INSTALLED.call_once(|| capture::install(&EncodesOfTheRun));
        let contents = Arc::new(Self { nodes: Mutex::default(), _session: capture::begin() });
        world.set_local(Arc::clone(&contents) as Arc<_>);
        contents
    }

    fn add(&self, bytes: &[u8], value: &Value) {
        let Some(node) = world::current_node() else { return };
        self.nodes.lock().entry(node).or_default().encoded.add(bytes, value);
    }

    /// Calls `tell` with the records that the server on this node saves now, and the pieces of each.
    pub fn read<R>(
        &self,
        node: u32,
        records: &[(&str, &[u8])],
        tell: impl FnOnce(&[SavedRecord<'_>]) -> R,
    ) -> R {
        let mut nodes = self.nodes.lock();
        let node = nodes.entry(node).or_default();
        for (record, bytes) in records {
            node.read(record, bytes);
        }
        let saved: Vec<SavedRecord<'_>> = records
            .iter()
            .map(|&(name, bytes)| SavedRecord { name, bytes, content: Some(node.pieces(name)) })
            .collect();
        tell(&saved)
    }

    /// Drops the values of an incarnation that saves nothing more.
    pub fn forget(&self, node: u32) {
        self.nodes.lock().remove(&node);
    }
}

impl NodeContents {
    fn read(&mut self, record: &str, bytes: &[u8]) {
        if self.main.get_or_insert_with(|| record.to_owned()) == record {
            self.encoded.read(bytes);
            return;
        }
        let position = self.others.iter().position(|other| other.record == record);
        if position.is_some_and(|position| self.others[position].bytes == bytes) {
            return;
        }
        let pieces = self.encoded.read_once(bytes);
        let now = Other { record: record.to_owned(), bytes: bytes.to_owned(), pieces };
        match position {
            Some(position) => self.others[position] = now,
            None => self.others.push(now),
        }
    }

    /// The pieces of a record, as of its last save.
    fn pieces(&self, record: &str) -> &[Piece] {
        match self.others.iter().find(|other| other.record == record) {
            Some(other) => &other.pieces,
            None => self.encoded.pieces(),
        }
    }
}

/// Passes encoded values on to the contents of the run in which they were encoded.
struct EncodesOfTheRun;

impl Recorder for EncodesOfTheRun {
    fn wants(&self) -> bool {
        world::with_local(<dyn std::any::Any + Send + Sync + 'static>::is::<Contents>).unwrap_or(false)
    }

    fn encoded(&self, bytes: &[u8], value: Value) {
        world::uncounted(|| {
            world::with_local(|local| {
                if let Some(contents) = local.downcast_ref::<Contents>() {
                    contents.add(bytes, &value);
                }
            });
            drop(value);
        });
    }

    fn uncounted(&self, f: &mut dyn FnMut()) {
        world::uncounted(f);
    }
}
