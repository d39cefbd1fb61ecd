//! What is written for people and programs about code that is not trusted.
//!
//! A solution has a say in much that is told of it: messages of panics, log lines, names of threads and
//! files, what the compiler quotes. The command line and the grader write all of it through this crate.
//!
//! - [`text`]: text with every character visible, in several lines or in one, cut where it is long;
//! - [`Output`]: the same of what a process prints while it runs;
//! - [`junit`]: JUnit XML, whatever its texts are;
//! - [`within`]: files that stay below a size.

pub mod junit;
mod output;
mod size;
pub mod text;

pub use output::Output;
pub use size::{Detail, within};
