//! Elections on a small network: first election, crash and return of the leader, and what goes wrong.

use std::sync::Arc;
use std::time::Duration;

use labrpc::{ClientEnd, Network, Server};
use labrt::rand::{RngExt, rng};
use labrt::thread;
use labrt::world::{Node, Options, World, simulate};

use crate::messages::{Alive, Election, Victory};
use crate::node::{BullyClient, NodeId, make};
use crate::timer::{ANSWER_TIMEOUT, HEARTBEAT_INTERVAL, LEADER_TIMEOUT, VICTORY_TIMEOUT};

const N: usize = 5;

/// A moment in which messages arrive, and no timer is due.
const MOMENT: Duration = Duration::from_millis(10);

/// By when all know the leader, after whatever has happened: it is noticed, and two elections are held.
const SETTLED: Duration = Duration::from_millis(2500);

struct Cluster {
    world: World,
    network: Network,
    /// `None`: crashed.
    nodes: Vec<Option<Incarnation>>,
    /// An end point to each node, for messages that the test makes.
    ends: Vec<ClientEnd>,
    started: usize,
}

struct Incarnation {
    node: Node,
    bully: Arc<dyn labapi::Bully>,
    ends: Vec<String>,
}

impl Cluster {
    /// All nodes start.
    fn new(world: &World) -> Self {
        let network = Network::new(world);
        let ends = (0..N).map(|to| make_end(&network, format!("test to {to}"), to)).collect();
        let mut cluster = Self { world: world.clone(), network, nodes: Vec::new(), ends, started: 0 };
        cluster.nodes.resize_with(N, || None);
        (0..N).for_each(|id| cluster.start(id));
        cluster
    }

    fn start(&mut self, id: NodeId) {
        self.started += 1;
        let node = self.world.node(format!("node {id}"));
        let ends: Vec<_> = (0..N).map(|to| format!("{}: {id} to {to}", self.started)).collect();
        let peers = (0..N).map(|to| make_end(&self.network, ends[to].clone(), to)).collect();
        let bully = node.call("make", move || make(peers, id)).unwrap();
        let mut server = Server::new(&node);
        Arc::clone(&bully).services().into_iter().for_each(|service| server.add_service(service));
        self.network.add_server(id.to_string(), server);
        self.nodes[id] = Some(Incarnation { node, bully, ends });
    }

    fn crash(&mut self, id: NodeId) {
        let crashed = self.nodes[id].take().unwrap();
        self.network.delete_server(&id.to_string());
        crashed.node.kill();
        crashed.ends.iter().for_each(|end| self.network.delete_end(end));
    }

    /// Only nodes on the same side of this number reach each other.
    fn partition(&self, boundary: NodeId) {
        for (from, incarnation) in self.nodes.iter().enumerate() {
            for (to, end) in incarnation.iter().flat_map(|it| it.ends.iter().enumerate()) {
                self.network.enable(end, (from < boundary) == (to < boundary));
            }
        }
    }

    /// All nodes reach each other, or none does.
    fn enable_all(&self, enabled: bool) {
        let ends = self.nodes.iter().flatten().flat_map(|incarnation| &incarnation.ends);
        ends.for_each(|end| self.network.enable(end, enabled));
    }

    /// Whom each node takes for the leader: a digit a node, `-` for nobody, `x` for a node that is down.
    fn leaders(&self) -> String {
        let leader = |incarnation: &Option<Incarnation>| match incarnation {
            None => "x".to_owned(),
            Some(it) => {
                let bully = Arc::clone(&it.bully);
                let leader = it.node.call("leader", move || bully.leader()).unwrap();
                leader.map_or("-".to_owned(), |leader| leader.to_string())
            }
        };
        self.nodes.iter().map(leader).collect()
    }

    /// The time from now until [`leaders`](Self::leaders) says so; a `?` is for anything.
    fn time_until(&self, expected: &str) -> Duration {
        let start = self.world.now();
        let fits = |leaders: &str| leaders.chars().zip(expected.chars()).all(|(l, e)| l == e || e == '?');
        while !fits(&self.leaders()) {
            assert!(self.world.now() - start < SETTLED, "{} for {expected}", self.leaders());
            thread::sleep(MOMENT);
        }
        self.world.now() - start
    }

    /// For so long [`leaders`](Self::leaders) says the same.
    fn assert_stays(&self, expected: &str, time: Duration) {
        let start = self.world.now();
        while self.world.now() - start < time {
            assert_eq!(self.leaders(), expected);
            thread::sleep(MOMENT);
        }
    }
}

/// An end point that leads to a node.
fn make_end(network: &Network, name: String, to: NodeId) -> ClientEnd {
    let end = network.make_end(name.as_str());
    network.connect(&name, &to.to_string());
    network.enable(&name, true);
    end
}

/// Runs the story with several seeds.
fn tell(story: impl Fn(&World, &mut Cluster) + Clone + Send + 'static) {
    for seed in 0..30 {
        let story = story.clone();
        let run = simulate(Options::new(seed), move |world: &World| story(world, &mut Cluster::new(world)));
        run.result.unwrap_or_else(|failure| panic!("seed {seed}: {failure:?}"));
    }
}

#[test]
fn the_highest_wins_the_first_election() {
    tell(|_, cluster| {
        assert!(cluster.time_until("44444") < ANSWER_TIMEOUT, "the highest need not wait for an answer");
        cluster.assert_stays("44444", Duration::from_secs(3));
    });
}

