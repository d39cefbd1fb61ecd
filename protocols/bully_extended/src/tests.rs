//! Each cure on a small network: the form that has it, and the one before, which does not.

use std::sync::Arc;
use std::time::Duration;

use labapi::CuredBully;
use labrpc::{ClientEnd, Network, Server};
use labrt::thread;
use labrt::world::{Node as Machine, Options, World, simulate};
use persister::Storage;

use crate::messages::{Election, Heartbeat, Publish, Victory};
use crate::node::{NodeClient, NodeId};
use crate::timer::{LEADER_TIMEOUT, VICTORY_TIMEOUT};
use crate::{SOLUTION, priorities};

const N: usize = 5;

/// A moment in which messages arrive, and no timer is due.
const MOMENT: Duration = Duration::from_millis(10);

/// By when all know the leader, after whatever has happened.
const SETTLED: Duration = Duration::from_millis(3000);

type Make = fn(Vec<ClientEnd>, NodeId, Storage) -> Arc<dyn CuredBully>;

const GENERATIONS: Make = |peers, me, _| (SOLUTION.generations)(peers, me);
const ASKS_OTHERS: Make = |peers, me, _| (SOLUTION.asks_others)(peers, me);
const QUORUM: Make = |peers, me, _| (SOLUTION.quorum)(peers, me);
const PUBLISHES: Make = |peers, me, storage| (SOLUTION.publishes)(peers, me, storage);
const EQUALS: Make = |peers, me, _| (SOLUTION.priorities)(peers, me, vec![1; N]);
const RANKED: Make = |peers, me, _| (SOLUTION.priorities)(peers, me, vec![1, 5, 3, 2, 4]);

struct Cluster {
    world: World,
    network: Network,
    make: Make,
    nodes: Vec<Option<Incarnation>>,
    storages: Vec<Storage>,
    /// An end point to each node, for messages that the test makes.
    ends: Vec<ClientEnd>,
    started: usize,
}

struct Incarnation {
    machine: Machine,
    node: Arc<dyn CuredBully>,
    ends: Vec<String>,
}

fn make_end(network: &Network, name: String, to: NodeId) -> ClientEnd {
    let end = network.make_end(name.as_str());
    network.connect(&name, &to.to_string());
    network.enable(&name, true);
    end
}

impl Cluster {
    fn new(world: &World, make: Make) -> Self {
        let network = Network::new(world);
        let ends = (0..N).map(|to| make_end(&network, format!("test to {to}"), to)).collect();
        let storages = (0..N).map(|_| Storage::new()).collect();
        let nodes = (0..N).map(|_| None).collect();
        let mut cluster = Self { world: world.clone(), network, make, nodes, storages, ends, started: 0 };
        (0..N).for_each(|id| cluster.start(id));
        cluster
    }

    fn start(&mut self, id: NodeId) {
        self.started += 1;
        let machine = self.world.node(format!("node {id}"));
        let ends: Vec<_> = (0..N).map(|to| format!("{}: {id} to {to}", self.started)).collect();
        let peers = (0..N).map(|to| make_end(&self.network, ends[to].clone(), to)).collect();
        let (make, storage) = (self.make, self.storages[id].copy());
        self.storages[id] = storage.clone();
        let node = machine.call("make", move || make(peers, id, storage)).unwrap();
        let mut server = Server::new(&machine);
        Arc::clone(&node).services().into_iter().for_each(|service| server.add_service(service));
        self.network.add_server(id.to_string(), server);
        self.nodes[id] = Some(Incarnation { machine, node, ends });
    }

    fn crash(&mut self, id: NodeId) {
        let crashed = self.nodes[id].take().unwrap();
        self.network.delete_server(&id.to_string());
        crashed.machine.kill();
        crashed.ends.iter().for_each(|end| self.network.delete_end(end));
    }

    /// Whether each node reaches each other one.
    fn link(&self, linked: impl Fn(NodeId, NodeId) -> bool) {
        for (from, incarnation) in self.nodes.iter().enumerate() {
            for (to, end) in incarnation.iter().flat_map(|it| it.ends.iter().enumerate()) {
                self.network.enable(end, linked(from, to));
            }
        }
    }

