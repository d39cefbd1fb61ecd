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
use crate::linearizability::{Budget, History, KeyValue, KeyValueInput, KeyValueOutput, check};

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
        if let Some(violation) = violation(&self.protocol().history.so_far()) {
            self.fail(violation);
        }
    }
}

/// Why no store that executes one operation at a time can explain a history; `None` if one can.
fn violation(history: &History<KeyValueInput, KeyValueOutput>) -> Option<String> {
    // For this model the check is exact. It needs no budget, and there is always a verdict.
    let verdict = check(&KeyValue, history, Budget::default());
    (!verdict.is_linearizable()).then(|| verdict.to_string())
}

/// What is wrong with a client's read; `None` if nothing is. A read never goes back behind what the client
/// has read or written.
fn goes_back(client: u32, key: &str, (known, seen): (u64, Zxid), (read, at): (u64, Zxid)) -> Option<String> {
    (read < known).then(|| {
        format!(
            "expected what a client reads never to go back, and to include its own writes; saw client \
             {client} read version {read} of {key:?} at {at}, when it knew version {known} at {seen}"
        )
    })
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
        if let Some(violation) = goes_back(self.client, key, (known, seen), (version, zxid)) {
            self.cluster.fail(violation);
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stale_read_after_a_sync_is_a_violation() {
        let put = KeyValueInput::Put { key: "x".into(), value: "a".into(), version: 0 };
        for (read, is_stale) in
            [(KeyValueOutput::NoKey, true), (KeyValueOutput::Value { value: "a".into(), version: 1 }, false)]
        {
            let mut history = History::new();
            history.call(0, Duration::from_millis(1), put.clone()).unwrap();
            history.ret(0, Duration::from_millis(2), KeyValueOutput::Done).unwrap();
            history.call(1, Duration::from_millis(3), KeyValueInput::Get { key: "x".into() }).unwrap();
            history.ret(1, Duration::from_millis(4), read).unwrap();
            assert_eq!(violation(&history).is_some(), is_stale);
        }
    }

    #[test]
    fn a_client_never_reads_what_is_older_than_what_it_knows() {
        let at = |counter| Zxid { epoch: 1, counter };
        assert_eq!(goes_back(0, "x", (2, at(4)), (2, at(5))), None);
        assert_eq!(
            goes_back(3, "x", (2, at(4)), (1, at(5))).unwrap(),
            "expected what a client reads never to go back, and to include its own writes; saw client 3 read \
             version 1 of \"x\" at (1, 5), when it knew version 2 at (1, 4)"
        );
    }
}
