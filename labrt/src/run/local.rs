//! [`Local`]: a value that the harness attaches to a run.

use std::any::Any;

/// A value of any type, shared by all threads of a run.
pub(crate) type Local = dyn Any + Send + Sync;
