//! The Bully algorithm: what runs on the servers, what must hold, and the tests.

pub(crate) mod checkers;
mod event;
mod invariants;
mod nodes;
mod part_b1;
mod part_b1x;

pub use checkers::FollowsLeader;
pub use event::BullyEvent;
pub use nodes::BullyNodes;

use crate::stage::Stage;
use crate::{Case, Cluster, Lab, Part};

/// The Bully algorithm.
pub(crate) const LAB: Lab = Lab {
    krate: "bully",
    number: "B",
    title: "The Bully algorithm",
    task: "the Bully algorithm",
    folder: "protocols/bully",
    export: "Solution",
    parts: &[Part::new("B1", "election of the highest node"), Part::new("B1X", "adversity")],
    needs: &[],
    cases,
    rules: Vec::new,
    situations: Vec::new,
};

/// All of them.
fn cases() -> Vec<Case> {
    [&part_b1::cases()[..], &part_b1x::cases()].concat()
}

/// Plays a test of nodes of the Bully algorithm.
fn play(stage: &Stage<'_>, body: impl FnOnce(&Cluster<BullyNodes>)) {
    let make = stage.expect(stage.solution().bully_node(), "Bully");
    stage.play(BullyNodes::new(make), body);
}
