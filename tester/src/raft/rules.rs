//! Rules of Raft: the sentences of Figure 2, of §5.4 and of §7, each with the mistake that breaks it most
//! often.
//!
//! The analysis next door observes them. Their ids are those of the boxes of Figure 2: `RV` RequestVote RPC,
//! `AE` AppendEntries RPC, `IS` InstallSnapshot RPC (Figure 13), `P` persistent state, `F` followers, `C`
//! candidates, `L` leaders, `AS` all servers.

use crate::Rule;

/// All of them, in the order of the paper.
pub(super) fn all() -> Vec<&'static Rule> {
    [state(), elections(), entries(), commitment(), snapshots(), progress()].concat()
}

fn state() -> Vec<&'static Rule> {
    vec![&P1, &P2, &P3, &P4, &P5, &AS2, &AS6]
}

fn elections() -> Vec<&'static Rule> {
    vec![&RV1, &RV2, &RV3, &F3, &C2]
}

fn entries() -> Vec<&'static Rule> {
    vec![&AE1, &AE2, &AE3, &L1, &L2, &L6, &S1]
}

fn commitment() -> Vec<&'static Rule> {
    vec![&AE5, &L4, &L5, &TR1, &AS1, &AS5]
}

fn snapshots() -> Vec<&'static Rule> {
    vec![&IS5, &IS6]
}

fn progress() -> Vec<&'static Rule> {
    vec![&F1, &F2, &C1, &C3, &C4, &RV4, &H1, &L3, &L7, &L8, &L9, &L10, &AS3, &AS4, &IS8]
}

pub(super) const P1: Rule = Rule {
    id: "P1",
    title: "nothing is answered before it is saved",
    place: "Figure 2, State",
    text: "persistent state is updated on stable storage before responding to RPCs",
    why: "Whoever has the answer counts on it. If the server crashes now, it does not know its vote, its \
    term or its entries any more, and contradicts itself.",
    mistake: "A handler changes current_term, voted_for or the log and returns without persist, or persist \
    is called before the change, or by another thread later.",
    cure: "Call persist at the end of each path that has changed one of the three, under the same lock, \
    before the handler returns or a request is sent.",
};

pub(super) const P2: Rule = Rule {
    id: "P2",
    title: "term and vote survive a crash",
    place: "Figure 2, State",
    text: "currentTerm and votedFor are persistent state on all servers",
    why: "A server that forgets its term accepts a deposed leader again, and one that forgets its vote can \
    elect two leaders of one term.",
    mistake: "persist leaves one of them out, or the constructor does not read them back, or reads them \
    back in another order.",
    cure: "Save current_term, voted_for and the log together, and read all three back in the same order \
    before any thread starts.",
};

pub(super) const P3: Rule = Rule {
    id: "P3",
    title: "an acknowledged entry survives a crash",
    place: "Figure 2, State",
    text: "log[] is persistent state on all servers",
    why: "The leader counts every acknowledgement. An entry that is lost by a majority member after a crash \
    may have been committed, and may have been applied elsewhere.",
    mistake: "The log is not saved with term and vote, or is saved before the new entries are appended, or \
    is read back without its end.",
    cure: "Call persist after the log has changed and before the answer. After a restart the log must be \
    what it was at the last persist.",
};

pub(super) const P4: Rule = Rule {
    id: "P4",
    title: "a term never goes back",
    place: "Figure 2, State",
    text: "currentTerm: latest term server has seen (initialized to 0 on first boot, increases \
    monotonically)",
    why: "All of Raft compares terms. A server that goes back takes old messages for new ones.",
    mistake: "current_term is set to the term of a message without a comparison, often in the handler of a \
    reply.",
    cure: "Change current_term in one function, and only to a larger number.",
};

pub(super) const P5: Rule = Rule {
    id: "P5",
    title: "the snapshot survives a crash",
    place: "§7; Figure 2, State",
    text: "the snapshot replaces the log up to its last index, and is saved with what remains",
    why: "The log begins after the snapshot. Without it the service lacks everything before.",
    mistake: "save is called with the state alone, or with an empty snapshot; or the next save, made for \
    another reason, leaves the snapshot out.",
    cure: "Keep the snapshot in memory, and hand it to every save. Read it back when the server starts.",
};

