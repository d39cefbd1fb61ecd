//! [`libraries`]: the paths of the libraries that cargo built.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::submission::crate_of;

/// The fields used here of a line of cargo's `--message-format=json`.
#[derive(Deserialize)]
struct Line {
    reason: String,
    target: Option<Target>,
    #[serde(default)]
    filenames: Vec<PathBuf>,
}

#[derive(Deserialize)]
struct Target {
    src_path: PathBuf,
}

/// The library of each of a submission's crates in the workspace at `sources`, whether cargo built it or
/// found it up to date.
pub(super) fn libraries(printed: &[u8], sources: &Path) -> BTreeMap<String, PathBuf> {
    let mut libraries = BTreeMap::new();
    for line in printed.split(|&byte| byte == b'\n') {
        let Ok(Line { reason, target: Some(target), filenames }) = serde_json::from_slice(line) else {
            continue;
        };
        let library = filenames.into_iter().find(|file| file.extension().is_some_and(|it| it == "rlib"));
        if let ("compiler-artifact", Some(library)) = (&*reason, library)
            && let Ok(path) = target.src_path.strip_prefix(sources)
            && let Some(name) = crate_of(path)
        {
            libraries.insert(name.to_owned(), library);
        }
    }
    libraries
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_library_belongs_to_the_crate_that_contains_its_source() {
        let line = |reason: &str, src_path: &str, files: &[&str]| {
            serde_json::json!({ "reason": reason, "target": { "src_path": src_path }, "filenames": files })
                .to_string()
        };
        let lines = [
            line("compiler-artifact", "/w/raft/src/lib.rs", &["/t/libraft-1.rlib", "/t/libraft-1.rmeta"]),
            line("compiler-artifact", "/w/protocols/bully/src/lib.rs", &["/t/libbully-1.rlib"]),
            line("compiler-artifact", "/base/raft/src/lib.rs", &["/t/libraft-2.rlib"]),
            line("compiler-artifact", "/w/program/src/main.rs", &["/t/lab"]),
            line("compiler-message", "/w/kvsrv/src/lib.rs", &["/t/libkvsrv-1.rlib"]),
            "no JSON".to_owned(),
            "{\"reason\":\"build-finished\",\"success\":true}".to_owned(),
        ];
        let expected = [("raft", "/t/libraft-1.rlib"), ("bully", "/t/libbully-1.rlib")];
        let expected = expected.map(|(name, file)| (name.to_owned(), PathBuf::from(file)));
        let expected = BTreeMap::from(expected);
        assert_eq!(libraries(lines.join("\n").as_bytes(), Path::new("/w")), expected);
    }
}
