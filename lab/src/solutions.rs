//! The solutions of this workspace: one, with the crate of each lab.

use labapi::Solution;

/// The solutions that are compiled in.
pub const COMPILED_IN: &[Solution] = &[Solution::new("reference").with(&[
    ("kvsrv", &kvsrv::SOLUTION),
    ("raft", &raft::SOLUTION),
    ("kvraft", &kvraft::SOLUTION),
    ("bully", &bully::SOLUTION),
])];
