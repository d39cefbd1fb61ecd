//! Protocols side by side.

#![warn(missing_docs)]

mod contestant;
mod contestants;
mod faults;
mod leadership;
mod measures;
mod observation;
mod outcomes;
mod plan;
mod recorder;
mod replica;
mod servers;
mod timeline;
mod trial;

pub use contestant::{CONTESTANTS, Contestant};
pub use leadership::Leadership;
pub use measures::{Cost, Doubled, Gaps, Measures, Reads, Writes};
pub use plan::{Fault, FaultKind, PLANS, Plan};
pub use replica::{StartReplica, View, Write};
pub use timeline::{Entry, Happening, Timeline};
pub use trial::trial;
