//! Leaders and transactions: what a test asks of servers of Zab, and expects of them.

use std::time::Duration;

use labapi::{ZabRole, ZabState, Zxid};

use super::event::{Text, ZabEvent};
use super::{Ensemble, PATIENCE};
use crate::display::{Seconds, Servers};
use crate::event::{EventSource, Incarnation};

/// The interval between two looks.
const INTERVAL: Duration = Duration::from_millis(10);

/// A transaction of a test, and the id that a leader gave it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Proposed {
    pub zxid: Zxid,
    pub text: String,
}

impl Ensemble {
    pub(super) fn source(&self, who: Incarnation) -> EventSource {
        EventSource::new(&self.inner.testbed.events, who)
    }

    /// The servers that vote.
    pub(super) fn voters(&self) -> Vec<usize> {
        (0..self.n_servers() - self.protocol().observers()).collect()
    }

    /// What a server does; `None` if it is down.
    pub(super) fn state_of(&self, server: usize) -> Option<ZabState> {
        // It is no event: another thread of the server may see a later state, and emit it before.
        let (_, state) = self.call(server, "state", move |_, zab| zab.state())?;
        Some(state)
    }

    /// The established leader among these servers; that of the highest epoch, if there are several.
    pub(super) fn find_leader(&self, servers: &[usize]) -> Option<usize> {
        let states = servers.iter().filter_map(|&server| Some((self.state_of(server)?, server)));
        let leaders = states.filter(|(state, _)| state.role == ZabRole::Leading);
        leaders.max_by_key(|(state, _)| state.epoch).map(|(_, server)| server)
    }

    /// Waits until one of these servers leads and all others of them follow it or observe; returns it and its
    /// epoch. Fails if they do not within [`PATIENCE`].
    #[track_caller]
    pub(super) fn wait_for_leader(&self, servers: &[usize]) -> (usize, u32) {
        let began = self.now();
        let voters = self.voters();
        loop {
            let states: Vec<Option<ZabState>> = servers.iter().map(|&server| self.state_of(server)).collect();
            let leader = self.leader_of_all(servers, &states, &voters);
            if let Some(found) = leader {
                return found;
            }
            if self.now() - began >= PATIENCE {
                let seen: Vec<String> = servers
                    .iter()
                    .zip(&states)
                    .map(|(server, state)| match state {
                        Some(state) => format!("server {server} {:?} in epoch {}", state.role, state.epoch),
                        None => format!("server {server} down"),
                    })
                    .collect();
                self.fail(format!(
                    "expected {} to have a leader among them within {}, with all others up to date in its \
                     epoch; saw {}",
                    Servers(servers),
                    Seconds(PATIENCE),
                    seen.join(", ")
                ));
            }
            self.sleep(INTERVAL);
        }
    }

    /// The leader and its epoch, if all of these servers are in it.
    fn leader_of_all(
        &self,
        servers: &[usize],
        states: &[Option<ZabState>],
        voters: &[usize],
    ) -> Option<(usize, u32)> {
        let states: Vec<ZabState> = states.iter().copied().collect::<Option<_>>()?;
        let position = states.iter().position(|state| state.role == ZabRole::Leading)?;
        let (leader, epoch) = (servers[position], states[position].epoch);
        let is_right = |server: usize, state: &ZabState| {
            let role = match () {
                () if server == leader => ZabRole::Leading,
                () if voters.contains(&server) => ZabRole::Following,
                () => ZabRole::Observing,
            };
            state.epoch == epoch && state.role == role
        };
        servers.iter().zip(&states).all(|(server, state)| is_right(*server, state)).then_some((leader, epoch))
    }

    /// Proposes a transaction of its own on a server; `None` if it does not lead, or is down.
    pub(super) fn propose_on(&self, server: usize) -> Option<Proposed> {
        self.propose_text(server, format!("{} {}", self.protocol().next_number(), self.rand_letters(5)))
    }

