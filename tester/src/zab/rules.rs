//! The rules of Zab: sentences of the paper and of ZooKeeper's description of its protocol, with the mistake
//! that usually breaks each of them.

use crate::Rule;

/// The accepted epoch is stable.
pub(super) const ZB1: Rule = Rule {
    id: "ZB1",
    title: "the accepted epoch survives a crash",
    place: "Zab, §IV, phase 1 and the variables",
    text: "the epoch of the last NEWEPOCH message that a process has accepted is kept in stable storage",
    why: "The server promises its help to a leader of an older epoch, which two leaders then have.",
    mistake: "The accepted epoch is not saved, or not before ACKEPOCH, or not read at the start.",
    cure: "Save it before ACKEPOCH is sent, and read it in the constructor.",
};

/// Only a newer epoch.
pub(super) const ZB2: Rule = Rule {
    id: "ZB2",
    title: "no lower epoch is accepted",
    place: "Zab, §IV, phase 1, step f.1.1",
    text: "when it receives NEWEPOCH(e'), if its accepted epoch is lower than e', it sets it to e' and \
           acknowledges",
    why: "A leader that was left by its quorum is established all the same.",
    mistake: "ACKEPOCH is sent without a comparison.",
    cure: "Leave a leader whose epoch is below the accepted one.",
};

/// History, then current epoch, then the acknowledgement.
pub(super) const ZB3: Rule = Rule {
    id: "ZB3",
    title: "the leader's history is saved, then its epoch, then NEWLEADER is acknowledged",
    place: "Zab, §IV, phase 2, step f.2.1; ZOOKEEPER-3911, 4643, 4646, 4785",
    text: "the follower accepts all transactions of the leader's history before it acknowledges NEWLEADER",
    why: "After a crash the server seems to know the history of an epoch, and is elected without it.",
    mistake: "The current epoch is saved first, or the acknowledgement is sent before the saves.",
    cure: "Save the history, then the current epoch (or both at once), and acknowledge then.",
};

/// Saved, then acknowledged.
pub(super) const ZB4: Rule = Rule {
    id: "ZB4",
    title: "a proposal is saved before it is acknowledged",
    place: "Zab, §IV, phase 3, step f.3.2",
    text: "upon receiving a proposal from the leader, it appends it to its history on stable storage, and \
           sends an acknowledgement",
    why: "A transaction is committed by a quorum that may lose it in a crash.",
    mistake: "The acknowledgement is sent first, or the save is left to another thread.",
    cure: "Save under the same lock, before the handler returns.",
};

/// The order of votes.
pub(super) const ZB5: Rule = Rule {
    id: "ZB5",
    title: "votes are compared by epoch, then zxid, then server",
    place: "ZooKeeper, FastLeaderElection.totalOrderPredicate",
    text: "a vote wins if its epoch is higher; or the same, and its zxid is higher; or both the same, and \
           its server id is higher",
    why: "A server is elected that lacks what is committed. Discovery has to refuse it each time, or it is \
          lost.",
    mistake: "The server id, or the zxid alone, is compared first.",
    cure: "Compare the three in this order.",
};

/// A quorum of voters.
pub(super) const ZB6: Rule = Rule {
    id: "ZB6",
    title: "a transaction is committed when a quorum of voters has acknowledged it",
    place: "Zab, §IV, phase 3, step l.3.2",
    text: "upon receiving acknowledgements of a proposal from a quorum of followers, it sends COMMIT",
    why: "The next leader may not have the transaction, although somebody has delivered it.",
    mistake: "Half of the servers are taken for a quorum, an acknowledgement is counted twice, or an \
              observer is counted.",
    cure: "Keep the set of voters that have acknowledged each zxid, the leader among them.",
};

/// A quorum has the history.
pub(super) const ZB7: Rule = Rule {
    id: "ZB7",
    title: "a leader serves when a quorum of voters has its history",
    place: "Zab, §IV, phase 2, step l.2.2",
    text: "upon receiving acknowledgements of NEWLEADER from a quorum, it sends COMMIT, and goes to phase 3",
    why: "Two leaders may serve, or what the leader takes for committed may be lost.",
    mistake: "The leader goes on after ACKEPOCH, or counts observers, or followers twice.",
    cure: "Keep the set of voters that have acknowledged NEWLEADER.",
};

/// zxid + 1.
pub(super) const ZB8: Rule = Rule {
    id: "ZB8",
    title: "a leader counts its proposals up by one, in its epoch",
    place: "Zab, §IV, phase 3, step l.3.1",
    text: "it proposes (e', <v, z>) in increasing order of zxid, such that epoch(z) = e'",
    why: "Followers cannot tell whether they have missed something.",
    mistake: "The counter goes on from the last epoch, an id is given twice, or one is left out.",
    cure: "Give the id and append the transaction under one lock. Count from 1 in each epoch.",
};

/// In order.
pub(super) const ZB9: Rule = Rule {
    id: "ZB9",
    title: "proposals are accepted in order, without a gap",
    place: "Zab, §III and §IV, phase 3",
    text: "followers accept the proposals of a leader in the order in which it has sent them",
    why: "An acknowledgement covers what came before. If the server has missed that, it is lost.",
    mistake: "Calls overtake one another, and whatever comes is appended and acknowledged.",
    cure: "Accept only what continues the history, and say how far it goes.",
};

/// All of them.
pub(super) fn all() -> Vec<&'static Rule> {
    vec![&ZB1, &ZB2, &ZB3, &ZB4, &ZB5, &ZB6, &ZB7, &ZB8, &ZB9]
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
