//! The solutions of this workspace: the reference, with the crate of each lab; and lab 4 on another log.

use labapi::Solution;

/// The solutions that are compiled in. The first is the default. The second is the reference's lab 4 on the
/// log of the Paxos lab in place of Raft.
pub const COMPILED_IN: &[Solution] = &[
    Solution::new("reference").with(tester::all_solutions!()),
    Solution::new("paxos").with_raft(paxos::SOLUTION.make_log).with(&[("kvraft", &kvraft::SOLUTION)]),
];
