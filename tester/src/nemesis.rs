//! The nemesis: draws faults from the seed, injects them, and heals.
//!
//! A [`FaultPlan`] is a value: how many servers and clients there are, and which faults begin when and last
//! how long. A [`Family`] draws one from the seed, its mix and its intensity drawn too. [`Siege`] carries a
//! plan out on a cluster of any protocol; the clients of the test work meanwhile. Then it heals a majority of
//! the servers, from which the test demands progress, and after that all.
//!
//! A plan that makes a solution fail can be given back, and [`shrink`] makes it as small as it can be;
//! [`smallest`] does so for a run that failed.

mod conditions;
mod family;
mod fault;
pub(crate) mod mix;
mod plan;
mod shrink;
mod siege;
mod smallest;
mod workers;

pub use family::{Draw, Family};
pub use fault::{Fault, FaultKind, Moment, Who};
pub use plan::{FaultPlan, PlanError};
pub use shrink::{Shrunk, shrink};
pub use siege::Siege;
pub use smallest::{MOST_CPU_TIME, MOST_TRIES, smallest};
pub use workers::{Shift, Workers};

/// The most faults of a plan that a failure shows.
pub const FAULTS_SHOWN: usize = 12;
