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
    let solution = |constant: &str, name: &str, export: &dyn Fn(&Lab) -> Option<String>| {
        let exports: String = tester::labs()
            .iter()
            .filter_map(|lab| Some(format!("    (\"{}\", &{}),\n", lab.krate, export(lab)?)))
            .collect();
        format!("\nconst {constant}: Solution = Solution::new(\"{name}\").with(&[\n{exports}]);\n")
    };
    let own = |lab: &Lab| {
        let is_exported = exported.iter().any(|it| it.krate == lab.krate);
        is_exported.then(|| format!("its_{}::PART", lab.krate))
    };
    let is_needed = |lab: &Lab| tester::labs().iter().any(|it| it.needs.contains(&lab.krate));
    let on_reference = |lab: &Lab| {
        // Crates that other labs need are the reference's; the others are the submission's.
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
        let (own, on_reference) = main.split_once("const ON_REFERENCE").unwrap();
        assert!(own.contains("(\"kvraft\", &its_kvraft::PART)") && !own.contains("raft::SOLUTION"), "{main}");
        assert!(on_reference.contains("(\"raft\", &::raft::SOLUTION)"), "{main}");
        assert!(on_reference.contains("(\"kvraft\", &its_kvraft::PART)"), "{main}");
        let glue = text(Missing::Reference, "src/its_raft.rs");
        assert_eq!(glue.as_deref(), Some("pub const PART: labapi::Solution = ::raft::SOLUTION;\n"));
    }
}
