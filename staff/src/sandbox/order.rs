//! [`Order`]: what a launcher is told.

use serde::{Deserialize, Serialize};

use super::Profile;

/// What a launcher is told, as JSON in its first argument.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Order {
    pub(super) profile: Profile,
    /// Who started the launcher, and must still be its parent.
    pub(super) parent: u32,
    /// Whether user namespaces work on this machine.
    pub(super) namespaces: bool,
    /// Whether the launcher is the first process of a process namespace, and all that is done once is done.
    pub(super) inside: bool,
}

/// In the place of an order: tells what can be done that must not be possible.
pub(super) const PROBE: &str = "probe";
