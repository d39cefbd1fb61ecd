//! The state of a server: the box "State" of Figure 2.

use std::collections::BTreeSet;

use labapi::{LogIndex, Term};
use labrt::time::Instant;
use persister::Persister;

use crate::log::Log;
use crate::peer::PeerId;
use crate::persist::Saved;

/// Everything that changes on a server, under its one lock.
pub(crate) struct State {
    // Persistent state on all servers. `persist` saves it.
    //
    /// The latest term that this server has seen; zero at first. Never decreases.
    pub(crate) current_term: Term,
    /// The candidate that got this server's vote in `current_term`, if any.
    pub(crate) voted_for: Option<PeerId>,
    /// The commands, each with the term in which a leader received it.
    pub(crate) log: Log,
    /// The snapshot that replaces the log up to `log.last_included_index()`, in the service's own
    /// encoding. Empty if that index is zero.
    pub(crate) snapshot: Vec<u8>,

    // Volatile state on all servers.
    //
    /// The highest index known to be committed. Never decreases.
    /// Invariant: `log.last_included_index() <= commit_index <= log.last_index()`.
    pub(crate) commit_index: LogIndex,
    /// The highest index that the applier has taken for the service. Never decreases, and only the
    /// applier moves it. Invariant: `last_applied <= commit_index`.
    ///
    /// Below `log.last_included_index()` it says that the service still needs `snapshot`.
    pub(crate) last_applied: LogIndex,

    /// The server's present role, with the state of that role.
    pub(crate) role: Role,
    /// When a follower or candidate has waited long enough for a leader.
    pub(crate) election_deadline: Instant,
    /// When a leader sends the next heartbeats, or a candidate asks again for votes.
    pub(crate) repeat_deadline: Instant,
    /// Whether the service has killed the server: its threads then end.
    pub(crate) killed: bool,

    /// Where the persistent state is saved.
    pub(crate) persister: Persister,
    /// The persistent state as saved last. Invariant: it is up to date at the end of each handler.
    pub(crate) saved: Saved,
}

/// The role of a server (§5.1, Figure 4).
pub(crate) enum Role {
    /// Answers others.
    Follower,
    /// Asks for votes.
    Candidate {
        /// The servers that gave it their votes in this term, itself included.
        votes: BTreeSet<PeerId>,
    },
    /// Replicates its log.
    Leader {
        /// Volatile state on leaders: the progress of each server, by position.
        progress: Vec<Progress>,
    },
}

/// A leader's knowledge of one server's log. Reinitialized after each election.
#[derive(Clone)]
pub(crate) struct Progress {
    /// The next entry to send. Moves forward when entries leave, not when they are acknowledged
    /// (Ongaro's thesis, §10.2.2), and back when the follower says that it lacks some.
    /// Invariant: `match_index < next_index <= log.last_index() + 1`.
    pub(crate) next_index: LogIndex,
    /// The highest index up to which the server's log is known to equal the leader's. Never
    /// decreases.
    pub(crate) match_index: LogIndex,
    /// Whether entries or a snapshot are on their way and not answered. The next ones then wait for
    /// the answer, but not longer than until the next heartbeat.
    pub(crate) in_flight: bool,
}

impl State {
    /// "If RPC request or response contains term T > currentTerm: set currentTerm = T, convert to
    /// follower" (Figure 2, "Rules for Servers"; §5.1).
    pub(crate) fn observe_term(&mut self, term: Term) {
        if term <= self.current_term {
            return;
        }
        log::debug!("follows into term {term}");
        self.current_term = term;
        self.voted_for = None;
        self.role = Role::Follower;
    }

    /// Whether this server leads `current_term`.
    pub(crate) fn is_leader(&self) -> bool {
        matches!(self.role, Role::Leader { .. })
    }

    /// The term has a leader: a candidate gives way to it, and nobody needs an election (§5.2).
    pub(crate) fn follow_current_leader(&mut self) {
        self.role = Role::Follower;
        self.restart_election_timer();
    }

    /// The progress of another server, if this one leads.
    pub(crate) fn progress(&mut self, peer: PeerId) -> Option<&mut Progress> {
        match &mut self.role {
            Role::Leader { progress } => Some(&mut progress[peer]),
            Role::Follower | Role::Candidate { .. } => None,
        }
    }

    /// Checks what must hold whenever the lock is released. Called at the end of each handler; costs
    /// nothing where debug assertions are off.
    pub(crate) fn check_invariants(&self) {
        if !cfg!(debug_assertions) {
            return;
        }
        let (first, last) = (self.log.last_included_index(), self.log.last_index());
        let (commit, applied) = (self.commit_index, self.last_applied);
        assert!(first <= commit, "snapshot to {first}, committed to {commit}");
        assert!(commit <= last, "committed to {commit}, log to {last}");
        assert!(applied <= commit, "applied to {applied}, committed to {commit}");

        let (term, last_term) = (self.current_term, self.log.last_term());
        assert!(last_term <= term, "in term {term}, log to term {last_term}");
        assert!(self.is_saved(), "something was changed and not saved");

        let Role::Leader { progress } = &self.role else {
            return;
        };
        for it in progress {
            let (matches, next) = (it.match_index, it.next_index);
            assert!(matches < next, "acknowledged to {matches}, next is {next}");
            assert!(next <= last.next(), "log to {last}, next is {next}");
        }
    }
}
