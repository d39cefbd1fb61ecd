//! Changes of the cluster.

use std::time::Duration;

use labapi::{ChangeError, Membership};

use super::ExtendedCluster;
use crate::display::{Seconds, Servers};

/// The time within which a change has to be made.
const PATIENCE: Duration = Duration::from_secs(10);

/// The interval between two checks.
const INTERVAL: Duration = Duration::from_millis(20);

impl ExtendedCluster {
    /// The configuration that a server uses; `None` if it is down.
    pub(super) fn membership_of(&self, server: usize) -> Option<Membership> {
        self.call(server, "membership", |_, raft| raft.membership()).map(|(_, membership)| membership)
    }

    /// Asks a server to change the cluster; `None` if it is down.
    pub(super) fn change(&self, server: usize, servers: &[usize]) -> Option<Result<(), ChangeError>> {
        let wanted = servers.to_vec();
        let ask = move |_, raft: std::sync::Arc<dyn labapi::RaftExtended>| raft.change_membership(wanted);
        self.call(server, "change_membership", ask).map(|(_, answer)| answer)
    }

    /// Expects a server to begin a change of the cluster.
    #[track_caller]
    pub(super) fn begin_change(&self, leader: usize, servers: &[usize]) {
        if let Some(Err(error)) = self.change(leader, servers) {
            self.fail(format!(
                "expected server {leader}, which leads, to begin a change to {}; saw it refuse: {error}",
                Servers(servers)
            ));
        }
    }

    /// Has the cluster changed to these servers, asking whichever server leads, again if need be. Waits until
    /// all of them use the new configuration and no other change is under way; fails after 10 s.
    #[track_caller]
    pub(super) fn change_to(&self, servers: &[usize]) {
        let began = self.now();
        loop {
            let connected: Vec<usize> =
                self.everyone().into_iter().filter(|server| self.is_connected(*server)).collect();
            // A leader that agrees has no other change under way.
            let agrees = self.newest_leader(&connected).and_then(|leader| self.change(leader, servers));
            if agrees == Some(Ok(())) && servers.iter().all(|server| self.has_changed(*server, servers)) {
                return;
            }
            if self.now() - began >= PATIENCE {
                self.fail(format!(
                    "expected {} to be the cluster within {}; saw {}",
                    Servers(servers),
                    Seconds(PATIENCE),
                    self.views(servers)
                ));
            }
            self.sleep(INTERVAL);
        }
    }

    /// Waits until a server uses the configuration of these servers alone. Fails if it does not within 10 s.
    #[track_caller]
    pub(super) fn wait_for_membership(&self, server: usize, servers: &[usize]) {
        let began = self.now();
        while !self.has_changed(server, servers) {
            if self.now() - began >= PATIENCE {
                self.fail(format!(
                    "expected server {server} to learn within {} that {} are the cluster; saw {}",
                    Seconds(PATIENCE),
                    Servers(servers),
                    self.views(&[server])
                ));
            }
            self.sleep(INTERVAL);
        }
    }

    /// Whether a server uses the configuration of these servers alone.
    pub(super) fn has_changed(&self, server: usize, servers: &[usize]) -> bool {
        self.membership_of(server).is_some_and(|it| it.voters == servers && it.incoming.is_none())
    }

    /// `server 0 use [0, 1, 2], server 1 use [0, 1, 2] and [3, 4] jointly`.
    fn views(&self, servers: &[usize]) -> String {
        let views = servers.iter().map(|&server| match self.membership_of(server) {
            None => format!("server {server} down"),
            Some(Membership { voters, incoming: None, .. }) => format!("server {server} use {voters:?}"),
            Some(Membership { voters, incoming: Some(incoming), .. }) => {
                format!("server {server} use {voters:?} and {incoming:?} jointly")
            }
        });
        views.collect::<Vec<_>>().join(", ")
    }
}
