//! Lab 2: one key/value server that never fails, and a lock on it.

mod lock;
mod part_2a;
mod part_2b;
mod server;

pub use server::KvServer;

use crate::stage::Stage;
use crate::{Case, Cluster};

/// All tests of it, in the course's order.
pub(crate) fn cases() -> Vec<Case> {
    [&part_2a::cases()[..], &part_2b::cases()].concat()
}

/// Plays a test of the single key/value server.
fn play(stage: &Stage<'_>, body: fn(&Cluster<KvServer>)) {
    let kvsrv = stage.expect(stage.solution().kvsrv, "key/value server");
    stage.play(KvServer::new(kvsrv, stage.budget()), body);
}
