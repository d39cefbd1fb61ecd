//! The rules of Paxos: sentences of *Paxos Made Simple*, with the mistake that usually breaks each of them.

use crate::Rule;

/// P1a.
pub(super) const PX1: Rule = Rule {
    id: "PX1",
    title: "a promise is kept",
    place: "Paxos Made Simple, §2.2, P1a",
    text: "an acceptor accepts a proposal numbered n iff it has not responded to a prepare request having a \
           number greater than n",
    why: "The proposer of the higher ballot was told that nothing was accepted, and chooses its own value. \
          The proposal of the lower ballot is accepted after that, and chosen too.",
    mistake: "Accept does not compare the ballot with the promise, or to accept an older proposal sets the \
              promise back.",
    cure: "Refuse what has a lower ballot than the promise. An acceptance is a promise as well.",
};

/// Stable storage.
pub(super) const PX2: Rule = Rule {
    id: "PX2",
    title: "promises and acceptances survive a crash",
    place: "Paxos Made Simple, §2.2 and §2.5",
    text: "an acceptor must remember this information even if it fails and then restarts",
    why: "After the restart it breaks its promise, or hides a value that was chosen with its vote.",
    mistake: "Only one of the two is saved, or it is saved after the answer, or not read at the start.",
    cure: "Save promise and acceptance together, before the answer leaves, and read both in the constructor.",
};

/// Before the answer.
pub(super) const PX3: Rule = Rule {
    id: "PX3",
    title: "nothing is answered before it is saved",
    place: "Paxos Made Simple, §2.5",
    text: "an acceptor records its intended response in stable storage before actually sending the response",
    why: "A crash right after the answer makes it untrue.",
    mistake: "The answer is sent first, or the save is left to another thread.",
    cure: "Save under the same lock, before the handler returns.",
};

/// P2c.
pub(super) const PX4: Rule = Rule {
    id: "PX4",
    title: "the value is that of the highest ballot",
    place: "Paxos Made Simple, §2.2, P2c and phase 2",
    text: "v is the value of the highest-numbered proposal among the responses, or is any value if the \
           responses reported no proposals",
    why: "That proposal may have been chosen. If another value is proposed, two are.",
    mistake: "The proposer keeps its own value, or takes the value of the first answer, or of most answers.",
    cure: "Compare the ballots of all accepted proposals that the majority has reported.",
};

/// Phase 1 first.
pub(super) const PX5: Rule = Rule {
    id: "PX5",
    title: "phase 2 follows the promises of a majority",
    place: "Paxos Made Simple, §2.2, phase 2",
    text: "if the proposer receives a response to its prepare requests from a majority of acceptors, then it \
           sends an accept request",
    why: "Those who have not promised may accept older proposals, and may have accepted a value that the \
          proposer has not heard of.",
    mistake: "A refusal is counted as a promise, or answers are counted instead of acceptors, or promises of \
              an earlier ballot.",
    cure: "Keep the set of acceptors that have promised this very ballot.",
};

/// Unique numbers.
pub(super) const PX6: Rule = Rule {
    id: "PX6",
    title: "a ballot belongs to one proposer",
    place: "Paxos Made Simple, §2.2 and §2.5",
    text: "different proposers choose their numbers from disjoint sets of numbers",
    why: "Acceptors take two proposals for one. Each can find a majority.",
    mistake: "The number is a counter without the node in it.",
    cure: "Number ballots by round and node, and compare the round first.",
};

/// One value a ballot.
pub(super) const PX7: Rule = Rule {
    id: "PX7",
    title: "a ballot has one value in an instance",
    place: "Paxos Made Simple, §2.2 and §2.5",
    text: "different proposals have different numbers; each proposer remembers (in stable storage) the \
           highest-numbered proposal it has tried to issue, and begins phase 1 with a higher number",
    why: "Some acceptors accept one value and some the other. A learner that counts acceptances of the \
          ballot takes both for one.",
    mistake: "After a crash, or in another thread, a proposer uses a number again.",
    cure: "Save the ballot before it is used, and choose the next one under a lock.",
};

/// Phase 1b.
pub(super) const PX8: Rule = Rule {
    id: "PX8",
    title: "a promise tells what was accepted",
    place: "Paxos Made Simple, §2.2, phase 1",
    text: "it responds to the request with a promise … and with the highest-numbered proposal (if any) that \
           it has accepted",
    why: "The proposer believes that it is free, and proposes another value than the one that was chosen.",
    mistake: "A higher prepare clears what was accepted, or an acceptance of a lower ballot replaces it.",
    cure: "Keep the accepted proposal until one of a higher ballot is accepted, and report it.",
};

/// Learning.
pub(super) const PX9: Rule = Rule {
    id: "PX9",
    title: "a value is learned when a majority has accepted one proposal",
    place: "Paxos Made Simple, §2.1 and §2.3",
    text: "a process never learns that a value has been chosen unless it actually has been",
    why: "Another value may yet be chosen.",
    mistake: "The learner counts acceptances of different ballots, or counts an acceptor twice.",
    cure: "Count the acceptors of each ballot by themselves.",
};

/// All of them.
pub(super) fn all() -> Vec<&'static Rule> {
    vec![&PX1, &PX2, &PX3, &PX4, &PX5, &PX6, &PX7, &PX8, &PX9]
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
