//! TiKV's Raft library, [raft-rs](https://github.com/tikv/raft-rs), behind [`labapi::Raft`], so that the
//! course's tests can test it.
//!
//! The library is a state machine: it is told of ticks, messages and proposals, and says what to save, to
//! send and to apply. The adapter gives it what it lacks: time, threads, storage and a network.
//!
//! | module | what it adds |
//! | --- | --- |
//! | `peer` | the interface of the lab, the threads, and the RPC that carries the library's messages |
//! | `node` | the library's state machine, and the work that it asks for |
//! | `log` | the library's storage: entries and snapshot, saved through a `Persister` |
//! | `index_map` | the library's indices as those of the course, and back |
//! | `logger` | the library's log lines, for the `log` crate |
//!
//! One lock guards the state machine. Whoever changes it also carries out what follows, in the order that the
//! library demands: save, then send. Nothing waits for another server under the lock.
//!
//! # Indices
//!
//! A leader of the library begins its term with an empty entry (the paper's §8). The course does not count
//! it: the first command of all has index 1. So there are two indices. The *raft index* counts all entries;
//! it is used in the library's messages and in the log. The *command index* counts the commands alone, and is
//! the one that the lab's interface knows. A snapshot carries both.

#![warn(missing_docs)]

mod index_map;
mod log;
mod logger;
mod node;
mod peer;

pub use peer::{SOLUTION, make};
