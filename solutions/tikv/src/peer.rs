//! One server: the interface of the lab, the threads, and the RPC that carries the library's messages.

use std::sync::Weak;

use labapi::{ApplyMsg, Inspection, LogIndex, Raft, Solution, Started, State};
use labrpc::{ClientEnd, Service};
use labrt::channel::{self, Sender};
use labrt::rand::{RngExt, rng};
use labrt::sync::{Arc, Mutex};
use labrt::thread;
use labrt::time::Duration;
use persister::Persister;
use protobuf::Message as _;
use raft_rs::eraftpb::{Message, MessageType};
use serde::{Deserialize, Serialize};

use crate::node::{Node, TICK};

/// TiKV's library, as the tester and the command line know it.
pub const SOLUTION: Solution = Solution::new("tikv").with_raft(make);

/// One server.
struct Peer {
    /// The server itself, for the threads that it starts.
    this: Weak<Peer>,
    /// One end a server, by position.
    peers: Vec<ClientEnd>,
    node: Mutex<Node>,
}

/// A message of the library.
#[derive(Debug, Serialize, Deserialize)]
struct StepArgs {
    #[serde(with = "labgob::bytes")]
    message: Vec<u8>,
}

/// The library's answer. None if the message has no answer, or one that is sent with a call of its own.
#[derive(Debug, Default, Serialize, Deserialize)]
struct StepReply {
    answers: Vec<StepArgs>,
}

/// Starts a server as a follower, with what an earlier incarnation saved if there was one.
///
/// It is position `me` of `peers`, and sends what is committed on `service`. Returns at once.
pub fn make(
    peers: Vec<ClientEnd>,
    me: usize,
    persister: Persister,
    service: Sender<ApplyMsg>,
) -> Arc<dyn Raft> {
    let (delivery, messages) = channel::unbounded();
    let node = Node::new(me, peers.len(), persister, delivery);
    let peer = Arc::new_cyclic(|this| Peer { this: this.clone(), peers, node: Mutex::new(node) });
    // The service may call `snapshot` while it takes a message, so that no lock is held meanwhile.
    spawn("applier", move || messages.into_iter().try_for_each(|message| service.send(message)).ok());
    peer.spawn("ticker", Peer::run_ticker);
    peer
}

fn spawn<T: Send + 'static>(name: &'static str, work: impl FnOnce() -> T + Send + 'static) {
    let builder = thread::Builder::new().name(name);
    builder.spawn(work).expect("the system has room for one more thread");
}

impl Peer {
    /// Runs `work` on a thread of its own.
    fn spawn(&self, name: &'static str, work: impl FnOnce(&Peer) + Send + 'static) {
        let this = self.this.upgrade().expect("whoever calls a method holds the server");
        spawn(name, move || work(&this));
    }

    /// The clock's thread. Servers that start together do not tick together: otherwise two of them would
    /// often become candidates at the same moment.
    fn run_ticker(&self) {
        thread::sleep(rng().random_range(Duration::ZERO..TICK));
        loop {
            thread::sleep(TICK);
            let messages = {
                let mut node = self.node.lock();
                if node.is_killed() {
                    return;
                }
                node.tick()
            };
            self.send(messages);
        }
    }

    /// Sends each message on a thread of its own: a call to an unreachable server may take seconds to fail.
    fn send(&self, messages: Vec<Message>) {
        for message in messages {
            self.spawn("step", move |peer| peer.call(&message));
        }
    }

    /// Sends one message, and hands the answers to the library.
    fn call(&self, message: &Message) {
        let (to, kind) = (message.to, message.get_msg_type());
        let reply = self.peers[to as usize - 1].step(&encode(message));
        let arrived = reply.is_some();
        let mut messages = Vec::new();
        {
            let mut node = self.node.lock();
            if node.is_killed() {
                return;
            }
            for answer in reply.unwrap_or_default().answers {
                messages.extend(node.step(decode(&answer)));
            }
            match kind {
                MessageType::MsgSnapshot => messages.extend(node.report_snapshot(to, arrived)),
                MessageType::MsgAppend if !arrived => messages.extend(node.report_unreachable(to)),
                _ => {}
            }
        }
        self.send(messages);
    }
}

impl Raft for Peer {
    fn start(&self, command: Vec<u8>) -> Option<Started> {
        let (started, messages) = self.node.lock().propose(command)?;
        self.send(messages);
        Some(started)
    }

    fn get_state(&self) -> State {
        self.node.lock().state()
    }

    fn snapshot(&self, index: LogIndex, snapshot: Vec<u8>) {
        self.node.lock().compact(index, snapshot);
    }

    fn persist_bytes(&self) -> usize {
        self.node.lock().saved_bytes()
    }

    fn kill(&self) {
        self.node.lock().kill();
    }

    fn inspect(&self) -> Option<Inspection> {
        Some(self.node.lock().describe())
    }

    fn services(self: Arc<Self>) -> Vec<Service> {
        vec![self.service()]
    }
}

/// The RPC that the other servers call.
#[labrpc::service]
impl Peer {
    /// A message of another server's library.
    fn step(&self, args: StepArgs) -> StepReply {
        let message = decode(&args);
        let from = message.from;
        let messages = {
            let mut node = self.node.lock();
            if node.is_killed() {
                return StepReply::default();
            }
            node.step(message)
        };
        let (answers, others) =
            messages.into_iter().partition::<Vec<_>, _>(|message| message.to == from && is_answer(message));
        self.send(others);
        StepReply { answers: answers.iter().map(encode).collect() }
    }
}

/// Whether a message travels in the reply of the call that it answers. A vote does not: a reply may come
/// seconds late, and the library asks for a vote only once.
fn is_answer(message: &Message) -> bool {
    matches!(message.get_msg_type(), MessageType::MsgAppendResponse | MessageType::MsgHeartbeatResponse)
}

fn encode(message: &Message) -> StepArgs {
    StepArgs { message: message.write_to_bytes().expect("no field is required") }
}

fn decode(args: &StepArgs) -> Message {
    Message::parse_from_bytes(&args.message).expect("these bytes were made by `encode`")
}