    fn ask<T: Send + 'static>(
        &self,
        id: NodeId,
        question: impl FnOnce(&dyn CuredBully) -> T + Send + 'static,
    ) -> Option<T> {
        let incarnation = self.nodes[id].as_ref()?;
        let node = Arc::clone(&incarnation.node);
        incarnation.machine.call("ask", move || question(&*node)).ok()
    }

    fn generation(&self, id: NodeId) -> u64 {
        self.ask(id, |node| node.view().generation).unwrap()
    }

    /// Whom each node takes for the leader: a digit a node, `-` for nobody, `x` for a node that is down.
    fn leaders(&self) -> String {
        let leader = |id| match self.ask(id, |node| node.leader()) {
            None => "x".to_owned(),
            Some(leader) => leader.map_or("-".to_owned(), |leader| leader.to_string()),
        };
        (0..N).map(leader).collect()
    }

    /// Waits until [`leaders`](Self::leaders) says so.
    fn wait_for(&self, expected: &str) {
        let start = self.world.now();
        while self.leaders() != expected {
            assert!(self.world.now() - start < SETTLED, "{} for {expected}", self.leaders());
            thread::sleep(MOMENT);
        }
    }

    /// For so long [`leaders`](Self::leaders) says the same.
    fn assert_stays(&self, expected: &str, time: Duration) {
        let start = self.world.now();
        while self.world.now() - start < time {
            assert_eq!(self.leaders(), expected);
            thread::sleep(MOMENT);
        }
    }

    /// Version and state that each node knows to be committed.
    fn published(&self) -> Vec<Option<(u64, String)>> {
        let known = |id| {
            let known = self.ask(id, |node| node.published())??;
            Some((known.version, String::from_utf8(known.state).unwrap()))
        };
        (0..N).map(known).collect()
    }

    fn publish(&self, id: NodeId, state: &'static str) -> Option<u64> {
        self.ask(id, move |node| node.publish(state.into())).unwrap()
    }
}

/// Runs the story with several seeds.
fn tell(make: Make, story: impl Fn(&World, &mut Cluster) + Clone + Send + 'static) {
    for seed in 0..10 {
        let story = story.clone();
        let run =
            simulate(Options::new(seed), move |world: &World| story(world, &mut Cluster::new(world, make)));
        run.result.unwrap_or_else(|failure| panic!("seed {seed}: {failure:?}"));
    }
}

#[test]
fn each_victory_begins_a_generation_of_the_winner() {
    tell(GENERATIONS, |_, cluster| {
        cluster.wait_for("44444");
        let first = cluster.generation(0);
        cluster.crash(4);
        cluster.wait_for("3333x");
        let second = cluster.generation(0);
        assert!(second > first);
        assert_eq!((first % 5, second % 5), (4, 3));
        cluster.start(4);
        cluster.wait_for("44444");
        assert!((0..N).all(|id| cluster.generation(id) == cluster.generation(4)));
        assert!(cluster.generation(4) > second);
    });
}

#[test]
fn older_messages_are_dropped() {
    tell(GENERATIONS, |_, cluster| {
        cluster.wait_for("44444");
        let old = cluster.generation(0);
        cluster.crash(4);
        cluster.wait_for("3333x");
        let present = cluster.generation(0);

        let victory = cluster.ends[0].victory(&Victory { generation: old, leader: 4 }).unwrap();
        let heartbeat = cluster.ends[0].heartbeat(&Heartbeat { generation: old, leader: 4 }).unwrap();
        let election = cluster.ends[3].election(&Election { generation: old, candidate: 0 }).unwrap();
        assert_eq!([victory.generation, heartbeat.generation, election.generation], [present; 3]);
        cluster.assert_stays("3333x", SETTLED);
        assert_eq!(cluster.generation(0), present);

        // One of the present generation is none of them: somebody misses the leader.
        cluster.ends[3].election(&Election { generation: present, candidate: 0 }).unwrap();
        assert_eq!(&cluster.leaders()[3..], "-x");
        cluster.wait_for("3333x");
        assert!(cluster.generation(3) > present);
    });
}

#[test]
fn a_leader_that_one_node_misses_stays() {
    let story = |cluster: &mut Cluster| {
        cluster.wait_for("44444");
        let generation = cluster.generation(1);
        cluster.link(|from, to| (from, to) != (4, 0));
        thread::sleep(SETTLED);
        let stayed = cluster.generation(1) == generation;
        cluster.link(|_, _| true);
        cluster.wait_for("44444");
        stayed
    };
    tell(GENERATIONS, move |_, cluster| assert!(!story(cluster), "the plain form elects anew"));
    tell(ASKS_OTHERS, move |_, cluster| assert!(story(cluster)));
}

/// Two nodes that hear of the leader from each other alone do not keep it for alive.
#[test]
fn a_dead_leader_is_not_kept_alive_by_hearsay() {
    tell(ASKS_OTHERS, |_, cluster| {
        cluster.wait_for("44444");
        cluster.link(|from, to| from != 4 || to > 1);
        thread::sleep(2 * SETTLED);
        cluster.crash(4);
        cluster.wait_for("3333x");
    });
}

#[test]
fn who_comes_back_joins() {
    tell(ASKS_OTHERS, |_, cluster| {
        cluster.wait_for("44444");
        cluster.crash(4);
        cluster.wait_for("3333x");
        cluster.start(4);
        cluster.wait_for("33333");
        cluster.assert_stays("33333", SETTLED);
    });
}

