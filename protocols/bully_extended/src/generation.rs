//! Part B2, generations: a logical clock in every message. It tells which of two messages belongs to the
//! later election, whenever they arrive and whoever sent them.
//!
//! A message that is older than what a node knows is dropped, and the answer says so. Whatever is newer
//! replaces what the node believed, whichever ids it is about: a leader of an older generation was replaced.

use crate::messages::Reply;
use crate::node::{Form, Node};
use crate::state::{State, Status};
use crate::timer::VICTORY_TIMEOUT;

/// A generation: round × nodes + winner. So each belongs to one node, and of two winners that have heard of
/// the same generation the higher one has the newer one. 0: no generation yet.
pub(crate) type Generation = u64;

impl Node {
    /// The generation that this node begins when it wins now.
    pub(crate) fn next_generation(&self, state: &State) -> Generation {
        let nodes = self.peers.len() as u64;
        (state.generation / nodes + 1) * nodes + self.me as u64
    }

    /// Learns of a generation from somebody who does not lead in it. Returns whether it is news. Then this
    /// node's election is over, or its leader was replaced, and the new one will be heard of; unless this
    /// node leads itself, and would be a better one.
    pub(crate) fn learn(&self, state: &mut State, generation: Generation) -> bool {
        if generation <= state.generation {
            return false;
        }
        self.set_generation(state, generation);
        match state.status {
            Status::Inquiring { .. } | Status::AwaitingVictory => {}
            Status::Asking { .. } | Status::Following { .. } if self.form < Form::AsksOthers => {
                self.enter(state, Status::AwaitingVictory, VICTORY_TIMEOUT);
            }
            Status::Asking { .. } | Status::Following { .. } | Status::Leading => self.miss_leader(state),
        }
        true
    }

    /// Changes to a generation that is not older.
    pub(crate) fn set_generation(&self, state: &mut State, generation: Generation) {
        if generation > state.generation {
            state.generation = generation;
            self.save(state);
        }
    }

    /// The answer to a message that is dropped: what it should know.
    pub(crate) fn newer(state: &State) -> Reply {
        Reply { generation: state.generation }
    }
}
