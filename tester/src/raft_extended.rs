//! Raft beyond Figure 2: membership, pre-vote and check-quorum, reads, transfer of leadership. What runs on
//! the servers, what must hold, and the tests.

mod analysis;
mod event;
mod invariants;
mod memberships;
mod part_3e;
mod part_3f;
mod part_3g;
mod part_3h;
mod part_3hx;
mod reads;
mod rules;
mod servers;
mod transfers;
mod watching;

pub use event::RaftExtendedEvent;
pub use servers::RaftExtendedServers;

use labapi::MakeRaftExtended;

use crate::stage::{Snapshots, Stage};
use crate::{Case, Cluster, Lab, Part};

/// Servers with a Raft peer each whose cluster can be changed.
type ExtendedCluster = Cluster<RaftExtendedServers>;

/// Lab 3, continued.
pub(crate) const LAB: Lab = Lab {
    krate: "raft_extended",
    number: "3+",
    title: "Raft beyond Figure 2",
    task: "Raft with changes of the cluster, reads without a log entry, and transfer of leadership",
    folder: "protocols/raft_extended",
    export: "MakeRaftExtended",
    parts: &[
        Part::new("3E", "membership"),
        Part::new("3F", "pre-vote and check-quorum"),
        Part::new("3G", "linearizable reads"),
        Part::new("3H", "leadership transfer"),
        Part::new("3HX", "adversity"),
    ],
    needs: &[],
    cases,
    rules: rules::all,
    situations: Vec::new,
};

/// All of them.
fn cases() -> Vec<Case> {
    [part_3e::cases(), part_3f::cases(), part_3g::cases(), part_3h::cases(), part_3hx::cases()].concat()
}

/// A test of a cluster of so many servers, all of which vote at first.
fn story(
    name: &'static str,
    part: &'static str,
    title: &'static str,
    servers: usize,
    body: fn(&ExtendedCluster),
) -> Case {
    let play = move |stage: &Stage<'_>| stage.play(servers_of(stage, 0..servers), body);
    Case::new(name, part, title, &["raft_extended"], play).servers(servers)
}

/// The servers of a test; `first` vote at first.
fn servers_of(stage: &Stage<'_>, first: impl IntoIterator<Item = usize>) -> RaftExtendedServers {
    let make: Option<MakeRaftExtended> = stage.solution().export("raft_extended").copied();
    let make = stage.expect(make, "Raft beyond Figure 2");
    RaftExtendedServers::new(
        make,
        first.into_iter().collect(),
        stage.snapshots() == Snapshots::EveryTenCommands,
    )
}
