//! [`Controller`]: a controller on a node of its own, which can be cut off and stopped.

use std::sync::Arc;

use labapi::{Config, ShardController};
use labrt::world::Node;

use super::ConfigStore;
use crate::Cluster;
use crate::event::Party;
use crate::key_value::ClientLinks;

/// A controller. Clones are the same one.
#[derive(Clone)]
pub(super) struct Controller {
    cluster: Cluster<ConfigStore>,
    number: u32,
    node: Node,
    controller: Arc<dyn ShardController>,
    /// The name of its end point to the store.
    store: String,
    links: Arc<ClientLinks>,
}

/// The controller was [stopped](Controller::stop) during a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stopped;

impl Controller {
    /// A new controller, which reaches all servers.
    pub fn start(cluster: &Cluster<ConfigStore>) -> Self {
        let number = cluster.inner.testbed.new_client();
        let node = cluster.world().node(format!("controller {number}"));
        let (store, end) = cluster.make_end(Party::Client(number), 0);
        cluster.network().enable(&store, true);
        let links = ClientLinks::new(&cluster.inner.testbed, number);
        let make = cluster.protocol().controller_maker(&links);
        let controller = node.call("make_controller", move || make(end)).expect("it was just made");
        Self { cluster: cluster.clone(), number, node, controller, store, links }
    }

    /// Calls the controller, on its node.
    fn call<T: Send + 'static>(
        &self,
        what: &'static str,
        f: impl FnOnce(&dyn ShardController) -> T + Send + 'static,
    ) -> Result<T, Stopped> {
        let testbed = &self.cluster.inner.testbed;
        let _underway = testbed.calls.enter(Party::Client(self.number), what, testbed.world.now());
        self.cluster.note(|| format!("controller {}: {what}", self.number));
        let controller = Arc::clone(&self.controller);
        let answer = self.node.call(what, move || f(&*controller)).map_err(|_| Stopped);
        self.cluster.note(|| format!("controller {}: {what} is done", self.number));
        answer
    }

    /// See [`ShardController::init`].
    pub fn init(&self) -> Result<(), Stopped> {
        self.call("init", |controller| controller.init())
    }

    /// See [`ShardController::init_config`].
    pub fn init_config(&self, config: &Config) -> Result<(), Stopped> {
        let config = config.clone();
        self.call("init_config", move |controller| controller.init_config(&config))
    }

    /// See [`ShardController::change_config_to`].
    pub fn change_config_to(&self, config: &Config) -> Result<(), Stopped> {
        let config = config.clone();
        self.call("change_config_to", move |controller| controller.change_config_to(&config))
    }

    /// See [`ShardController::query`].
    pub fn query(&self) -> Result<Config, Stopped> {
        self.call("query", |controller| controller.query())
    }

    /// Cuts the controller off from all servers, or connects it again.
    pub fn set_cut(&self, is_cut: bool) {
        let how = if is_cut { "cut off" } else { "connected" };
        self.cluster.note(|| format!("controller {} is {how}", self.number));
        self.cluster.network().enable(&self.store, !is_cut);
        self.links.set_cut(is_cut);
    }

    /// Pauses the controller, with what it does, until it is resumed.
    pub fn pause(&self) {
        self.node.pause();
    }

    /// Lets a paused controller go on.
    pub fn resume(&self) {
        self.node.resume();
    }

    /// Ends the controller, whatever it does. Calls under way return.
    pub fn stop(&self) {
        self.node.kill();
        self.cluster.network().delete_end(&self.store);
        self.links.delete();
    }
}
