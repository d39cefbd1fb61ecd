//! The model of test results, and the parts that its writers share.
//!
//! - [`Results`]: many runs of some tests, with their failures and causes;
//! - [`likeness()`]: the text that failures of one cause have in common;
//! - [`TestReport`]: a test in a report, as the JUnit writer takes it.
//!
//! Each writer is in the crate that uses it: the terminal and `--json` in `lab`; Gradescope, HTML and the
//! table of scores in `staff`; JUnit here, for both.
//!
//! # Untrusted text
//!
//! A solution determines much of the text in a report: panic messages, log lines, names of threads and files,
//! compiler output. The command line and the grader write all of it through this crate.
//!
//! - [`text`]: text with every character visible, in several lines or in one, truncated where it is long;
//! - [`Output`]: the same for the output of a running process;
//! - [`junit`]: JUnit XML from arbitrary text;
//! - [`shell`]: paths in commands that messages suggest;
//! - [`within`]: files below a size limit.

pub mod junit;
mod likeness;
mod output;
pub mod results;
mod rule_lines;
pub mod shell;
mod size;
mod test_report;
pub mod text;

pub use likeness::likeness;
pub use output::Output;
pub use results::Results;
pub use size::{Detail, within};
pub use test_report::{FailureReport, TestReport};
