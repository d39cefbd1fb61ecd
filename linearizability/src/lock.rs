//! [`Lock`]: at most one client holds it.

use std::sync::Arc;

use crate::model::Model;

/// Locks by name. At first nobody holds one.
#[derive(Clone, Copy, Debug, Default)]
pub struct Lock;

/// A request to a lock.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum LockInput {
    /// Acquires the lock. Returns when the client holds it.
    Acquire {
        /// The lock's name.
        name: Arc<str>,
        /// The client that will hold it.
        client: u32,
    },
    /// Acquires the lock if nobody holds it.
    TryAcquire {
        /// The lock's name.
        name: Arc<str>,
        /// The client that will hold it.
        client: u32,
    },
    /// Releases the lock.
    Release {
        /// The lock's name.
        name: Arc<str>,
        /// The client that holds it.
        client: u32,
    },
}

/// An answer of a lock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LockOutput {
    /// Done.
    Done,
    /// The answer to `TryAcquire` if somebody holds the lock, possibly the client itself.
    Held,
}

impl Model for Lock {
    type Key = Arc<str>;
    type Input = LockInput;
    type Output = LockOutput;
    /// The client that holds the lock.
    type State = Option<u32>;

    fn key(&self, input: &LockInput) -> Arc<str> {
        match input {
            LockInput::Acquire { name, .. }
            | LockInput::TryAcquire { name, .. }
            | LockInput::Release { name, .. } => Arc::clone(name),
        }
    }

    fn init(&self) -> Option<u32> {
        None
    }

    fn step(
        &self,
        holder: &Option<u32>,
        input: &LockInput,
        output: Option<&LockOutput>,
    ) -> Option<Option<u32>> {
        match (input, output) {
            (LockInput::Acquire { client, .. }, None | Some(LockOutput::Done)) => {
                holder.is_none().then_some(Some(*client))
            }
            (LockInput::TryAcquire { client, .. }, _) => match (holder, output) {
                (None, None | Some(LockOutput::Done)) => Some(Some(*client)),
                (Some(_), None | Some(LockOutput::Held)) => Some(*holder),
                _ => None,
            },
            (LockInput::Release { client, .. }, None | Some(LockOutput::Done)) => {
                (*holder == Some(*client)).then_some(None)
            }
            (_, Some(LockOutput::Held)) => None,
        }
    }

    fn only_reads(&self, input: &LockInput, output: Option<&LockOutput>) -> bool {
        matches!((input, output), (LockInput::TryAcquire { .. }, Some(LockOutput::Held)))
    }

    fn describe_input(&self, input: &LockInput) -> String {
        match input {
            LockInput::Acquire { name, client } => format!("Acquire({name}, by {client})"),
            LockInput::TryAcquire { name, client } => format!("TryAcquire({name}, by {client})"),
            LockInput::Release { name, client } => format!("Release({name}, by {client})"),
        }
    }

    fn describe_output(&self, output: &LockOutput) -> String {
        match output {
            LockOutput::Done => "Ok".to_owned(),
            LockOutput::Held => "held".to_owned(),
        }
    }

    fn describe_state(&self, holder: &Option<u32>) -> String {
        match holder {
            None => "free".to_owned(),
            Some(client) => format!("held by client {client}"),
        }
    }

    fn allowed(&self, holder: &Option<u32>, input: &LockInput) -> String {
        match (input, holder) {
            (LockInput::Acquire { .. } | LockInput::TryAcquire { .. }, None) => "Ok".to_owned(),
            (LockInput::Acquire { .. }, Some(_)) => "no return".to_owned(),
            (LockInput::TryAcquire { .. }, Some(_)) => "held".to_owned(),
            (LockInput::Release { client, .. }, _) if *holder == Some(*client) => "Ok".to_owned(),
            (LockInput::Release { .. }, _) => "nothing: only who holds it may release it".to_owned(),
        }
    }
}
