//! The controller: changes the configuration, and moves the shards.

use labapi::{
    Clerk, Config, ConfigNum, DialServer, PutError, ShardController, ShardId, Version, WrongLeader,
};
use labrpc::ClientEnd;
use labrt::sync::Arc;
use labrt::thread;
use labrt::time::Duration;

use crate::group::Group;
use crate::messages::{DeleteArgs, FreezeArgs, InstallArgs, Outdated};
use crate::server::GroupServerClient;

/// The key of the present configuration. Its version is the number of the configuration.
const PRESENT: &str = "config";

/// The key of the configuration that was announced last. Its version is the number of the configuration
/// before it, for the first one is never announced.
const ANNOUNCED: &str = "next config";

/// How long the controller waits when no server of a group has answered.
const ROUND_PAUSE: Duration = Duration::from_millis(50);

struct Controller {
    dial: DialServer,
    /// The way to the server that keeps the configurations.
    configs: Arc<dyn Clerk>,
}

/// Makes a controller.
pub(crate) fn make(dial: DialServer, configs: Arc<dyn Clerk>) -> Arc<dyn ShardController> {
    Arc::new(Controller { dial, configs })
}

impl ShardController for Controller {
    fn init(&self) {
        // In this order: the present one may only become newer meanwhile.
        let announced = self.read(ANNOUNCED);
        if let (Some(next), Some(present)) = (announced, self.read(PRESENT))
            && next.num == present.num.next()
        {
            log::info!("takes up configuration {}", next.num);
            self.finish(&present, &next);
        }
    }

    fn init_config(&self, config: &Config) {
        let before = config.num.0.checked_sub(1).expect("configurations are numbered from 1");
        self.replace(PRESENT, config, Version(before));
    }

    fn change_config_to(&self, next: &Config) {
        let present = self.query();
        if next.num == present.num.next() && self.announce(next) {
            self.finish(&present, next);
        }
    }

    fn query(&self) -> Config {
        self.read(PRESENT).expect("there is a configuration from the beginning")
    }
}

/// The two keys.
impl Controller {
    fn read(&self, key: &str) -> Option<Config> {
        let found = self.configs.get(key)?;
        Some(found.value.parse().expect("a controller wrote it"))
    }

    /// Puts a configuration over this version of the key. Returns whether it is there now.
    fn replace(&self, key: &str, config: &Config, version: Version) -> bool {
        match self.configs.put(key, &config.to_string(), version) {
            Ok(()) => true,
            // It was this controller, or another one: the number of a configuration has one version.
            Err(PutError::Maybe) => self.read(key).is_some_and(|there| there == *config),
            Err(PutError::Version | PutError::NoKey) => false,
        }
    }

    /// Announces the next configuration. Returns whether that is the one to change to: another controller may
    /// have announced a different one.
    fn announce(&self, next: &Config) -> bool {
        self.replace(ANNOUNCED, next, Version(next.num.0 - ConfigNum::FIRST.next().0))
    }

    /// Does all that is left to do for the configuration `next`, which was announced.
    ///
    /// Other controllers may do the same at a time. When a later configuration is found anywhere, they were
    /// faster, and there is nothing left to do.
    fn finish(&self, present: &Config, next: &Config) {
        if let Err(Outdated) = self.move_shards(present, next) {
            log::info!("was too late for configuration {}", next.num);
            return;
        }
        self.replace(PRESENT, next, Version(present.num.0));
    }
}

/// The moves.
impl Controller {
    /// Moves all shards whose owner changes.
    fn move_shards(&self, present: &Config, next: &Config) -> Result<(), Outdated> {
        for shard in ShardId::all() {
            let (from, to) = (present.owner(shard), next.owner(shard));
            if from.map(|(group, _)| group) != to.map(|(group, _)| group) {
                let group = |(_, servers): (_, &[String])| Group::new(&self.dial, servers);
                self.move_shard(shard, from.map(group), to.map(group), next.num)?;
            }
        }
        Ok(())
    }

    /// Moves a shard from one group to another.
    fn move_shard(
        &self,
        shard: ShardId,
        from: Option<Group>,
        to: Option<Group>,
        num: ConfigNum,
    ) -> Result<(), Outdated> {
        log::debug!("moves shard {shard} by configuration {num}");
        let mut keys = Default::default();
        if let Some(from) = &from {
            keys = self.ask(from, num, |server| server.freeze_shard(&FreezeArgs { shard, num }))?;
        }
        if let Some(to) = to {
            let args = InstallArgs { shard, keys, num };
            self.ask(&to, num, |server| server.install_shard(&args))?;
        }
        if let Some(from) = from {
            self.ask(&from, num, |server| server.delete_shard(&DeleteArgs { shard, num }))?;
        }
        Ok(())
    }

    /// Has a group do a step of configuration `num`, and waits for it for as long as that configuration is
    /// not the present one: then other controllers have done it, and the group may be gone.
    fn ask<T>(
        &self,
        group: &Group,
        num: ConfigNum,
        call: impl Fn(&ClientEnd) -> Option<Result<Result<T, Outdated>, WrongLeader>>,
    ) -> Result<T, Outdated> {
        loop {
            if let Some(answer) = group.ask(&call).answer {
                return answer;
            }
            if self.query().num >= num {
                return Err(Outdated);
            }
            thread::sleep(ROUND_PAUSE);
        }
    }
}
