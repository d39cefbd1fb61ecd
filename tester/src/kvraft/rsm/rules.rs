//! Rules of a replicated state machine: what is executed, in which order, and what `submit` returns.

use crate::Rule;

/// Each request once.
pub(super) const RSM1: Rule = Rule {
    id: "RSM1",
    title: "a request that is submitted once is executed once",
    place: "Lab 4, part 4A",
    text: "what is submitted once has one place in the order of requests, on every replica",
    why: "The service is told to do something twice that a client wanted once: a counter counts too far.",
    mistake: "The replica does not restore its snapshot when it starts; or after a restart or a snapshot \
              the replica executes entries again that its state holds already, because the snapshot's index \
              is too low or its state is newer than its index.",
    cure: "A snapshot up to an index holds exactly what the entries up to that index have done: take it \
           between two entries, with the index of the last one executed.",
};

/// One order.
pub(super) const RSM2: Rule = Rule {
    id: "RSM2",
    title: "all replicas execute the same requests in the same order",
    place: "paper, §2 and §5.3",
    text: "if a replica has executed a request as its n-th, no other replica executes another one as its \
           n-th",
    why: "Replicas that do different things have different states, and answer differently from then on.",
    mistake: "A replica starts without restoring its snapshot, or restores one that misses the last entry, \
              or executes what was not committed.",
    cure: "Restore the persister's snapshot before anything is applied, and each snapshot that Raft \
           delivers. Execute what comes out of the apply channel, in its order, and nothing else.",
};

/// Committed only.
pub(super) const RSM3: Rule = Rule {
    id: "RSM3",
    title: "only what is committed is executed",
    place: "paper, §5.3",
    text: "a replica executes a request when a majority of the servers store it",
    why: "A leader that is cut off can still append to its log. Another leader will replace these entries, \
          and what they have done cannot be undone.",
    mistake: "Submit hands the request to the service itself, when start has accepted it.",
    cure: "Let the reader of the apply channel alone execute requests; submit waits for it.",
};

/// One's own answer.
pub(super) const RSM4: Rule = Rule {
    id: "RSM4",
    title: "submit returns the answer to its own request",
    place: "paper, §5.3",
    text: "submit returns the answer to the request that it was given, after this request was executed; or \
           that the server does not lead",
    why: "At the index where start has put a request another one may be applied, if another leader was \
          elected meanwhile. Its answer belongs to another client.",
    mistake: "Whoever waits for an index gets the answer of what is applied there; or the marks that tell \
              requests apart are counted from zero on each server.",
    cure: "Mark each request with something unique, such as a random number, and compare it when the entry \
           is applied. If it is another one, submit returns WrongLeader.",
};

/// Kill ends submits.
pub(super) const RSM5: Rule = Rule {
    id: "RSM5",
    title: "submit returns when Raft has ended",
    place: "Lab 4, part 4A",
    text: "when Raft has closed the apply channel, every submit returns that the server does not lead",
    why: "Nothing will be applied any more. Whoever waits, waits for ever.",
    mistake: "The reader ends with the channel and tells nobody.",
    cure: "When the channel is closed, drop all who wait, and refuse those who come later.",
};

/// No time-out.
pub(super) const RSM6: Rule = Rule {
    id: "RSM6",
    title: "submit waits for as long as the server leads",
    place: "Lab 4, part 4A",
    text: "submit returns that the server does not lead when it has lost the lead, and not before",
    why: "Time says nothing: a leader that is cut off cannot know it, and what it has accepted may yet be \
          executed.",
    mistake: "Submit gives up after a while.",
    cure: "Use the time-out to look at get_state, and wait on as long as this server leads the term in \
           which the request was accepted.",
};

/// All of them.
pub(in crate::kvraft) fn all() -> Vec<&'static Rule> {
    vec![&RSM1, &RSM2, &RSM3, &RSM4, &RSM5, &RSM6]
}
