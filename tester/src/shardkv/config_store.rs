//! [`ConfigStore`]: the server that keeps the configurations; and the clients of the whole service.

use std::sync::Arc;

use labapi::{Clerk, DialServer, KvSrv, ShardController, ShardKv};
use labrpc::ClientEnd;

use super::analysis::{Moves, ShardAnalysis};
use crate::key_value::{ClerkProtocol, ClientLinks, Clients};
use crate::linearizability::KeyValue;
use crate::protocol::{NodeEnv, Protocol, StartedNode};
use crate::rule::Analysis;

/// The protocol of the store of configurations: a key/value server of lab 2, which never fails.
///
/// The clients of this cluster are those of the sharded service. Each has a controller, from which it learns
/// the configuration, and reaches the servers of all groups.
pub struct ConfigStore {
    kvsrv: KvSrv,
    shardkv: ShardKv,
    clients: Clients,
    moves: Moves,
}

impl ConfigStore {
    pub(super) fn new(kvsrv: KvSrv, shardkv: ShardKv, moves: &Moves) -> Self {
        Self { kvsrv, shardkv, clients: Clients::default(), moves: moves.clone() }
    }

    /// A function that makes a controller, from an end point to the store.
    pub(super) fn controller_maker(
        &self,
        links: &Arc<ClientLinks>,
    ) -> impl Fn(ClientEnd) -> Arc<dyn ShardController> + Send + 'static {
        let (make_clerk, make_controller) = (self.kvsrv.make_clerk, self.shardkv.make_controller);
        let dial = dialer(links);
        move |store| make_controller(Arc::clone(&dial), make_clerk(store))
    }
}

/// Makes end points of a client to the servers of all groups.
fn dialer(links: &Arc<ClientLinks>) -> DialServer {
    let links = Arc::clone(links);
    Arc::new(move |server| links.dial(server))
}

impl Protocol for ConfigStore {
    /// The server is called by clerks only.
    type Instance = ();

    fn analyses(&self, _: usize) -> Vec<Box<dyn Analysis>> {
        vec![Box::new(ShardAnalysis::new("", &self.moves))]
    }

    fn start(&self, env: &NodeEnv<'_>) -> Option<StartedNode<()>> {
        let services = env.make("make_server", self.kvsrv.make_server)?;
        Some(StartedNode { instance: Arc::new(()), services })
    }

    fn stop((): &()) {}
}

impl ClerkProtocol for ConfigStore {
    type Service = KeyValue;

    fn clerk_maker(
        &self,
        links: &Arc<ClientLinks>,
    ) -> impl Fn(Vec<ClientEnd>) -> Arc<dyn Clerk> + Send + 'static {
        let (make_controller, make_clerk) = (self.controller_maker(links), self.shardkv.make_clerk);
        let dial = dialer(links);
        move |mut ends| {
            let store = ends.pop().expect("the store has one server");
            make_clerk(Arc::clone(&dial), make_controller(store))
        }
    }

    fn clients(&self) -> &Clients {
        &self.clients
    }
}
