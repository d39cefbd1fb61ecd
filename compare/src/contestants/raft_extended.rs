//! Raft beyond Figure 2: pre-vote, check quorum, and reads by a lease.

use std::sync::Arc;

use labapi::{LogIndex, MakeRaftExtended, Raft, RaftExtended};

use super::log::{self, Log};
use crate::contestant::Contestant;
use crate::replica::{StartReplica, View};

/// Raft beyond Figure 2.
pub(crate) const RAFT_EXTENDED: Contestant = Contestant {
    name: "raft-extended",
    title: "Raft beyond Figure 2",
    lab: Some("raft_extended"),
    has_leaders: true,
    takes_writes: true,
    controllers: 0,
    why: "Timeouts are those of Raft, and so are the times. Pre-vote asks first whether an election could \
          be won, and a leader begins its term with an entry: an election takes twice as many messages. \
          Check quorum has a leader step down that hears from no majority for 300 ms. So a leader in the \
          minority is gone at about the time at which the others elect the next one: two leaders are seen \
          in half of the runs, and for a moment. The lease that allows reads without messages is shorter \
          than any election, so no read is stale.",
    start: |solution| solution.export::<MakeRaftExtended>("raft_extended").copied().map(start),
};

fn start(make: MakeRaftExtended) -> StartReplica {
    Arc::new(move |env, servers, outcomes| {
        let (peers, me, persister) = (env.peers(), env.me(), env.persister());
        let make = move |messages| {
            let dial = Arc::new(move |server: usize| peers[server].clone());
            let peer = make(dial, me, (0..servers).collect(), persister, messages);
            let services = Arc::clone(&peer).services();
            (Peer(peer), services)
        };
        log::start(env, outcomes, make, log::command)
    })
}

/// A peer whose leader answers reads while it has a lease.
struct Peer(Arc<dyn RaftExtended>);

impl Peer {
    fn as_raft(&self) -> Arc<dyn Raft> {
        Arc::clone(&self.0) as _
    }
}

impl Log for Peer {
    type Place = LogIndex;

    fn view(&self) -> View {
        self.as_raft().view()
    }

    fn propose(&self, command: Vec<u8>) -> Option<LogIndex> {
        self.as_raft().propose(command)
    }

    fn answers_reads(&self, applied: LogIndex) -> bool {
        self.0.lease_read().is_ok_and(|index| applied >= index)
    }

    fn kill(&self) {
        Log::kill(&self.as_raft());
    }
}
