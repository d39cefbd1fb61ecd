//! Rules of the key/value labs: what the answers of servers and clerks mean, and what a get has to show.

mod analysis;
mod answers;
mod asking;
mod calls;
mod committed;
mod deposed;
mod doubt;
mod finding;
mod leaders;
mod observed;
mod resent;
#[cfg(test)]
mod told;
mod versioned;
mod versions;
pub(crate) mod words;

use crate::Rule;
pub(crate) use analysis::{Judge, OperationAnalysis};
pub(crate) use answers::unsupported;
pub(crate) use calls::{Call, Moment, Operation, Readable};
pub(crate) use deposed::other_leader;
pub(crate) use finding::finding;
pub(crate) use leaders::Leaders;

/// Which rules of a service with versions a solution breaks.
pub(crate) type KeyValueAnalysis = OperationAnalysis<versioned::VersionedJudge>;

/// An answer comes from a server.
pub(crate) const KV1: Rule = Rule {
    id: "KV1",
    title: "a clerk answers what a server has replied",
    place: "Lab 2, the clerk",
    text: "a clerk repeats a request until there is a reply, and answers what the reply says",
    why: "Silence says nothing: the request may be lost, or done and its reply lost. A clerk that answers \
          without a reply tells its client something that nobody knows.",
    mistake: "The clerk gives up after some tries and answers \"no key\" or \"maybe\", or it takes a lost \
              reply, or a refusal of a repeated put, for \"done\".",
    cure: "Send the request in a loop without an end, with a pause, and leave the loop only with a reply. \
           \"No key\" and \"done\" are returned if the reply says so; \"maybe\" only if it says \"wrong \
           version\".",
};

/// Maybe means doubt.
pub(crate) const KV2: Rule = Rule {
    id: "KV2",
    title: "a put is maybe done only if there is a doubt",
    place: "Lab 2, the clerk",
    text: "a put that was refused at its first transmission was certainly not done: the answer is \"wrong \
           version\"",
    why: "A client that is told \"maybe\" has to find out what has become of its put. It must not have to \
          when the server has said it.",
    mistake: "The clerk turns each \"wrong version\" into \"maybe\", or it counts the present call as an \
              earlier one.",
    cure: "Count the transmissions of this put. Return \"wrong version\" if the refused one was the first, \
           and \"maybe\" if there was one before it without an answer.",
};

/// A refusal is certain.
pub(crate) const KV3: Rule = Rule {
    id: "KV3",
    title: "a put that may have been done is not called refused",
    place: "Lab 2, the clerk",
    text: "a repeated put that is refused for its version may have been done by an earlier transmission: \
           the answer is \"maybe\"",
    why: "The first transmission may have been done and its reply lost; then the put itself has changed the \
          version for which the second one is refused. The client believes that nothing was changed, and \
          something was.",
    mistake: "The clerk returns the reply as it is and forgets that it has sent the put before. On several \
              servers it forgets the call that was answered \"wrong leader\": that server may have put the \
              request into its log before it lost the lead.",
    cure: "Remember whether this put was sent before without a definite answer: no reply, or \"wrong \
           leader\". If so, \"wrong version\" becomes \"maybe\".",
};

/// A put keeps to its version.
pub(crate) const KV4: Rule = Rule {
    id: "KV4",
    title: "a put replaces the version that it names, and makes the next one",
    place: "Lab 2, the server",
    text: "a put over version n gives the key its value and version n + 1, and nothing else changes a key",
    why: "The version is what makes a repeated put harmless, and what tells a client whose value it sees. \
          If a value appears over another version than its put has named, the put may have been done twice.",
    mistake: "The server does not count the version up, begins with 0, or loses versions in a snapshot; or \
              the clerk reads the new version after a refusal and puts again over it.",
    cure: "The server compares, stores value and version + 1 in one step; a new key has version 1. The \
           clerk sends each put with the version that its client has named, and leaves the rest to the \
           client.",
};

/// At most once.
pub(crate) const KV5: Rule = Rule {
    id: "KV5",
    title: "of the puts over one version, one is done",
    place: "Lab 2, at most once",
    text: "a put is done at most once: of all puts over the same version of a key, one changes the key",
    why: "Two clients that read the same version both believe that they have replaced it. One of the two \
          values is lost, and a lock has two holders.",
    mistake: "The server looks at the version under the lock, lets go of the lock, and takes it again to \
              change the value; or a leader answers a put before it is committed; or versions are lost in a \
              restart or a snapshot.",
    cure: "Compare and change under one lock, without letting it go. On several servers answer only when \
           the put was applied from the log, and keep the versions in the snapshot.",
};