#[test]
fn nobody_leads_a_minority() {
    let split = |cluster: &mut Cluster| {
        cluster.wait_for("44444");
        cluster.link(|from, to| (from < 3) == (to < 3));
        thread::sleep(SETTLED);
        let leaders = cluster.leaders();
        cluster.link(|_, _| true);
        leaders
    };
    tell(ASKS_OTHERS, move |_, cluster| {
        assert_eq!(split(cluster), "22244", "the leader does not count");
        cluster.wait_for("22222");
    });
    tell(QUORUM, move |_, cluster| {
        assert_eq!(split(cluster), "222--");
        cluster.wait_for("22222");
        cluster.assert_stays("22222", SETTLED);
    });
}

#[test]
fn a_leader_steps_down_within_the_time_that_the_lab_allows() {
    tell(QUORUM, |_, cluster| {
        cluster.wait_for("44444");
        cluster.link(|from, to| from != 4 && to != 4);
        cluster.assert_stays("44444", LEADER_TIMEOUT - Duration::from_millis(150));
        thread::sleep(labapi::QUORUM_TIMEOUT - LEADER_TIMEOUT);
        assert!(cluster.leaders().ends_with('-'), "{}", cluster.leaders());
    });
}

#[test]
fn a_state_is_committed_by_a_quorum() {
    tell(PUBLISHES, |_, cluster| {
        cluster.wait_for("44444");
        thread::sleep(5 * MOMENT);
        assert_eq!(cluster.publish(0, "a"), None, "it does not lead");
        assert_eq!(cluster.publish(4, "a"), Some(1));
        assert_eq!(cluster.publish(4, "b"), None, "the other one is under way");
        thread::sleep(5 * MOMENT);
        assert_eq!(cluster.published(), vec![Some((1, "a".to_owned())); N]);

        // The leader is cut off with one other, and publishes.
        cluster.link(|from, to| (from < 3) == (to < 3));
        assert_eq!(cluster.publish(4, "b"), Some(2));
        cluster.wait_for("222--");
        thread::sleep(5 * MOMENT);
        assert_eq!(cluster.publish(2, "c"), Some(2));
        thread::sleep(5 * MOMENT);
        let [a, c] = [Some((1, "a".to_owned())), Some((2, "c".to_owned()))];
        assert_eq!(cluster.published(), [c.clone(), c.clone(), c.clone(), a.clone(), a]);
        cluster.link(|_, _| true);
        cluster.wait_for("22222");
        thread::sleep(SETTLED);
        assert_eq!(cluster.published(), vec![c; N]);
    });
}

#[test]
fn a_leader_takes_over_what_a_quorum_has_saved() {
    tell(PUBLISHES, |_, cluster| {
        cluster.wait_for("44444");
        thread::sleep(5 * MOMENT);
        // Two of five have saved it when all crash, and it may have been committed.
        let generation = cluster.generation(4);
        for id in [0, 1] {
            let publish = Publish { generation, leader: 4, version: 1, state: b"a".to_vec() };
            cluster.ends[id].publish(&publish).unwrap();
        }
        (0..N).for_each(|id| cluster.crash(id));
        (0..N - 1).for_each(|id| cluster.start(id));
        cluster.wait_for("3333x");
        thread::sleep(VICTORY_TIMEOUT);
        assert_eq!(cluster.published()[3], Some((1, "a".to_owned())));
        assert_eq!(cluster.publish(3, "b"), Some(2));
    });
}

#[test]
fn the_highest_priority_leads_once_votes_are_free() {
    tell(RANKED, |_, cluster| {
        cluster.wait_for("11111");
        thread::sleep(labapi::VOTE_LOCK);
        cluster.crash(1);
        cluster.wait_for("4x444");
        cluster.start(1);
        cluster.wait_for("44444");
        cluster.assert_stays("44444", SETTLED);
        thread::sleep(labapi::VOTE_LOCK);
        cluster.wait_for("11111");
    });
}

#[test]
fn two_candidates_do_not_both_win() {
    tell(EQUALS, |_, cluster| {
        cluster.link(|from, to| (from < 3) == (to < 3) || from == 0 || to == 0);
        let start = cluster.world.now();
        while cluster.world.now() - start < SETTLED {
            let leaders = cluster.leaders();
            let leading = (0..N).filter(|id| leaders[*id..].starts_with(&id.to_string())).count();
            assert!(leading <= 1, "{leaders}");
            thread::sleep(MOMENT);
        }
    });
}

#[test]
fn a_dead_winner_keeps_the_votes_of_a_majority() {
    tell(EQUALS, |world, cluster| {
        while cluster.leaders().contains('-') {
            thread::sleep(MOMENT);
        }
        let winner: NodeId = cluster.leaders()[..1].parse().unwrap();
        cluster.crash(winner);
        let start = world.now();
        thread::sleep(priorities::ALIVE);
        while cluster.leaders().chars().all(|leader| "-x".contains(leader)) {
            thread::sleep(MOMENT);
        }
        let took = world.now() - start;
        assert!(took > labapi::VOTE_LOCK - SETTLED && took < labapi::VOTE_LOCK + SETTLED, "{took:?}");
    });
}
