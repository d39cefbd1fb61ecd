//! Paths of source files relative to the workspace, such as `raft/src/log.rs`.
//!
//! Debug information contains the absolute paths of the files at compile time. They need not exist where the
//! program runs, and need not share one folder: in a copied workspace, the crates that were edited are
//! compiled in the copy and the others in the original. So the workspace is not recognised by its folder, but
//! by the name of one of its crates followed by a source folder.

use std::sync::OnceLock;

/// The crates of the framework.
const FRAMEWORK: [&str; 12] = [
    "lab",
    "labapi",
    "labgob",
    "labreport",
    "labrpc",
    "labrpc/macros",
    "labrt",
    "labrt/std_compat",
    "linearizability",
    "persister",
    "runpage",
    "tester",
];

/// The folders of the labs, as they were named.
static LABS: OnceLock<Vec<&str>> = OnceLock::new();

/// Names the folders of the labs' crates, such as `raft` or `protocols/bully`. Failures then give the paths
/// of their sources from the workspace on. Only the first call counts.
pub fn name_lab_folders(folders: impl IntoIterator<Item = &'static str>) {
    let _ = LABS.set(folders.into_iter().collect());
}

const FOLDERS: [&str; 4] = ["src", "tests", "benches", "examples"];

/// The path relative to the workspace, if the file belongs to a crate of the workspace; otherwise `path`
/// itself.
#[must_use]
pub fn in_workspace(path: &str) -> &str {
    // Relative paths are relative to the workspace already; those with `./` are of the system's libraries.
    if !path.starts_with('/') || is_external(path) {
        return path;
    }
    // The last match: folders above the workspace may have the name of a crate, too.
    let ends = path.rmatch_indices('/').map(|(border, _)| &path[border + 1..]);
    ends.into_iter().find(|end| begins_with_crate(end)).unwrap_or(path)
}

fn begins_with_crate(path: &str) -> bool {
    let below =
        |path: &str, folder: &str| path.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'));
    let labs = LABS.get().into_iter().flatten();
    FRAMEWORK.iter().chain(labs).filter(|krate| below(path, krate)).any(|krate| {
        let inside = &path[krate.len() + 1..];
        FOLDERS.iter().any(|folder| below(inside, folder))
    })
}

/// Whether the file belongs to the compiler or the registry.
fn is_external(path: &str) -> bool {
    ["/rustc/", "/rustlib/", "/registry/src/"].iter().any(|part| path.contains(part))
}

/// The text of a backtrace of std, with paths relative to the workspace.
pub(crate) fn in_backtrace(text: &str) -> String {
    let mut shortened = String::with_capacity(text.len());
    for line in text.split_inclusive('\n') {
        match line.split_once(" at ") {
            Some((indent, path)) if indent.trim().is_empty() && path.starts_with('/') => {
                shortened.push_str(indent);
                shortened.push_str(" at ");
                let short = in_workspace(path);
                if short.len() < path.len() {
                    // As std prints paths below the current folder.
                    shortened.push_str("./");
                }
                shortened.push_str(short);
            }
            _ => shortened.push_str(line),
        }
    }
    shortened
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_relative_to_the_workspace() {
        name_lab_folders(["raft", "protocols/bully"]);
        for (path, short) in [
            ("/home/me/6.5840/raft/src/log.rs", "raft/src/log.rs"),
            ("/elsewhere/labrpc/src/client/mod.rs", "labrpc/src/client/mod.rs"),
            ("/home/me/raft/src/labs/raft/src/log.rs", "raft/src/log.rs"),
            ("/ws/tester/tests/harness/main.rs", "tester/tests/harness/main.rs"),
            ("/ws/labrt/std_compat/src/lib.rs", "labrt/std_compat/src/lib.rs"),
            ("/ws/protocols/bully/src/lib.rs", "protocols/bully/src/lib.rs"),
            ("raft/src/log.rs", "raft/src/log.rs"),
            // Outside the workspace.
            ("./string/../sysdeps/x86_64/memset.S", "./string/../sysdeps/x86_64/memset.S"),
            ("/rustc/5980/library/std/src/thread/mod.rs", "/rustc/5980/library/std/src/thread/mod.rs"),
            (
                "/root/.cargo/registry/src/index/raft/src/lib.rs",
                "/root/.cargo/registry/src/index/raft/src/lib.rs",
            ),
            ("/home/me/other/src/lib.rs", "/home/me/other/src/lib.rs"),
            ("/raft/log.rs", "/raft/log.rs"),
            ("/", "/"),
            ("", ""),
        ] {
            assert_eq!(in_workspace(path), short);
        }
    }

    #[test]
    fn this_file_is_in_the_workspace() {
        let path = in_workspace(concat!("/somewhere/else/", file!()));
        assert_eq!(path, file!());
    }

    #[test]
    fn a_backtrace_has_paths_relative_to_the_workspace() {
        name_lab_folders(["raft", "protocols/bully"]);
        let text = "   3: core::panicking::panic_fmt
             at /rustc/5980/library/core/src/panicking.rs:80:14
   4: append
             at /home/original/raft/src/log.rs:17:9
   5: start
             at ./raft/src/replication.rs:30:5
   6: {closure#0}
             at /home/original/labrt/src/world/node.rs:73:44
   7: clone3
";
        let short = text.replace("/home/original/", "./");
        assert_eq!(in_backtrace(text), short);
        assert_eq!(in_backtrace("disabled backtrace"), "disabled backtrace");
    }
}
