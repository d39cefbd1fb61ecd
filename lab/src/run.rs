//! Simulations in parallel, in worker processes that may die.
//!
//! A solution under test can abort its process, overflow its stack or never return. So no simulation runs in
//! the process that the user started. That process starts *workers*, copies of itself, and sends them one run
//! after another over a socket. A worker that dies or hangs is replaced, and its current run is reported as
//! failed.
//!
//! A run that failed is repeated, watched, for the rules that it broke. Its report has arrived before, so the
//! repetition can explain the verdict and cannot change it.
//!
//! - `plan`: the runs, in order;
//! - [`pool`]: carries out a plan, and delivers results in the plan's order;
//! - `settled`: failures that need no further explanation;
//! - `supervisor`: runs one worker at a time, and replaces it when it dies;
//! - `process`: a worker as its parent has it: the process, the socket, the output;
//! - `run_clock`: the CPU time and real time of a worker's current run;
//! - `protocol`: the messages on the socket;
//! - [`worker`]: the worker's end of the socket;
//! - [`EventFile`]: the events of a run, as a file;
//! - [`OutlineFolder`]: the outlines of the events of several runs;
//! - `event_lines`: the lines of that file, as the worker sends them;
//! - `key`: the key that authenticates a report;
//! - `log_stream`: sends a run's log to the parent during the run;
//! - `lost`: the failure of a run whose worker died or hung.

mod event_file;
mod event_lines;
mod key;
mod log_stream;
mod lost;
mod outline_folder;
mod plan;
pub mod pool;
mod process;
mod protocol;
mod run_clock;
mod settled;
mod supervisor;
pub mod worker;

pub use event_file::{EventFile, Events, Header};
pub use lost::Lost;
pub use outline_folder::OutlineFolder;
pub use plan::{Job, Plan};
pub use pool::{Analyse, Observer, Outcome, PATIENCE, Record, Run, Settings};
pub use process::{Output, Starter};
