//! What becomes of the results.
//!
//! - [`summary`]: counted as they arrive, so that a thousand runs take no more memory than one;
//! - [`causes`]: failures that are the same failure again;
//! - [`terminal`], [`json`], [`junit`]: the three forms in which they are shown;
//! - [`files`]: opened before the runs, written after them.

pub(crate) mod causes;
pub(crate) mod failure;
pub(crate) mod files;
pub(crate) mod json;
pub(crate) mod junit;
pub(crate) mod paint;
pub(crate) mod summary;
pub(crate) mod terminal;