pub(super) const AS2: Rule = Rule {
    id: "AS2",
    title: "a newer term is joined",
    place: "Figure 2, Rules for Servers, All Servers",
    text: "if RPC request or response contains term T > currentTerm: set currentTerm = T, convert to \
    follower",
    why: "An old leader that does not learn of the new term goes on leading, and a server that stays behind \
          refuses what the new leader sends.",
    mistake: "The comparison is missing in one of the places: the two or three handlers, and the code that \
    reads each reply.",
    cure: "Call one function with the term of every request and of every reply, first thing. It sets the \
    term, clears the vote, and makes the server a follower.",
};

pub(super) const AS6: Rule = Rule {
    id: "AS6",
    title: "a reply holds the server's own term",
    place: "Figure 2, RequestVote RPC and AppendEntries RPC, Results",
    text: "term: currentTerm, for candidate to update itself; term: currentTerm, for leader to update itself",
    why: "A leader or candidate whose time is over does not learn of it.",
    mistake: "The reply repeats the term of the request, or is filled in before the newer term is joined.",
    cure: "Fill in current_term last, when the handler has done everything else, under the same lock.",
};

pub(super) const RV1: Rule = Rule {
    id: "RV1",
    title: "a vote is refused to an older term",
    place: "Figure 2, RequestVote RPC, 1",
    text: "reply false if term < currentTerm",
    why: "A candidate of an older term could win with votes of servers that follow a newer leader.",
    mistake: "The handler compares the logs and forgets the term, or lets voted_for decide alone.",
    cure: "Begin the handler with the comparison of terms. Answer with your own term and false.",
};

pub(super) const RV2: Rule = Rule {
    id: "RV2",
    title: "a server votes once in a term",
    place: "Figure 2, RequestVote RPC, 2; §5.2",
    text: "each server will vote for at most one candidate in a given term, on a first-come-first-served \
    basis",
    why: "Two candidates can then both get a majority: two leaders of one term.",
    mistake: "voted_for is not checked, or not set when the vote is given, or cleared when the server \
    becomes a follower in the same term. A candidate's own vote is often forgotten.",
    cure: "Grant only if voted_for is none or this candidate, set it when you grant and when you stand, and \
    clear it only where the term increases.",
};

pub(super) const RV3: Rule = Rule {
    id: "RV3",
    title: "a vote is for a log that is at least as up to date",
    place: "Figure 2, RequestVote RPC, 2; §5.4.1",
    text: "the voter denies its vote if its own log is more up-to-date than that of the candidate",
    why: "A leader without a committed entry would make the others delete it.",
    mistake: "The comparison is missing, or compares only the length, or only the last term, or uses the \
    term of the server instead of the term of its last entry.",
    cure: "Compare (last term, last index) of both logs: the later last term wins, and with the same last \
    term the longer log.",
};

pub(super) const RV4: Rule = Rule {
    id: "RV4",
    title: "a vote that is free is given",
    place: "Figure 2, RequestVote RPC, 2",
    text: "if votedFor is null or candidateId, and candidate's log is at least as up-to-date, grant vote",
    why: "Without votes nobody is elected.",
    mistake: "voted_for is not cleared when the term increases, or the comparison of logs is the wrong way \
    round.",
    cure: "Clear voted_for in the function that increases current_term. Compare (last term, last index) \
    with >=.",
};

pub(super) const C1: Rule = Rule {
    id: "C1",
    title: "a candidate without a majority begins a new election",
    place: "Figure 2, Rules for Servers, Candidates",
    text: "if election timeout elapses: start new election",
    why: "A split vote, or lost messages, would be the end of all elections.",
    mistake: "The timer is not started again with the election, or a candidate asks again in the same term, \
    in which the others have voted.",
    cure: "Start the timer with each election. When it elapses, increment current_term and ask again.",
};

