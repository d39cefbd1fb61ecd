//! Who leads, in the eyes of each node.

use std::fmt::Write;
use std::time::Duration;

use super::BullyNodes;
use crate::Cluster;
use crate::display::{Seconds, Servers};

/// The time in which the nodes must agree on a leader after whatever has happened: much longer than it takes
/// to notice that a leader is gone, and to elect another one.
pub(super) const PATIENCE: Duration = Duration::from_secs(5);

/// How often the checkers look.
const INTERVAL: Duration = Duration::from_millis(10);

impl Cluster<BullyNodes> {
    /// Whom a server takes for the leader; `None` if it knows none, or is down.
    #[must_use]
    pub fn leader_of(&self, server: usize) -> Option<usize> {
        self.call(server, "leader", |_, node| node.leader()).and_then(|(_, leader)| leader)
    }

    /// Waits until all of `servers` take `leader` for the leader. Fails if they do not within 5 s.
    #[track_caller]
    pub fn wait_for_leader(&self, servers: &[usize], leader: usize) {
        let began = self.now();
        while servers.iter().any(|&server| self.leader_of(server) != Some(leader)) {
            if self.now() - began >= PATIENCE {
                self.fail(format!(
                    "expected {} to agree within {} that server {leader} leads, the highest that they reach; saw {}",
                    Servers(servers),
                    Seconds(PATIENCE),
                    self.views(servers),
                ));
            }
            self.sleep(INTERVAL);
        }
    }

    /// Waits until none of `servers` knows a leader, as in an election; for 5 s at most, for it may be over
    /// before anybody looks.
    pub fn wait_for_election(&self, servers: &[usize]) {
        let began = self.now();
        while self.now() - began < PATIENCE && servers.iter().any(|&server| self.leader_of(server).is_some())
        {
            self.sleep(INTERVAL);
        }
    }

    /// Expects all of `servers` to take `leader` for the leader, and nobody else, for so long.
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

    /// Expects that of `servers` none but `leader` takes itself for the leader, until all agree on it.
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
    fn views(&self, servers: &[usize]) -> String {
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
