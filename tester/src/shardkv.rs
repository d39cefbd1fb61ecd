//! Lab 5: a key/value service whose keys are spread over groups of servers.

mod analysis;
mod config_store;
mod controllers;
mod event;
mod groups;
mod holdings;
mod part_5a;
mod part_5b;
mod part_5c;
mod part_5x;
mod partitions;
mod rules;
mod service;

pub use config_store::ConfigStore;
pub use event::ShardEvent;
pub use groups::GroupServers;

use crate::raft::ReplicatedLog;
use crate::stage::Stage;
use crate::{Case, Lab, Part};
use groups::{Parts, Seen};
use service::Service;

/// Lab 5.
pub(crate) const LAB: Lab = Lab {
    krate: "shardkv",
    number: "5",
    title: "Sharded key/value service",
    task: "a key/value service on groups of servers, which keys move between",
    folder: "shardkv",
    export: "ShardKv",
    parts: &[
        Part::new("5A", "moving shards"),
        Part::new("5B", "a controller that fails"),
        Part::new("5C", "concurrent controllers"),
        Part::new("5X", "adversity"),
    ],
    needs: &["kvsrv", "raft", "kvraft"],
    cases,
    rules: rules::all,
    situations: Vec::new,
};

/// All tests of lab 5: the course's in its order, and then those of part 5X.
fn cases() -> Vec<Case> {
    [&part_5a::cases()[..], &part_5b::cases(), &part_5c::cases(), &part_5x::cases()].concat()
}

/// What each test needs of a solution.
const NEEDS: &[&str] = &["kvsrv", "raft", "kvraft", "shardkv"];

/// A test of the whole service, which begins without a group.
fn case(name: &'static str, part: &'static str, title: &'static str, body: fn(&Service)) -> Case {
    Case::new(name, part, title, NEEDS, move |stage| play(stage, body)).servers(1)
}

/// Plays a test: starts the store of configurations.
fn play(stage: &Stage<'_>, body: impl FnOnce(&Service)) {
    let solution = stage.solution();
    let log = ReplicatedLog::raft(stage.expect(solution.raft(), "Raft"));
    let kvsrv = stage.expect(solution.key_value_server(), "key/value server");
    let make_rsm = stage.expect(solution.key_value_on_raft(), "rsm").make_rsm;
    let shardkv = stage.expect(solution.export("shardkv").copied(), "sharded key/value service");
    let parts = Parts { log, make_rsm, solution: shardkv, max_raft_state: stage.max_raft_state() };
    let seen = Seen::default();
    stage.play_on(1, ConfigStore::new(kvsrv, shardkv, &seen.moves), |cluster| {
        body(&Service::new(cluster.clone(), parts, seen.clone()));
    });
}
