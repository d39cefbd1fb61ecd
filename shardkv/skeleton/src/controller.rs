//! The controller: changes the configuration, and moves the shards (part 5A; other controllers: 5B and 5C).

use labapi::{Clerk, Config, DialServer, ShardController};
use labrt::sync::Arc;

/// A controller. It keeps nothing: another one may have to go on at any moment.
struct Controller {
    /// The clerk of the server that keeps the configurations, under keys that you choose.
    configs: Arc<dyn Clerk>,
    /// Makes a `ClientEnd` to a server of a group.
    dial: DialServer,
}

/// Makes a controller.
pub(crate) fn make(dial: DialServer, configs: Arc<dyn Clerk>) -> Arc<dyn ShardController> {
    let controller = Controller { configs, dial };
    Arc::new(controller)
}

impl ShardController for Controller {
    /// In 5A there is nothing to do. In 5B: is there a change that was begun, and not ended?
    fn init(&self) {}

    /// `to_string` makes a text of a configuration, and `parse` makes a configuration of the text.
    fn init_config(&self, config: &Config) {
        todo!("shardkv::Controller::init_config, part 5A")
    }

    /// For each shard whose owner changes: freeze, install, delete. Then the configuration is the present
    /// one.
    ///
    /// In 5B: write down what you are about to do, before you do it. In 5C: you may not be the only one, and
    /// may be the late one.
    fn change_config_to(&self, config: &Config) {
        todo!("shardkv::Controller::change_config_to, part 5A")
    }

    fn query(&self) -> Config {
        todo!("shardkv::Controller::query, part 5A")
    }
}
