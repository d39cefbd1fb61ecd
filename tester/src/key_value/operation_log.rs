//! [`OperationLog`]: the record of a client's operations.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use labrt::world::{FailureKind, World};

use super::ServiceModel;
use crate::event::{EventStream, Group, Kind, Party};
use crate::linearizability::{HistoryError, Recorder};

/// Records each operation of a client in the history of the test and in the stream of events, immediately
/// before it begins and immediately after it has ended.
pub struct OperationLog<M: ServiceModel> {
    pub(super) client: u32,
    pub(super) world: World,
    pub(super) history: Arc<Recorder<M::Input, M::Output>>,
    pub(super) events: Arc<EventStream>,
    pub(super) group: Group,
    /// The number of changes that have been done, or may have been.
    pub(super) changes: Arc<AtomicU64>,
}

/// A description that is made when it is printed.
struct Described<F>(F);

impl<F: Fn() -> String> fmt::Display for Described<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&(self.0)())
    }
}

impl<M: ServiceModel> OperationLog<M> {
    /// The client's clerk is about to be called.
    pub(crate) fn call(&self, input: M::Input) {
        let model = M::default();
        self.world.note("tester", || format!("client {}: {}", self.client, model.describe_input(&input)));
        self.must_be_noted(self.history.call(self.client, self.world.now(), input.clone()));
        let operation = &Described(|| model.describe_input(&input));
        let kind = Kind::OperationBegan { operation, input: &input };
        self.events.emit(Some(self.group), Party::Client(self.client), kind);
    }

    /// The client's clerk has returned. `done` says whether something has certainly changed.
    #[track_caller]
    pub(crate) fn ret(&self, what: &str, done: bool, output: M::Output) {
        let model = M::default();
        self.world.note("tester", || format!("client {}: {}", self.client, model.describe_output(&output)));
        let answer = &Described(|| model.describe_output(&output));
        self.events.emit(
            Some(self.group),
            Party::Client(self.client),
            Kind::OperationEnded { what, done, answer, output: &output },
        );
        self.history.ret(self.client, self.world.now(), output).expect("the call was noted");
    }

    /// Counts a change that has been done, or may have been.
    pub(crate) fn count_change(&self) {
        self.changes.fetch_add(1, Ordering::Relaxed);
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
