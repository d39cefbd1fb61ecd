//! Rules of Raft beyond Figure 2, as far as they are visible in messages.

use crate::Rule;

/// No vote against a leader that is heard.
pub(super) const HL1: Rule = Rule {
    id: "HL1",
    title: "who hears a leader votes for nobody else",
    place: "§6, at the end",
    text: "if a server receives a RequestVote RPC within the minimum election timeout of hearing from a \
           current leader, it does not update its term or grant its vote",
    why: "A server that has been removed from the cluster, and does not know it, has elections one after the \
          other, and deposes good leaders. And a leader that relies on a lease may be replaced within it.",
    mistake: "RequestVote is handled as in Figure 2: a newer term is joined, and the vote is free.",
    cure: "Keep the time at which a leader of the current term was last heard of. Refuse within the minimum \
           election timeout of it, before you look at the term. The exception is a candidate that the leader \
           has told to stand.",
};

/// No pre-vote against a leader that is heard.
pub(super) const HL2: Rule = Rule {
    id: "HL2",
    title: "who hears a leader grants no pre-vote",
    place: "thesis §9.6 and §4.2.3",
    text: "a server grants a pre-vote only if it has not heard from a valid leader for at least a baseline \
           election timeout",
    why: "A server that the leader alone cannot reach finds enough others that would vote for it, since its \
          log is as good as theirs. It begins a term, and deposes a leader that all others hear.",
    mistake: "A pre-vote is granted for a log that is up to date, and nothing else is asked.",
    cure: "Ask the same as for a vote: when was a leader heard of?",
};

/// A read is confirmed.
pub(super) const RI1: Rule = Rule {
    id: "RI1",
    title: "a read is confirmed by a quorum",
    place: "thesis §6.4, 3",
    text: "the leader issues a new round of heartbeats and waits for their acknowledgments from a majority \
           of the cluster; once they are received, no leader for a greater term was there when it sent them",
    why: "A leader that was deposed does not know it. It answers with what was true when it led.",
    mistake: "The leader answers a read because it believes that it leads; or acknowledgments of heartbeats \
              count that were sent before the read.",
    cure: "Note the time of the read, send heartbeats, and wait until a quorum has answered requests that \
           were sent at that time or later.",
};

/// The next leader has everything.
pub(super) const LT1: Rule = Rule {
    id: "LT1",
    title: "the server that is told to stand has all entries",
    place: "thesis §3.10, 2",
    text: "the prior leader fully updates the target server's log to match its own log; then it sends a \
           TimeoutNow request to the target server",
    why: "A server that lacks entries is not elected. The old leader is deposed by its term, and there is no \
          leader at all until somebody's timer runs out.",
    mistake: "TimeoutNow is sent as soon as the transfer is asked for.",
    cure: "Send it when the target's match_index is the leader's last index, and accept no commands \
           meanwhile.",
};

/// All of them.
pub(super) fn all() -> Vec<&'static Rule> {
    vec![&HL1, &HL2, &RI1, &LT1]
}
