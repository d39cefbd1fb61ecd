//! The files of the hand-out, and files that must not be in it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use staff::handout::{self, HandoutError, Options};
use staff::manifest::Manifest;
use staff::mutants::Corpus;

use crate::students::{files, here, write};

/// The folders of the crates that students write.
fn labs() -> impl Iterator<Item = &'static str> {
    tester::labs().iter().map(|lab| lab.folder)
}

/// The texts of a hand-out of these parts.
fn texts(parts: &str) -> BTreeMap<PathBuf, String> {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), parts);
    let text = |content| String::from_utf8(content).expect("all files are texts");
    files(folder.path()).into_iter().map(|(path, content)| (path, text(content))).collect()
}

/// The lines of a source that say something, with comments or without.
fn lines(text: &str, comments: bool) -> Vec<&str> {
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    lines.filter(|line| comments || !line.starts_with("//")).collect()
}

#[test]
fn no_four_lines_of_the_solutions_are_handed_out() {
    let handed_out = texts("");
    let mut looked_at = 0;
    for comments in [false, true] {
        let mut solution = BTreeMap::new();
        for krate in labs() {
            for (path, content) in files(&here().join(krate).join("src")) {
                let text = String::from_utf8(content).unwrap();
                for four in lines(&text, comments).windows(4) {
                    solution.insert(four.join("\n"), Path::new(krate).join(&path));
                }
            }
        }
        for family in Corpus::here().unwrap().families() {
            for base in family.bases.keys() {
                let folder = Path::new(family.lab.folder).join("bases").join(base);
                for (path, content) in files(&here().join(&folder).join("src")) {
                    let text = String::from_utf8(content).unwrap();
                    for four in lines(&text, comments).windows(4) {
                        solution.insert(four.join("\n"), folder.join(&path));
                    }
                }
            }
            let wrong = family.wrong.iter().map(|wrong| (&wrong.name, &wrong.edits));
            let right = family.right.iter().map(|right| (&right.name, &right.edits));
            for (name, edit) in
                wrong.chain(right).flat_map(|(name, edits)| edits.iter().map(move |it| (name, it)))
            {
                for four in lines(&edit.after, comments).windows(4) {
                    solution.insert(four.join("\n"), Path::new(family.lab.folder).join(name));
                }
            }
        }
        looked_at += solution.len();
        for (path, text) in &handed_out {
            for four in lines(text, comments).windows(4) {
                let four = four.join("\n");
                // Brackets are nobody's, nor is the beginning of a module of tests.
                let of_everybody = ["#[cfg(test)]", "mod tests {", "use super::*;"];
                let own = |line: &&str| line.contains(char::is_alphanumeric) && !of_everybody.contains(line);
                let says = four.lines().filter(own).count();
                if let Some(origin) = solution.get(&four).filter(|_| says > 1) {
                    panic!("{} has lines of {}:\n{four}", path.display(), origin.display());
                }
            }
        }
    }
    assert!(looked_at > 1000, "the solutions were looked for where they are not");
}

#[test]
fn what_students_have_no_use_for_is_left_out() {
    let handed_out = texts("");
    let names: BTreeSet<&str> =
        handed_out.keys().flat_map(|path| path.iter()).map(|name| name.to_str().unwrap()).collect();
    for name in [
        "staff",
        "handout",
        "worker",
        "benches",
        "std_compat",
        "check",
        "oracle-check",
        "CHANGELOG.md",
        "harness.md",
        "wrong-raft.md",
        "architecture.md",
        "page.md",
        "skeleton",
        "wrong",
        "right",
        "bases",
        "measuring.md",
        "linearizability.md",
        ".git",
        ".ci",
    ] {
        assert!(!names.contains(name), "{name} is there");
    }
    for path in handed_out.keys().filter(|path| path.iter().any(|name| name == "tests")) {
        assert!(labs().any(|krate| path.starts_with(krate)), "{path:?}");
    }
    for (path, text) in handed_out.iter().filter(|(path, _)| path.file_name().unwrap() == "Cargo.toml") {
        let said = text.lines().filter(|line| !line.starts_with('#'));
        assert!(said.clone().all(|line| !line.contains("staff")), "{} needs staff", path.display());
    }
    for (path, text) in &handed_out {
        for trace in ["feature = \"grading\"", "criterion", "oracle-check", "-skeleton"] {
            assert!(!text.contains(trace), "{} says `{trace}`", path.display());
        }
    }
}

