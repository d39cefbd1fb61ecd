//! Part B6: priorities and votes, without generations. A form of its own.
//!
//! - All nodes send heartbeats to all, and say in them whether they lead.
//! - A node stands when it knows of a majority that is alive, of no live node of a higher priority, and of no
//!   leader that is as good.
//! - Before it asks for votes, it asks what they would be: a vote that elects nobody is locked for 30 s.
//! - When its ballot has failed, it waits for a random time of up to a second.
//! - A leader that reaches no majority steps down.

use std::sync::Arc;

use labapi::{Bully, BullyView, CuredBully};
use labrpc::{ClientEnd, Service};
use labrt::sync::Mutex;

use crate::messages::{VoteReply, VoteRequest};

/// One node.
struct Voter {
    ends: Vec<ClientEnd>,
    me: usize,
    /// By position; the same on every node.
    priorities: Vec<u32>,
    known: Mutex<Known>,
}

/// All that changes.
#[derive(Default)]
struct Known {
    // Your data here.
}

/// Starts a node.
pub(crate) fn start_voter(ends: Vec<ClientEnd>, me: usize, priorities: Vec<u32>) -> Arc<dyn CuredBully> {
    // Your code here: a timer.
    Arc::new(Voter { ends, me, priorities, known: Mutex::default() })
}

/// What the other nodes call.
#[labrpc::service]
impl Voter {
    /// A candidate asks for a vote, or what it would be.
    fn vote(&self, args: VoteRequest) -> VoteReply {
        todo!("bully_extended::vote, part B6")
    }

    // Your other handlers here.
}

impl Voter {
    /// The answer to a candidate: 1, or 0 if this node has voted for another one; or -10,000, a veto, if a
    /// node of a higher priority is alive, or a leader that is as good.
    fn votes_for(&self, candidate: usize) -> i64 {
        todo!("bully_extended::votes_for, part B6")
    }
}

impl Bully for Voter {
    fn kill(&self) {
        // Your code here: the threads of this node should end.
    }

    fn leader(&self) -> Option<usize> {
        let BullyView { leader, .. } = self.view();
        leader
    }

    fn services(self: Arc<Self>) -> Vec<Service> {
        let handlers = self.service();
        vec![handlers]
    }
}

impl CuredBully for Voter {
    /// There are no generations in this form: 0.
    fn view(&self) -> BullyView {
        todo!("bully_extended::view of a voter, part B6")
    }

    /// The candidate for which the vote of this node is locked.
    fn vote(&self) -> Option<usize> {
        todo!("bully_extended::locked_vote, part B6")
    }
}
