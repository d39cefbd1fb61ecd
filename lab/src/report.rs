//! The results: counted, grouped and written.
//!
//! - `summary`: the counts, updated with each run, so that a thousand runs take no more memory than one;
//! - `causes`: failures grouped by their cause;
//! - `terminal`, [`json`], `junit`: the three forms of the results;
//! - `coverage`: the situations that runs came to;
//! - `rule`: a broken rule, as a terminal shows it;
//! - `log_line`: a line of a run's log, as a terminal shows it;
//! - [`files`]: the files for results, opened before the runs and replaced while they go on.

pub(crate) mod causes;
pub(crate) mod coverage;
pub mod failure;
pub mod files;
pub mod json;
pub(crate) mod junit;
pub(crate) mod log_line;
pub(crate) mod paint;
pub(crate) mod rule;
#[cfg(test)]
pub(crate) mod sample;
pub(crate) mod summary;
pub(crate) mod terminal;
