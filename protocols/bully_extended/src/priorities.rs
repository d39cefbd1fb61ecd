//! Part B6, priorities with votes, as MongoDB elected before version 3.2. It stands apart from the other
//! forms: it has no generations.
//!
//! **Priorities.** The live node with the highest priority shall lead; several may have the same. All nodes
//! send heartbeats to all (`members.rs`), so each knows who is alive, and who leads.
//!
//! **Votes** (`ballot.rs`, `vote.rs`). A candidate asks all nodes, and has won when the sum of their votes,
//! its own included, is a majority of all nodes. A node gives 1; or 0, if it has voted for another one; or
//! -10,000, a *veto*, if it knows a live node of a higher priority, or a live leader that is as good.
//!
//! A candidate first asks what the votes would be, and asks for them if it would win: so one that cannot win
//! takes nobody's vote.
//!
//! **Vote lock.** Who has voted votes for nobody else for 30 s. So two elections within 30 s have the same
//! winner: two majorities have a node in common. The vote that a candidate gave itself counts for no one but
//! itself, and is free when its ballot has failed.
//!
//! **Random retreat.** Candidates of the same priority that ask at once get half of the votes each. Before it
//! asks again, each waits for a random time of up to 1 s, and the first finds the other's vote free.
//!
//! # What goes wrong
//!
//! The lock is a time, and belongs to no election. If the winner dies at once, the majority that has voted
//! for it votes for nobody else until the 30 s are over: there is no leader for so long. Terms, as Raft has
//! them, end that: a vote holds for one term, and the next election is another term. And the lock is not
//! saved: a node that crashes can vote again at once.

mod ballot;
mod members;
mod messages;
mod node;
mod vote;

#[cfg(test)]
pub(crate) use node::ALIVE;
pub(crate) use node::make;
