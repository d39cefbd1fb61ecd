//! Paths of source files as the compiler gives them to `panic!`: from the workspace on, as `raft/src/log.rs`.
//!
//! A program's debug information has the whole paths of the files that it was compiled from. They belong to
//! the machine, or to the folder, where that was done. This need not be where the program runs, and not even
//! one folder: who copies a workspace with all that was built in it, and edits a crate, has a program of
//! which this crate is compiled in the copy and the others in the original. So no folder's name is compared.
//! What tells is the name of a crate of the workspace, before the folder with its sources.

/// The crates of the workspace. Those of labs and the framework have the same names in every workspace.
const CRATES: [&str; 13] = [
    "grader",
    "kvraft",
    "kvsrv",
    "lab",
    "labapi",
    "labgob",
    "labrpc",
    "labrpc/macros",
    "labrt",
    "labrt/std_compat",
    "persister",
    "raft",
    "tester",
];

/// The folders of a crate with sources.
const FOLDERS: [&str; 4] = ["src", "tests", "benches", "examples"];

/// The path from the workspace on, if it is that of a file of a crate of the workspace; as it is otherwise.
pub(crate) fn in_workspace(path: &str) -> &str {
    // What is relative is so to the workspace; after `./` there are the system's libraries.
    if !path.starts_with('/') || is_foreign(path) {
        return path;
    }
    // Of several, the last one: what is before is somebody's way to the workspace.
    let ends = path.rmatch_indices('/').map(|(border, _)| &path[border + 1..]);
    ends.into_iter().find(|end| begins_with_crate(end)).unwrap_or(path)
}

fn begins_with_crate(path: &str) -> bool {
    let below =
        |path: &str, folder: &str| path.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'));
    CRATES.iter().filter(|krate| below(path, krate)).any(|krate| {
        let inside = &path[krate.len() + 1..];
        FOLDERS.iter().any(|folder| below(inside, folder))
    })
}

/// Of the compiler or the registry.
fn is_foreign(path: &str) -> bool {
    ["/rustc/", "/rustlib/", "/registry/src/"].iter().any(|part| path.contains(part))
}

/// The text of a backtrace of std, with such paths.
pub(crate) fn in_backtrace(text: &str) -> String {
    let mut shortened = String::with_capacity(text.len());
    for line in text.split_inclusive('\n') {
        match line.split_once(" at ") {
            Some((indent, path)) if indent.trim().is_empty() && path.starts_with('/') => {
                shortened.push_str(indent);
                shortened.push_str(" at ");
                let short = in_workspace(path);
                if short.len() < path.len() {
                    // As std prints what is below the current folder.
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
    fn a_path_begins_at_the_workspace_wherever_that_was() {
        for (path, short) in [
            ("/home/me/6.5840/raft/src/log.rs", "raft/src/log.rs"),
            ("/elsewhere/labrpc/src/client/mod.rs", "labrpc/src/client/mod.rs"),
            ("/home/me/raft/src/labs/raft/src/log.rs", "raft/src/log.rs"),
            ("/ws/tester/tests/harness/main.rs", "tester/tests/harness/main.rs"),
            ("/ws/labrt/std_compat/src/lib.rs", "labrt/habits/src/lib.rs"),
            ("raft/src/log.rs", "raft/src/log.rs"),
            // Not of the workspace.
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
        let here = in_workspace(concat!("/somewhere/else/", file!()));
        assert_eq!(here, file!());
    }

    #[test]
    fn a_backtrace_does_not_tell_where_it_was_compiled() {
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
