//! [`OnRaft`]: protocols with a Raft peer on each server, and the queries of tests to any of them.

use std::sync::Arc;

use labapi::{LogIndex, Raft, State, Term};

use super::Observations;
use super::event::RaftEvent;
use crate::Cluster;
use crate::event::{EventSource, Incarnation};
use crate::protocol::Protocol;

/// A protocol with a Raft peer on each server.
pub trait OnRaft: Protocol {
    /// The Raft peer of an instance.
    fn raft(instance: &Arc<Self::Instance>) -> Arc<dyn Raft>;

    /// The observations of the peers.
    fn observations(&self) -> &Observations;
}

/// A protocol whose servers are a Raft peer each, with a service that applies the commands of the tests.
pub trait AppliesCommands: OnRaft {
    /// Every index up to this one was applied by the latest instance on the server.
    fn applied(&self, server: usize) -> LogIndex;
}

impl<P: OnRaft> Cluster<P> {
    pub(crate) fn source(&self, who: Incarnation) -> EventSource {
        EventSource::new(&self.inner.testbed.events, who)
    }

    /// The server's term and whether it believes that it leads; `None` if it is down.
    #[track_caller]
    pub fn get_state(&self, server: usize) -> Option<State> {
        let cluster = self.clone();
        // On the server, because query and answer must be of the same incarnation.
        let ask = move |who, instance| (cluster.source(who).position(), P::raft(&instance).get_state());
        let (who, (asked, state)) = self.call(server, "get_state", ask)?;
        let probe = self.protocol().observations().last_probe(who);
        self.source(who).emit(&RaftEvent::Queried { asked, state, probe });
        Some(state)
    }

    /// The server's term; `None` if it is down.
    #[track_caller]
    pub fn term_of(&self, server: usize) -> Option<Term> {
        self.get_state(server).map(|state| state.term)
    }

    /// The server that leads in the newest term, among those that are given.
    pub(crate) fn newest_leader(&self, servers: &[usize]) -> Option<usize> {
        let states = servers.iter().filter_map(|&server| Some((server, self.get_state(server)?)));
        let leaders = states.filter(|(_, state)| state.is_leader);
        leaders.max_by_key(|(_, state)| state.term).map(|(server, _)| server)
    }
}
