//! Proposals, and checks of what was decided.

use std::collections::BTreeSet;
use std::time::Duration;

use super::PaxosNodes;
use super::event::{Decree, PaxosEvent, Text};
use crate::Cluster;
use crate::display::{Seconds, Servers};
use crate::event::EventSource;

/// The time within which a majority decides, and all nodes that it reaches know it: much longer than a few
/// ballots with pauses between them take.
pub(super) const PATIENCE: Duration = Duration::from_secs(5);

/// The interval between two checks.
const INTERVAL: Duration = Duration::from_millis(10);

impl Cluster<PaxosNodes> {
    /// The number of an instance in which nothing was proposed yet.
    #[must_use]
    pub fn new_instance(&self) -> u64 {
        self.protocol().new_instance()
    }

    /// Proposes a value of its own on a server; returns the value. Has no effect on a server that is down.
    pub fn propose(&self, server: usize, instance: u64) -> String {
        let value = format!("{instance} by {server}: {}", self.rand_letters(6));
        let (cluster, given) = (self.clone(), value.clone().into_bytes());
        self.call(server, "propose", move |who, node| {
            let events = EventSource::new(&cluster.inner.testbed.events, who);
            events.submitted(&given);
            events.emit(&PaxosEvent::Proposed(Decree { instance, value: given.clone() }));
            node.propose(instance, given);
        });
        value
    }

    /// The value that was chosen, as far as a server knows; `None` if it does not, or is down.
    #[must_use]
    pub fn decided_on(&self, server: usize, instance: u64) -> Option<String> {
        let (_, value) = self.call(server, "decided", move |_, node| node.decided(instance))?;
        value.map(|value| String::from_utf8_lossy(&value).into_owned())
    }

    /// Waits until all of `servers` know the value of an instance, and returns it. Fails if they do not
    /// within 5 s, or if two of them know different ones.
    #[track_caller]
    pub fn wait_until_decided(&self, servers: &[usize], instance: u64) -> String {
        let began = self.now();
        loop {
            let known: Vec<Option<String>> =
                servers.iter().map(|server| self.decided_on(*server, instance)).collect();
            let values: BTreeSet<&String> = known.iter().flatten().collect();
            if let [one, other, ..] = values.iter().collect::<Vec<_>>()[..] {
                self.fail(format!(
                    "expected a single value to be chosen in instance {instance}; saw {} and {}",
                    Text(one.as_bytes()),
                    Text(other.as_bytes())
                ));
            }
            if let (true, Some(Some(value))) = (known.iter().all(Option::is_some), known.first()) {
                return value.clone();
            }
            if self.now() - began >= PATIENCE {
                let ignorant = servers.iter().zip(&known).filter(|(_, known)| known.is_none());
                let ignorant: Vec<usize> = ignorant.map(|(server, _)| *server).collect();
                self.fail(format!(
                    "expected {} to know what was chosen for instance {instance} within {}; saw that {} did \
                     not",
                    Servers(servers),
                    Seconds(PATIENCE),
                    Servers(&ignorant)
                ));
            }
            self.sleep(INTERVAL);
        }
    }

    /// Expects these servers to know this value of an instance, within 5 s.
    #[track_caller]
    pub fn expect_decided(&self, servers: &[usize], instance: u64, expected: &str) {
        let value = self.wait_until_decided(servers, instance);
        if value != expected {
            self.fail(format!(
                "expected {} to be chosen for instance {instance}; saw {}",
                Text(expected.as_bytes()),
                Text(value.as_bytes())
            ));
        }
    }

    /// Expects none of these servers to know the value of an instance.
    #[track_caller]
    pub fn expect_undecided(&self, servers: &[usize], instance: u64) {
        for &server in servers {
            if let Some(value) = self.decided_on(server, instance) {
                self.fail(format!(
                    "expected nothing to be chosen for instance {instance}, for no majority has accepted \
                     anything; saw server {server} say {}",
                    Text(value.as_bytes())
                ));
            }
        }
    }
}
