//! Part B2: your plain Bully, and a generation in every message and every answer.
//!
//! - A victory begins a generation. It has to be newer than all that the winner has heard of, and no other
//!   node may ever begin the same one. *round × nodes + node* is such a number.
//! - What is of an older generation than the node knows is dropped, whoever sent it; the answer says which
//!   generation the node knows. An *election* of an older generation is over, too: there was a victory since.
//! - What is newer counts, whatever the node believed before.
//! - Whoever is told of a newer generation in an answer has missed something. What does a candidate do then?
//!   And a leader?

use crate::node::CuredNode;

impl CuredNode {
    /// Whether a message of this generation counts. If it is newer, the node knows it from now on.
    pub(crate) fn takes_note_of(&self, generation: u64) -> bool {
        todo!("bully_extended::takes_note_of, part B2")
    }
}
