//! The rules, on source that students might write by mistake or on purpose.

mod accepted;
mod files;
mod findings;
mod language;
mod libraries;
mod names;
mod size;

use staff::rules::{Findings, Rule, check};
use staff::submission::SourceFile;

/// Source files from pairs of path and text.
fn source_files(files: &[(&str, &str)]) -> Vec<SourceFile> {
    let file =
        |(path, text): &(&str, &str)| SourceFile { path: (*path).to_owned(), text: (*text).to_owned() };
    files.iter().map(file).collect()
}

fn check_files(files: &[(&str, &str)]) -> Findings {
    check(&source_files(files)).unwrap()
}

fn check_text(text: &str) -> Findings {
    check_files(&[("raft/src/lib.rs", text)])
}

/// Each source violates this rule, and no other.
#[track_caller]
fn violates(rule: Rule, sources: &[&str]) {
    for source in sources {
        let findings = check_text(source);
        assert!(findings.unparsed.is_empty(), "{source}: {findings:#?}");
        let rules: Vec<_> = findings.violations.iter().map(|finding| finding.rule).collect();
        assert!(!rules.is_empty() && rules.iter().all(|it| *it == rule), "{source}: {findings:#?}");
    }
}

/// Each source has warnings of this rule, and no other findings.
#[track_caller]
fn warns(rule: Rule, sources: &[&str]) {
    for source in sources {
        let findings = check_text(source);
        let rules: Vec<_> = findings.warnings.iter().map(|finding| finding.rule).collect();
        assert!(!rules.is_empty() && rules.iter().all(|it| *it == rule), "{source}: {findings:#?}");
        assert_eq!(Findings { warnings: Vec::new(), ..findings }, Findings::default(), "{source}");
    }
}

/// Each source has no findings.
#[track_caller]
fn passes(sources: &[&str]) {
    for source in sources {
        assert_eq!(check_text(source), Findings::default(), "{source}");
    }
}
