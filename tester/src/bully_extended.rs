//! Bully's cures: what runs on the servers, what must hold, and the tests. Each part is about one form.

mod analysis;
mod checkers;
mod event;
mod invariants;
mod nodes;
mod part_b2;
mod part_b2x;
mod part_b3;
mod part_b4;
mod part_b5;
mod part_b6;
mod publications;
mod rules;

pub use event::CuredBullyEvent;
pub use nodes::{BullyForm, CuredBullyNodes};

use labapi::BullyExtended;

use crate::stage::Stage;
use crate::{Case, Cluster, Lab, Part};

/// Servers with a node each that elects by one of the forms.
type CuredCluster = Cluster<CuredBullyNodes>;

/// Lab B, continued.
pub(crate) const LAB: Lab = Lab {
    krate: "bully_extended",
    number: "B+",
    title: "Bully's cures",
    task: "the Bully algorithm with generations, a quorum, publication in two phases, and votes",
    folder: "protocols/bully_extended",
    export: "BullyExtended",
    parts: &[
        Part::new("B2", "generations"),
        Part::new("B3", "ask the others"),
        Part::new("B4", "quorum"),
        Part::new("B5", "publication in two phases"),
        Part::new("B6", "priorities and votes"),
        Part::new("B2X", "adversity"),
    ],
    needs: &[],
    cases,
    rules: rules::all,
    situations: Vec::new,
};

/// All of them.
fn cases() -> Vec<Case> {
    [
        part_b2::cases(),
        part_b3::cases(),
        part_b4::cases(),
        part_b5::cases(),
        part_b6::cases(),
        part_b2x::cases(),
    ]
    .concat()
}

/// A test of five nodes of one form, which all have the same priority.
fn story(
    name: &'static str,
    part: &'static str,
    title: &'static str,
    form: BullyForm,
    body: fn(&CuredCluster),
) -> Case {
    let play = move |stage: &Stage<'_>| stage.play(nodes_of(stage, form, [1; 5].into()), body);
    Case::new(name, part, title, &["bully_extended"], play).servers(5)
}

/// The nodes of a test. `priorities` has one number a node, and matters to [`BullyForm::Priorities`] alone.
fn nodes_of(stage: &Stage<'_>, form: BullyForm, priorities: Vec<u32>) -> CuredBullyNodes {
    let solution: Option<BullyExtended> = stage.solution().export("bully_extended").copied();
    CuredBullyNodes::new(stage.expect(solution, "Bully's cures"), form, priorities)
}
