//! [`Register`]: one value, to read and to write.

use std::sync::Arc;

use crate::model::Model;

/// Registers by name. Each holds a text, initially the empty one.
#[derive(Clone, Copy, Debug, Default)]
pub struct Register;

/// A request to a register.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum RegisterInput {
    /// Reads the value.
    Read {
        /// The register's name.
        name: Arc<str>,
    },
    /// Replaces the value.
    Write {
        /// The register's name.
        name: Arc<str>,
        /// The new value.
        value: Arc<str>,
    },
}

/// An answer of a register.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum RegisterOutput {
    /// The answer to `Read`.
    Value(Arc<str>),
    /// The answer to `Write`.
    Done,
    /// The answer to `Write`: done before the return, or never.
    Maybe,
}

impl Model for Register {
    type Key = Arc<str>;
    type Input = RegisterInput;
    type Output = RegisterOutput;
    type State = Arc<str>;

    fn key(&self, input: &RegisterInput) -> Arc<str> {
        match input {
            RegisterInput::Read { name } | RegisterInput::Write { name, .. } => Arc::clone(name),
        }
    }

    fn init(&self) -> Arc<str> {
        Arc::default()
    }

    fn step(
        &self,
        state: &Arc<str>,
        input: &RegisterInput,
        output: Option<&RegisterOutput>,
    ) -> Option<Arc<str>> {
        match (input, output) {
            (RegisterInput::Read { .. }, None) => Some(Arc::clone(state)),
            (RegisterInput::Read { .. }, Some(RegisterOutput::Value(value))) => {
                (value == state).then(|| Arc::clone(state))
            }
            (
                RegisterInput::Write { value, .. },
                None | Some(RegisterOutput::Done | RegisterOutput::Maybe),
            ) => Some(Arc::clone(value)),
            _ => None,
        }
    }

    fn may_be_lost(&self, _: &RegisterInput, output: &RegisterOutput) -> bool {
        *output == RegisterOutput::Maybe
    }

    fn only_reads(&self, input: &RegisterInput, _: Option<&RegisterOutput>) -> bool {
        matches!(input, RegisterInput::Read { .. })
    }

    fn describe_input(&self, input: &RegisterInput) -> String {
        match input {
            RegisterInput::Read { name } => format!("Read({name})"),
            RegisterInput::Write { name, value } => format!("Write({name}, {value:?})"),
        }
    }

    fn describe_output(&self, output: &RegisterOutput) -> String {
        match output {
            RegisterOutput::Value(value) => format!("{value:?}"),
            RegisterOutput::Done => "Ok".to_owned(),
            RegisterOutput::Maybe => "Maybe".to_owned(),
        }
    }

    fn describe_state(&self, state: &Arc<str>) -> String {
        format!("{state:?}")
    }

    fn allowed(&self, state: &Arc<str>, input: &RegisterInput) -> String {
        match input {
            RegisterInput::Read { .. } => format!("{state:?}"),
            RegisterInput::Write { .. } => "Ok".to_owned(),
        }
    }
}