pub(super) const C2: Rule = Rule {
    id: "C2",
    title: "a leader has the votes of a majority in its term",
    place: "Figure 2, Rules for Servers, Candidates; §5.2",
    text: "if votes received from majority of servers: become leader",
    why: "Two minorities could each elect a leader of the same term.",
    mistake: "The votes of an earlier election are counted in this one, or a voter is counted twice, or \
    half of the servers count as a majority.",
    cure: "Count a reply only if the term of its request is the current one and the server is still a \
    candidate. Keep the set of voters, not a number. A majority is more than half of all servers.",
};

pub(super) const C3: Rule = Rule {
    id: "C3",
    title: "a candidate with a majority leads",
    place: "Figure 2, Rules for Servers, Candidates",
    text: "if votes received from majority of servers: become leader",
    why: "The election is won and nobody leads.",
    mistake: "The candidate does not count its own vote, or waits for all replies before it counts.",
    cure: "Begin with one vote, your own, and look after each reply whether it is a majority.",
};

pub(super) const C4: Rule = Rule {
    id: "C4",
    title: "election timeouts are randomized",
    place: "§5.2",
    text: "Raft uses randomized election timeouts to ensure that split votes are rare",
    why: "Servers that time out together split the votes each time.",
    mistake: "The timeout is a constant, or drawn once for all elections.",
    cure: "Draw a new timeout each time the timer starts, from a range that is wide against the time of a \
    message.",
};

pub(super) const F1: Rule = Rule {
    id: "F1",
    title: "a follower that hears from its leader does not stand",
    place: "Figure 2, Rules for Servers, Followers",
    text: "if election timeout elapses without receiving AppendEntries RPC from current leader or granting \
    vote: convert to candidate",
    why: "Leaders are deposed for nothing, and nothing is committed meanwhile.",
    mistake: "The handler of AppendEntries does not start the timer again, or only if there are entries.",
    cure: "Start the timer again with every AppendEntries of the current term, heartbeats included.",
};

pub(super) const F2: Rule = Rule {
    id: "F2",
    title: "a follower that hears from no leader stands",
    place: "Figure 2, Rules for Servers, Followers",
    text: "if election timeout elapses without receiving AppendEntries RPC from current leader or granting \
    vote: convert to candidate",
    why: "Nobody replaces a leader that is gone.",
    mistake: "The timer runs only once, or is started again by messages that are no reason to: a refused \
    request for a vote, a request of an older term.",
    cure: "Start the timer again only for the current leader's messages, for a vote that you grant, and for \
    your own election.",
};

pub(super) const F3: Rule = Rule {
    id: "F3",
    title: "a server that has just agreed with another one does not stand",
    place: "Figure 2, Rules for Servers, Followers",
    text: "if election timeout elapses without receiving AppendEntries RPC from current leader or granting \
    vote: convert to candidate",
    why: "A leader that works is deposed, or a candidate loses an election that was won.",
    mistake: "A vote, a heartbeat or a snapshot does not start the timer again. Or the thread that looks at \
    the timer unlocks between the look and the election: what is heard in between starts the timer again, \
    and the server stands all the same.",
    cure: "Start the timer in each of the three handlers. Look at the time and at the role, and become a \
    candidate, under the same lock.",
};

pub(super) const AE1: Rule = Rule {
    id: "AE1",
    title: "an AppendEntries of an older term is refused",
    place: "Figure 2, AppendEntries RPC, 1",
    text: "reply false if term < currentTerm",
    why: "The sender led an older term. A newer leader may have replaced its entries, and what a majority \
    has stored since would be overwritten.",
    mistake: "The handler compares prev_log_index and prev_log_term and forgets the term, or it compares the \
              term after it has changed the log.",
    cure: "Begin the handler with the comparison of terms. Answer with your own term and false, and change \
           nothing.",
};

pub(super) const AE2: Rule = Rule {
    id: "AE2",
    title: "entries are accepted only after the entry that precedes them",
    place: "Figure 2, AppendEntries RPC, 2",
    text: "reply false if log doesn't contain an entry at prevLogIndex whose term matches prevLogTerm",
    why: "The leader takes the answer for the proof that both logs are equal up to there, and commits.",
    mistake: "Only the index is compared, or a heartbeat without entries is accepted without the check.",
    cure: "Check length and term before anything else changes, for heartbeats as well.",
};

