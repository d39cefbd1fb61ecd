//! Operations of one client in the tests.

use labapi::{PutError, Version, Versioned};
use serde::{Deserialize, Serialize};

use super::{Client, KeyValueProtocol};
use crate::display::outcome;

/// The value that [`Client::one_put`] writes: the client, and the version that it overwrites.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Entry {
    id: u32,
    version: u64,
}

impl<P: KeyValueProtocol> Client<P> {
    /// Puts until the key has the version after `version`, and returns that version. For keys that one client
    /// writes.
    #[track_caller]
    pub fn put_at_least_once(&self, key: &str, value: &str, mut version: Version) -> Version {
        loop {
            let answer = self.put(key, value, version);
            match answer {
                Ok(()) => return version.next(),
                Err(PutError::Maybe | PutError::Version) => version = version.next(),
                Err(PutError::NoKey) if version == Version(0) => {}
                Err(PutError::NoKey) => self.cluster().fail(format!(
                    "expected put({key}, {value}) over version {version} of client {} to be done, or the \
                     key to have \
                     another version; saw: {}",
                    self.number(),
                    outcome(answer)
                )),
            }
        }
    }

    /// Expects the key to have exactly this value and version.
    #[track_caller]
    pub fn check_get(&self, key: &str, value: &str, version: Version) {
        let expected = Versioned { value: value.to_owned(), version };
        let seen = self.get(key);
        if seen.as_ref() != Some(&expected) {
            let seen = match seen {
                Some(Versioned { value, version }) => format!("`{value}`, version {version}"),
                None => "no such key".into(),
            };
            self.cluster().fail(format!(
                "expected client {} to get `{value}`, version {version}, of key {key}; saw {seen}",
                self.number()
            ));
        }
    }

    /// The value and version of a key that must exist.
    #[track_caller]
    pub fn get_existing(&self, key: &str) -> Versioned {
        let Some(found) = self.get(key) else {
            self.cluster().fail(format!(
                "expected client {} to get a value of key {key}, which was put; saw no such key",
                self.number()
            ))
        };
        found
    }

    /// Puts until one put is not refused for its version. The version is `version` at first, and later the
    /// one that the client has read. Returns the version read last, and whether the put was certainly done.
    #[track_caller]
    pub(super) fn one_put(&self, key: &str, mut version: Version) -> (Version, bool) {
        loop {
            let mine = Entry { id: self.number(), version: version.0 };
            let value = serde_json::to_string(&mine).expect("two numbers can always be written");
            let answer = self.put(key, &value, version);
            if answer == Err(PutError::NoKey) {
                self.cluster().fail(format!(
                    "expected put({key}) over version {version} of client {} to be done, maybe done, or \
                     refused for its \
                     version; saw: {}",
                    self.number(),
                    outcome(answer)
                ));
            }
            let read = self.get_existing(key);
            let Ok(entry) = serde_json::from_str::<Entry>(&read.value) else {
                self.cluster().fail(format!(
                    "expected client {} to get a value of key {key} that some client has put; saw `{}`",
                    self.number(),
                    read.value
                ))
            };
            if answer.is_ok() && read.version == version.next() && entry != mine {
                self.cluster().fail(format!(
                    "expected client {} to find its own value at version {} of key {key}, which it was told \
                     is its; saw the \
                     value that client {} put over version {}",
                    self.number(),
                    read.version,
                    entry.id,
                    entry.version
                ));
            }
            version = read.version;
            if answer != Err(PutError::Version) {
                return (version, answer.is_ok());
            }
        }
    }
}