    /// Proposes this transaction on a server; `None` if it does not lead, or is down.
    pub(super) fn propose_text(&self, server: usize, text: String) -> Option<Proposed> {
        let (cluster, given) = (self.clone(), text.clone().into_bytes());
        let (_, zxid) = self.call(server, "propose", move |who, zab| {
            let events = cluster.source(who);
            events.submitted(&given);
            let zxid = zab.propose(given.clone())?;
            events.emit(&ZabEvent::Proposed { zxid, transaction: given });
            Some(zxid)
        })?;
        Some(Proposed { zxid: zxid?, text })
    }

    /// Has a transaction proposed and delivered by all of these servers, and tries again with another one if
    /// it is lost. Fails if none is delivered within [`PATIENCE`].
    #[track_caller]
    pub(super) fn broadcast(&self, servers: &[usize]) -> Proposed {
        let began = self.now();
        while self.now() - began < PATIENCE {
            let Some(proposed) = self.find_leader(servers).and_then(|leader| self.propose_on(leader)) else {
                self.sleep(INTERVAL);
                continue;
            };
            let asked = self.now();
            while self.now() - began < PATIENCE && self.now() - asked < PATIENCE / 3 {
                if servers.iter().all(|server| self.has_delivered(*server, &proposed)) {
                    return proposed;
                }
                self.sleep(INTERVAL / 2);
            }
        }
        self.fail(format!(
            "expected {} to deliver a new transaction within {}, with a quorum of voters among them; saw \
             none that all of them delivered",
            Servers(servers),
            Seconds(PATIENCE)
        ))
    }

    /// Whether a server has delivered a transaction, itself or in a snapshot.
    pub(super) fn has_delivered(&self, server: usize, proposed: &Proposed) -> bool {
        self.protocol().applied(server) >= proposed.zxid
            && self.protocol().deliveries.get(proposed.zxid).is_some_and(|it| it == proposed.text.as_bytes())
    }

    /// Expects these servers to deliver a transaction within [`PATIENCE`]. `why`: the reason why they must.
    #[track_caller]
    pub(super) fn expect_delivered(&self, servers: &[usize], proposed: &Proposed, why: &str) {
        let began = self.now();
        loop {
            let late: Vec<usize> =
                servers.iter().copied().filter(|server| !self.has_delivered(*server, proposed)).collect();
            if late.is_empty() {
                return;
            }
            if self.now() - began >= PATIENCE {
                self.fail(format!(
                    "expected {} to deliver {} under id {} within {}, because {why}; saw that {} did not",
                    Servers(servers),
                    Text(proposed.text.as_bytes()),
                    proposed.zxid,
                    Seconds(PATIENCE),
                    Servers(&late)
                ));
            }
            self.sleep(INTERVAL / 2);
        }
    }

    /// Expects that nobody has ever delivered a transaction. `why`: the reason why nobody may.
    #[track_caller]
    pub(super) fn expect_never_delivered(&self, proposed: &Proposed, why: &str) {
        let ids = self.protocol().deliveries.ids_of(proposed.text.as_bytes());
        if let Some(zxid) = ids.first() {
            self.fail(format!(
                "expected nobody to deliver {}, because {why}; saw it delivered under id {zxid}",
                Text(proposed.text.as_bytes())
            ));
        }
    }

    /// Asks a server for a sync, and waits for the answer; `None` if there is none.
    pub(super) fn sync_on(&self, server: usize) -> Option<Zxid> {
        let (cluster, sync) = (self.clone(), self.protocol().next_number());
        let (who, answer) = self.call(server, "sync", move |who, zab| {
            cluster.source(who).emit(&ZabEvent::SyncBegan { sync });
            zab.sync()
        })?;
        let zxid = answer?;
        self.source(who).emit(&ZabEvent::SyncAnswered { sync, zxid });
        Some(zxid)
    }
}
