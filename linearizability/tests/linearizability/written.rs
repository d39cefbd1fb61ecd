//! Histories as they are drawn: one line a client, time from left to right.

use std::time::Duration;

use linearizability::{History, KeyValueInput, KeyValueOutput};

use crate::random::KeyValueHistory;

/// `Get(x)`.
pub fn get() -> KeyValueInput {
    KeyValueInput::Get { key: "x".into() }
}

/// `Put(x, value, version)`.
pub fn put(value: &str, version: u64) -> KeyValueInput {
    KeyValueInput::Put { key: "x".into(), value: value.into(), version }
}

/// The answer to a `Get`.
pub fn value(value: &str, version: u64) -> KeyValueOutput {
    KeyValueOutput::Value { value: value.into(), version }
}

/// An event of a history, one each millisecond, the first at 1 ms.
pub enum Event {
    Call(u32, KeyValueInput),
    Return(u32, KeyValueOutput),
    GiveUp(u32),
}

pub fn history(events: Vec<Event>) -> KeyValueHistory {
    let mut history = History::new();
    for (at, event) in (1..).zip(events) {
        let at = Duration::from_millis(at);
        match event {
            Event::Call(client, input) => history.call(client, at, input).unwrap(),
            Event::Return(client, output) => history.ret(client, at, output).unwrap(),
            Event::GiveUp(client) => history.give_up(client),
        }
    }
    history
}

/// Operations one after the other, each by itself.
pub fn sequence(operations: Vec<(KeyValueInput, KeyValueOutput)>) -> KeyValueHistory {
    let events =
        operations.into_iter().flat_map(|(input, output)| [Event::Call(0, input), Event::Return(0, output)]);
    history(events.collect())
}