pub(super) const AE3: Rule = Rule {
    id: "AE3",
    title: "only conflicting entries are deleted, with all that follow them",
    place: "Figure 2, AppendEntries RPC, 3 and 4",
    text: "if an existing entry conflicts with a new one (same index but different terms), delete the \
    existing entry and all that follow it; append any new entries not already in the log",
    why: "What was acknowledged may be committed. A late request that cuts the log undoes it; a conflicting \
    entry that stays is applied in place of the leader's.",
    mistake: "The log is cut after prev_log_index each time, so that a late request deletes newer entries. \
    Or conflicting entries are not deleted, or only replaced one by one.",
    cure: "Walk through the new entries. At the first index where the terms differ, cut there; append only \
    what is missing. If all are there already, change nothing.",
};

pub(super) const AE5: Rule = Rule {
    id: "AE5",
    title: "a follower commits up to the last new entry at most",
    place: "Figure 2, AppendEntries RPC, 5",
    text: "if leaderCommit > commitIndex, set commitIndex = min(leaderCommit, index of last new entry)",
    why: "What the follower has beyond the entries that it has just accepted may be another leader's.",
    mistake: "commit_index is set to leader_commit, or to the minimum with the last index of the log, or \
    even if the request was refused.",
    cure: "After the request was accepted: min(leader_commit, prev_log_index + number of entries).",
};

pub(super) const L1: Rule = Rule {
    id: "L1",
    title: "only a leader accepts commands",
    place: "Figure 2, Rules for Servers, Leaders; §5.3",
    text: "if command received from client: append entry to local log",
    why: "What a follower appends on its own, the leader deletes.",
    mistake: "start does not look whether the server leads.",
    cure: "Return None unless the server is the leader, under the same lock as the append.",
};

pub(super) const L2: Rule = Rule {
    id: "L2",
    title: "entries with the same index and term are the same",
    place: "Figure 3, Log Matching and Leader Append-Only; §5.3",
    text: "a leader never overwrites or deletes entries in its log; it only appends new entries",
    why: "All comparisons of logs look at index and term alone.",
    mistake: "A leader puts a command at an index that it had used in this term, or the slot is computed \
    wrongly after a snapshot.",
    cure: "Append at the end only. Translate indices in one place.",
};

pub(super) const L3: Rule = Rule {
    id: "L3",
    title: "a refused leader goes back",
    place: "Figure 2, Rules for Servers, Leaders",
    text: "if AppendEntries fails because of log inconsistency: decrement nextIndex and retry",
    why: "The same request is refused again, for ever.",
    mistake: "next_index is not changed when a follower refuses, or is computed from the conflict to the \
    same value. Or the entries are gone, and the leader does not send its snapshot.",
    cure: "Make sure that next_index is smaller after each refusal. If it is not after the snapshot's end, \
    send InstallSnapshot.",
};

pub(super) const L4: Rule = Rule {
    id: "L4",
    title: "an entry is committed when a majority stores it",
    place: "Figure 2, Rules for Servers, Leaders; §5.3",
    text: "if there exists an N such that N > commitIndex, a majority of matchIndex[i] ≥ N, and log[N].term \
    == currentTerm: set commitIndex = N",
    why: "The next leader may not have the entry.",
    mistake: "match_index is set from the log at the time of the reply instead of the request's entries, or \
              starts at the end of the log, or half of the servers count as a majority.",
    cure: "match_index begins at 0 and becomes prev_log_index + number of entries of the request that was \
           accepted. Sort a copy and take the one in the middle.",
};

pub(super) const L5: Rule = Rule {
    id: "L5",
    title: "a leader commits by counting only entries of its own term",
    place: "§5.4.2, Figure 8",
    text: "only log entries from the leader's current term are committed by counting replicas",
    why: "An older entry on a majority can still be replaced by a later leader (Figure 8).",
    mistake: "The condition log[N].term == current_term is missing.",
    cure: "Do not commit unless the entry at N is of the current term. The older ones before it are then \
    committed with it.",
};

