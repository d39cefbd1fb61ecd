//! Lab 2: one key/value server that never fails, and a lock on it.

mod lock;
mod lock_event;
mod lock_rules;
mod part_2a;
mod part_2b;
mod part_2x;
mod server;

pub use server::KvServer;

use crate::stage::Stage;
use crate::{Case, Cluster, Lab, Part, Rule, key_value};

/// Lab 2.
pub(crate) const LAB: Lab = Lab {
    krate: "kvsrv",
    number: "2",
    title: "Key/value server",
    task: "a key/value server and a lock on it",
    folder: "kvsrv",
    export: "KvSrv",
    parts: &[Part::new("2A", "key/value server"), Part::new("2B", "lock"), Part::new("2X", "adversity")],
    needs: &[],
    cases,
    rules,
    situations: key_value::situations::on_one_server,
};

/// All tests of it: the course's in its order, and then those of part 2X.
fn cases() -> Vec<Case> {
    [&part_2a::cases()[..], &part_2b::cases(), &part_2x::cases()].concat()
}

/// The rules of clerks and servers, and those of the lock.
fn rules() -> Vec<&'static Rule> {
    [key_value::on_one_server(), lock_rules::all()].concat()
}

/// Plays a test of the single key/value server.
fn play(stage: &Stage<'_>, body: impl FnOnce(&Cluster<KvServer>)) {
    let kvsrv = stage.expect(stage.solution().key_value_server(), "key/value server");
    stage.play(KvServer::new(kvsrv), body);
}
