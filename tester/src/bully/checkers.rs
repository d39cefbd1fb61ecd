//! Checks of the leader that each node follows.

use std::fmt::Write;
use std::sync::Arc;
use std::time::Duration;

use super::BullyNodes;
use crate::Cluster;
use crate::display::{Seconds, Servers};
use crate::protocol::Protocol;

/// The time within which the nodes must agree on a leader after any fault: much longer than it takes to
/// detect the failure of a leader and to elect another one.
pub(crate) const PATIENCE: Duration = Duration::from_secs(5);

/// The interval between two checks.
pub(crate) const INTERVAL: Duration = Duration::from_millis(10);

/// A protocol whose nodes each follow a leader.
pub trait FollowsLeader: Protocol {
    /// The leader that an instance follows, which may be itself.
    fn leader(instance: &Arc<Self::Instance>) -> Option<usize>;
}

impl FollowsLeader for BullyNodes {
    fn leader(instance: &Arc<Self::Instance>) -> Option<usize> {
        instance.leader()
    }
}

impl<P: FollowsLeader> Cluster<P> {
    /// The leader that a server follows; `None` if it knows none, or is down.
    #[must_use]
    pub fn leader_of(&self, server: usize) -> Option<usize> {
        self.call(server, "leader", |_, node| P::leader(&node)).and_then(|(_, leader)| leader)
    }

    /// Waits until all of `servers` follow `leader`. Fails if they do not within 5 s.
    #[track_caller]
    pub fn wait_for_leader(&self, servers: &[usize], leader: usize) {
        let began = self.now();
        while servers.iter().any(|&server| self.leader_of(server) != Some(leader)) {
            if self.now() - began >= PATIENCE {
                self.fail(format!(
                    "expected {} to agree within {} that server {leader} leads, the highest that they \
                     reach; saw {}",
                    Servers(servers),
                    Seconds(PATIENCE),
                    self.views(servers),
                ));
            }
            self.sleep(INTERVAL);
        }
    }

    /// Waits until none of `servers` knows a leader, as in an election; for 5 s at most, because the election
    /// may be over before it is seen.
    pub fn wait_for_election(&self, servers: &[usize]) {
        let began = self.now();
        while self.now() - began < PATIENCE && servers.iter().any(|&server| self.leader_of(server).is_some())
        {
            self.sleep(INTERVAL);
        }
    }

    /// Expects all of `servers` to follow `leader` for the whole of `time`.
    #[track_caller]
    pub fn expect_leader_stays(&self, servers: &[usize], leader: usize, time: Duration) {
        let began = self.now();
        while self.now() - began < time {
            if servers.iter().any(|&server| self.leader_of(server) != Some(leader)) {
                self.fail(format!(
                    "expected {} to follow server {leader} for as long as nothing fails; saw after {}: {}",
                    Servers(servers),
                    Seconds(self.now() - began),
                    self.views(servers),
                ));
            }
            self.sleep(INTERVAL);
        }
    }

    /// Expects none of `servers` but `leader` to claim to lead, until all follow it.
    #[track_caller]
    pub fn expect_one_winner(&self, servers: &[usize], leader: usize) {
        let began = self.now();
        loop {
            let views: Vec<_> = servers.iter().map(|&server| (server, self.leader_of(server))).collect();
            let lead = |&&(server, view): &&(usize, Option<usize>)| server != leader && view == Some(server);
            if let Some((server, _)) = views.iter().find(lead) {
                self.fail(format!(
                    "expected server {leader} to win, the highest of {}; saw server {server} lead at {}",
                    Servers(servers),
                    Seconds(self.now()),
                ));
            }
            if views.iter().all(|&(_, view)| view == Some(leader)) {
                return;
            }
            if self.now() - began >= PATIENCE {
                self.wait_for_leader(servers, leader);
                return;
            }
            self.sleep(INTERVAL);
        }
    }

    /// The leader that each server names: `server 0 follow 4, server 1 know nobody`.
    pub(crate) fn views(&self, servers: &[usize]) -> String {
        let mut text = String::new();
        for &server in servers {
            let separator = if text.is_empty() { "" } else { ", " };
            write!(text, "{separator}server {server} ").expect("a string takes any text");
            match self.leader_of(server) {
                _ if self.is_crashed(server) => text.push_str("down"),
                None => text.push_str("know nobody"),
                Some(leader) if leader == server => text.push_str("lead"),
                Some(leader) => write!(text, "follow server {leader}").expect("a string takes any text"),
            }
        }
        text
    }
}
