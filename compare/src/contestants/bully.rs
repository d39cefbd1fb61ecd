//! The Bully algorithm, which elects and takes no writes.

use std::sync::Arc;

use labapi::{Bully, MakeBully};

use crate::contestant::Contestant;
use crate::replica::{Replica, StartReplica, StartedReplica, View};

/// The plain Bully algorithm.
pub(crate) const BULLY: Contestant = Contestant {
    name: "bully",
    title: "Bully",
    lab: Some("bully"),
    has_leaders: true,
    takes_writes: false,
    controllers: 0,
    why: "A node misses the leader after 500 ms, and then waits 400 ms for higher nodes to answer, of which \
          the highest has just crashed: some 880 ms, twice as long as elsewhere. The highest node leads \
          whenever it is there. When it returns it takes over at once, and there are two leaders until its \
          message has arrived; when it comes and goes, there is no leader whenever it is gone. Nobody asks \
          for a majority. In a partition each half elects its highest node, and without generations nobody \
          can tell later which of the two was right. It elects, and takes no writes.",
    start: |solution| solution.bully_node().map(start),
};

fn start(make: MakeBully) -> StartReplica {
    Arc::new(move |env, _servers, _outcomes| {
        let (peers, me) = (env.peers(), env.me());
        let (node, services) = env.make("make", move || {
            let node = make(peers, me);
            let services = Arc::clone(&node).services();
            (node, services)
        })?;
        Some(StartedReplica { replica: Arc::new(Node { node, me }), services })
    })
}

struct Node {
    node: Arc<dyn Bully>,
    me: usize,
}

impl Replica for Node {
    fn view(&self) -> View {
        let leader = self.node.leader();
        let allegiance = leader.map(|leader| leader as u64);
        View { leads: leader == Some(self.me), generation: None, allegiance }
    }

    fn stop(&self) {
        self.node.kill();
    }
}
