//! The command line of a submission: a few lines of ours around its crates.

use std::collections::BTreeSet;

use tester::Lab;

use super::{ON_REFERENCE, OWN};

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
    let exported: Vec<&Lab> = tester::labs()
        .iter()
        .filter(|lab| missing == Missing::Reference || there.contains(lab.krate))
        .collect();
    let glue = exported.iter().map(|lab| {
        let from = if there.contains(lab.krate) { "submitted_" } else { "::" };
        (format!("src/its_{}.rs", lab.krate), glue(lab, &format!("{from}{}", lab.krate)))
    });
    [("src/main.rs".to_owned(), main(&exported))].into_iter().chain(glue).collect()
}

/// A file for each crate, so that the compiler's words about one are told from those about another. It names
/// the type: a crate cannot offer one thing in the place of another.
fn glue(lab: &Lab, from: &str) -> String {
    format!("pub const EXPORT: labapi::{} = {from}::SOLUTION;\n", lab.export)
}

fn main(exported: &[&Lab]) -> String {
    let mut text = String::new();
    for lab in exported {
        text += &format!("mod its_{};\n", lab.krate);
    }
    let solution = |constant: &str, name: &str, export: &dyn Fn(&Lab) -> Option<String>| {
        let exports: String = tester::labs()
            .iter()
            .filter_map(|lab| Some(format!("    (\"{}\", &{}),\n", lab.krate, export(lab)?)))
            .collect();
        format!("\nconst {constant}: Solution = Solution::new(\"{name}\").with(&[\n{exports}]);\n")
    };
    let own = |lab: &Lab| {
        let is_there = exported.iter().any(|it| it.krate == lab.krate);
        is_there.then(|| format!("its_{}::EXPORT", lab.krate))
    };
    let is_needed = |lab: &Lab| tester::labs().iter().any(|it| it.needs.contains(&lab.krate));
    let on_reference = |lab: &Lab| {
        // What others stand on is the reference's, and what stands on it the submission's.
        if is_needed(lab) { Some(format!("::{}::SOLUTION", lab.krate)) } else { own(lab) }
    };
    text += "\nuse std::process::ExitCode;\n\nuse labapi::Solution;\n";
    text += &solution("OWN", OWN, &own);
    text += &solution("ON_REFERENCE", ON_REFERENCE, &on_reference);
    text += "\nfn main() -> ExitCode {\n    worker::main(&[OWN, ON_REFERENCE])\n}\n";
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_handed_in_is_left_out_or_the_reference_s() {
        let there = BTreeSet::from(["kvraft"]);
        let text = |missing, path: &str| {
            let files = files(&there, missing);
            files.into_iter().find(|(file, _)| file == path).map(|(_, text)| text)
        };
        let glue = text(Missing::Nothing, "src/its_kvraft.rs");
        assert_eq!(glue.as_deref(), Some("pub const EXPORT: labapi::KvRaft = submitted_kvraft::SOLUTION;\n"));
        assert_eq!(text(Missing::Nothing, "src/its_raft.rs"), None);
        let main = text(Missing::Nothing, "src/main.rs").unwrap();
        let (own, on_reference) = main.split_once("const ON_REFERENCE").unwrap();
        assert!(
            own.contains("(\"kvraft\", &its_kvraft::EXPORT)") && !own.contains("raft::SOLUTION"),
            "{main}"
        );
        assert!(on_reference.contains("(\"raft\", &::raft::SOLUTION)"), "{main}");
        assert!(on_reference.contains("(\"kvraft\", &its_kvraft::EXPORT)"), "{main}");
        let glue = text(Missing::Reference, "src/its_raft.rs");
        assert_eq!(glue.as_deref(), Some("pub const EXPORT: labapi::Solution = ::raft::SOLUTION;\n"));
    }
}
