//! [`FRAMEWORK`]: the crates that lab code is written on and tested with.

/// The folders of the crates that students use and do not write. They are part of the hand-out, and are built
/// once for all submissions.
pub(crate) const FRAMEWORK: [&str; 11] = [
    "labrt",
    "labgob",
    "labrpc",
    "labrpc/macros",
    "persister",
    "labapi",
    "linearizability",
    "tester",
    "labreport",
    "runpage",
    "lab",
];
