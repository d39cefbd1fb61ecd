//! The command line of a submission: a few lines of ours around its crates.

use std::collections::BTreeSet;

use super::{ON_REFERENCE, OWN};
use crate::submission::CRATES;

/// What stands in the place of crates that were not handed in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Missing {
    /// Nothing: their tests cannot be run.
    Nothing,
    /// The reference.
    Reference,
}

/// The source of a crate that is not there.
pub(super) const EMPTY: &str = "//! Not handed in.\n";

/// Its package, and its folder in the workspace.
pub(super) const PACKAGE: &str = "program";

/// What the compiler makes of it before it is linked, seen from the folder of the sources. What is made of a
/// submission's generic functions and constants is here, or in the submission's own crates.
pub(super) const OBJECT: &str = "../target/program.o";

/// The files of the program, by path from the top of its folder. `there` are the submission's crates.
pub(super) fn files(there: &BTreeSet<&str>, missing: Missing) -> Vec<(String, String)> {
    let mut files = vec![("src/main.rs".to_owned(), main())];
    for name in CRATES {
        let from = match (there.contains(name), missing) {
            (true, _) => Some(format!("submitted_{name}")),
            (false, Missing::Reference) => Some(format!("::{name}")),
            (false, Missing::Nothing) => None,
        };
        files.push((format!("src/its_{name}.rs"), glue(name, from.as_deref())));
    }
    files
}

/// A file for each crate, so that the compiler's words about one are told from those about another.
fn glue(name: &str, from: Option<&str>) -> String {
    let (kind, value) = match name {
        "raft" => ("MakeRaft", "SOLUTION.make_raft"),
        "kvsrv" => ("KvSrv", "Some(SOLUTION)"),
        "bully" => ("MakeBully", "SOLUTION.bully"),
        _ => ("KvRaft", "Some(SOLUTION)"),
    };
    match from {
        Some(from) => {
            format!("use {from}::SOLUTION;\n\npub const PART: Option<labapi::{kind}> = {value};\n")
        }
        None => format!("pub const PART: Option<labapi::{kind}> = None;\n"),
    }
}

fn main() -> String {
    format!(
        "mod its_bully;\nmod its_kvraft;\nmod its_kvsrv;\nmod its_raft;\n\nuse std::process::ExitCode;\n\nuse labapi::Solution;\n\n\
         const OWN: Solution = Solution {{\n    make_raft: its_raft::PART,\n    kvsrv: its_kvsrv::PART,\n    \
         kvraft: its_kvraft::PART,\n    bully: its_bully::PART,\n    ..Solution::new(\"{OWN}\")\n}};\n\n\
         const ON_REFERENCE: Solution =\n    \
         Solution {{ name: \"{ON_REFERENCE}\", make_raft: raft::SOLUTION.make_raft, ..OWN }};\n\n\
         fn main() -> ExitCode {{\n    \
         lab::Lab {{ solutions: &[OWN, ON_REFERENCE], run: tester::run }}.main()\n}}\n"
    )
}
