//! One decree on a small network; and what an acceptor that loses its disk does to it.

use std::time::Duration;

use labapi::PaxosNode;
use labrpc::{Network, Server};
use labrt::sync::Arc;
use labrt::thread;
use labrt::world::{Node, Options, World, simulate};
use persister::Storage;

use crate::acceptor::Acceptor;
use crate::ballot::Ballot;
use crate::node::make;

const N: usize = 3;

/// By when a majority has decided, after whatever has happened.
const DECIDED: Duration = Duration::from_secs(3);

struct Cluster {
    world: World,
    network: Network,
    storages: Vec<Storage>,
    nodes: Vec<Option<(Node, Arc<dyn PaxosNode>)>>,
    started: usize,
}

impl Cluster {
    fn new(world: &World) -> Self {
        let network = Network::new(world);
        let storages = (0..N).map(|_| Storage::new()).collect();
        let mut cluster = Self {
            world: world.clone(),
            network,
            storages,
            nodes: (0..N).map(|_| None).collect(),
            started: 0,
        };
        (0..N).for_each(|id| cluster.start(id));
        cluster
    }

    fn start(&mut self, id: usize) {
        self.started += 1;
        let node = self.world.node(format!("node {id}"));
        let ends = (0..N).map(|to| {
            let name = format!("{}: {id} to {to}", self.started);
            let end = self.network.make_end(name.as_str());
            self.network.connect(&name, &to.to_string());
            self.network.enable(&name, true);
            end
        });
        let (ends, storage) = (ends.collect(), self.storages[id].clone());
        let paxos = node.call("make", move || make(ends, id, storage)).unwrap();
        let mut server = Server::new(&node);
        Arc::clone(&paxos).services().into_iter().for_each(|service| server.add_service(service));
        self.network.add_server(id.to_string(), server);
        self.nodes[id] = Some((node, paxos));
    }

    fn crash(&mut self, id: usize) {
        let (node, _) = self.nodes[id].take().unwrap();
        self.network.delete_server(&id.to_string());
        node.kill();
        self.storages[id] = self.storages[id].copy();
    }

    fn with<T: Send + 'static>(&self, id: usize, f: impl FnOnce(&dyn PaxosNode) -> T + Send + 'static) -> T {
        let (node, paxos) = self.nodes[id].as_ref().unwrap();
        let paxos = Arc::clone(paxos);
        node.call("call", move || f(&*paxos)).unwrap()
    }

    fn propose(&self, id: usize, value: &'static str) {
        self.with(id, move |node| node.propose(1, value.into()));
    }

    /// What a node knows in the end.
    fn decided(&self, id: usize) -> Option<String> {
        let began = self.world.now();
        loop {
            let known = self.with(id, |node| node.decided(1));
            if known.is_some() || self.world.now() - began > DECIDED {
                return known.map(|value| String::from_utf8(value).unwrap());
            }
            thread::sleep(Duration::from_millis(10));
        }
    }
}

/// Runs the story with several seeds.
fn tell(story: impl Fn(&mut Cluster) + Clone + Send + 'static) {
    for seed in 0..20 {
        let story = story.clone();
        let run = simulate(Options::new(seed), move |world: &World| story(&mut Cluster::new(world)));
        run.result.unwrap_or_else(|failure| panic!("seed {seed}: {failure:?}"));
    }
}

#[test]
fn all_learn_what_one_has_proposed() {
    tell(|cluster| {
        cluster.propose(1, "a");
        assert_eq!([0, 1, 2].map(|id| cluster.decided(id)), [0, 1, 2].map(|_| Some("a".to_owned())));
    });
}

#[test]
fn a_minority_decides_nothing() {
    tell(|cluster| {
        cluster.crash(0);
        cluster.crash(1);
        cluster.propose(2, "a");
        assert_eq!(cluster.decided(2), None);
        cluster.start(1);
        assert_eq!(cluster.decided(2).as_deref(), Some("a"));
    });
}

/// Nodes 0 and 1 choose a value, and node 2 misses it. Then node 0 is away, and node 1 has crashed and is
/// back: with its disk, or without.
fn value_of_the_next_majority(cluster: &mut Cluster, keeps_disk: bool) -> Option<String> {
    cluster.crash(2);
    cluster.propose(0, "a");
    assert_eq!(cluster.decided(0).as_deref(), Some("a"));
    cluster.crash(1);
    cluster.crash(0);
    if !keeps_disk {
        cluster.storages[1] = Storage::new();
    }
    cluster.start(1);
    cluster.start(2);
    cluster.propose(2, "b");
    cluster.decided(2)
}

#[test]
fn an_acceptor_that_keeps_its_disk_keeps_the_value() {
    tell(|cluster| assert_eq!(value_of_the_next_majority(cluster, true).as_deref(), Some("a")));
}

/// A demonstration of what the protocol demands of its disks: an acceptor without memory is not the acceptor
/// that has accepted, and the majority of then has only one member left. Two values are chosen.
#[test]
fn an_acceptor_that_loses_its_disk_lets_a_second_value_be_chosen() {
    tell(|cluster| assert_eq!(value_of_the_next_majority(cluster, false).as_deref(), Some("b")));
}

#[test]
fn a_restarted_acceptor_has_promised_what_it_had() {
    let (storage, ballot) = (Storage::new(), |round| Ballot { round, node: 1 });
    let run = simulate(Options::new(1), move |_| {
        let mut acceptor = Acceptor::restore(&storage, 1);
        assert!(acceptor.promise(ballot(2)).is_ok());
        acceptor.save(&storage, 1);
        let mut again = Acceptor::restore(&storage, 1);
        assert_eq!(again.promise(ballot(1)).unwrap_err().promised, ballot(2));
        assert!(again.promise(ballot(2)).is_ok(), "the same proposer asks again");
        assert_eq!(Acceptor::restore(&storage, 2).promised(), Ballot::default(), "another instance");
    });
    run.result.unwrap();
}

#[test]
fn ballots_are_ordered_by_round_and_are_one_number() {
    let first = Ballot::default().next(2);
    let second = first.next(0);
    assert!(second > first && second.number(3) > first.number(3));
    assert_eq!((first.number(3), second.number(3)), (5, 6));
}
