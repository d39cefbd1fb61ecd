//! [`RsmEvent`]: the tester's observations of a replicated counter.

use labgob::Value;
use serde::Serialize;

use super::counter::Submitted;
use crate::event::{Interests, ProtocolEvent};

/// An observation of a replica of a counter.
pub(super) enum RsmEvent {
    /// The replica is about to execute a request. The tester has not judged that yet.
    Executes {
        /// The number of requests that its state holds, this one included.
        position: u64,
        what: Submitted,
    },
    /// A call of `submit` has returned.
    Returned {
        what: Submitted,
        /// The answer; `None`: "wrong leader".
        answer: Option<Vec<u8>>,
        /// The answer that the service gave to the request; `None`: no replica had executed it.
        right: Option<Vec<u8>>,
    },
}

#[derive(Serialize)]
struct Executes {
    position: u64,
    submit: u64,
}

#[derive(Serialize)]
struct Returned {
    submit: u64,
    is_answered: bool,
}

impl ProtocolEvent for RsmEvent {
    fn name(&self) -> &'static str {
        match self {
            Self::Executes { .. } => "executes",
            Self::Returned { .. } => "returned",
        }
    }

    fn class(&self) -> Interests {
        Interests::AGREEMENT
    }

    fn value(&self) -> Value {
        let value = match self {
            Self::Executes { position, what } => {
                Value::of(&Executes { position: *position, submit: what.number })
            }
            Self::Returned { what, answer, .. } => {
                Value::of(&Returned { submit: what.number, is_answered: answer.is_some() })
            }
        };
        value.expect("numbers can be encoded")
    }
}
