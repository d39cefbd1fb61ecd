//! The rules of the service with appends: what "exactly once" means.

use crate::Rule;

/// Once and not twice.
pub(super) const KA1: Rule = Rule {
    id: "KA1",
    title: "an append is done once",
    place: "Lab 4 before 2025; paper, §8",
    text: "a request that is sent again is not executed again: if the state machine has executed it, it \
           answers and does nothing else",
    why: "A clerk that has no reply cannot know whether its request was executed, and has to send it again. \
          If the servers cannot tell that it is the same request, the text is there twice.",
    mistake: "Each transmission has a new number; or the number is looked at when the request arrives and \
              not when it comes out of the log; or it is compared with the last one alone, so that a late \
              copy of an earlier request counts as new; or the duplicate table is not in the snapshot.",
    cure: "All transmissions of a request carry the same client id and number. The state machine remembers \
           the highest number that it has executed for each client, does nothing at that number or below, \
           and has the table in its snapshot.",
};

/// Once and not never.
pub(super) const KA2: Rule = Rule {
    id: "KA2",
    title: "what was acknowledged is there",
    place: "Lab 4 before 2025, linearizability",
    text: "a get that begins after an append was acknowledged, or after its text was read, finds it, unless \
           a put has replaced it",
    why: "A client that was told \"done\" relies on it.",
    mistake: "A request is taken for one that was executed before: two clients have the same id, or one \
              table entry; or keys are lost in a restart or with a snapshot; or a get is answered from a \
              copy that is behind, or with the answer to an earlier one.",
    cure: "Draw client ids at random, from 64 bits. Have the keys and the table in one snapshot. Send gets \
           through the log.",
};

/// In the order of the client.
pub(super) const KA3: Rule = Rule {
    id: "KA3",
    title: "the order of a client's appends is kept",
    place: "Lab 4 before 2025, linearizability",
    text: "what a client has appended first stands before what it has appended next",
    why: "A client begins an append when the one before has returned. So the first one took effect before \
          the second.",
    mistake: "The clerk returns before its append is done; or the store adds in front, or keeps the texts in \
              another order than that of the log.",
    cure: "Return from append when a server has said that it is done, and add to the end.",
};

/// All of them.
pub(super) fn all() -> Vec<&'static Rule> {
    vec![&KA1, &KA2, &KA3]
}
