//! [`Order`]: the order to a launcher.

use serde::{Deserialize, Serialize};

use super::Profile;

/// The order to a launcher, as JSON in its first argument.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Order {
    pub(super) profile: Profile,
    /// The process id of the launcher's parent, which must still be alive.
    pub(super) parent: u32,
    /// Whether user namespaces work on this machine.
    pub(super) namespaces: bool,
    /// Whether the launcher is the first process of a process namespace, so that the steps before are done.
    pub(super) inside: bool,
}

/// The argument in place of an order that starts a probe of the sandbox.
pub(super) const PROBE: &str = "probe";
