//! The Bully algorithm with the cures of Elasticsearch and MongoDB. One form has a state to publish.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use labapi::{BullyExtended, CuredBully, Publication, Solution};
use labrpc::ClientEnd;
use labrt::thread;
use labrt::time::Instant;
use persister::Storage;

use crate::contestant::Contestant;
use crate::outcomes::Outcomes;
use crate::replica::{Replica, StartReplica, StartedReplica, View, Write};

/// A generation in every message.
pub(crate) const GENERATIONS: Contestant = Contestant {
    name: "bully-generations",
    title: "Bully: generations",
    lab: Some("bully_extended"),
    has_leaders: true,
    takes_writes: false,
    controllers: 0,
    why: "Times are those of plain Bully, and so are two leaders in a partition. But each leader has a \
          generation of its own, so a late message of an earlier one is recognised, and everybody can tell \
          which of two leaders is the newer. When the halves meet, the one with the newer generation has \
          precedence over the higher number.",
    start: |solution| start(solution, |form, peers, me, _| (form.generations)(peers, me)),
};

/// Besides, who misses the leader asks the others first.
pub(crate) const ASKS_OTHERS: Contestant = Contestant {
    name: "bully-asks",
    title: "Bully: + ask others",
    why: "A node that misses the leader asks the others first, and begins an election only if more than \
          half miss it, too. That takes more messages. A leader that returns asks before it claims \
          anything: there are no two leaders after a crash. It does not help in a partition, where each \
          half agrees that the other is gone.",
    start: |solution| start(solution, |form, peers, me, _| (form.asks_others)(peers, me)),
    ..GENERATIONS
};

/// Besides, nobody leads without a quorum.
pub(crate) const QUORUM: Contestant = Contestant {
    name: "bully-quorum",
    title: "Bully: + quorum",
    why: "A candidate needs n/2 + 1 reachable nodes, itself included, and a leader that reaches fewer \
          steps down. This is the cure of split brain: in a partition the old leader is gone when the \
          next one comes, or a moment later. Only a leader that is paused does not know that it is \
          deposed. The price is the one of all majorities: a leader that is left alone is none.",
    start: |solution| start(solution, |form, peers, me, _| (form.quorum)(peers, me)),
    ..GENERATIONS
};

/// Besides, the leader publishes a state in two phases.
pub(crate) const PUBLISHES: Contestant = Contestant {
    name: "bully-publishes",
    title: "Bully: + publication",
    takes_writes: true,
    why: "The leader publishes a whole state, which is committed when n/2 + 1 nodes have saved it. A write \
          here is a state with one more element. So nothing that was acknowledged is lost, and a write \
          takes more bytes the longer the run lasts. A new leader first finds out what was committed before \
          it. The highest node still leads whenever it is there: each time it comes and goes, nothing is \
          written for 0.8 s.",
    start: |solution| start(solution, |form, peers, me, storage| (form.publishes)(peers, me, storage)),
    ..GENERATIONS
};

/// Priorities, votes with a veto, and a vote lock.
pub(crate) const PRIORITIES: Contestant = Contestant {
    name: "bully-votes",
    title: "Bully: priorities, votes",
    why: "Nodes vote, a node with a lower priority than a live one is vetoed, and who has voted votes for \
          nobody else for 30 s. That ends two leaders, also in a partition. But if the winner dies, its \
          voters are bound: there is a next leader only when it returns itself, or when the locks have run \
          out. So all plans that touch the leader leave the cluster without one for seconds. Terms, as in \
          Raft, are the same promise without that time: one vote a term, and a new term at any moment.",
    start: |solution| {
        start(solution, |form, peers, me, _| {
            // The highest number has the highest priority.
            let priorities = (1..).take(peers.len()).collect();
            (form.priorities)(peers, me, priorities)
        })
    },
    ..GENERATIONS
};

/// Makes a node of one form.
type Make = fn(&BullyExtended, Vec<ClientEnd>, usize, Storage) -> Arc<dyn CuredBully>;

fn start(solution: &Solution, make: Make) -> Option<StartReplica> {
    let forms: BullyExtended = solution.export("bully_extended").copied()?;
    Some(Arc::new(move |env, _servers, outcomes| {
        let (peers, me, storage) = (env.peers(), env.me(), env.storage());
        let (node, services) = env.make("make", move || {
            let node = make(&forms, peers, me, storage);
            let services = Arc::clone(&node).services();
            (node, services)
        })?;
        let replica = Arc::new(Node { node, me, outcomes: Arc::clone(outcomes) });
        Some(StartedReplica { replica, services })
    }))
}

/// How often a node is asked what it knows to be committed, and for how long.
const ASK_INTERVAL: Duration = Duration::from_millis(2);
const ASK_TIME: Duration = Duration::from_secs(1);

struct Node {
    node: Arc<dyn CuredBully>,
    me: usize,
    outcomes: Arc<Outcomes>,
}

/// The version of the last state that the node knows to be committed, and the writes in it.
fn published(node: &dyn CuredBully) -> (u64, BTreeSet<Write>) {
    let Some(Publication { version, state }) = node.published() else { return (0, BTreeSet::new()) };
    (version, labgob::decode(&state).expect("only encoded sets are published"))
}

impl Replica for Node {
    /// Where there are no generations, all are 0.
    fn view(&self) -> View {
        let view = self.node.view();
        View {
            leads: view.leader == Some(self.me),
            generation: (view.generation > 0).then_some(view.generation),
            allegiance: view.leader.map(|leader| leader as u64),
        }
    }

    /// The leader publishes all writes so far, and this one.
    fn submit(&self, write: Write) -> bool {
        let (_, mut writes) = published(&*self.node);
        writes.insert(write);
        let state = labgob::encode(&writes).expect("numbers can be encoded");
        let Some(version) = self.node.publish(state) else { return false };
        let (node, outcomes) = (Arc::clone(&self.node), Arc::clone(&self.outcomes));
        thread::spawn(move || {
            let began = Instant::now();
            while began.elapsed() < ASK_TIME {
                let (committed, writes) = published(&*node);
                if committed >= version {
                    // Versions go up, so a later one without it has come in its place.
                    if writes.contains(&write) {
                        outcomes.acknowledge(write);
                    } else {
                        outcomes.fail(write);
                    }
                    return;
                }
                thread::sleep(ASK_INTERVAL);
            }
        });
        true
    }

    fn writes(&self) -> BTreeSet<Write> {
        published(&*self.node).1
    }

    fn stop(&self) {
        self.node.kill();
    }
}
