//! [`Scenario`]: three rounds of concurrent puts under faults. And the speed of one client.

use std::time::Duration;

use labapi::Version;
use labrt::thread;

use super::KvServers;
use super::faults::Partitioner;
use crate::Cluster;
use crate::display::{Seconds, outcome};
use crate::key_value::{Load, Results};

/// The factor by which the saved Raft state may exceed the size asked for.
pub(super) const MARGIN: usize = 8;

/// The clients, keys and faults of a test.
#[derive(Clone, Copy)]
pub(super) struct Scenario {
    clients: usize,
    crashes: bool,
    partitions: bool,
    random_keys: bool,
}

impl Scenario {
    /// So many clients put to one key, without faults.
    pub const fn clients(clients: usize) -> Self {
        Self { clients, crashes: false, partitions: false, random_keys: false }
    }

    /// In addition, all servers crash after each round.
    pub const fn crashes(self) -> Self {
        Self { crashes: true, ..self }
    }

    /// In addition, the servers are partitioned at random when the clients are about to stop.
    pub const fn partitions(self) -> Self {
        Self { partitions: true, ..self }
    }

    /// The clients put to a hundred keys.
    pub const fn random_keys(self) -> Self {
        Self { random_keys: true, ..self }
    }

    /// Plays three rounds.
    pub fn play(self, cluster: &Cluster<KvServers>) {
        let nothing_lost = cluster.is_reliable() && !self.crashes && !self.partitions;
        let mut total = Results::default();
        let load = if self.random_keys { Load::random_keys(100) } else { Load::one_key() };
        let checker = cluster.client();
        for _ in 0..3 {
            let putting = {
                let (cluster, load) = (cluster.clone(), load.clone());
                thread::spawn(move || cluster.put_concurrently(self.clients, Duration::from_secs(1), &load))
            };
            // So the clients' last puts run into partitions.
            let partitioner = self.partitions.then(|| {
                cluster.sleep(Duration::from_secs(1));
                Partitioner::start(cluster)
            });
            total += putting.join().expect("a panic ends the run");
            if !self.random_keys {
                cluster.check_put_concurrent(&checker, "k", total, nothing_lost);
            }
            cluster.check_linearizable();

            if let Some(partitioner) = partitioner {
                partitioner.stop();
                cluster.connect_all();
                cluster.sleep(Duration::from_secs(1));
            }
            if self.crashes {
                cluster.shutdown_all();
                cluster.sleep(Duration::from_secs(1));
                cluster.start_all();
            }
            cluster.check_sizes();
        }
    }
}

impl Cluster<KvServers> {
    /// Expects snapshots to keep the saved Raft state small, and none to be taken if none were asked for.
    #[track_caller]
    fn check_sizes(&self) {
        match self.protocol().max_raft_state() {
            Some(bytes) => self.check_log_size(MARGIN * bytes),
            None => {
                let size = self.snapshot_size();
                if size > 0 {
                    self.fail(format!(
                        "expected no server to take a snapshot, for none is asked for without a limit on \
                         the Raft state; saw one \
                         of {size} bytes"
                    ));
                }
            }
        }
    }
}

/// The mean time of 1,000 consecutive puts of one client must be below a third of a heartbeat interval.
pub(super) fn speed(cluster: &Cluster<KvServers>) {
    const PUTS: u64 = 1000;
    /// At least three operations in a heartbeat interval.
    const LIMIT: Duration = Duration::from_nanos(PUTS * 100_000_000 / 3);
    let client = cluster.client();
    // There has to be a leader first.
    let _ = client.get("x");

    let began = cluster.now();
    for version in 0..PUTS {
        let answer = client.put("k", &version.to_string(), Version(version));
        if answer.is_err() {
            cluster.fail(format!(
                "expected put(k) over version {version}, by the only client, to be done; saw: {}",
                outcome(answer)
            ));
        }
    }
    let took = cluster.now() - began;
    client.check_get("k", &(PUTS - 1).to_string(), Version(PUTS));
    // A value that one client has put is visible to another one.
    cluster.client().check_get("k", &(PUTS - 1).to_string(), Version(PUTS));
    if took > LIMIT {
        cluster.fail(format!(
            "expected {PUTS} puts in a row to take {} at most, which is three a heartbeat; saw {}",
            Seconds(LIMIT),
            Seconds(took)
        ));
    }
    cluster.check_linearizable();
}
