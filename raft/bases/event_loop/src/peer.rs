//! The outside of a server: it sends events to the thread, and waits for the answers.

use labapi::{ApplyMsg, LogIndex, Solution, Started, State, Term};
use labrpc::{ClientEnd, Service};
use labrt::channel::{self, Sender};
use labrt::sync::{Arc, Mutex};
use labrt::thread;
use persister::Persister;

use crate::event::{Call, Event, Outgoing, Reply};
use crate::message::{
    AppendEntriesArgs, AppendEntriesReply, InstallSnapshotArgs, InstallSnapshotReply, RequestVoteArgs,
    RequestVoteReply,
};
use crate::node::Node;

/// The Raft in an event loop, as the tester and the command line know it.
pub const SOLUTION: Solution = Solution::new("raft").with_raft(make);

/// One server, as others see it.
pub(crate) struct Raft {
    events: Sender<Event>,
    /// Term and role at the end of the last turn.
    published: Arc<Mutex<State>>,
    persister: Persister,
}

/// Starts server `me` of `peers`, with what an earlier incarnation saved. It sends what is committed on
/// `service`. Returns at once.
pub fn make(
    peers: Vec<ClientEnd>,
    me: usize,
    persister: Persister,
    service: Sender<ApplyMsg>,
) -> Arc<dyn labapi::Raft> {
    let (events, inbox) = channel::unbounded();
    let node = Node::new(me, peers.len(), &persister);
    let published = Arc::new(Mutex::new(State { term: node.term, is_leader: false }));
    let raft = Arc::new(Raft { events, published: published.clone(), persister: persister.clone() });
    let peers = Arc::new(peers);
    let replies = raft.events.clone();
    spawn("loop", move || {
        node.run(&inbox, &service, &persister, &published, |peer, request| {
            let (peers, replies) = (peers.clone(), replies.clone());
            spawn("call", move || {
                if let Some(reply) = call(&peers[peer], request) {
                    let _ = replies.send(Event::Reply(peer, reply)); // the server may have been killed
                }
            });
        });
    });
    raft
}

fn spawn(name: &'static str, body: impl FnOnce() + Send + 'static) {
    thread::Builder::new().name(name).spawn(body).expect("there is room for a thread");
}

fn call(peer: &ClientEnd, request: Outgoing) -> Option<Reply> {
    Some(match request {
        Outgoing::RequestVote(args) => {
            let reply = peer.request_vote(&args)?;
            Reply::RequestVote(args, reply)
        }
        Outgoing::AppendEntries(args) => {
            let reply = peer.append_entries(&args)?;
            Reply::AppendEntries(args, reply)
        }
        Outgoing::InstallSnapshot(args) => {
            let reply = peer.install_snapshot(&args)?;
            Reply::InstallSnapshot(args, reply)
        }
    })
}

impl Raft {
    /// Sends the event that `event` makes of a channel for the answer, and waits for that. `None` if the
    /// server was killed.
    fn ask<T>(&self, event: impl FnOnce(Sender<T>) -> Event) -> Option<T> {
        let (answer, answers) = channel::bounded(1);
        self.events.send(event(answer)).ok()?;
        answers.recv().ok()
    }
}

impl labapi::Raft for Raft {
    fn start(&self, command: Vec<u8>) -> Option<Started> {
        self.ask(|answer| Event::Start(command, answer)).flatten()
    }

    fn get_state(&self) -> State {
        *self.published.lock()
    }

    fn snapshot(&self, index: LogIndex, snapshot: Vec<u8>) {
        // A server that was killed needs none.
        let _ = self.ask(|answer| Event::Compact(index, snapshot, answer));
    }

    fn persist_bytes(&self) -> usize {
        Persister::raft_state_size(&self.persister)
    }

    fn kill(&self) {
        let _ = self.events.send(Event::Kill); // twice is once
    }

    fn services(self: Arc<Self>) -> Vec<Service> {
        vec![self.service()]
    }
}

/// A server that was killed refuses, in the name of no term.
#[labrpc::service]
impl Raft {
    fn request_vote(&self, args: RequestVoteArgs) -> RequestVoteReply {
        self.ask(|answer| Event::Call(Call::RequestVote(args, answer)))
            .unwrap_or(RequestVoteReply { term: Term(0), vote_granted: false })
    }

    fn append_entries(&self, args: AppendEntriesArgs) -> AppendEntriesReply {
        let refusal = AppendEntriesReply { term: Term(0), success: false, hint: (LogIndex(0), Term(0)) };
        self.ask(|answer| Event::Call(Call::AppendEntries(args, answer))).unwrap_or(refusal)
    }

    fn install_snapshot(&self, args: InstallSnapshotArgs) -> InstallSnapshotReply {
        self.ask(|answer| Event::Call(Call::InstallSnapshot(args, answer)))
            .unwrap_or(InstallSnapshotReply { term: Term(0) })
    }
}
