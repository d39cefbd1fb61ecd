//! The [`Scenario`] of parts 4B and 4C: three rounds of concurrent puts under faults. And the speed of one
//! client.

use std::time::Duration;

use labapi::Version;
use labrt::thread;

use super::KvServers;
use crate::Cluster;
use crate::cluster::Partitioner;
use crate::display::{Seconds, outcome};
use crate::key_value::{Load, Results, Scenario};

impl Scenario {
    /// Plays three rounds.
    pub(super) fn play(self, cluster: &Cluster<KvServers>) {
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
            cluster.check_sizes(cluster.protocol().max_raft_state());
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
