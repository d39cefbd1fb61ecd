//! The messages of all forms. Add those of your plain Bully, and of part B5.

use serde::{Deserialize, Serialize};

/// To all others, from a node that misses its leader (part B3).
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Inquiry {
    // Your data here. In every message there is a generation.
}

/// The answer to [`Inquiry`].
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Opinion {
    // Your data here: whom does the node hear?
}

/// From a candidate (part B6).
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct VoteRequest {
    // Your data here. Tell a trial from a ballot by a field `is_trial`: rules of votes disregard trials.
}

/// The answer to [`VoteRequest`].
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct VoteReply {
    // Your data here: `votes` is 1, 0 or -10,000.
}
