//! What the servers send to each other. The types are yours; with these names of fields the tester can say
//! which rule a message breaks: `vote` (`epoch`, `zxid`, `leader`), `round`, `accepted_epoch`, `epoch`,
//! `current_epoch`, `last_zxid`, `transactions` (each with a `zxid`), `after`, `committed`, `zxid`.

use serde::{Deserialize, Serialize};

/// Election: what a server votes for.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Notification {
    // Your data here (Z1).
}

/// Discovery: a server wants to follow.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct FollowerInfo {
    // Your data here (Z1).
}

/// The leader's answer, or none yet.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct NewEpoch {
    // Your data here (Z1).
}

// More messages here: ACKEPOCH, NEWLEADER and its ACK, UPTODATE (Z1); PROPOSAL, ACK, COMMIT (Z3) …