pub(super) const L6: Rule = Rule {
    id: "L6",
    title: "the first index is 1",
    place: "Figure 2, State",
    text: "log[]: log entries; first index is 1",
    why: "The tests, and the service, count from 1.",
    mistake: "start returns the slot in the vector.",
    cure: "Put an entry of term 0 at slot 0, or add one where an index leaves Raft.",
};

pub(super) const L7: Rule = Rule {
    id: "L7",
    title: "a leader sends what a follower lacks",
    place: "Figure 2, Rules for Servers, Leaders",
    text: "if last log index ≥ nextIndex for a follower: send AppendEntries RPC with log entries starting at \
           nextIndex",
    why: "Entries stay on the leader alone and are never committed.",
    mistake: "start only appends, and heartbeats carry no entries; or a flag that a request is on its way \
    is never cleared when the reply is lost.",
    cure: "Send the entries from next_index on with each heartbeat at the latest, whatever became of earlier \
           requests.",
};

pub(super) const L8: Rule = Rule {
    id: "L8",
    title: "a leader commits what a majority stores",
    place: "Figure 2, Rules for Servers, Leaders",
    text: "if there exists an N such that N > commitIndex, a majority of matchIndex[i] ≥ N, and log[N].term \
    == currentTerm: set commitIndex = N",
    why: "The entry is safe and nobody applies it.",
    mistake: "The leader does not count itself, or looks only when a command comes, or match_index is not \
    updated.",
    cure: "Look after each acknowledgement. The leader's own match_index is its last index.",
};

pub(super) const L9: Rule = Rule {
    id: "L9",
    title: "a leader steps down for a newer term in a reply",
    place: "Figure 2, Rules for Servers, All Servers; §5.1",
    text: "if RPC request or response contains term T > currentTerm: set currentTerm = T, convert to \
    follower",
    why: "It goes on leading a term that is over, and takes commands that nobody will commit.",
    mistake: "The code that reads replies looks at the yes or no alone.",
    cure: "Compare the term of each reply first. If it is newer: set current_term, clear voted_for, become a \
           follower, save.",
};

pub(super) const L10: Rule = Rule {
    id: "L10",
    title: "a refused leader goes back a term at a time",
    place: "§5.3, at the end",
    text: "the follower can include the term of the conflicting entry and the first index it stores for \
    that term",
    why: "One message for each entry takes too long when logs differ by many entries.",
    mistake: "next_index is decremented by one for each refusal.",
    cure: "Let the reply name the conflicting term and its first index, or the length of a log that is too \
    short. The leader skips all of that term at once.",
};

pub(super) const H1: Rule = Rule {
    id: "H1",
    title: "a leader sends heartbeats",
    place: "Figure 2, Rules for Servers, Leaders",
    text: "upon election: send initial empty AppendEntries RPCs (heartbeat) to each server; repeat during \
    idle periods to prevent election timeouts",
    why: "The followers do not know that they have a leader, and stand.",
    mistake: "The thread that sends heartbeats ends, waits for the replies, or runs in the first term only.",
    cure: "Send to each peer from a thread of its own, at least every 100 ms, as long as the server leads.",
};

pub(super) const TR1: Rule = Rule {
    id: "TR1",
    title: "a reply to a request of an older term changes nothing",
    place: "§5.1; Figure 2, Rules for Servers",
    text: "match_index is known for the term in which the follower was asked",
    why: "What a follower stored in an older term may be replaced since.",
    mistake: "The code that reads a reply does not compare the term of its request with the current one.",
    cure: "After the lock is taken again: drop the reply unless current_term is the term of the request and \
    the server still leads.",
};

pub(super) const AS1: Rule = Rule {
    id: "AS1",
    title: "only committed entries are applied",
    place: "Figure 2, Rules for Servers, All Servers",
    text: "if commitIndex > lastApplied: increment lastApplied, apply log[lastApplied] to state machine",
    why: "What is applied cannot be taken back.",
    mistake: "The applier goes to the end of the log instead of commit_index.",
    cure: "Deliver the entries up to commit_index, and no further.",
};

