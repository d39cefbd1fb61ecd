//! The rules of Bully's cures, with the mistake that usually breaks each of them.

use crate::Rule;

/// Unique generations.
pub(super) const BU1: Rule = Rule {
    id: "BU1",
    title: "a generation belongs to one leader",
    place: "Bully's cures, part B2",
    text: "each leader begins a generation that is newer than all that it has heard of, and no two nodes \
           ever lead in the same one",
    why: "Nobody can tell which of two leaders of the same generation is the later one. Both are followed.",
    mistake: "The generation is a counter without the node in it, or the winner keeps the old one.",
    cure: "Number generations by round and node: round × nodes + node.",
};

/// Older messages.
pub(super) const BU2: Rule = Rule {
    id: "BU2",
    title: "what is older is dropped",
    place: "Bully's cures, part B2",
    text: "a generation (a logical clock) is in every message; older ones are dropped",
    why: "A victory, a heartbeat or a state of a leader that was replaced is believed after that of the next \
          one.",
    mistake: "The generation is compared in some of the handlers, or only with the message before, or the \
              higher id counts.",
    cure: "Compare the generation first in every handler, whoever sent the message.",
};

/// Inquiries.
pub(super) const BU3: Rule = Rule {
    id: "BU3",
    title: "an election begins when a majority misses the leader",
    place: "Bully's cures, part B3",
    text: "only when more than half of the nodes miss the leader is there an election",
    why: "One node with a bad link deposes a leader that is well for all others.",
    mistake: "The node asks and does not wait, or counts answers instead of those who miss the leader.",
    cure: "Count the nodes that have said in this round that they miss the leader, and oneself.",
};

/// Quorums.
pub(super) const BU4: Rule = Rule {
    id: "BU4",
    title: "a winner reaches a quorum",
    place: "Bully's cures, part B4",
    text: "a candidate needs n/2 + 1 reachable nodes",
    why: "Both sides of a partition elect a leader.",
    mistake: "The candidate wins because no higher node has answered, or counts the nodes that it has \
              asked, or half of them is enough.",
    cure: "Count the nodes that have answered lately, and oneself, before the victory.",
};

/// Phase 2.
pub(super) const BU5: Rule = Rule {
    id: "BU5",
    title: "a quorum has saved what is committed",
    place: "Bully's cures, part B5",
    text: "two-phase publish: send, wait for n/2 + 1 answers, then commit",
    why: "A leader that was deposed commits a state that its successor does not know.",
    mistake: "The leader commits when it has sent the state, or counts refusals, or one answer twice.",
    cure: "Keep the set of nodes that have acknowledged this version in this generation.",
};

/// One vote.
pub(super) const BU6: Rule = Rule {
    id: "BU6",
    title: "a vote is locked",
    place: "Bully's cures, part B6",
    text: "at most one vote per node and lock of 30 s",
    why: "Two candidates have a majority each.",
    mistake: "The vote is not noted, or is forgotten with the next ballot.",
    cure: "Note candidate and time of each vote, and give another candidate nothing while it is locked.",
};

/// A majority.
pub(super) const BU7: Rule = Rule {
    id: "BU7",
    title: "a majority has voted for the leader",
    place: "Bully's cures, part B6",
    text: "a candidate has won when the sum of the votes is a majority of all nodes",
    why: "Two candidates that do not hear each other both lead.",
    mistake: "The majority is of those who have answered, or an answer counts as a vote.",
    cure: "Compare the sum of the votes with half of all nodes, whether or not they are up.",
};

/// All of them.
pub(super) fn all() -> Vec<&'static Rule> {
    vec![&BU1, &BU2, &BU3, &BU4, &BU5, &BU6, &BU7]
}

#[cfg(test)]
mod tests {
    #[test]
    fn rules_say_everything() {
        for rule in super::all() {
            let fields = [rule.title, rule.place, rule.text, rule.why, rule.mistake, rule.cure];
            assert!(fields.iter().all(|field| !field.is_empty()), "{}", rule.id);
        }
    }
}
