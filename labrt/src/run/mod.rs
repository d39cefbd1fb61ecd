//! The options and the outcome of a run, which are the same on both backends.

pub(crate) mod backend;
pub(crate) mod failure;
pub(crate) mod ids;
pub(crate) mod limits;
pub(crate) mod local;
pub(crate) mod log;
pub(crate) mod options;
pub(crate) mod outcome;
pub(crate) mod policy;
pub(crate) mod source_path;
pub(crate) mod truncate;
