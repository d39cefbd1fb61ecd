//! [`Rival`]: a client that gets in the way of others on purpose.

use std::collections::BTreeMap;

use labapi::{PutError, Version};

use super::{Client, KeyValueProtocol};

/// The keys that all clients use all the time.
const KEYS: u64 = 3;

/// The keys that come into being during the test.
const LATE_KEYS: u64 = 12;

/// The keys that never come into being.
const ABSENT_KEYS: u64 = 3;

/// So much above its version no key comes in a test.
const FAR: u64 = 1_000_000;

/// A client whose operations meet those of others: on few keys, with values that others put as well, over
/// versions that are current, outdated, or far above the current one.
///
/// Whatever the servers answer, the history of all clients tells whether it was right. A put over a version
/// that its key reaches later is not among the operations: it is refused, and a copy of the request that
/// arrives then is executed, so no clerk could answer it rightly.
pub(crate) struct Rival<'a, P: KeyValueProtocol> {
    client: &'a Client<P>,
    /// The version of each key, as far as the client has heard.
    known: BTreeMap<String, Version>,
    puts: u64,
}

impl<'a, P: KeyValueProtocol> Rival<'a, P> {
    pub fn new(client: &'a Client<P>) -> Self {
        Self { client, known: BTreeMap::new(), puts: 0 }
    }

    /// All keys that rivals use.
    pub fn keys() -> impl Iterator<Item = String> {
        (0..KEYS).map(|number| format!("k{number}")).chain((0..LATE_KEYS).map(late_key))
    }

    /// Does one operation, which is drawn.
    pub fn contend(&mut self) {
        let cluster = self.client.cluster();
        let key = format!("k{}", cluster.rand_number(KEYS));
        let late = late_key(cluster.rand_number(LATE_KEYS));
        let absent = format!("absent{}", cluster.rand_number(ABSENT_KEYS));
        let more = cluster.rand_number(3);
        let known = self.known.get(&key).copied().unwrap_or_default();
        match cluster.rand_number(100) {
            0..30 => self.get(key),
            30..70 => self.put(key, known),
            70..78 => self.put(key, Version(known.0 + FAR + more)),
            78..85 => self.put(key, Version(known.0.saturating_sub(1 + more))),
            85..91 => self.put(absent, Version(1 + more)),
            91..94 => self.get(absent),
            94..97 => self.get(late),
            _ => self.put(late, Version(0)),
        }
    }

    fn get(&mut self, key: String) {
        if let Some(found) = self.client.get(&key) {
            self.known.insert(key, found.version);
        }
    }

    fn put(&mut self, key: String, version: Version) {
        // Half of the values are those that other clients put too.
        self.puts += 1;
        let value = match self.client.cluster().rand_number(4) {
            0 => format!("over {version}"),
            1 => "same".to_owned(),
            _ => format!("{}.{}", self.client.number(), self.puts),
        };
        match self.client.put(&key, &value, version) {
            Ok(()) => {
                self.known.insert(key, version.next());
            }
            Err(PutError::Version | PutError::Maybe) => self.get(key),
            Err(PutError::NoKey) => {}
        }
    }
}

fn late_key(number: u64) -> String {
    format!("late{number}")
}
