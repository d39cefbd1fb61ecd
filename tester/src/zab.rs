//! Zab: what runs on the servers, what must hold, and the tests. Part Z1 is about election, part Z2 about
//! recovery, part Z3 about broadcast, observers and reads.

mod analysis;
mod broadcasts;
mod event;
mod invariants;
mod part_z1;
mod part_z2;
mod part_z3;
mod part_zx;
mod put;
mod rules;
mod servers;
mod service;
mod store;

pub use event::{Extent, ZabEvent};
pub use servers::{ZabServers, ZabSettings};

use std::time::Duration;

use crate::stage::Stage;
use crate::{Case, Cluster, Lab, Part};

/// Servers of Zab.
type Ensemble = Cluster<ZabServers>;

/// The time within which a quorum of servers that reach one another has an established leader, and delivers
/// what is proposed: much longer than an election, discovery and synchronisation take.
const PATIENCE: Duration = Duration::from_secs(5);

/// Zab.
pub(crate) const LAB: Lab = Lab {
    krate: "zab",
    number: "Z",
    title: "Zab",
    task: "Zab, the atomic broadcast of ZooKeeper",
    folder: "protocols/zab",
    export: "MakeZab",
    parts: &[
        Part::new("Z1", "election"),
        Part::new("Z2", "recovery"),
        Part::new("Z3", "broadcast, observers and reads"),
        Part::new("ZX", "adversity"),
    ],
    needs: &[],
    cases,
    rules: rules::all,
    situations: Vec::new,
};

/// All of them.
fn cases() -> Vec<Case> {
    [part_z1::cases(), part_z2::cases(), part_z3::cases(), part_zx::cases()].concat()
}

/// A test of so many servers, all of which vote.
fn story(
    name: &'static str,
    part: &'static str,
    title: &'static str,
    servers: usize,
    body: fn(&Ensemble),
) -> Case {
    told(name, part, title, servers, ZabSettings::default(), body)
}

/// A test of servers that are set up so.
fn told(
    name: &'static str,
    part: &'static str,
    title: &'static str,
    servers: usize,
    settings: ZabSettings,
    body: fn(&Ensemble),
) -> Case {
    let play = move |stage: &Stage<'_>| play(stage, settings, body);
    Case::new(name, part, title, &["zab"], play).servers(servers)
}

/// Plays a test of servers that are set up so.
fn play(stage: &Stage<'_>, settings: ZabSettings, body: impl FnOnce(&Ensemble)) {
    let make = stage.expect(stage.solution().zab(), "Zab");
    stage.play(ZabServers::new(make, settings), body);
}
