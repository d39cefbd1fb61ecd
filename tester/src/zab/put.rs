//! [`Put`]: a transaction of the store.

use std::collections::BTreeMap;

use crate::linearizability::KeyValueOutput;

/// A change of a key, if it has this version; with version 0 the key is created.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Put {
    /// A number of its own.
    pub number: u64,
    pub key: String,
    pub version: u64,
    pub value: String,
}

impl Put {
    /// The transaction: `put NUMBER KEY VERSION VALUE`.
    pub fn text(&self) -> String {
        format!("put {} {} {} {}", self.number, self.key, self.version, self.value)
    }

    /// The put that a transaction is; `None` if it is none.
    pub fn parse(transaction: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(transaction).ok()?;
        let mut words = text.split(' ');
        let (word, number, key) = (words.next()?, words.next()?, words.next()?);
        let (version, value) = (words.next()?, words.next()?);
        let (number, version) = (number.parse().ok()?, version.parse().ok()?);
        (word == "put").then(|| Self { number, key: key.to_owned(), version, value: value.to_owned() })
    }

    /// Executes it on the keys, with their values and versions.
    pub fn execute(&self, keys: &mut BTreeMap<String, (String, u64)>) -> KeyValueOutput {
        let present = keys.get(&self.key).map_or(0, |(_, version)| *version);
        if present != self.version {
            return if present == 0 { KeyValueOutput::NoKey } else { KeyValueOutput::WrongVersion };
        }
        keys.insert(self.key.clone(), (self.value.clone(), present + 1));
        KeyValueOutput::Done
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_put_is_read_back_and_changes_its_version_alone() {
        let put = Put { number: 7, key: "k".into(), version: 0, value: "a".into() };
        assert_eq!(Put::parse(put.text().as_bytes()), Some(put.clone()));
        assert_eq!(Put::parse(b"put x k 0 a"), None);
        assert_eq!(Put::parse(b"letters"), None);
        let mut keys = BTreeMap::new();
        assert_eq!(Put { version: 1, ..put.clone() }.execute(&mut keys), KeyValueOutput::NoKey);
        assert_eq!(put.execute(&mut keys), KeyValueOutput::Done);
        assert_eq!(put.execute(&mut keys), KeyValueOutput::WrongVersion);
        assert_eq!(Put { version: 1, value: "b".into(), ..put }.execute(&mut keys), KeyValueOutput::Done);
        assert_eq!(keys["k"], ("b".to_owned(), 2));
    }
}
