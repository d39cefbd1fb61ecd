//! The key/value service with appends, as the course's lab 4 was before 2025: each operation takes effect
//! exactly once.

mod analysis;
mod logged;
mod operations;
mod part_4p;
mod part_4q;
mod rounds;
mod rules;
mod servers;
mod tokens;

pub use servers::AppendServers;

use crate::key_value::Scenario;
use crate::{Case, Cluster, Lab, Part};

/// Lab 4, in its earlier form.
pub(crate) const LAB: Lab = Lab {
    krate: "kvappend",
    number: "4+",
    title: "Key/value service with appends",
    task: "a key/value service in which each operation takes effect exactly once",
    folder: "kvappend",
    export: "KvAppend",
    parts: &[Part::new("4P", "exactly once"), Part::new("4Q", "exactly once, with snapshots")],
    needs: &["raft", "kvraft"],
    cases,
    rules: rules::all,
    situations: Vec::new,
};

/// All tests of it, in the course's order.
fn cases() -> Vec<Case> {
    [&part_4p::cases()[..], &part_4q::cases()].concat()
}

/// A test of five servers.
fn case(
    name: &'static str,
    part: &'static str,
    title: &'static str,
    body: impl Fn(&Cluster<AppendServers>) + Send + Sync + 'static,
) -> Case {
    let needs = &["raft", "kvraft", "kvappend"];
    Case::new(name, part, title, needs, move |stage| stage.play(AppendServers::of(stage), &body)).servers(5)
}

/// A test of three rounds of concurrent clients.
fn rounds(name: &'static str, part: &'static str, title: &'static str, scenario: Scenario) -> Case {
    case(name, part, title, move |cluster| scenario.play_appends(cluster))
}
