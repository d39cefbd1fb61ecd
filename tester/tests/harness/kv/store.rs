//! The double's store, and its requests.

use std::collections::BTreeMap;

use labapi::{PutError, StateMachine, Version, Versioned};
use serde::{Deserialize, Serialize};

use super::fault::Fault;

#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Request {
    Get { key: String },
    Put { key: String, value: String, version: Version },
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Answer {
    Got(Option<Versioned>),
    Put(Result<(), PutError>),
}

pub struct Store {
    fault: Fault,
    keys: BTreeMap<String, Versioned>,
    puts: u64,
    refused: u64,
    remembered: Vec<String>,
}

impl Store {
    pub fn new(fault: Fault) -> Self {
        Self { fault, keys: BTreeMap::new(), puts: 0, refused: 0, remembered: Vec::new() }
    }

    pub fn answer(&mut self, request: Request) -> Answer {
        match request {
            Request::Get { key } => Answer::Got(self.get(&key)),
            Request::Put { key, value, version } => Answer::Put(self.put(key, value, version)),
        }
    }

    pub fn get(&self, key: &str) -> Option<Versioned> {
        let nothing = || Versioned { value: String::new(), version: Version(0) };
        match self.keys.get(key) {
            None if self.fault == Fault::ReadsMissingKeys => Some(nothing()),
            found => found.cloned(),
        }
    }

    fn put(&mut self, key: String, value: String, version: Version) -> Result<(), PutError> {
        if self.fault == Fault::KeepsAllValues {
            self.remembered.push(value.clone());
        }
        let Some(it) = self.keys.get_mut(&key) else {
            if version != Version(0) && self.fault != Fault::CreatesOverAnything {
                return Err(PutError::NoKey);
            }
            self.keys.insert(key, Versioned { value, version: Version(1) });
            return Ok(());
        };
        let again = it.version == version.next();
        match self.fault {
            Fault::PutsOverAnything => {}
            Fault::PutsAgain if again && it.value == value => {}
            Fault::AnswersAgain if again => return Ok(()),
            _ if it.version != version => {
                self.refused += 1;
                let accepts = self.fault == Fault::AcceptsAFourth && self.refused.is_multiple_of(4);
                return if accepts { Ok(()) } else { Err(PutError::Version) };
            }
            _ => {}
        }
        it.version = it.version.next();
        it.value = value;
        self.puts += 1;
        match self.fault {
            Fault::ShortVersions => it.version.0 %= 16,
            Fault::LosesAValue if self.puts == 5 => it.value = "lost".into(),
            Fault::LosesAKey if self.puts == 5 => drop(self.keys.remove(&key)),
            _ => {}
        }
        Ok(())
    }
}

impl StateMachine for Store {
    fn do_op(&mut self, request: &[u8]) -> Vec<u8> {
        let answer = self.answer(labgob::decode(request).expect("a request"));
        labgob::encode(&answer).expect("an answer")
    }

    fn snapshot(&self) -> Vec<u8> {
        let padding = "x".repeat(if self.fault == Fault::LongSnapshots { 600 } else { 0 });
        labgob::encode(&(&self.keys, padding)).expect("keys and a text")
    }

    fn restore(&mut self, snapshot: &[u8]) {
        let (keys, _): (BTreeMap<String, Versioned>, String) = labgob::decode(snapshot).expect("a snapshot");
        self.keys = keys;
        if self.fault == Fault::CountsTwice {
            self.keys.values_mut().for_each(|it| it.version.0 *= 2);
        }
    }
}