/// The lint is the framework's and the solutions', and stands in their sources: what is inherited from a
/// manifest would warn a student, here and where the crate is built in the place of a solution.
#[test]
fn nobody_asks_students_for_documentation() {
    let handed_out = texts("");
    let lint = "#![warn(missing_docs)]";
    for krate in [
        "labrt",
        "labgob",
        "labrpc",
        "labrpc/macros",
        "persister",
        "labapi",
        "linearizability",
        "tester",
        "lab",
    ] {
        let source = &handed_out[&Path::new(krate).join("src/lib.rs")];
        assert!(source.contains(lint), "{krate} is documented");
    }
    for krate in labs() {
        let solution = fs::read_to_string(here().join(krate).join("src/lib.rs")).unwrap();
        assert!(solution.contains(lint), "the solution {krate} is documented");
        for (path, text) in handed_out.iter().filter(|(path, _)| path.starts_with(krate)) {
            assert!(!text.contains("missing_docs"), "{} asks for documentation", path.display());
        }
    }
    let manifest = fs::read_to_string(here().join("Cargo.toml")).unwrap();
    for manifest in [&manifest, &handed_out[Path::new("Cargo.toml")]] {
        let (_, lints) = manifest.split_once("[workspace.lints.rust]").expect("lints");
        assert!(!lints.contains("missing_docs = "), "students inherit it");
    }
}

/// A first build takes a minute, and a command that says nothing for so long looks as if it hung.
#[test]
fn the_first_command_shows_that_it_builds() {
    let config = &texts("")[Path::new(".cargo/config.toml")];
    let alias = config.lines().find(|line| line.starts_with("lab = ")).expect("an alias");
    assert!(alias.contains("run ") && alias.contains("--package lab"), "{alias}");
    assert!(alias.split(' ').all(|word| word != "--quiet" && word != "-q"), "{alias}");
    assert!(!config.contains("[term]"), "{config}");
}

/// The READMEs of the workspace and of the hand-out document the environment variables of `cargo test`.
#[test]
fn the_variables_of_the_environment_are_told() {
    let readme = fs::read_to_string(here().join("README.md")).unwrap();
    let handed_out = texts("3A");
    for page in [&readme, &handed_out[Path::new("README.md")]] {
        for variable in ["LAB_SEED", "LAB_RUNS", "LAB_BACKEND", "RUST_LOG"] {
            assert!(page.contains(&format!("| `{variable}=")), "{variable} is told in no table");
        }
        assert!(
            page.contains("cargo lab replay initial_election_3a --seed 1"),
            "the log of a run that passes"
        );
    }
}

/// A student's crate has the same dependencies in the hand-out and in place of a solution.
#[test]
fn what_builds_for_students_builds_in_the_place_of_the_solutions() {
    let all_handed_out = texts("");
    for krate in labs() {
        let dependencies = |manifest: &str| {
            let mut manifest = Manifest::parse(Path::new("Cargo.toml"), manifest).unwrap();
            manifest.remove_tables(&["dev-dependencies"]);
            manifest.dependencies()
        };
        let solution = fs::read_to_string(here().join(krate).join("Cargo.toml")).unwrap();
        let handed_out = &all_handed_out[&Path::new(krate).join("Cargo.toml")];
        assert_eq!(dependencies(&solution), dependencies(handed_out), "{krate}");
    }
}

#[test]
fn every_link_leads_somewhere() {
    for parts in ["", "3A", "2", "3,4A", "B1"] {
        let handed_out = texts(parts);
        let mut found = 0;
        for (page, text) in
            handed_out.iter().filter(|(path, _)| path.extension().is_some_and(|it| it == "md"))
        {
            let folder = page.parent().unwrap();
            for target in text.split("](").skip(1).map(|rest| rest.split_once(')').unwrap().0) {
                if target.contains("://") || target.starts_with('#') {
                    continue;
                }
                let mut whole = folder.to_owned();
                for step in Path::new(target.split('#').next().unwrap()) {
                    if step == ".." { assert!(whole.pop()) } else { whole.push(step) }
                }
                let there = handed_out.keys().any(|path| path.starts_with(&whole));
                assert!(
                    there,
                    "{} leads to {target}, which is not there with parts {parts:?}",
                    page.display()
                );
                found += 1;
            }
        }
        assert!(found > 3, "links were looked for where they are not");
    }
}

