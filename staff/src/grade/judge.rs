//! The decision whether a submission is graded, from its source and its artifacts.
//!
//! Before the build, the files that are certainly compiled are checked, so that most violations are reported
//! without a build. After the build, the files that the compiler read and the object code are checked too;
//! that check decides.

use std::collections::BTreeSet;
use std::path::Path;

use crate::report::{Graded, Outcome};
use crate::rules::{CheckError, Findings, certain, check};
use crate::submission::{SourceFile, Staged, crate_of};

use super::Grading;
use super::checkpoint::BuildEntry;
use lab::error::CommandError;

/// The number of uncompiled files that are listed.
const LISTED: usize = 10;

/// The files that are certainly compiled, and their findings.
pub(super) struct Certain {
    files: Vec<SourceFile>,
    findings: Findings,
}

impl Certain {
    /// Checks the files that are certainly compiled.
    pub(super) fn of(staged: &Staged) -> Result<Self, CommandError> {
        let files = certain(&staged.files).map_err(cannot)?;
        let findings = check(&files).map_err(cannot)?;
        Ok(Self { files, findings })
    }

    /// Returns whether the submission should be built.
    pub(super) fn before_build(&self, grading: &Grading, graded: &mut Graded) -> bool {
        graded.findings = self.findings.clone();
        is_graded(grading, graded)
    }

    /// Checks the compiled files and the artifacts. Returns whether the submission is graded.
    pub(super) fn after_build(
        &self,
        grading: &Grading,
        staged: &Staged,
        build: &BuildEntry,
        graded: &mut Graded,
    ) -> Result<bool, CommandError> {
        // These files count even if their crate does not build.
        let first: BTreeSet<&str> = self.files.iter().map(|file| &*file.path).collect();
        let is_more =
            |file: &&SourceFile| build.inspection.read.contains(&file.path) && !first.contains(&*file.path);
        let more: Vec<SourceFile> = staged.files.iter().filter(is_more).cloned().collect();
        graded.findings = if more.is_empty() {
            self.findings.clone()
        } else {
            check(&[&self.files[..], &more].concat()).map_err(cannot)?
        };
        graded.objections = build.inspection.objections();
        Ok(is_graded(grading, graded))
    }
}

fn is_graded(grading: &Grading, graded: &mut Graded) -> bool {
    let is_refused = !graded.findings.violations.is_empty() || !graded.objections.is_empty();
    if is_refused && !grading.despite_rules {
        graded.outcome = Outcome::BreaksRules;
        return false;
    }
    true
}

/// The note about files in built crates that the compiler did not read; `None` if there are none.
pub(super) fn not_compiled(staged: &Staged, build: &BuildEntry) -> Option<String> {
    let built =
        |path: &str| crate_of(Path::new(path)).is_some_and(|name| build.crates.iter().any(|it| it == name));
    let all = staged.files.iter().map(|file| &*file.path);
    let files: Vec<&str> = all.filter(|path| built(path) && !build.inspection.read.contains(*path)).collect();
    let more = match files.len().saturating_sub(LISTED) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let names = || files.iter().take(LISTED).copied().collect::<Vec<_>>().join(", ");
    (!files.is_empty())
        .then(|| format!("The compiler does not read {}{more}: neither checked nor graded.", names()))
}

fn cannot(error: CheckError) -> CommandError {
    CommandError::new(error.to_string())
}

#[cfg(test)]
mod tests {
    use crate::build::Inspection;

    use super::*;

    #[test]
    fn uncompiled_files_are_listed_up_to_a_limit() {
        let staged = |paths: &[String]| {
            let file = |path: &String| SourceFile { path: path.clone(), text: String::new() };
            Staged { files: paths.iter().map(file).collect(), ignored: Vec::new(), ignored_besides: 0 }
        };
        let read = BTreeSet::from(["raft/src/lib.rs".to_owned()]);
        let build = BuildEntry {
            crates: vec!["raft".to_owned()],
            errors: [("kvsrv".to_owned(), "error".to_owned())].into(),
            inspection: Inspection { read, ..Inspection::default() },
        };
        let paths = ["kvsrv/src/lib.rs", "raft/src/lib.rs", "raft/src/old.rs"].map(str::to_owned);
        let note = not_compiled(&staged(&paths), &build);
        assert_eq!(
            note.as_deref(),
            Some("The compiler does not read raft/src/old.rs: neither checked nor graded.")
        );
        assert_eq!(not_compiled(&staged(&paths[..2]), &build), None);
        let many: Vec<String> = (0..12).map(|number| format!("raft/src/{number}.rs")).collect();
        let note = not_compiled(&staged(&many), &build).expect("a note");
        assert!(note.contains("raft/src/9.rs and 2 more: ") && !note.contains("10.rs"), "{note}");
    }
}
