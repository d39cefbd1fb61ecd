//! The model of results, and what its writers have in common.
//!
//! - [`Results`]: many runs of some tests, with their failures and causes;
//! - [`likeness`]: the text that failures of one cause have in common;
//! - [`TestReport`]: a test in a report, as the JUnit writer takes it.
//!
//! The writers are where their readers are: the terminal and `--json` in `lab`, Gradescope, HTML and the table of
//! scores in `staff`, JUnit here for both.
//!
//! # Text that is not trusted
//!
//! A solution has a say in much that is told of it: messages of panics, log lines, names of threads and
//! files, what the compiler quotes. The command line and the grader write all of it through this crate.
//!
//! - [`text`]: text with every character visible, in several lines or in one, cut where it is long;
//! - [`Output`]: the same of what a process prints while it runs;
//! - [`junit`]: JUnit XML, whatever its texts are;
//! - [`within`]: files that stay below a size.

pub mod junit;
mod likeness;
mod output;
pub mod results;
mod size;
mod test_report;
pub mod text;

pub use likeness::likeness;
pub use output::Output;
pub use results::Results;
pub use size::{Detail, within};
pub use test_report::{FailureReport, TestReport};
