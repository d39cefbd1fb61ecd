//! Configurations and their quorums (part 3E): §6 of the paper.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

/// The servers that vote. An entry of the log, besides commands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Configuration {
    /// C_old in a joint configuration, otherwise all voters.
    pub(crate) voters: BTreeSet<usize>,
    /// C_new in a joint configuration.
    pub(crate) incoming: Option<BTreeSet<usize>>,
}

impl Configuration {
    /// A configuration of these voters.
    pub(crate) fn of(voters: Vec<usize>) -> Self {
        Self { voters: voters.into_iter().collect(), incoming: None }
    }

    /// Whether these servers can decide: elect a leader, commit an entry.
    ///
    /// Wherever your Raft counts to a majority of `peers`, it has to ask this instead, of the configuration
    /// that is the last one in its log.
    pub(crate) fn is_quorum(&self, servers: &BTreeSet<usize>) -> bool {
        todo!("raft_extended::is_quorum, part 3E")
    }
}