/// Answers fit the version.
pub(crate) const KV6: Rule = Rule {
    id: "KV6",
    title: "a put is judged by the key's version",
    place: "Lab 2, the server",
    text: "a put is done if it names the key's version; else the answer is \"wrong version\", or \"no key\" \
           if the key does not exist and the put does not create it with version 0",
    why: "Clients draw conclusions from each of these answers: from \"wrong version\" that another client \
          was first, from \"no key\" that the key has to be created.",
    mistake: "The version is compared with >= instead of ==, a missing key is created at any version, or a \
              missing key is answered \"wrong version\".",
    cure: "Write the four cases down as a match: key there and version equal, key there and not equal, no \
           key and version 0, no key and another version.",
};

/// No stale reads.
pub(crate) const KV7: Rule = Rule {
    id: "KV7",
    title: "what was acknowledged is seen",
    place: "Labs 2 and 4, linearizability",
    text: "an operation that begins after a put was acknowledged, or after a version was read, finds that \
           version or a newer one",
    why: "A client that was told \"done\" relies on it. If the key can go back, what was acknowledged is \
          lost.",
    mistake: "State is lost in a restart or with a snapshot, a put is answered before it is committed, or a \
              request is answered from a copy that is behind.",
    cure: "Look where the answering server's state comes from: it must hold all that was committed before \
           the request came. Check restore, the index of snapshots, and when a put is answered.",
};

/// Reads of a deposed leader.
pub(crate) const KV8: Rule = Rule {
    id: "KV8",
    title: "a deposed leader answers no reads",
    place: "paper, §8",
    text: "a leader must make sure that it has not been deposed before it answers a read: reads go through \
           the log",
    why: "A leader that is cut off does not know that the others have elected a new one and gone on. What \
          it reads from its own copy is out of date.",
    mistake: "The server looks at get_state and answers a get from its own copy, or it answers at once \
              whoever leads.",
    cure: "Submit a get like a put, and answer it when it comes out of the log.",
};

/// A clerk asks the next server.
pub(crate) const KV9: Rule = Rule {
    id: "KV9",
    title: "a clerk goes on asking",
    place: "Labs 2 and 4, the clerk",
    text: "a clerk without an answer asks again, and another server if there are several",
    why: "The request or its reply may be lost, and the server asked may be down, cut off or deposed. Who \
          waits, or stays with it, waits for ever.",
    mistake: "The clerk sends its request once, or keeps to the server that led before, whatever that one \
              answers or does not answer.",
    cure: "After no reply and after \"wrong leader\" go on to the next server, and pause after a round in \
           vain.",
};

/// A deposed server lets its clients go.
pub(crate) const KV10: Rule = Rule {
    id: "KV10",
    title: "a deposed leader lets its clients go",
    place: "Lab 4, submit",
    text: "a server that has lost the lead answers \"wrong leader\" to those who wait for what it submitted",
    why: "Another leader may have removed the request from the log. If nothing else is submitted because \
          all clients wait, nothing is ever applied at its index, and they wait for ever.",
    mistake: "Submit waits until something is applied at its index and looks at nothing else.",
    cure: "While it waits, submit looks from time to time whether get_state still says that this server \
           leads the term of the entry. If not, it returns WrongLeader.",
};

/// Acknowledged when committed.
pub(crate) const KV11: Rule = Rule {
    id: "KV11",
    title: "a put is acknowledged when a majority stores it",
    place: "paper, §5.3 and §8",
    text: "a leader replies to a client when the request is committed, stored by a majority, and applied",
    why: "Until then another leader may be elected that does not have the request. The client was told that \
          it is done, and it is lost.",
    mistake: "The server does a put, or answers it, as soon as start has accepted it.",
    cure: "Wait in submit until the request comes out of the apply channel, and answer then.",
};

/// Those that a service on one server can break.
pub(crate) fn on_one_server() -> Vec<&'static Rule> {
    vec![&KV1, &KV2, &KV3, &KV4, &KV5, &KV6, &KV7, &KV9]
}

/// Those that only a service on several servers can break.
pub(crate) fn on_several_servers() -> Vec<&'static Rule> {
    vec![&KV8, &KV10, &KV11]
}
