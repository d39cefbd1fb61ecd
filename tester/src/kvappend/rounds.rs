//! The [`Scenario`] of parts 4P and 4Q: three rounds of concurrent appends under faults. And the speed of one
//! client.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use labrt::thread;

use super::operations::{AppendClient, Ending};
use super::servers::AppendServers;
use super::tokens::{Mistake, token};
use crate::Cluster;
use crate::cluster::Partitioner;
use crate::display::Seconds;
use crate::key_value::Scenario;

/// For how long the clients of a round work.
const ROUND: Duration = Duration::from_secs(5);

/// The unit of a client's pauses. Where agreement takes no virtual time, clients without pauses would append
/// without end. A pause is a whole number of units, so that several clients often continue at the same
/// moment.
const REST: Duration = Duration::from_millis(100);

/// The unit is at least so long for each client.
const REST_PER_CLIENT: Duration = Duration::from_millis(20);

/// The most units in a pause.
const MAX_RESTS: usize = 4;

/// The tokens that a client has written.
#[derive(Clone, Copy, Debug)]
pub(super) struct Written {
    /// The client's number.
    pub client: u32,
    /// The number of its tokens.
    pub tokens: usize,
}

/// The work of the clients of a round.
#[derive(Clone, Copy)]
struct Work {
    /// The number of keys that a client draws from; `None`: each client has a key of its own.
    random_keys: Option<usize>,
    rest: Duration,
}

impl Scenario {
    /// Plays three rounds.
    pub(super) fn play_appends(self, cluster: &Cluster<AppendServers>) {
        let checker = cluster.client();
        let random_keys = self.random_keys.then_some(self.clients);
        let rest = REST.max(REST_PER_CLIENT * self.clients as u32);
        let work = Work { random_keys, rest };
        // With partitions the servers are whole for another second.
        let time = if self.partitions { Duration::from_secs(1) + ROUND } else { ROUND };
        for _ in 0..3 {
            let working = {
                let cluster = cluster.clone();
                let work = move |position, client: &AppendClient, stop: &AtomicBool| {
                    work.until_stopped(position, client, stop)
                };
                thread::spawn(move || cluster.spawn_clients_and_wait(self.clients, time, work))
            };
            let partitioner = self.partitions.then(|| {
                cluster.sleep(Duration::from_secs(1));
                Partitioner::start(cluster)
            });
            cluster.sleep(ROUND);
            if let Some(partitioner) = partitioner {
                partitioner.stop();
                cluster.connect_all();
                cluster.sleep(Duration::from_secs(1));
            }
            // Clients may still wait for their last call.
            if self.crashes {
                cluster.shutdown_all();
                cluster.sleep(Duration::from_secs(1));
                cluster.start_all();
            }
            let written = working.join().expect("a panic ends the run");
            for (position, written) in written.into_iter().enumerate() {
                let key = position.to_string();
                let text = checker.get(&key);
                if !self.random_keys {
                    cluster.check_tokens(&key, &text, written);
                }
            }
            cluster.check_sizes(cluster.protocol().max_raft_state());
        }
        cluster.check_linearizable();
    }
}

impl Work {
    /// Appends and gets until stopped; and puts, if keys are drawn.
    fn until_stopped(self, position: usize, client: &AppendClient, stop: &AtomicBool) -> Written {
        let cluster = client.cluster();
        let own_key = position.to_string();
        let mut own_text = String::new();
        let mut tokens = 0;
        if self.random_keys.is_none() {
            client.put(&own_key, "");
        }
        while !stop.load(Ordering::Acquire) {
            let drawn = self.random_keys.map(|keys| cluster.rand_number(keys as u64).to_string());
            let key = drawn.as_ref().unwrap_or(&own_key);
            let token = token(client.number(), tokens);
            if cluster.rand_number(2) == 0 {
                client.append(key, &token);
                own_text.push_str(&token);
                tokens += 1;
            } else if drawn.is_none() {
                // Nobody else changes the key.
                client.check_get(key, &own_text);
            } else if cluster.rand_number(10) == 0 {
                client.put(key, &token);
                tokens += 1;
            } else {
                let _ = client.get(key);
            }
            cluster.sleep(self.rest * cluster.rand_count(0, MAX_RESTS) as u32);
        }
        Written { client: client.number(), tokens }
    }
}

impl Cluster<AppendServers> {
    /// Expects a text to have each token that a client has appended to it, once, and in their order.
    #[track_caller]
    pub(super) fn check_tokens(&self, key: &str, text: &str, written: Written) {
        let Written { client, tokens } = written;
        if let Some(mistake) = Mistake::first(text, client, tokens) {
            self.fail(format!(
                "expected key {key} to have the {tokens} texts that client {client} has appended, each \
                 once and in their order; saw {} in {}",
                mistake.of(client),
                Ending(text)
            ));
        }
    }
}

/// The mean time of 1,000 consecutive appends of one client must be below a third of a heartbeat interval.
pub(super) fn speed(cluster: &Cluster<AppendServers>) {
    const APPENDS: usize = 1000;
    /// At least three operations in a heartbeat interval.
    const LIMIT: Duration = Duration::from_nanos(APPENDS as u64 * 100_000_000 / 3);
    let client = cluster.client();
    // There has to be a leader first.
    let _ = client.get("x");

    let began = cluster.now();
    for number in 0..APPENDS {
        client.append("x", &token(client.number(), number));
    }
    let took = cluster.now() - began;
    let written = Written { client: client.number(), tokens: APPENDS };
    cluster.check_tokens("x", &client.get("x"), written);
    // What one client has appended is visible to another one.
    cluster.check_tokens("x", &cluster.client().get("x"), written);
    if took > LIMIT {
        cluster.fail(format!(
            "expected {APPENDS} appends in a row to take {} at most, which is three a heartbeat; saw {}",
            Seconds(LIMIT),
            Seconds(took)
        ));
    }
    cluster.check_linearizable();
}