#[test]
fn the_next_one_follows_when_the_leader_crashes() {
    tell(|_, cluster| {
        cluster.time_until("44444");
        cluster.crash(4);
        cluster.assert_stays("4444x", LEADER_TIMEOUT - HEARTBEAT_INTERVAL - 3 * MOMENT);
        cluster.time_until("3333x");
        cluster.assert_stays("3333x", Duration::from_secs(3));
        // Two at once.
        cluster.crash(2);
        cluster.crash(3);
        cluster.time_until("11xxx");
        cluster.assert_stays("11xxx", Duration::from_secs(3));
    });
}

/// The leader crashes in the midst of an election in which it has answered.
#[test]
fn an_election_begins_anew_if_no_victory_comes() {
    tell(|_, cluster| {
        cluster.time_until("44444");
        cluster.crash(4);
        cluster.time_until("----x");
        thread::sleep(MOMENT);
        cluster.crash(3);
        let took = cluster.time_until("222xx");
        assert!(took > VICTORY_TIMEOUT, "2 has waited for the victory of 3, but only {took:?}");
    });
}

#[test]
fn the_highest_takes_over_when_it_returns() {
    tell(|_, cluster| {
        cluster.time_until("44444");
        cluster.crash(4);
        cluster.time_until("3333x");
        cluster.start(4);
        assert!(cluster.time_until("44444") < 3 * MOMENT, "its victory tells all");
        cluster.assert_stays("44444", Duration::from_secs(3));
    });
}

/// It asks who leads, and all others elect the same leader again.
#[test]
fn a_lower_node_that_returns_follows() {
    tell(|_, cluster| {
        cluster.time_until("44444");
        cluster.crash(1);
        thread::sleep(SETTLED);
        cluster.start(1);
        assert!(cluster.time_until("44444") < ANSWER_TIMEOUT);
        cluster.assert_stays("44444", Duration::from_secs(3));
    });
}

/// The first requests of a node may be lost. It asks again before it takes the others for dead.
#[test]
fn a_node_asks_more_than_once() {
    tell(|_, cluster| {
        cluster.time_until("44444");
        cluster.crash(4);
        cluster.enable_all(false);
        cluster.time_until("----x");
        thread::sleep(MOMENT);
        cluster.enable_all(true);
        let healed = cluster.world.now();
        while cluster.world.now() - healed < SETTLED {
            let leaders = cluster.leaders();
            assert!(!leaders.contains(['0', '1', '2']), "{leaders}");
            thread::sleep(MOMENT);
        }
        assert_eq!(cluster.leaders(), "3333x");
    });
}

#[test]
fn a_lower_node_that_asks_starts_an_election() {
    tell(|_, cluster| {
        cluster.time_until("44444");
        thread::sleep(Duration::from_millis(rng().random_range(0..1000)));
        cluster.crash(4);
        thread::sleep(MOMENT);
        assert_eq!(cluster.leaders(), "4444x", "nobody has noticed");
        let Alive = cluster.ends[3].election(&Election { candidate: 0 }).unwrap();
        assert_eq!(cluster.leaders(), "444-x");
        let took = cluster.time_until("3333x");
        assert!(took.abs_diff(ANSWER_TIMEOUT) < 3 * MOMENT, "{took:?}");
    });
}

#[test]
fn a_partition_has_two_leaders() {
    tell(|_, cluster| {
        cluster.time_until("44444");
        cluster.partition(2);
        cluster.time_until("11444");
        cluster.assert_stays("11444", Duration::from_secs(3));
        cluster.partition(0);
        assert!(cluster.time_until("44444") < HEARTBEAT_INTERVAL + 2 * MOMENT);
        cluster.assert_stays("44444", Duration::from_secs(3));
    });
}

/// Two ways in which it goes wrong: a heartbeat puts the first right, and only an election the second.
#[test]
fn a_late_victory_is_believed() {
    tell(|_, cluster| {
        cluster.time_until("44444");
        cluster.ends[0].victory(&Victory { leader: 3 }).unwrap();
        assert_eq!(cluster.leaders(), "34444");
        assert!(cluster.time_until("44444") < HEARTBEAT_INTERVAL + 2 * MOMENT);

        cluster.crash(4);
        cluster.time_until("3333x");
        cluster.ends[0].victory(&Victory { leader: 4 }).unwrap();
        cluster.assert_stays("4333x", LEADER_TIMEOUT - 3 * MOMENT);
        assert!(cluster.time_until("???-x") < 6 * MOMENT, "the leader has to win again");
        cluster.time_until("3333x");
    });
}

/// Lost messages are repeated, so the leader is known in the end, if not always at once.
#[test]
fn a_network_that_loses_messages_has_a_leader_in_the_end() {
    tell(|_, cluster| {
        cluster.network.set_reliable(false);
        cluster.time_until("44444");
        cluster.crash(4);
        cluster.time_until("3333x");
    });
}

#[test]
fn a_node_that_is_told_to_stop_sends_nothing() {
    tell(|_, cluster| {
        cluster.time_until("44444");
        cluster.network.delete_server("4");
        let last = cluster.nodes[4].as_ref().unwrap();
        let bully = Arc::clone(&last.bully);
        last.node.call("kill", move || bully.kill()).unwrap();
        cluster.time_until("33334");
    });
}