#[test]
fn the_pages_of_the_labs_name_their_tests() {
    let handed_out = texts("");
    for lab in tester::labs() {
        let page = lab.page();
        let text = &handed_out[Path::new(&page)];
        for case in (lab.cases)() {
            assert!(text.contains(&format!("`{}`", case.name)), "{page} does not tell of {}", case.name);
        }
    }
}

#[test]
fn the_same_sources_give_the_same_bytes() {
    let folders = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    write(folders[0].path(), "");
    // The second over what has been worked in.
    write(folders[1].path(), "3A");
    fs::write(folders[1].path().join("raft/src/log.rs"), "mine").unwrap();
    fs::write(folders[1].path().join("raft/src/peer.rs"), "mine").unwrap();
    write(folders[1].path(), "");
    let [first, second] = folders.each_ref().map(|folder| files(folder.path()));
    assert!(first.keys().eq(second.keys()), "other files");
    for (path, content) in &first {
        assert!(second[path] == *content, "{} differs", path.display());
    }
}

#[test]
fn what_is_not_released_is_not_there() {
    let names =
        |parts: &str| texts(parts).into_keys().map(|path| path.display().to_string()).collect::<Vec<_>>();
    let has = |names: &[String], beginning: &str| names.iter().any(|name| name.starts_with(beginning));

    let first = names("3A");
    assert!(has(&first, "raft/tests/raft.rs") && has(&first, "docs/lab-3.md"));
    for later in ["kvsrv", "kvraft", "protocols", "docs/lab-2", "docs/lab-4", "docs/lab-bully"] {
        assert!(!has(&first, later), "{later} is there");
    }
    // Neither does any command know the others, nor does the README tell of them.
    for (chosen, list, command) in [
        ("3A,3C", r#"&["3A", "3C"]"#, "cargo test -p raft 3a"),
        ("2", r#"&["2A", "2B", "2X"]"#, "cargo test -p kvsrv 2a"),
        ("B1", r#"&["B1"]"#, "cargo test -p bully b1"),
    ] {
        let handed_out = texts(chosen);
        assert!(handed_out[Path::new("tester/src/released.rs")].contains(&format!("= {list};")), "{chosen}");
        assert!(handed_out[Path::new("README.md")].contains(command), "{chosen}");
    }

    let bully = names("B1");
    assert!(has(&bully, "protocols/bully/tests/bully.rs") && has(&bully, "docs/lab-bully.md"));
    for other in ["raft", "kvsrv", "kvraft", "docs/lab-3"] {
        assert!(!has(&bully, other), "{other} is there");
    }
    let readme = &texts("B1")[Path::new("README.md")];
    for other in ["backup_3b", "initial_election_3a", "-p raft"] {
        assert!(!readme.contains(other), "the README is about {other}");
    }

    // Lab 4 stands on the Raft of lab 3.
    let last = names("4A");
    assert!(has(&last, "kvraft/src") && has(&last, "raft/src") && !has(&last, "raft/tests"));
    assert!(!has(&last, "kvsrv"));
}

#[test]
fn what_is_in_the_folder_is_safe() {
    let folder = tempfile::tempdir().unwrap();
    let notes = folder.path().join("notes.md");
    fs::write(&notes, "mine").unwrap();
    let options = Options::default();
    let refused = handout::write(here(), folder.path(), &options);
    assert!(matches!(refused, Err(HandoutError::NotEmpty { .. })), "{refused:?}");
    assert_eq!(files(folder.path()).len(), 1, "something was written");
    handout::write(here(), folder.path(), &Options { force: true, ..options.clone() }).unwrap();
    assert_eq!(fs::read_to_string(notes).unwrap(), "mine");
    let refused = handout::write(here(), &here().join("raft/new"), &options);
    assert!(matches!(refused, Err(HandoutError::AmongTheSources { .. })), "{refused:?}");
    assert!(!here().join("raft/new").exists());
}
