//! "Persistent state on all servers: updated on stable storage before responding to RPCs" (Figure 2), and the
//! snapshot (§7).

use labapi::{LogIndex, Term};
use labgob::{DecodeError, Decoder};
use persister::Persister;

use crate::log::Log;
use crate::peer::Raft;
use crate::state::State;

/// What is saved before the entries: the term, the vote, the index of the log's head, the number of its
/// slots.
type Header = (Term, Option<usize>, LogIndex, usize);

impl Raft {
    /// Saves all persistent state. Whoever changes it calls this before anybody can learn of the change.
    pub(crate) fn persist(&self, state: &State) {
        let (slots, entries) = state.log.encoded();
        let header: Header = (state.current_term, state.voted_for, state.log.head(), slots);
        let mut bytes = labgob::encode(&header).expect("numbers can be encoded");
        bytes.extend_from_slice(entries);
        self.persister.save(&bytes, &state.snapshot);
    }
}

/// The state of a server that starts, for the first time or after a crash.
pub(crate) fn restore(persister: &Persister, servers: usize) -> State {
    let bytes = persister.read_raft_state();
    let (current_term, voted_for, log) = if bytes.is_empty() {
        Default::default()
    } else {
        decode(&bytes).expect("these bytes were made by `persist`")
    };
    State::new(current_term, voted_for, log, persister.read_snapshot(), servers)
}

fn decode(bytes: &[u8]) -> Result<(Term, Option<usize>, Log), DecodeError> {
    let mut decoder = Decoder::new(bytes);
    let (current_term, voted_for, head, slots): Header = decoder.decode()?;
    Ok((current_term, voted_for, Log::decode(head, slots, &mut decoder)?))
}
