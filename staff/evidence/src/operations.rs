//! [`Operations`]: the history of the clients of a service is linearizable.

mod gathered;
mod key_value;
mod text;

use tester::Case;
use tester::linearizability::{KeyValue, Text};

use super::event::{Event, Parties};
use super::flaw::Flaw;
use gathered::Gathered;

/// The crate of the service whose operations are those of [`Text`].
const WITH_APPENDS: &str = "kvappend";

/// The operations of all clients of the service of a test.
pub(super) enum Operations {
    /// Keys with values and versions.
    KeyValue(Gathered<KeyValue>),
    /// Keys with texts, to which clients append.
    Text(Gathered<Text>),
}

impl Operations {
    pub(super) fn of(case: &Case) -> Self {
        match case.needs.last() {
            Some(&WITH_APPENDS) => Self::Text(Gathered::default()),
            _ => Self::KeyValue(Gathered::default()),
        }
    }

    pub(super) fn on(&mut self, event: &Event<'_>, parties: &Parties) -> Result<(), Flaw> {
        match self {
            Self::KeyValue(gathered) => gathered.on(event, parties),
            Self::Text(gathered) => gathered.on(event, parties),
        }
    }

    /// The least and the greatest number of operations that the report can have; `None` if there are some of
    /// which the test keeps no history, and which the report does not count one by one.
    pub(super) fn reported(&self) -> Option<(u64, u64)> {
        match self {
            Self::KeyValue(gathered) => gathered.reported(),
            Self::Text(gathered) => gathered.reported(),
        }
    }

    /// Checks the history. Returns the number of operations that have ended.
    pub(super) fn at_end(self) -> Result<u64, Flaw> {
        match self {
            Self::KeyValue(gathered) => gathered.at_end(),
            Self::Text(gathered) => gathered.at_end(),
        }
    }
}
