//! The solutions of this workspace: one, with the crate of each lab.

use labapi::Solution;

/// The solutions that are compiled in. The first is the default.
pub const COMPILED_IN: &[Solution] = &[Solution::new("reference").with(tester::all_solutions!())];
