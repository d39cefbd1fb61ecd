//! [`Vote`]: whom a server wants for a leader, and why.

use labapi::Zxid;
use serde::{Deserialize, Serialize};

/// The number of a server.
pub(crate) type ServerId = usize;

/// A vote. The greatest one wins: the fields are compared in this order.
///
/// The leader's history has to contain all that is committed. Whatever is committed in the highest epoch is
/// in the history of a quorum that is in that epoch, so the longest history of that epoch will do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct Vote {
    /// The current epoch of the proposed leader.
    pub(crate) epoch: u32,
    /// The last transaction in its history.
    pub(crate) zxid: Zxid,
    /// Breaks ties.
    pub(crate) leader: ServerId,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn epoch_then_zxid_then_server() {
        let vote = |epoch, (zxid_epoch, counter), leader| Vote {
            epoch,
            zxid: Zxid { epoch: zxid_epoch, counter },
            leader,
        };
        let ascending = [
            vote(1, (1, 9), 4),
            vote(2, (1, 3), 4),
            vote(2, (1, 4), 0),
            vote(2, (2, 1), 1),
            vote(2, (2, 1), 2),
            vote(3, (1, 1), 0),
        ];
        assert!(ascending.is_sorted());
    }
}
