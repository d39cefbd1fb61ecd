//! [`Unrecorded`]: puts that invariants and analyses see, and that are not kept in the history of the test.

use std::sync::Arc;

use labapi::{Clerk, PutError, Version};

use super::{Client, KeyValueProtocol, put_output};
use crate::display::outcome;
use crate::event::{EventStream, Group, Kind, Party};
use crate::linearizability::KeyValueInput;

/// Puts of a client through clerks of its own, see [`Client::more_clerks`]. They need no memory in the test,
/// so that the memory of the servers can be counted.
#[derive(Clone)]
pub(crate) struct Unrecorded {
    events: Arc<EventStream>,
    group: Group,
    client: u32,
}

impl Unrecorded {
    pub fn of<P: KeyValueProtocol>(client: &Client<P>) -> Self {
        let inner = &client.cluster().inner;
        Self { events: Arc::clone(&inner.testbed.events), group: inner.group, client: client.number() }
    }

    /// Puts a value, on a thread of the client.
    pub fn put(&self, clerk: &dyn Clerk, key: &str, value: &str, version: Version) -> Result<(), PutError> {
        let input = &KeyValueInput::Put { key: key.into(), value: value.into(), version: version.0 };
        self.emit(Kind::OperationBegan { operation: &"Put", input });
        let answer = clerk.put(key, value, version);
        let (done, answered, output) = (answer.is_ok(), &outcome(answer), &put_output(answer));
        self.emit(Kind::OperationEnded { what: "put", done, answer: answered, output });
        answer
    }

    fn emit(&self, kind: Kind<'_>) {
        self.events.emit(Some(self.group), Party::Client(self.client), kind);
    }
}
