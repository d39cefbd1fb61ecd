//! Zab, the atomic broadcast of ZooKeeper.

use std::sync::Arc;

use labapi::{Delivery, MakeZab, Zab, ZabConfig, ZabRole, ZabState, Zxid};

use super::log::{self, Log};
use crate::contestant::Contestant;
use crate::replica::{StartReplica, View};

/// Zab.
pub(crate) const ZAB: Contestant = Contestant {
    name: "zab",
    title: "Zab",
    lab: Some("zab"),
    has_leaders: true,
    takes_writes: true,
    controllers: 0,
    why: "A follower misses its leader after 300 ms without a random part, and all have the same vote to \
          cast: the newest history, and of equal ones the highest number. So there is little variance, \
          and the votes are not split. But everybody tells everybody, and the new leader then takes up an \
          epoch and brings a quorum up to its history before it leads: an election takes seven times as \
          many messages as in Raft. A write takes about twice as many, for a commit is a message of its \
          own. A leader that reaches no quorum for 300 ms gives up, so a partition has two leaders for a \
          moment at most. Any server answers reads from its own state, as ZooKeeper's do: some are stale, \
          and many while messages get lost. A client that needs a fresh answer has to call sync first.",
    start: |solution| solution.export::<MakeZab>("zab").copied().map(start),
};

fn start(make: MakeZab) -> StartReplica {
    Arc::new(move |env, servers, outcomes| {
        let voters = (0..servers).collect();
        let config = ZabConfig { peers: env.peers(), me: env.me(), voters, counter_limit: u32::MAX };
        let storage = env.storage();
        let make = move |deliveries| {
            let server = make(config, storage, deliveries);
            let services = Arc::clone(&server).services();
            (server, services)
        };
        log::start(env, outcomes, make, |delivery| match delivery {
            Delivery::Transaction { zxid, transaction } => Some((zxid, transaction)),
            Delivery::Snapshot { .. } => None,
        })
    })
}

impl Log for Arc<dyn Zab> {
    type Place = Zxid;

    /// A server that looks for a leader follows nobody.
    fn view(&self) -> View {
        let ZabState { role, epoch } = self.state();
        let view = View::in_generation(epoch.into(), role == ZabRole::Leading);
        if role == ZabRole::Looking { View { allegiance: None, ..view } } else { view }
    }

    fn propose(&self, command: Vec<u8>) -> Option<Zxid> {
        Zab::propose(&**self, command)
    }

    /// ZooKeeper's servers answer reads from their own state, unless they look for a leader.
    fn answers_reads(&self, _applied: Zxid) -> bool {
        self.state().role != ZabRole::Looking
    }

    fn kill(&self) {
        Zab::kill(&**self);
    }
}
