//! Paxos: what runs on the servers, what must hold, and the tests. Part P1 is about single decrees, part P2
//! about a log of them.

pub(crate) mod analysis;
mod checkers;
mod event;
mod invariants;
mod logs;
mod nodes;
mod part_p1;
mod part_p1x;
mod part_p2;
mod part_p2x;
mod rules;

pub use event::{Decree, PaxosEvent};
pub use nodes::PaxosNodes;

use crate::stage::Stage;
use crate::{Case, Cluster, Lab, Part};

/// Paxos.
pub(crate) const LAB: Lab = Lab {
    krate: "paxos",
    number: "P",
    title: "Paxos",
    task: "Paxos, and a log on it",
    folder: "protocols/paxos",
    export: "Paxos",
    parts: &[
        Part::new("P1", "one decree"),
        Part::new("P2", "replicated log"),
        Part::new("P1X", "adversity with one decree"),
        Part::new("P2X", "adversity with a log"),
    ],
    needs: &[],
    cases,
    rules: rules::all,
    situations: Vec::new,
};

/// All of them.
fn cases() -> Vec<Case> {
    [&part_p1::cases()[..], &part_p2::cases(), &part_p1x::cases(), &part_p2x::cases()].concat()
}

/// Plays a test of nodes of single-decree Paxos.
fn play(stage: &Stage<'_>, body: impl FnOnce(&Cluster<PaxosNodes>)) {
    let paxos = stage.expect(stage.solution().paxos(), "Paxos");
    stage.play(PaxosNodes::new(paxos.make_node), body);
}
