//! The persistent state, which survives a crash: that of Figure 2 and, as §7 adds, the snapshot with
//! the index and term at its end.
//!
//! Everything is saved at once, so that log and snapshot always fit together. It is saved by the last
//! step of each handler that changed something, and always before anyone else can learn of
//! the change: "updated on stable storage before responding to RPCs" (Figure 2), and before sending
//! them. A server that forgot its vote could vote twice; one that forgot entries could undo a
//! majority.

use labapi::{LogIndex, Term};
use labgob::Decoder;
use labrt::time::Instant;
use persister::Persister;
use serde::Serialize;

use crate::log::{Entry, Log};
use crate::peer::PeerId;
use crate::state::{Role, State};

/// The persistent state besides the entries: `current_term`, `voted_for`, and the index and term at
/// the end of the snapshot.
type Header = (Term, Option<PeerId>, LogIndex, Term);

/// The persistent state as saved last.
#[derive(Default)]
pub(crate) struct Saved {
    current_term: Term,
    voted_for: Option<PeerId>,
    /// With `last_index` this stands for the log, and for the snapshot, which never changes alone.
    log_rewrites: u64,
    last_index: LogIndex,
    /// The entries, each as `Some(entry)`; then `None` and a [`Header`].
    ///
    /// The entries come first and stay encoded, because a log mostly grows at its end. If each save
    /// encoded and wrote all of them, a command would cost as much as all commands before it.
    bytes: Vec<u8>,
    /// Where in `bytes` the entries end.
    entries_end: usize,
}

impl State {
    /// The state of a server that starts: for the first time, or after a crash.
    pub(crate) fn restore(persister: Persister) -> Self {
        let bytes = persister.read_raft_state();
        let (current_term, voted_for, log) = if bytes.is_empty() {
            Default::default()
        } else {
            decode(&bytes).expect("these bytes were made by `persist`")
        };
        // What a snapshot holds was committed and applied. The service restores it by itself.
        let applied = log.last_included_index();
        let saved = Saved { last_index: applied, ..Saved::default() };
        let mut state = Self {
            current_term,
            voted_for,
            log,
            snapshot: persister.read_snapshot(),
            commit_index: applied,
            last_applied: applied,
            role: Role::Follower,
            election_deadline: Instant::now(),
            repeat_deadline: Instant::now(),
            killed: false,
            persister,
            saved,
        };
        state.note_saved();
        state.restart_election_timer();
        state
    }

    /// Saves the persistent state if it has changed since the last time.
    pub(crate) fn persist(&mut self) {
        if self.is_saved() {
            return;
        }
        let kept = self.note_saved();
        self.persister.save_tail(kept, &self.saved.bytes[kept..], &self.snapshot);
    }

    /// Whether all persistent state is saved.
    pub(crate) fn is_saved(&self) -> bool {
        self.saved.current_term == self.current_term
            && self.saved.voted_for == self.voted_for
            && self.saved.log_rewrites == self.log.rewrites()
            && self.saved.last_index == self.log.last_index()
    }

    /// Size in bytes of what is saved, without the snapshot.
    pub(crate) fn persist_bytes(&self) -> usize {
        self.persister.raft_state_size()
    }

    /// Makes `saved` describe the present state. Returns how many of its bytes are still the same.
    fn note_saved(&mut self) -> usize {
        let Self { log, saved, .. } = self;
        if saved.log_rewrites != log.rewrites() {
            saved.log_rewrites = log.rewrites();
            saved.last_index = log.last_included_index();
            saved.entries_end = 0;
        }
        let kept = saved.entries_end;
        saved.bytes.truncate(kept);
        for entry in log.entries_from(saved.last_index.next()) {
            encode(&Some(entry), &mut saved.bytes);
        }
        saved.last_index = log.last_index();
        saved.entries_end = saved.bytes.len();

        saved.current_term = self.current_term;
        saved.voted_for = self.voted_for;
        let (end, end_term) = (log.last_included_index(), log.last_included_term());
        let header: Header = (saved.current_term, saved.voted_for, end, end_term);
        encode(&(None::<Entry>, header), &mut saved.bytes);
        kept
    }
}

fn encode(value: &impl Serialize, bytes: &mut Vec<u8>) {
    labgob::encode_into(value, bytes).expect("numbers, options and bytes can be encoded");
}

/// Decodes [`Saved::bytes`].
fn decode(bytes: &[u8]) -> Result<(Term, Option<PeerId>, Log), labgob::DecodeError> {
    let mut decoder = Decoder::new(bytes);
    let mut entries = Vec::new();
    while let Some(entry) = decoder.decode::<Option<Entry>>()? {
        entries.push(entry);
    }
    let (current_term, voted_for, last_included_index, last_included_term): Header = decoder.decode()?;
    let log = Log::new(last_included_index, last_included_term, entries);
    Ok((current_term, voted_for, log))
}

#[cfg(test)]
mod tests {
    use labrt::world::{Options, simulate};

    use super::*;

    /// Appends entries of these terms.
    fn grow(state: &mut State, terms: &[u64]) {
        for &term in terms {
            state.log.append(Entry { term: Term(term), command: term.to_le_bytes().to_vec() });
        }
    }

    #[test]
    fn a_server_comes_back_with_what_it_saved() {
        // How the state changes before each save, and what must be there afterwards.
        let changes: [fn(&mut State); 7] = [
            |_| (),
            |state| (state.current_term, state.voted_for) = (Term(2), Some(1)),
            |state| grow(state, &[1, 2, 2]),
            |state| grow(state, &[2]),
            |state| {
                state.log.truncate_from(LogIndex(3));
                grow(state, &[3, 3]);
            },
            |state| {
                state.log.compact_to(LogIndex(2));
                state.snapshot = vec![7];
            },
            |state| {
                state.log.restart_after(LogIndex(9), Term(4));
                state.snapshot = vec![8, 8];
                state.voted_for = None;
            },
        ];
        let run = simulate(Options::new(1), move |_| {
            let persister = Persister::new();
            let mut state = State::restore(persister.clone());
            for (step, change) in changes.into_iter().enumerate() {
                change(&mut state);
                state.persist();
                // Restored once from the first incarnation, and once from a restored one.
                for _ in 0..2 {
                    let back = State::restore(persister.clone());
                    assert!(back.is_saved());
                    assert_eq!(back.current_term, state.current_term, "step {step}");
                    assert_eq!(back.voted_for, state.voted_for, "step {step}");
                    let first = state.log.last_included_index();
                    assert_eq!(back.log.last_included_index(), first, "step {step}");
                    assert_eq!(back.log.last_included_term(), state.log.last_included_term(), "step {step}");
                    assert_eq!(
                        back.log.entries_from(first.next()),
                        state.log.entries_from(first.next()),
                        "step {step}"
                    );
                    assert_eq!(back.snapshot, state.snapshot, "step {step}");
                    state = back;
                }
            }
        });
        assert!(run.result.is_ok(), "{:?}", run.result);
    }

    #[test]
    fn what_has_not_changed_is_not_saved_again() {
        let run = simulate(Options::new(1), |_| {
            let persister = Persister::new();
            let mut state = State::restore(persister.clone());
            state.persist();
            assert_eq!(persister.raft_state_size(), 0, "a server that has done nothing has nothing to save");

            grow(&mut state, &[1]);
            state.current_term = Term(1);
            state.persist();
            persister.save(&[], &[]);
            state.commit_index = LogIndex(1);
            state.persist();
            assert_eq!(persister.raft_state_size(), 0, "the commit index is not persistent");
        });
        assert!(run.result.is_ok(), "{:?}", run.result);
    }
}
