//! The cost of an idle cluster on real threads: heartbeats, and waiting.
//!
//! `cargo bench -p lab --bench idle`

use std::sync::LazyLock;
use std::time::Duration;

use labrt::world::Backend;
use tester::{Case, RaftCluster, RunOptions, run};

/// The time without commands.
const IDLE: Duration = Duration::from_secs(20);

fn idle(cluster: &RaftCluster) {
    cluster.check_one_leader();
    cluster.sleep(IDLE);
}

static CASE: LazyLock<Case> = LazyLock::new(|| Case::raft("idle", "bench", "idle", idle).servers(5));

fn main() {
    let options = RunOptions { backend: Backend::Threads, ..RunOptions::new(1) };
    let report = run(&CASE, &raft::SOLUTION, &options);
    assert!(report.passed(), "{:?}", report.failure);
    let (cpu, time) = (report.cpu_seconds, report.virtual_seconds);
    println!(
        "5 servers, {time:.1} s, of which {} s idle: {:.0} ms of processor time, {:.2} % of a core, {} RPCs",
        IDLE.as_secs(),
        cpu * 1e3,
        cpu / time * 100.0,
        report.rpcs
    );
}
