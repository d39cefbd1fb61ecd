//! [`Local`]: a value of the harness's own, which it keeps for a run.

use std::any::Any;

/// A value of any type that all threads of a run may look at.
pub(crate) type Local = dyn Any + Send + Sync;
