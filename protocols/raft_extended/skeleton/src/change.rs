//! Changes of the cluster (part 3E): §6 of the paper.

use labapi::ChangeError;

use crate::server::Peer;

impl Peer {
    /// A request to change the cluster to these servers.
    ///
    /// 1. Send the log to servers that are new, and do not count them.
    /// 2. When they have caught up, append C_old,new.
    /// 3. When C_old,new is committed, append C_new, whoever has begun the change.
    /// 4. When C_new is committed and does not have this server, step down.
    pub(crate) fn start_change(&self, servers: &[usize]) -> Result<(), ChangeError> {
        todo!("raft_extended::start_change, part 3E")
    }
}
