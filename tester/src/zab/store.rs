//! [`Session`]: a client of the store on Zab, judged by what Zab promises and no more.
//!
//! Writes go through the leader, and are linearizable. A read of a server's own state may be old; but what
//! one client sees never goes back, and includes its own writes. A read after a sync is linearizable.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use labapi::Zxid;

use super::Ensemble;
use super::put::Put;
use super::service::Service;
use crate::display::Servers;
use crate::linearizability::{Budget, KeyValue, KeyValueInput, KeyValueOutput, check};

/// The interval between two looks.
const INTERVAL: Duration = Duration::from_millis(5);

/// How long a client waits for the outcome of a write. Longer than that, it does not know.
const WRITE_PATIENCE: Duration = Duration::from_secs(1);

/// How long a client waits for a server that is behind what it has seen. Longer than that, it does without
/// the read.
const READ_PATIENCE: Duration = Duration::from_millis(500);

/// A client of the store. It has one operation under way at a time.
pub(super) struct Session {
    cluster: Ensemble,
    client: u32,
    /// The last transaction that it has seen the effects of. A server that is behind does not serve it.
    seen: Zxid,
    /// The highest version of each key that it has seen or written.
    versions: BTreeMap<String, u64>,
}

impl Ensemble {
    /// A new client.
    pub(super) fn session(&self) -> Session {
        let client = u32::try_from(self.protocol().next_number()).unwrap_or(u32::MAX);
        Session { cluster: self.clone(), client, seen: Zxid::ZERO, versions: BTreeMap::new() }
    }

    /// Fails unless one store that executes one operation at a time can explain all writes, and all reads
    /// after a sync.
    #[track_caller]
    pub(super) fn check_store(&self) {
        let verdict = check(&KeyValue, &self.protocol().history.so_far(), Budget::default());
        if !verdict.is_linearizable() {
            self.fail(verdict.to_string());
        }
    }
}

impl Session {
    /// The version of a key, as far as the client knows; 0 if it knows of none.
    pub fn version(&self, key: &str) -> u64 {
        self.versions.get(key).copied().unwrap_or_default()
    }

    /// Writes, if the key has the version that the client knows. `None`: nobody leads, or the outcome is not
    /// known.
    pub fn put(&mut self, key: &str, value: &str) -> Option<KeyValueOutput> {
        let leader = self.cluster.find_leader(&self.cluster.everyone())?;
        let version = self.version(key);
        let number = self.cluster.protocol().next_number();
        let put = Put { number, key: key.to_owned(), version, value: value.to_owned() };
        self.begin(KeyValueInput::Put { key: key.into(), value: value.into(), version });
        let proposed = self.cluster.propose_text(leader, put.text());
        let outcome = proposed
            .as_ref()
            .and_then(|_| self.wait_for(WRITE_PATIENCE, leader, |service| service.outcome(number)));
        if let (Some(proposed), Some(_)) = (&proposed, &outcome) {
            self.seen = self.seen.max(proposed.zxid);
        }
        if outcome == Some(KeyValueOutput::Done) {
            self.versions.insert(key.to_owned(), version + 1);
        }
        self.end(outcome.clone());
        outcome
    }

    /// Reads a server's own state; `None` if it is down, or behind what the client has seen.
    #[track_caller]
    pub fn read(&mut self, server: usize, key: &str) -> Option<u64> {
        let seen = self.seen;
        let (zxid, value) = self.wait_for(READ_PATIENCE, server, |service| {
            Some(service.read(key)).filter(|(zxid, _)| *zxid >= seen)
        })?;
        let version = value.map_or(0, |(_, version)| version);
        let known = self.version(key);
        if version < known {
            self.cluster.fail(format!(
                "expected what a client reads never to go back, and to include its own writes; saw client {} \
                 read version {version} of {key:?} on {} at {zxid}, when it knew version {known} at {seen}",
                self.client,
                Servers(&[server])
            ));
        }
        self.saw(zxid, key, version);
        Some(version)
    }

    /// Reads on a server after a sync; `None` if there is no answer.
    pub fn fresh_read(&mut self, server: usize, key: &str) -> Option<u64> {
        self.begin(KeyValueInput::Get { key: key.into() });
        let answer = self.cluster.sync_on(server).and_then(|synced| {
            self.wait_for(READ_PATIENCE, server, |service| {
                Some(service.read(key)).filter(|(zxid, _)| *zxid >= synced)
            })
        });
        let Some((zxid, value)) = answer else {
            self.end(None);
            return None;
        };
        let version = value.as_ref().map_or(0, |(_, version)| *version);
        self.end(Some(match value {
            Some((value, version)) => KeyValueOutput::Value { value: value.into(), version },
            None => KeyValueOutput::NoKey,
        }));
        self.saw(zxid, key, version);
        Some(version)
    }

    fn saw(&mut self, zxid: Zxid, key: &str, version: u64) {
        self.seen = self.seen.max(zxid);
        self.versions.insert(key.to_owned(), version);
    }

    /// Looks at the service on a server until it has an answer; `None` if the server is down, or has none
    /// for too long.
    fn wait_for<T>(
        &self,
        patience: Duration,
        server: usize,
        look: impl Fn(&Arc<Service>) -> Option<T>,
    ) -> Option<T> {
        let began = self.cluster.now();
        while !self.cluster.is_crashed(server) && self.cluster.now() - began < patience {
            if let Some(answer) = self.cluster.protocol().service(server).as_ref().and_then(&look) {
                return Some(answer);
            }
            self.cluster.sleep(INTERVAL);
        }
        None
    }

    fn begin(&self, input: KeyValueInput) {
        let now = self.cluster.now();
        let begun = self.cluster.protocol().history.call(self.client, now, input);
        begun.expect("a client has one operation at a time");
    }

    fn end(&self, output: Option<KeyValueOutput>) {
        let (history, now) = (&self.cluster.protocol().history, self.cluster.now());
        match output {
            Some(output) => history.ret(self.client, now, output).expect("it has begun"),
            None => history.give_up(self.client),
        }
    }
}
