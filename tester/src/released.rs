//! [`RELEASED`]: the parts of the labs whose tests there are.

/// The parts of the labs whose tests there are. Students have those that are released so far: what they are
/// handed out has a shorter list here.
pub(crate) const RELEASED: &[&str] = &["2A", "2B", "3A", "3B", "3C", "3D", "4A", "4B", "4C", "B1"];
