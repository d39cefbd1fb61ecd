//! [`LoggedClerk`]: a solution's clerk, and everything that it was asked and has answered.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use labapi::{Clerk, PutError, Version, Versioned};
use labrt::world::{FailureKind, World};

use crate::linearizability::{HistoryError, KeyValue, KeyValueInput, KeyValueOutput, Model, Recorder};
use crate::oracle::{Outcome, Watch};

/// A clerk that notes each operation in the history of the test, the moment before it begins and the moment after it
/// has ended.
pub(super) struct LoggedClerk {
    pub clerk: Arc<dyn Clerk>,
    pub number: u32,
    pub world: World,
    pub history: Arc<Recorder<KeyValueInput, KeyValueOutput>>,
    pub watch: Arc<Watch>,
    /// How many puts have been done, or may have been.
    pub puts: AtomicU64,
}

impl LoggedClerk {
    fn call(&self, input: KeyValueInput) {
        self.world.note("tester", || format!("client {}: {}", self.number, KeyValue.describe_input(&input)));
        self.must_be_noted(self.history.call(self.number, self.world.now(), input));
        self.watch.operation_begins(self.number);
    }

    #[track_caller]
    fn ret(&self, what: &str, output: KeyValueOutput) {
        self.world
            .note("tester", || format!("client {}: {}", self.number, KeyValue.describe_output(&output)));
        let outcome = if output == KeyValueOutput::Done { Outcome::Done } else { Outcome::Told };
        self.watch.operation_ends(self.number, what, outcome);
        self.history.ret(self.number, self.world.now(), output).expect("the call was noted");
    }

    /// A clerk serves one thread at a time. A lock that uses the one that it was given in several breaks that.
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
        self.ret(
            "put",
            match answer {
                Ok(()) => KeyValueOutput::Done,
                Err(PutError::NoKey) => KeyValueOutput::NoKey,
                Err(PutError::Version) => KeyValueOutput::WrongVersion,
                Err(PutError::Maybe) => KeyValueOutput::Maybe,
            },
        );
        answer
    }
}
