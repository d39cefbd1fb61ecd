//! What becomes of the results.
//!
//! - [`summary`]: counted as they arrive, so that a thousand runs take no more memory than one;
//! - [`causes`]: failures that are the same failure again;
//! - [`terminal`], [`json`], [`junit`]: the three forms in which they are shown;
//! - [`log_line`]: a line of a run's log, as a terminal shows it;
//! - [`files`]: opened before the runs, replaced while they go on.

pub(crate) mod causes;
pub mod failure;
pub(crate) mod files;
pub mod json;
pub(crate) mod junit;
pub(crate) mod log_line;
pub(crate) mod paint;
pub(crate) mod summary;
pub(crate) mod terminal;
