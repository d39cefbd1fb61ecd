//! [`RecordedInput`] and [`RecordedOutput`]: an operation of a client, and its answer, of a known service.

use std::any::Any;
use std::sync::Arc;

use crate::linearizability::{KeyValueInput, KeyValueOutput, TextInput, TextOutput};

/// An operation of a client that was kept.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RecordedInput {
    /// Of the key/value service of labs 2, 4 and 5.
    KeyValue(KeyValueInput),
    /// Of the key/value service with appends, lab 4 before 2025.
    Text(TextInput),
}

/// The answer to an operation of a client that was kept.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RecordedOutput {
    /// Of the key/value service of labs 2, 4 and 5.
    KeyValue(KeyValueOutput),
    /// Of the key/value service with appends, lab 4 before 2025.
    Text(TextOutput),
}

impl RecordedInput {
    /// A copy that shares no memory with the operation: that is memory of the run, which tests may measure.
    /// `None` if the service is an unknown one.
    pub(super) fn of(input: &dyn Any) -> Option<Self> {
        let of_text = |input| Self::Text(copy_of_text(input));
        input.downcast_ref().map(copy_of_key_value).or_else(|| input.downcast_ref().map(of_text))
    }
}

impl RecordedOutput {
    /// A copy that shares no memory with the answer; `None` if the service is an unknown one.
    pub(super) fn of(output: &dyn Any) -> Option<Self> {
        if let Some(output) = output.downcast_ref() {
            return Some(Self::KeyValue(match output {
                KeyValueOutput::Value { value, version } => {
                    KeyValueOutput::Value { value: copy(value), version: *version }
                }
                other => other.clone(),
            }));
        }
        output.downcast_ref().map(|output| {
            Self::Text(match output {
                TextOutput::Value(text) => TextOutput::Value(copy(text)),
                TextOutput::Done => TextOutput::Done,
            })
        })
    }
}

fn copy_of_key_value(input: &KeyValueInput) -> RecordedInput {
    RecordedInput::KeyValue(match input {
        KeyValueInput::Get { key } => KeyValueInput::Get { key: copy(key) },
        KeyValueInput::Put { key, value, version } => {
            KeyValueInput::Put { key: copy(key), value: copy(value), version: *version }
        }
    })
}

fn copy_of_text(input: &TextInput) -> TextInput {
    match input {
        TextInput::Get { key } => TextInput::Get { key: copy(key) },
        TextInput::Put { key, value } => TextInput::Put { key: copy(key), value: copy(value) },
        TextInput::Append { key, value } => TextInput::Append { key: copy(key), value: copy(value) },
    }
}

fn copy(text: &Arc<str>) -> Arc<str> {
    Arc::from(&**text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operations_of_known_services_are_copied() {
        let key: Arc<str> = "x".into();
        let input = TextInput::Append { key: Arc::clone(&key), value: Arc::clone(&key) };
        assert_eq!(RecordedInput::of(&input), Some(RecordedInput::Text(input.clone())));
        let output = TextOutput::Value(Arc::clone(&key));
        assert_eq!(RecordedOutput::of(&output), Some(RecordedOutput::Text(output.clone())));
        let put = KeyValueInput::Put { key: Arc::clone(&key), value: Arc::clone(&key), version: 1 };
        assert_eq!(RecordedInput::of(&put), Some(RecordedInput::KeyValue(put.clone())));
        let value = KeyValueOutput::Value { value: Arc::clone(&key), version: 1 };
        assert_eq!(RecordedOutput::of(&value), Some(RecordedOutput::KeyValue(value.clone())));
        assert_eq!((RecordedInput::of(&1), RecordedOutput::of(&1)), (None, None));
    }

    #[test]
    fn copies_share_no_memory() {
        let key: Arc<str> = "x".into();
        let kept = RecordedInput::of(&TextInput::Get { key: Arc::clone(&key) });
        assert_eq!(Arc::strong_count(&key), 1);
        drop(kept);
    }
}
