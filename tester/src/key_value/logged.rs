//! [`LoggedClerk`]: a solution's clerk whose operations are recorded.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use labapi::{Clerk, PutError, Version, Versioned};
use labrt::world::{FailureKind, World};

use crate::event::{EventStream, Group, Kind, Party};
use crate::linearizability::{HistoryError, KeyValue, KeyValueInput, KeyValueOutput, Model, Recorder};

/// A clerk that records each operation in the history of the test, immediately before it begins and
/// immediately after it has ended.
pub(super) struct LoggedClerk {
    pub clerk: Arc<dyn Clerk>,
    pub number: u32,
    pub world: World,
    pub history: Arc<Recorder<KeyValueInput, KeyValueOutput>>,
    pub events: Arc<EventStream>,
    pub group: Group,
    /// The number of puts that have been done, or may have been.
    pub puts: AtomicU64,
}

/// A description that is made when it is printed.
struct Described<F>(F);

impl<F: Fn() -> String> fmt::Display for Described<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&(self.0)())
    }
}

impl LoggedClerk {
    fn call(&self, input: KeyValueInput) {
        self.world.note("tester", || format!("client {}: {}", self.number, KeyValue.describe_input(&input)));
        self.must_be_noted(self.history.call(self.number, self.world.now(), input.clone()));
        let operation = &Described(|| KeyValue.describe_input(&input));
        let kind = Kind::OperationBegan { operation, input: &input };
        self.events.emit(Some(self.group), Party::Client(self.number), kind);
    }

    #[track_caller]
    fn ret(&self, what: &str, output: KeyValueOutput) {
        self.world
            .note("tester", || format!("client {}: {}", self.number, KeyValue.describe_output(&output)));
        let done = output == KeyValueOutput::Done;
        let answer = &Described(|| KeyValue.describe_output(&output));
        self.events.emit(
            Some(self.group),
            Party::Client(self.number),
            Kind::OperationEnded { what, done, answer, output: &output },
        );
        self.history.ret(self.number, self.world.now(), output).expect("the call was noted");
    }

    /// Expects that the call could be recorded: a clerk serves one thread at a time, and a lock may use the
    /// one that it was given in several.
    #[track_caller]
    fn must_be_noted(&self, noted: Result<(), HistoryError>) {
        if let Err(error) = noted {
            self.world.fail(
                FailureKind::Assertion,
                format!("expected a clerk to be used by one thread at a time; saw that {error}"),
            );
        }
    }
}

impl Clerk for LoggedClerk {
    fn get(&self, key: &str) -> Option<Versioned> {
        self.call(KeyValueInput::Get { key: key.into() });
        let answer = self.clerk.get(key);
        self.ret(
            "get",
            match &answer {
                Some(Versioned { value, version }) => {
                    KeyValueOutput::Value { value: value.as_str().into(), version: version.0 }
                }
                None => KeyValueOutput::NoKey,
            },
        );
        answer
    }

    fn put(&self, key: &str, value: &str, version: Version) -> Result<(), PutError> {
        self.call(KeyValueInput::Put { key: key.into(), value: value.into(), version: version.0 });
        let answer = self.clerk.put(key, value, version);
        if matches!(answer, Ok(()) | Err(PutError::Maybe)) {
            self.puts.fetch_add(1, Ordering::Relaxed);
        }
        self.ret("put", put_output(answer));
        answer
    }
}

/// The answer of a put as it is recorded.
pub(crate) fn put_output(answer: Result<(), PutError>) -> KeyValueOutput {
    match answer {
        Ok(()) => KeyValueOutput::Done,
        Err(PutError::NoKey) => KeyValueOutput::NoKey,
        Err(PutError::Version) => KeyValueOutput::WrongVersion,
        Err(PutError::Maybe) => KeyValueOutput::Maybe,
    }
}
