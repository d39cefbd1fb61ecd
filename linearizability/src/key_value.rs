//! [`KeyValue`]: keys with values and versions, as the course's key/value service keeps them.

use std::sync::Arc;

use crate::model::{Exact, Interval, Model};
use crate::short::Short;
use crate::versions::Versions;

/// The versioned key/value service of the course (2025).
///
/// A key has a value and a version, or does not exist, which is version 0. `Put(key, value, version)` changes
/// the value if the version is the key's, and increments the version; with version 0 it creates the key. The
/// whole answer is compared: value, version and error, of `Get` and of `Put`.
#[derive(Clone, Copy, Debug, Default)]
pub struct KeyValue;

/// A request to the service.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum KeyValueInput {
    /// Reads the value and version of a key.
    Get {
        /// The key.
        key: Arc<str>,
    },
    /// Changes the value of a key, if `version` is the key's.
    Put {
        /// The key.
        key: Arc<str>,
        /// The new value.
        value: Arc<str>,
        /// The key's version as the client believes it to be; 0 to create the key.
        version: u64,
    },
}

/// An answer of the service.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum KeyValueOutput {
    /// The answer to `Get` for a key that exists.
    Value {
        /// The value.
        value: Arc<str>,
        /// The version, 1 or more.
        version: u64,
    },
    /// The answer to `Put`: done.
    Done,
    /// The key does not exist. To `Put` with version 0 this is never right.
    NoKey,
    /// The answer to `Put`: the key exists, with another version.
    WrongVersion,
    /// The answer of a clerk to `Put`: done before the return, or never.
    Maybe,
}

/// Value and version of a key; `None` while it does not exist.
pub type KeyValueState = Option<(Arc<str>, u64)>;

impl Model for KeyValue {
    type Key = Arc<str>;
    type Input = KeyValueInput;
    type Output = KeyValueOutput;
    type State = KeyValueState;

    fn key(&self, input: &KeyValueInput) -> Arc<str> {
        match input {
            KeyValueInput::Get { key } | KeyValueInput::Put { key, .. } => Arc::clone(key),
        }
    }

    fn init(&self) -> KeyValueState {
        None
    }

    fn step(
        &self,
        state: &KeyValueState,
        input: &KeyValueInput,
        output: Option<&KeyValueOutput>,
    ) -> Option<KeyValueState> {
        match input {
            KeyValueInput::Get { .. } => {
                let right = match (output, state) {
                    (None, _) | (Some(KeyValueOutput::NoKey), None) => true,
                    (Some(KeyValueOutput::Value { value, version }), Some((stored, current))) => {
                        value == stored && version == current
                    }
                    _ => false,
                };
                right.then(|| state.clone())
            }
            KeyValueInput::Put { value, version, .. } => {
                let current = state.as_ref().map_or(0, |(_, version)| *version);
                let answer = match (state, *version == current) {
                    (_, true) => KeyValueOutput::Done,
                    (None, false) => KeyValueOutput::NoKey,
                    (Some(_), false) => KeyValueOutput::WrongVersion,
                };
                let right = match output {
                    None => true,
                    // With this answer, the operation has an effect here or it has none at all.
                    Some(KeyValueOutput::Maybe) => answer == KeyValueOutput::Done,
                    Some(output) => *output == answer,
                };
                if !right {
                    return None;
                }
                if answer != KeyValueOutput::Done {
                    return Some(state.clone());
                }
                Some(Some((Arc::clone(value), current.checked_add(1)?)))
            }
        }
    }

    fn may_be_lost(&self, input: &KeyValueInput, output: &KeyValueOutput) -> bool {
        matches!((input, output), (KeyValueInput::Put { .. }, KeyValueOutput::Maybe))
    }

    fn only_reads(&self, input: &KeyValueInput, output: Option<&KeyValueOutput>) -> bool {
        matches!(input, KeyValueInput::Get { .. })
            || matches!(output, Some(KeyValueOutput::NoKey | KeyValueOutput::WrongVersion))
    }

    fn state_bytes(&self, state: &KeyValueState) -> usize {
        // The value itself belongs to the history; a state only refers to it.
        size_of_val(state)
    }

    fn describe_input(&self, input: &KeyValueInput) -> String {
        match input {
            KeyValueInput::Get { key } => format!("Get({key})"),
            KeyValueInput::Put { key, value, version } => {
                format!("Put({key}, {}, version {version})", Short(value))
            }
        }
    }

    fn describe_output(&self, output: &KeyValueOutput) -> String {
        match output {
            KeyValueOutput::Value { value, version } => format!("{}, version {version}", Short(value)),
            KeyValueOutput::Done => "Ok".to_owned(),
            KeyValueOutput::NoKey => "ErrNoKey".to_owned(),
            KeyValueOutput::WrongVersion => "ErrVersion".to_owned(),
            KeyValueOutput::Maybe => "ErrMaybe".to_owned(),
        }
    }

    fn describe_state(&self, state: &KeyValueState) -> String {
        match state {
            None => "missing".to_owned(),
            Some((value, version)) => format!("{}, version {version}", Short(value)),
        }
    }

    fn allowed(&self, state: &KeyValueState, input: &KeyValueInput) -> String {
        let output = match (input, state) {
            (KeyValueInput::Get { .. }, Some((value, version))) => {
                KeyValueOutput::Value { value: Arc::clone(value), version: *version }
            }
            (KeyValueInput::Get { .. }, None) => KeyValueOutput::NoKey,
            (KeyValueInput::Put { version: 0, .. }, None) => KeyValueOutput::Done,
            (KeyValueInput::Put { .. }, None) => KeyValueOutput::NoKey,
            (KeyValueInput::Put { version, .. }, Some((_, current))) if version == current => {
                KeyValueOutput::Done
            }
            (KeyValueInput::Put { .. }, Some(_)) => KeyValueOutput::WrongVersion,
        };
        self.describe_output(&output)
    }

    fn exact<'a>(
        &self,
        operations: &'a [Interval<'a, KeyValueInput, KeyValueOutput>],
    ) -> Option<Box<dyn Exact<'a> + 'a>> {
        Some(Box::new(Versions::new(operations)))
    }
}
