//! A replicated log whose entries are instances of Paxos (*Paxos Made Simple*, §3): part P2.
//!
//! Every server is an acceptor and a learner of all instances. One of them is the *distinguished proposer*,
//! or leader: it "executes phase 1 for infinitely many instances" at once, and then needs phase 2 alone for
//! each command.
//!
//! | file | what it is about |
//! | --- | --- |
//! | `entries.rs` | the instances that a server has accepted, and indices of commands |
//! | `messages.rs` | what servers send |
//! | `peer.rs` | one server: its state, its start, its interface |
//! | `timer.rs` | who leads, and when something is sent again |
//! | `phase_1.rs` | a new leader finds out what may have been chosen, and fills the gaps |
//! | `phase_2.rs` | commands are accepted, and chosen |
//! | `learn.rs` | a server that has missed something asks |
//! | `apply.rs` | what is chosen goes to the service, in order |
//! | `compact.rs` | a snapshot replaces the beginning of the log |
//! | `saved.rs` | what survives a crash |

mod entries;
mod messages;
mod peer;

mod timer;

mod phase_1;
mod phase_2;

mod apply;
mod compact;
mod learn;
mod saved;

pub(crate) use peer::make;
