//! Stored data of submissions besides their runs: the folders they came from, their sources, and their rows
//! of the table.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use crate::report::Graded;
use crate::submission::{SourceFile, same_name};

use super::results_dir::{self, ResultsDir};
use lab::error::CommandError;

/// Gives each submission the name that is stored for its folder, and stores the names of new ones.
pub(super) fn name_folders(
    results: &ResultsDir,
    all: Vec<(String, PathBuf)>,
) -> Result<Vec<(String, PathBuf)>, CommandError> {
    let mut paths = Vec::new();
    for (name, folder) in &all {
        let path = fs::canonicalize(folder)
            .map_err(|cause| CommandError::new(format!("cannot read {}: {cause}", folder.display())))?;
        paths.push((name.clone(), path.to_string_lossy().into_owned()));
    }
    let names = name_paths(results, paths)?;
    Ok(names.into_iter().zip(all).map(|(name, (_, folder))| (name, folder)).collect())
}

/// As [`name_folders`], of absolute paths, which need not exist any more. Returns the names.
pub(super) fn name_paths(
    results: &ResultsDir,
    all: Vec<(String, String)>,
) -> Result<Vec<String>, CommandError> {
    let file = results.own("folders.json");
    let mut known: BTreeMap<String, String> = results_dir::read(&file)?.unwrap_or_default();
    let names: Result<Vec<String>, CommandError> =
        all.into_iter().map(|(name, path)| name_of(&mut known, name, &path)).collect();
    let names = names?;
    results_dir::write(&file, &known)
        .map_err(|cause| CommandError::new(format!("cannot write {}: {cause}", file.display())))?;
    Ok(names)
}

/// The name of the submission at `path`; `name` if it is new.
fn name_of(known: &mut BTreeMap<String, String>, name: String, path: &str) -> Result<String, CommandError> {
    if let Some((name, _)) = known.iter().find(|(_, folder)| *folder == path) {
        return Ok(name.clone());
    }
    let same = known.iter().find(|(known_name, _)| same_name(known_name, &name));
    if let Some((_, folder)) = same {
        // Neither may overwrite the other's results.
        return Err(CommandError::new(format!(
            "there are results of {folder} under the name {name}: rename {path}, or give another --out"
        )));
    }
    known.insert(name.clone(), path.to_owned());
    Ok(name)
}

/// Stores the files of a submission, so that the graded sources can be inspected later.
pub(super) fn keep_sources(
    results: &ResultsDir,
    name: &str,
    files: &[SourceFile],
) -> Result<(), CommandError> {
    let folder = results.own("sources");
    replace_sources(&folder.join(name), &folder.join(format!(".{name}.draft")), files)
        .map_err(|cause| CommandError::new(format!("cannot write {}: {cause}", folder.join(name).display())))
}

/// The stored files of a submission, in the order of paths; `None` if nothing is stored.
pub(super) fn kept_sources(
    results: &ResultsDir,
    name: &str,
) -> Result<Option<Vec<SourceFile>>, CommandError> {
    let folder = results.own("sources").join(name);
    if !folder.exists() {
        return Ok(None);
    }
    let cannot = |cause: io::Error| CommandError::new(format!("cannot read {}: {cause}", folder.display()));
    let mut files = Vec::new();
    let mut folders = vec![folder.clone()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(next).map_err(cannot)? {
            let path = entry.map_err(cannot)?.path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let text = fs::read_to_string(&path).map_err(cannot)?;
                let name = path.strip_prefix(&folder).unwrap_or(&path).to_string_lossy().into_owned();
                files.push(SourceFile { path: name, text });
            }
        }
    }
    files.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(Some(files))
}

/// Replaces the stored files. `draft` is the folder in which they are written first.
fn replace_sources(to: &Path, draft: &Path, files: &[SourceFile]) -> io::Result<()> {
    let clear = |folder: &Path| if folder.exists() { fs::remove_dir_all(folder) } else { Ok(()) };
    clear(draft)?;
    // A running submission must not read other submissions.
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true).mode(0o700).create(draft)?;
    for file in files {
        let path = draft.join(&file.path);
        builder.create(path.parent().expect("the file is in a crate"))?;
        let mut open = fs::File::options().write(true).create_new(true).mode(0o600).open(path)?;
        open.write_all(file.text.as_bytes())?;
    }
    clear(to)?;
    fs::rename(draft, to)
}

/// The data of a graded submission that the table needs.
pub(super) fn row(mut graded: Graded) -> Graded {
    graded.ignored.clear();
    graded.build_log.clear();
    graded.notes.clear();
    graded.findings.warnings.clear();
    graded.findings.violations.truncate(1);
    graded.findings.unparsed.truncate(1);
    graded.objections.truncate(1);
    for column in graded.tests.iter_mut().flat_map(|test| &mut test.columns) {
        column.causes.clear();
    }
    graded
}

/// Stores a row of the table for later commands.
pub(super) fn keep_row(results: &ResultsDir, row: &Graded) -> Result<(), CommandError> {
    let file = results.own("rows").join(format!("{}.json", row.name));
    results_dir::write(&file, row)
        .map_err(|cause| CommandError::new(format!("cannot write {}: {cause}", file.display())))
}

/// The rows of all submissions with stored results, in the order of names.
pub(super) fn rows(results: &ResultsDir) -> Result<Vec<Graded>, CommandError> {
    let folder = results.own("rows");
    let cannot = |cause: io::Error| CommandError::new(format!("cannot read {}: {cause}", folder.display()));
    let mut rows: Vec<Graded> = Vec::new();
    for entry in fs::read_dir(&folder).map_err(cannot)? {
        let path = entry.map_err(cannot)?.path();
        if path.extension().is_some_and(|extension| extension == "json") {
            rows.extend(results_dir::read::<Graded>(&path)?);
        }
    }
    rows.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(rows)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_belongs_to_one_folder() {
        let mut known = BTreeMap::new();
        let mut name_of = |name: &str, path: &str| name_of(&mut known, name.to_owned(), path);
        assert_eq!(name_of("x", "/a/x").unwrap(), "x");
        assert_eq!(name_of("x", "/a/x").unwrap(), "x");
        let error = name_of("X", "/b/x").unwrap_err().to_string();
        assert!(error.contains("/a/x") && error.contains("rename /b/x"), "{error}");
        assert_eq!(name_of("größe", "/a/größe").unwrap(), "größe");
        assert!(name_of("GRÖßE", "/b/GRÖßE").is_err());
        // The name that it would get beside another submission of that name.
        assert_eq!(name_of("x-12", "/a/x").unwrap(), "x");
        assert_eq!(name_of("x-34", "/b/x").unwrap(), "x-34");
    }

    #[test]
    fn stored_sources_are_replaced_as_a_whole() {
        use std::os::unix::fs::PermissionsExt;

        let folder = tempfile::tempdir().expect("a folder");
        let (to, draft) = (folder.path().join("sources/ann"), folder.path().join("sources/.ann.draft"));
        for path in ["raft/src/old.rs", "raft/src/log/mod.rs"] {
            let file = SourceFile { path: path.to_owned(), text: "mod x;".to_owned() };
            replace_sources(&to, &draft, &[file]).expect("written");
            assert_eq!(fs::read_to_string(to.join(path)).expect("read"), "mod x;");
        }
        assert!(!to.join("raft/src/old.rs").exists() && !draft.exists());
        assert_eq!(fs::metadata(&to).expect("a folder").permissions().mode() & 0o777, 0o700);
    }
}
