//! The messages of the nodes. A call has one request and one reply, so *alive* is the reply to
//! *election*.

use serde::{Deserialize, Serialize};

/// To all higher nodes: is one of you alive?
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Election {
    // Your data here. The network does not say who sent a message.
}

/// The answer to [`Election`]: a higher node is alive, and takes care of the election.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Alive {
    // That it comes says it all.
}

/// To all lower nodes: the sender has won an election.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Victory {
    // Your data here.
}

/// To all lower nodes, regularly: the sender still leads.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Heartbeat {
    // Your data here.
}

/// The reply to [`Victory`] and [`Heartbeat`].
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Ack;
