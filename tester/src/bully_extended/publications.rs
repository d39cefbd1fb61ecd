//! Publications, and checks of what was committed.

use std::time::Duration;

use labapi::Publication;

use super::CuredCluster;
use crate::bully::checkers::{INTERVAL, PATIENCE};
use crate::display::{Seconds, Servers};
use crate::event::EventSource;

impl CuredCluster {
    /// Has a server publish a state of its own. Returns it with the version under which it is committed if it
    /// ever is; `None` if the server takes none now, or is down.
    pub(super) fn publish(&self, server: usize) -> Option<Publication> {
        let state = format!("state {} of {server}", self.rand_letters(6)).into_bytes();
        let (cluster, given) = (self.clone(), state.clone());
        let (_, version) = self.call(server, "publish", move |who, node| {
            EventSource::new(&cluster.inner.testbed.events, who).submitted(&given);
            node.publish(given)
        })?;
        Some(Publication { version: version?, state })
    }

    /// Has a leader publish a state, which it takes within 5 s.
    #[track_caller]
    pub(super) fn expect_publish(&self, leader: usize) -> Publication {
        let began = self.now();
        loop {
            if let Some(publication) = self.publish(leader) {
                return publication;
            }
            if self.now() - began >= PATIENCE {
                self.fail(format!(
                    "expected server {leader}, which leads a quorum, to publish a state within {}; saw it \
                     take none",
                    Seconds(PATIENCE)
                ));
            }
            self.sleep(INTERVAL);
        }
    }

    /// The newest state that a server knows to be committed.
    pub(super) fn published_on(&self, server: usize) -> Option<Publication> {
        self.call(server, "published", |_, node| node.published()).and_then(|(_, known)| known)
    }

    /// Waits until all of `servers` know that this was committed, and nothing newer. Fails if they do not
    /// within 5 s.
    #[track_caller]
    pub(super) fn wait_until_published(&self, servers: &[usize], expected: &Publication) {
        let began = self.now();
        loop {
            let differs = |server: &&usize| self.published_on(**server).as_ref() != Some(expected);
            let Some(&server) = servers.iter().find(differs) else { return };
            if self.now() - began >= PATIENCE {
                self.fail(format!(
                    "expected {} to know within {} that {} was committed; saw server {server} say {}",
                    Servers(servers),
                    Seconds(PATIENCE),
                    Shown(Some(expected)),
                    Shown(self.published_on(server).as_ref()),
                ));
            }
            self.sleep(INTERVAL);
        }
    }

    /// Expects these servers to know nothing newer than `expected` for the whole of `time`. `why`: the
    /// reason.
    #[track_caller]
    pub(super) fn expect_nothing_newer(
        &self,
        servers: &[usize],
        expected: &Publication,
        time: Duration,
        why: &str,
    ) {
        let began = self.now();
        while self.now() - began < time {
            for &server in servers {
                let known = self.published_on(server);
                if known.as_ref().is_some_and(|known| known != expected) {
                    self.fail(format!(
                        "expected {} to stay the newest committed state, because {why}; saw server {server} \
                         say {}",
                        Shown(Some(expected)),
                        Shown(known.as_ref())
                    ));
                }
            }
            self.sleep(INTERVAL);
        }
    }
}

/// A publication in messages: `version 2, "…"`.
pub(super) struct Shown<'a>(pub Option<&'a Publication>);

impl std::fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.0 {
            None => f.write_str("nothing"),
            Some(Publication { version, state }) => {
                write!(f, "version {version}, {:?}", String::from_utf8_lossy(state))
            }
        }
    }
}
