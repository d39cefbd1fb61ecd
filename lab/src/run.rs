//! Simulations side by side, in processes that may die.
//!
//! A solution under test can abort its process, overflow its stack or never return. So no
//! simulation runs in the process that the user started: it starts *workers*, copies of itself,
//! and hands them one run after another over a socket. Who dies or hangs is replaced, and the run
//! it was at is reported as what it is.
//!
//! - [`plan`]: which runs there are, in which order;
//! - [`pool`]: all of them run, results in that order whatever the order in which they end;
//! - `supervisor`: looks after one worker at a time;
//! - `process`: a worker as its parent sees it: the process, the socket, what it prints;
//! - `running`: how long a worker's process has been at it;
//! - `protocol`: what goes over the socket;
//! - [`worker`]: the other end of it;
//! - `key`: what a report must have to be taken for one;
//! - `lines`: how it tells of a run's log while the run goes on;
//! - `lost`: what the end of a process says about the run that it was at.

mod key;
mod lines;
mod lost;
mod plan;
pub mod pool;
mod process;
mod protocol;
mod running;
mod supervisor;
pub mod worker;

pub use lost::Lost;
pub use plan::{Job, Plan};
pub use pool::{Observer, Outcome, PATIENCE, Record, Run, Settings};
pub use process::{Output, Starter};