pub(super) const AS5: Rule = Rule {
    id: "AS5",
    title: "entries are applied in order, each once",
    place: "Figure 2, Rules for Servers, All Servers",
    text: "if commitIndex > lastApplied: increment lastApplied, apply log[lastApplied] to state machine",
    why: "The services of two servers take different ways.",
    mistake: "Two threads apply, or a thread hands over what it has copied before a snapshot was installed.",
    cure: "Let one thread apply. It takes entries and moves last_applied under the lock, and hands them \
    over in that order without it.",
};

pub(super) const AS3: Rule = Rule {
    id: "AS3",
    title: "committed entries are applied",
    place: "Figure 2, Rules for Servers, All Servers",
    text: "if commitIndex > lastApplied: increment lastApplied, apply log[lastApplied] to state machine",
    why: "The service never sees the command.",
    mistake: "The applier's condition variable is not notified when commit_index moves, or it looks, \
    unlocks, and then waits: what happens in between is missed.",
    cure: "Notify wherever commit_index is changed. Wait in a loop that checks the condition under the lock.",
};

pub(super) const AS4: Rule = Rule {
    id: "AS4",
    title: "a newer term in a request is joined",
    place: "Figure 2, Rules for Servers, All Servers; §5.1",
    text: "if RPC request or response contains term T > currentTerm: set currentTerm = T, convert to \
    follower",
    why: "A candidate of a newer term asks in vain, and its votes never come.",
    mistake: "The handler of RequestVote refuses before it has looked at the term, or joins only for a \
    leader.",
    cure: "Look at the term of each request first. If it is newer: set current_term, clear voted_for, \
    become a follower; then go on.",
};

pub(super) const S1: Rule = Rule {
    id: "S1",
    title: "the term before the entries is that of the entry there",
    place: "Figure 2, AppendEntries RPC, Arguments; Figure 13, Arguments",
    text: "prevLogTerm: term of prevLogIndex entry; lastIncludedTerm: term of lastIncludedIndex",
    why: "Followers compare it with their own, and refuse or accept wrongly.",
    mistake: "After a snapshot the term of its last entry is forgotten, or the slot is computed wrongly.",
    cure: "Keep last_included_term with the snapshot. Look terms up in one function that knows where the log \
           begins.",
};

pub(super) const IS5: Rule = Rule {
    id: "IS5",
    title: "a snapshot never moves the service back",
    place: "§7; Figure 13, InstallSnapshot RPC, 5 and 8",
    text: "discard any existing or partial snapshot with a smaller index",
    why: "The service has applied, and perhaps answered, what the snapshot does not have.",
    mistake: "A late InstallSnapshot is delivered without a comparison with last_applied.",
    cure: "Ignore a snapshot that ends at or before what is committed here.",
};

pub(super) const IS6: Rule = Rule {
    id: "IS6",
    title: "what follows a snapshot in the log is kept",
    place: "Figure 13, InstallSnapshot RPC, 6",
    text: "if existing log entry has same index and term as snapshot's last included entry, retain log \
    entries following it and reply",
    why: "These entries may have been acknowledged, and a majority may count on them.",
    mistake: "The whole log is discarded with each snapshot, or an outdated snapshot is taken for the log.",
    cure: "Ignore an outdated snapshot. Otherwise look whether the log has the last included entry, with \
    this term; if so, cut only what is before it.",
};

pub(super) const IS8: Rule = Rule {
    id: "IS8",
    title: "a received snapshot resets the service",
    place: "Figure 13, InstallSnapshot RPC, 8",
    text: "reset state machine using snapshot contents",
    why: "The service lacks all entries that the snapshot replaced.",
    mistake: "The handler replaces the log and does not hand the snapshot to the service, or the applier \
    skips it.",
    cure: "Deliver the snapshot before the first entry after it, and set commit_index and last_applied to \
    its end.",
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_rule_has_an_empty_section() {
        for rule in all() {
            for section in [rule.title, rule.place, rule.text, rule.why, rule.mistake, rule.cure] {
                assert!(section.len() > 4, "{}: {section:?}", rule.id);
            }
        }
    }
}
