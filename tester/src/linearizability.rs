//! Whether what clients saw can be explained by one object that does one thing at a time.
//!
//! A [`History`] is what clients asked and were answered, and when. It is linearizable if each operation can
//! be given a moment between its call and its return so that, in the order of these moments, a [`Model`] of
//! the object would have given all the same answers. [`check`] finds such an order or shows that there is
//! none:
//!
//! ```
//! use std::time::Duration;
//! use tester::linearizability::{Budget, History, KeyValue, KeyValueInput, KeyValueOutput, Verdict, check};
//!
//! let put = |value: &str, version| KeyValueInput::Put { key: "x".into(), value: value.into(), version };
//! let mut history = History::new();
//! history.call(0, Duration::from_millis(1), put("a", 0))?;
//! history.ret(0, Duration::from_millis(2), KeyValueOutput::Done)?;
//! history.call(1, Duration::from_millis(3), KeyValueInput::Get { key: "x".into() })?;
//! history.ret(1, Duration::from_millis(4), KeyValueOutput::NoKey)?;
//! match check(&KeyValue, &history, Budget::default()) {
//!     Verdict::Violation(evidence) => assert_eq!(evidence.operation.client, 1),
//!     other => panic!("{other}"),
//! }
//! # Ok::<(), tester::linearizability::HistoryError>(())
//! ```
//!
//! To see how a verdict comes about, begin with `check`, then read `search`; `versions` is why it is seldom
//! needed for the key/value service. What a failed test prints is `evidence`.

mod check;
mod evidence;
mod history;
mod in_order;
mod key_value;
mod lock;
mod model;
mod register;
mod search;
mod seen;
mod shrink;
mod states;
mod verdict;
mod versions;

pub use check::check;
pub use evidence::{Evidence, Prefix, Shown};
pub use history::{History, HistoryError, Operation, Recorder, Timed};
pub use key_value::{KeyValue, KeyValueInput, KeyValueOutput, KeyValueState};
pub use lock::{Lock, LockInput, LockOutput};
pub use model::{Interval, Model, Shortcut};
pub use register::{Register, RegisterInput, RegisterOutput};
pub use verdict::{Budget, Spent, Verdict};
