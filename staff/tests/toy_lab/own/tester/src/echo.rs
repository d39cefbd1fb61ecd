//! Echo: what runs on the servers, and the tests.

mod servers;

mod part_e1;

pub use servers::EchoServers;

use crate::stage::Stage;
use crate::{Case, Cluster, Lab, Part};

/// The toy lab.
pub(crate) const LAB: Lab = Lab {
    krate: "echo",
    number: "E",
    title: "Echo",
    task: "a server that says what it is told",
    folder: "protocols/echo",
    export: "MakeEcho",
    parts: &[Part::new("E1", "echo")],
    needs: &[],
    cases,
    rules: Vec::new,
    situations: Vec::new,
};

fn cases() -> Vec<Case> {
    part_e1::cases().to_vec()
}

fn play(stage: &Stage<'_>, body: fn(&Cluster<EchoServers>)) {
    let make = stage.expect(stage.solution().export("echo"), "echo");
    stage.play(EchoServers::new(*make), body);
}
