//! The solutions of this workspace. To add one, add its crate to `Cargo.toml` and a line here.

use labapi::Solution;

/// The solutions that are compiled in.
pub const COMPILED_IN: &[Solution] =
    &[raft::SOLUTION.with_kvsrv(kvsrv::SOLUTION).with_kvraft(kvraft::SOLUTION).with_bully(bully::make)];
