//! The state of a server: the box "State" of Figure 2, and what a leader knows besides.

use std::collections::{BTreeMap, BTreeSet};

use labapi::{LogIndex, Term};
use labrt::time::Instant;
use persister::Persister;

use crate::change::Joining;
use crate::log::Log;
use crate::persist::Saved;
use crate::server::PeerId;
use crate::timer::ELECTION_TIMEOUT;
use crate::transfer::Transfer;

/// Everything that changes on a server, under its one lock.
pub(crate) struct State {
    // Persistent state on all servers. `persist` saves it.
    pub(crate) current_term: Term,
    pub(crate) voted_for: Option<PeerId>,
    pub(crate) log: Log,
    /// The snapshot that replaces the beginning of the log, in the service's own encoding.
    pub(crate) snapshot: Vec<u8>,

    // Volatile state on all servers.
    pub(crate) commit_index: LogIndex,
    /// The highest index that the applier has taken for the service.
    pub(crate) last_applied: LogIndex,
    pub(crate) role: Role,
    /// When a leader was last heard of. At the start of an incarnation: then, because an earlier one may have
    /// heard of a leader just before, and may have answered it (`lease.rs`).
    pub(crate) heard_leader: Instant,
    /// When a server that does not lead has waited long enough.
    pub(crate) election_deadline: Instant,
    /// When a leader sends the next heartbeats, or a candidate asks again for votes.
    pub(crate) repeat_deadline: Instant,
    pub(crate) killed: bool,

    pub(crate) persister: Persister,
    /// The persistent state as saved last.
    pub(crate) saved: Saved,
}

/// The role of a server (§5.1, Figure 4; thesis §9.6).
pub(crate) enum Role {
    /// Answers others.
    Follower,
    /// Asks whether it would be elected.
    PreCandidate {
        /// The servers that would vote for it, itself included.
        votes: BTreeSet<PeerId>,
    },
    /// Asks for votes.
    Candidate {
        /// The servers that gave it their votes in this term, itself included.
        votes: BTreeSet<PeerId>,
        /// Whether the leader has told it to stand.
        transfer: bool,
    },
    /// Replicates its log.
    Leader(Leadership),
}

/// Volatile state on leaders.
pub(crate) struct Leadership {
    /// The time of its election.
    pub(crate) elected: Instant,
    /// The other servers that are sent entries: the voters, and those that are to become such.
    pub(crate) progress: BTreeMap<PeerId, Progress>,
    /// The change whose new servers are being brought up to date.
    pub(crate) joining: Option<Joining>,
    /// The transfer of leadership that is under way.
    pub(crate) transfer: Option<Transfer>,
    /// Whether somebody was told to stand in this term. The message may be on its way for long.
    pub(crate) told_to_stand: bool,
}

/// A leader's knowledge of one server.
#[derive(Clone)]
pub(crate) struct Progress {
    /// The next entry to send.
    pub(crate) next_index: LogIndex,
    /// The highest index up to which the server's log is known to equal the leader's.
    pub(crate) match_index: LogIndex,
    /// Whether entries or a snapshot are on their way and not answered. The next ones wait for the answer,
    /// but not longer than until the next heartbeat.
    pub(crate) in_flight: bool,
    /// When the last request was sent that the server has answered in this term.
    pub(crate) contact: Option<Instant>,
}

impl Progress {
    /// A server of which nothing is known, seen from a leader whose log ends there.
    pub(crate) fn unknown(last_index: LogIndex) -> Self {
        let (next_index, match_index) = (last_index.next(), LogIndex(0));
        Self { next_index, match_index, in_flight: false, contact: None }
    }
}

impl State {
    /// The term has a leader, which was heard now.
    pub(crate) fn follow_current_leader(&mut self) {
        self.role = Role::Follower;
        self.heard_leader = Instant::now();
        self.restart_election_timer();
    }

    /// Whether the server has heard of a leader within "the minimum election timeout" (§6), or is one.
    pub(crate) fn hears_leader(&self) -> bool {
        self.is_leader() || Instant::now() < self.heard_leader + ELECTION_TIMEOUT.start
    }

    /// Whether this server leads `current_term`.
    pub(crate) fn is_leader(&self) -> bool {
        matches!(self.role, Role::Leader(_))
    }

    pub(crate) fn leadership(&mut self) -> Option<&mut Leadership> {
        match &mut self.role {
            Role::Leader(leadership) => Some(leadership),
            _ => None,
        }
    }

    /// The progress of another server, if this one leads and sends entries to it.
    pub(crate) fn progress(&mut self, peer: PeerId) -> Option<&mut Progress> {
        self.leadership()?.progress.get_mut(&peer)
    }

    /// Checks what must hold whenever the lock is released, where debug assertions are on.
    pub(crate) fn check_invariants(&self) {
        if !cfg!(debug_assertions) {
            return;
        }
        let (first, last) = (self.log.base().last_included_index, self.log.last_index());
        let (commit, applied) = (self.commit_index, self.last_applied);
        assert!(first <= commit && commit <= last, "snapshot to {first}, committed {commit} of {last}");
        assert!(applied <= commit, "applied to {applied}, committed to {commit}");
        assert!(self.log.last_term() <= self.current_term, "the log is of a later term");
        assert!(self.is_saved(), "something was changed and not saved");
        let Role::Leader(leadership) = &self.role else { return };
        for it in leadership.progress.values() {
            assert!(
                it.match_index < it.next_index && it.next_index <= last.next(),
                "progress beyond the log"
            );
        }
    }
}
