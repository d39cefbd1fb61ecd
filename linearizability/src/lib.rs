//! A linearizability checker: decides whether the answers that clients saw can be explained by one object
//! that executes one operation at a time.
//!
//! A [`History`] has the calls and returns of concurrent clients in the order in which they happened. It is
//! *linearizable* if each operation can be given a moment between its call and its return such that the
//! sequential object, executing the operations in the order of these moments, gives all the same answers.
//! [`check`] finds such an order or shows that there is none. The sequential object is a [`Model`]; this
//! crate has four: [`KeyValue`] (versioned puts), [`Text`] (puts and appends), [`Register`] and [`Lock`].
//!
//! ```
//! use std::time::Duration;
//!
//! use linearizability::{Budget, History, Register, RegisterInput, RegisterOutput, Verdict, check};
//!
//! let write = || RegisterInput::Write { name: "x".into(), value: "a".into() };
//! let read = || RegisterInput::Read { name: "x".into() };
//! let ms = Duration::from_millis;
//!
//! // The read overlaps the write, so it may return the old value, which is empty.
//! let mut history = History::new();
//! history.call(0, ms(1), write())?;
//! history.call(1, ms(2), read())?;
//! history.ret(1, ms(3), RegisterOutput::Value("".into()))?;
//! history.ret(0, ms(4), RegisterOutput::Done)?;
//! assert!(check(&Register, &history, Budget::default()).is_linearizable());
//!
//! // Client 1 reads once more, after the write has returned. Now the old value is wrong.
//! history.call(1, ms(5), read())?;
//! history.ret(1, ms(6), RegisterOutput::Value("".into()))?;
//! let Verdict::Violation(evidence) = check(&Register, &history, Budget::default()) else {
//!     panic!("a stale read is a violation");
//! };
//! assert_eq!(evidence.operation.client, 1);
//! // The write and the stale read contradict each other. The first read plays no part.
//! let core: Vec<usize> = evidence.core.iter().map(|operation| operation.position).collect();
//! assert_eq!(core, [0, 2]);
//! println!("{evidence}");
//! # Ok::<(), linearizability::HistoryError>(())
//! ```
//!
//! Clients that run concurrently write to a [`Recorder`]. A history of [`KeyValue`] always gets a verdict, in
//! little more than linear time. So does one of [`Text`] if its values tell which operations made each text
//! that was read. For all others there is a search, whose work is bounded by a [`Budget`] of steps and bytes,
//! never by time: the same history gets the same verdict on every machine. A search that exceeds its budget
//! is [`Verdict::Unknown`], which is not a pass.
//!
//! Not here: clocks, clients and networks. Times are plain [`Duration`](std::time::Duration)s for messages,
//! and only the order of events decides a verdict.
//!
//! To read the source, begin with `check`. `walk` decides histories of the key/value model, `appends` those
//! of texts, and `search` those of the others. `evidence` is the message of a failed test.

#![warn(missing_docs)]

mod appends;
mod by_prefix;
mod check;
mod contradiction;
mod display;
mod endings;
mod evidence;
mod history;
mod in_order;
mod key_value;
mod lock;
mod model;
mod moments;
mod orders;
mod pieces;
mod register;
mod search;
mod seen;
mod short;
mod shrink;
mod states;
mod text;
mod tree;
mod verdict;
mod versions;
mod walk;
mod zones;

pub use check::check;
pub use evidence::{DescribedOperation, Evidence, NoMoment, Prefix};
pub use history::{History, HistoryError, Operation, Recorder, TimedOperation};
pub use key_value::{KeyValue, KeyValueInput, KeyValueOutput, KeyValueState};
pub use lock::{Lock, LockInput, LockOutput};
pub use model::{Exact, Impossible, Interval, Model};
pub use register::{Register, RegisterInput, RegisterOutput};
pub use text::{Text, TextInput, TextOutput};
pub use verdict::{Budget, Spent, Verdict};
