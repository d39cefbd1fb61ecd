//! Checks of leaders and their generations.

use std::time::Duration;

use labapi::BullyView;

use super::CuredCluster;
use crate::bully::checkers::{INTERVAL, PATIENCE};
use crate::display::{Seconds, Servers};

/// The interval between two looks at nodes that may not lead, for a long time at times.
const LOOK: Duration = Duration::from_millis(50);

impl CuredCluster {
    /// The leader that a server follows, and the generation; `None` if it is down.
    pub(super) fn view_of(&self, server: usize) -> Option<BullyView> {
        self.call(server, "view", |_, node| node.view()).map(|(_, view)| view)
    }

    /// The view that all of `servers` share, if they follow one of them in the same generation.
    fn shared_view(&self, servers: &[usize]) -> Option<BullyView> {
        let view = self.view_of(*servers.first()?)?;
        let is_led = view.leader.is_some_and(|leader| servers.contains(&leader));
        let agree = is_led && servers[1..].iter().all(|&server| self.view_of(server) == Some(view));
        agree.then_some(view)
    }

    /// Waits until all of `servers` follow the same one of them, in the same generation. Fails if they do not
    /// within `patience`.
    #[track_caller]
    pub(super) fn wait_for_one_leader(&self, servers: &[usize], patience: Duration) -> BullyView {
        let began = self.now();
        loop {
            if let Some(view) = self.shared_view(servers) {
                return view;
            }
            if self.now() - began >= patience {
                self.fail(format!(
                    "expected {} to follow one of them in the same generation within {}; saw {}",
                    Servers(servers),
                    Seconds(patience),
                    self.views_in_generations(servers),
                ));
            }
            self.sleep(INTERVAL);
        }
    }

    /// As [`wait_for_one_leader`](Self::wait_for_one_leader), with the usual patience, and expects the
    /// generation to be newer than an earlier one.
    #[track_caller]
    pub(super) fn wait_for_newer_leader(&self, servers: &[usize], than: BullyView) -> BullyView {
        let view = self.wait_for_one_leader(servers, PATIENCE);
        if view.generation <= than.generation {
            self.fail(format!(
                "expected the generation of server {} to be newer than {}, that of the leader before; saw {}",
                view.leader.unwrap_or_default(),
                than.generation,
                view.generation
            ));
        }
        view
    }

    /// Expects all of `servers` to have this view for the whole of `time`. `why`: the reason why nothing
    /// changes.
    #[track_caller]
    pub(super) fn expect_view_stays(&self, servers: &[usize], view: BullyView, time: Duration, why: &str) {
        let began = self.now();
        while self.now() - began < time {
            if servers.iter().any(|&server| self.view_of(server) != Some(view)) {
                self.fail(format!(
                    "expected {} to go on following server {} in generation {}, because {why}; saw after \
                     {}: {}",
                    Servers(servers),
                    view.leader.unwrap_or_default(),
                    view.generation,
                    Seconds(self.now() - began),
                    self.views_in_generations(servers),
                ));
            }
            self.sleep(INTERVAL);
        }
    }

    /// Expects none of `servers` to lead for the whole of `time`. `why`: the reason.
    #[track_caller]
    pub(super) fn expect_nobody_leads(&self, servers: &[usize], time: Duration, why: &str) {
        let began = self.now();
        while self.now() - began < time {
            if let Some(server) = self.first_leading(servers) {
                self.fail(format!(
                    "expected none of {} to lead, because {why}; saw server {server} lead after {}",
                    Servers(servers),
                    Seconds(self.now() - began),
                ));
            }
            self.sleep(LOOK);
        }
    }

    /// Expects none of `servers` to lead any more after `time`. `why`: the reason.
    #[track_caller]
    pub(super) fn expect_stop_leading(&self, servers: &[usize], time: Duration, why: &str) {
        let began = self.now();
        while let Some(server) = self.first_leading(servers) {
            if self.now() - began >= time {
                self.fail(format!(
                    "expected server {server} to stop leading within {}, because {why}; saw it lead on",
                    Seconds(time)
                ));
            }
            self.sleep(INTERVAL);
        }
    }

    /// Expects one of `servers` at most to lead at a time, for the whole of `time`.
    #[track_caller]
    pub(super) fn expect_one_leads(&self, servers: &[usize], time: Duration, why: &str) {
        let began = self.now();
        while self.now() - began < time {
            let leading: Vec<usize> =
                servers.iter().copied().filter(|&server| self.leader_of(server) == Some(server)).collect();
            if leading.len() > 1 {
                self.fail(format!(
                    "expected one of {} at most to lead, because {why}; saw {} lead after {}",
                    Servers(servers),
                    Servers(&leading),
                    Seconds(self.now() - began),
                ));
            }
            self.sleep(LOOK);
        }
    }

    /// The first of `servers` that leads.
    pub(super) fn first_leading(&self, servers: &[usize]) -> Option<usize> {
        servers.iter().copied().find(|&server| self.leader_of(server) == Some(server))
    }

    /// The leader and the generation that each server names.
    fn views_in_generations(&self, servers: &[usize]) -> String {
        let show = |&server: &usize| match self.view_of(server) {
            None => format!("server {server} down"),
            Some(BullyView { generation, leader: None }) => {
                format!("server {server} know nobody in generation {generation}")
            }
            Some(BullyView { generation, leader: Some(leader) }) => {
                format!("server {server} follow server {leader} in generation {generation}")
            }
        };
        servers.iter().map(show).collect::<Vec<_>>().join(", ")
    }
}
