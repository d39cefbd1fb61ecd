//! The generated command line of a submission, which links its crates.

use std::collections::BTreeSet;

use tester::Lab;

use super::{ON_REFERENCE, OWN};

/// The replacement for crates that were not handed in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Missing {
    /// None: their tests cannot run.
    Nothing,
    /// The reference.
    Reference,
}

/// The source of a crate that was not handed in.
pub(super) const EMPTY: &str = "//! Not handed in.\n";

/// The crate that `--raft reference` replaces.
const RAFT: &str = "raft";

/// The package of the program, and its folder in the workspace.
pub(super) const PACKAGE: &str = "program";

/// The program's object file before linking, relative to the folder of the sources. Instances of a
/// submission's generic functions and constants are here, or in the submission's own crates.
pub(super) const OBJECT: &str = "../target/program.o";

/// The glue of a crate that is not there. No module of the program is made of it.
const NO_PART: &str = "pub const PART: () = ();\n";

/// The files of the program, by path from the top of its folder. `submitted` are the submission's crates.
pub(super) fn files(submitted: &BTreeSet<&str>, missing: Missing) -> Vec<(String, String)> {
    let exported: Vec<&Lab> = tester::labs()
        .iter()
        .filter(|lab| missing == Missing::Reference || submitted.contains(lab.krate))
        .collect();
    let glue = tester::labs().iter().map(|lab| {
        let text = match (submitted.contains(lab.krate), missing) {
            (true, _) => glue(lab, &format!("submitted_{}", lab.krate)),
            (false, Missing::Reference) => glue(lab, &format!("::{}", lab.krate)),
            (false, Missing::Nothing) => NO_PART.to_owned(),
        };
        (format!("src/its_{}.rs", lab.krate), text)
    });
    [("src/main.rs".to_owned(), main(&exported))].into_iter().chain(glue).collect()
}

/// The file that exports a crate. There is one for each crate, so that the compiler's errors can be
/// attributed to it. It names the type, so that a crate cannot export a solution of another lab.
fn glue(lab: &Lab, from: &str) -> String {
    format!("pub const PART: labapi::{} = {from}::SOLUTION;\n", lab.export)
}

fn main(exported: &[&Lab]) -> String {
    let mut text = String::new();
    for lab in exported {
        text += &format!("mod its_{};\n", lab.krate);
    }
    let is_exported = |lab: &Lab| exported.iter().any(|it| it.krate == lab.krate);
    let own = |lab: &Lab| format!("    (\"{0}\", &its_{0}::PART),\n", lab.krate);
    let reference = |krate: &str| format!("    (\"{krate}\", &::{krate}::SOLUTION),\n");
    text += "\nuse std::process::ExitCode;\n\nuse labapi::Solution;\n\nconst SOLUTIONS: &[Solution] = &[\n";
    let all: String = exported.iter().map(|lab| own(lab)).collect();
    text += &format!("    Solution::new(\"{OWN}\").with(&[\n{all}    ]),\n");
    // What a lab stands on is the reference's, and the lab itself the submission's. Raft is the reference's
    // in its own tests, too: it is what was asked for.
    for lab in tester::labs().iter().filter(|lab| is_exported(lab)) {
        let itself = if lab.krate == RAFT { reference(RAFT) } else { own(lab) };
        let parts: String = lab.needs.iter().map(|krate| reference(krate)).chain([itself]).collect();
        text += &format!("    Solution::new(\"{ON_REFERENCE}/{}\").with(&[\n{parts}    ]),\n", lab.krate);
    }
    text += "];\n\nfn main() -> ExitCode {\n    worker::main(SOLUTIONS)\n}\n";
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn missing_crates_are_left_out_or_taken_from_the_reference() {
        let submitted = BTreeSet::from(["kvraft"]);
        let text = |missing, path: &str| {
            let files = files(&submitted, missing);
            files.into_iter().find(|(file, _)| file == path).map(|(_, text)| text)
        };
        let glue = text(Missing::Nothing, "src/its_kvraft.rs");
        assert_eq!(glue.as_deref(), Some("pub const PART: labapi::KvRaft = submitted_kvraft::SOLUTION;\n"));
        assert_eq!(text(Missing::Nothing, "src/its_raft.rs").as_deref(), Some(NO_PART));
        let main = text(Missing::Nothing, "src/main.rs").unwrap();
        let (own, on_reference) = main.split_once("on_reference/kvraft").unwrap();
        assert!(own.contains("(\"kvraft\", &its_kvraft::PART)") && !own.contains("raft::SOLUTION"), "{main}");
        assert!(on_reference.contains("(\"raft\", &::raft::SOLUTION)"), "{main}");
        assert!(on_reference.contains("(\"kvraft\", &its_kvraft::PART)"), "{main}");
    }

    /// A lab that others stand on is the submission's in its own tests, and the reference's below another
    /// lab.
    #[test]
    fn each_lab_stands_on_the_reference_by_itself() {
        let submitted = BTreeSet::from(["kvraft", "shardkv"]);
        let files = files(&submitted, Missing::Nothing);
        let main = &files.iter().find(|(file, _)| file == "src/main.rs").unwrap().1;
        let of = |lab: &str| {
            let rest = main.split_once(&format!("on_reference/{lab}\"")).unwrap().1;
            rest.split_once("]),").unwrap().0
        };
        assert!(of("kvraft").contains("&its_kvraft::PART"), "{main}");
        assert!(of("shardkv").contains("&::kvraft::SOLUTION"), "{main}");
        assert!(of("shardkv").contains("&::kvsrv::SOLUTION"), "{main}");
        assert!(of("shardkv").contains("&its_shardkv::PART"), "{main}");
    }

    #[test]
    fn on_the_reference_s_raft_the_tests_of_raft_are_the_reference_s() {
        let submitted = BTreeSet::from(["raft"]);
        let files = files(&submitted, Missing::Nothing);
        let main = &files.iter().find(|(file, _)| file == "src/main.rs").unwrap().1;
        let (own, on_reference) = main.split_once("on_reference/raft\"").unwrap();
        assert!(own.contains("(\"raft\", &its_raft::PART)"), "{main}");
        assert!(on_reference.contains("(\"raft\", &::raft::SOLUTION)"), "{main}");
        assert!(!on_reference.contains("its_raft"), "{main}");
    }

    #[test]
    fn a_missing_crate_may_be_the_reference_s() {
        let submitted = BTreeSet::from(["kvraft"]);
        let text = |missing, path: &str| {
            let files = files(&submitted, missing);
            files.into_iter().find(|(file, _)| file == path).map(|(_, text)| text)
        };
        let glue = text(Missing::Reference, "src/its_raft.rs");
        assert_eq!(glue.as_deref(), Some("pub const PART: labapi::Solution = ::raft::SOLUTION;\n"));
    }
}
