//! Where the workspace is.
//!
//! It is found when a program runs, not when it is compiled: a copy of a workspace with its target folder has
//! programs that cargo considers up to date, and that were compiled in another folder.
//!
//! A workspace is a folder whose `Cargo.toml` has a `[workspace]`, with the crates `tester` and `labrt`.
//! Three paths tell which one is meant, each by the nearest workspace at or above it:
//!
//! 1. `CARGO_MANIFEST_DIR`, which `cargo run` and `cargo test` set for what they start;
//! 2. the program's file, unless it is in `CARGO_TARGET_DIR`, which may be anywhere;
//! 3. the current folder.
//!
//! If the program and the current folder agree, they decide. Otherwise the first path that is in a workspace
//! decides, and the next one must not be in another: [`WorkspaceError::Another`]. The current folder does not
//! matter to a program that cargo has started.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::{env, fs};

/// The folder of the workspace, found once in a process.
///
/// # Errors
///
/// There is none, or it is not clear which one is meant.
pub fn find() -> Result<&'static Path, WorkspaceError> {
    static FOUND: OnceLock<Result<PathBuf, WorkspaceError>> = OnceLock::new();
    FOUND.get_or_init(|| Locations::of_this_process().workspace()).as_deref().map_err(Clone::clone)
}

/// The target folder of the workspace: `CARGO_TARGET_DIR` if that is set, seen from the workspace, or else
/// `target`.
///
/// # Errors
///
/// Those of [`find`].
pub fn target() -> Result<PathBuf, WorkspaceError> {
    // Joining an absolute path gives that path.
    find().map(|workspace| workspace.join(target_folder().unwrap_or_else(|| "target".into())))
}

/// The reason why the workspace is not known.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum WorkspaceError {
    /// None of the locations is in a workspace.
    #[error(
        "this program finds no workspace: neither it ({}) nor the current folder ({}) is in one; run `cargo \
         lab` \
         in the workspace",
        program.display(),
        current.display()
    )]
    None {
        /// The program's file.
        program: PathBuf,
        /// The current folder.
        current: PathBuf,
    },
    /// The program was built in one workspace, and started for another.
    #[error(
        "this program was built in the workspace {}, and is to work on another one, {}; run `cargo lab` \
         there",
        built.display(),
        asked.display()
    )]
    Another {
        /// The workspace that the program's file is in.
        built: PathBuf,
        /// The workspace that the environment names, or that the current folder is in.
        asked: PathBuf,
    },
}

/// The paths that tell where the workspace is. Paths that cannot be had are empty.
#[derive(Debug, Default)]
struct Locations {
    /// The package that cargo runs.
    cargo: PathBuf,
    program: PathBuf,
    current: PathBuf,
    /// The folder in which programs are built, if the environment names one.
    target: Option<PathBuf>,
}

impl Locations {
    fn of_this_process() -> Self {
        let current = env::current_dir().unwrap_or_default();
        Self {
            cargo: env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from).unwrap_or_default(),
            program: env::current_exe().unwrap_or_default(),
            target: target_folder().map(|folder| current.join(folder)),
            current,
        }
    }

    fn workspace(&self) -> Result<PathBuf, WorkspaceError> {
        let elsewhere = self.target.as_deref().is_some_and(|target| is_in(&self.program, target));
        let built = if elsewhere { None } else { above(&self.program) };
        let (cargo, current) = (above(&self.cargo), above(&self.current));
        let asked = if built.is_some() && built == current { current } else { cargo.or(current) };
        match (built, asked) {
            (Some(built), Some(asked)) if built != asked => Err(WorkspaceError::Another { built, asked }),
            (built, asked) => asked.or(built).ok_or_else(|| WorkspaceError::None {
                program: self.program.clone(),
                current: self.current.clone(),
            }),
        }
    }
}

fn target_folder() -> Option<PathBuf> {
    env::var_os("CARGO_TARGET_DIR").filter(|folder| !folder.is_empty()).map(PathBuf::from)
}

fn is_in(file: &Path, folder: &Path) -> bool {
    match (fs::canonicalize(file), fs::canonicalize(folder)) {
        (Ok(file), Ok(folder)) => file.starts_with(folder),
        _ => false,
    }
}

/// The nearest workspace at or above a path.
fn above(path: &Path) -> Option<PathBuf> {
    if path.as_os_str().is_empty() {
        return None;
    }
    fs::canonicalize(path).ok()?.ancestors().find(|folder| is_workspace(folder)).map(Path::to_owned)
}

fn is_workspace(folder: &Path) -> bool {
    let has = |krate: &str| folder.join(krate).join("Cargo.toml").is_file();
    has("tester")
        && has("labrt")
        && fs::read_to_string(folder.join("Cargo.toml"))
            .is_ok_and(|manifest| manifest.lines().any(|line| line.trim() == "[workspace]"))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two workspaces, side by side, and a folder outside of both. Removed when the test ends.
    struct TwoWorkspaces(PathBuf);

    impl TwoWorkspaces {
        fn new(name: &str) -> Self {
            let stage = Self(env::temp_dir().join(format!("workspace-{name}-{}", std::process::id())));
            for workspace in ["original", "copy"] {
                stage.write(&format!("{workspace}/Cargo.toml"), "[workspace]\nmembers = []\n");
                for krate in ["tester", "labrt"] {
                    stage.write(&format!("{workspace}/{krate}/Cargo.toml"), "[package]\n");
                }
                stage.write(&format!("{workspace}/lab/Cargo.toml"), "[package]\n");
                stage.write(&format!("{workspace}/target/release/lab"), "");
                // A workspace within it: it has other solutions, and no framework.
                stage.write(&format!("{workspace}/target/corpus/Cargo.toml"), "[workspace]\n");
                stage.write(&format!("{workspace}/target/corpus/target/release/lab"), "");
            }
            stage.write("nowhere/release/lab", "");
            stage
        }

        fn path(&self, path: &str) -> PathBuf {
            if path.is_empty() { PathBuf::new() } else { self.0.join(path) }
        }

        fn write(&self, path: &str, text: &str) {
            let path = self.path(path);
            fs::create_dir_all(path.parent().expect("in a folder")).expect("a folder");
            fs::write(path, text).expect("written");
        }

        /// The workspace's name.
        fn find(
            &self,
            cargo: &str,
            program: &str,
            current: &str,
            target: &str,
        ) -> Result<String, WorkspaceError> {
            let locations = Locations {
                cargo: self.path(cargo),
                program: self.path(program),
                current: self.path(current),
                target: (!target.is_empty()).then(|| self.path(target)),
            };
            let name = |path: PathBuf| path.file_name().map(|name| name.to_string_lossy().into_owned());
            locations.workspace().map(|path| name(path).expect("a name"))
        }
    }

    impl Drop for TwoWorkspaces {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    #[test]
    fn it_is_where_the_program_runs_and_not_where_it_was_compiled() {
        let stage = TwoWorkspaces::new("runs");
        for workspace in ["original", "copy"] {
            let lab = format!("{workspace}/lab");
            let program = format!("{workspace}/target/release/lab");
            let found = Ok(workspace.to_owned());
            assert_eq!(stage.find(&lab, &program, workspace, ""), found, "by cargo");
            assert_eq!(stage.find(&lab, &program, "nowhere", ""), found, "by cargo, from elsewhere");
            assert_eq!(stage.find("", &program, &lab, ""), found, "by hand, within");
            assert_eq!(stage.find("", &program, "nowhere", ""), found, "by hand, from elsewhere");
            assert_eq!(stage.find("", "nowhere/release/lab", &lab, ""), found, "a program that was moved");
            assert_eq!(
                stage.find(&lab, "nowhere/release/lab", "nowhere", ""),
                found,
                "a target folder elsewhere"
            );
            assert_eq!(
                stage.find("original/lab", &program, workspace, ""),
                found,
                "a variable that was inherited"
            );
            let scratch = format!("{workspace}/target/corpus");
            let program = format!("{scratch}/target/release/lab");
            assert_eq!(stage.find("", &program, &scratch, ""), found, "a workspace within");
        }
    }

    #[test]
    fn a_target_folder_within_another_workspace_is_ignored() {
        let stage = TwoWorkspaces::new("target");
        let found = stage.find("copy/lab", "original/target/release/lab", "copy", "original/target");
        assert_eq!(found, Ok("copy".to_owned()));
    }

    #[test]
    fn two_different_workspaces_are_an_error() {
        let stage = TwoWorkspaces::new("two");
        let program = "original/target/release/lab";
        for (cargo, current) in
            [("copy/lab", "nowhere"), ("copy/lab", "copy"), ("", "copy"), ("", "copy/lab")]
        {
            let error = stage.find(cargo, program, current, "").expect_err("two workspaces");
            assert!(matches!(error, WorkspaceError::Another { .. }), "{error}");
            let text = error.to_string();
            assert!(text.contains("/original,") && text.contains("/copy;"), "{text}");
            assert_eq!(text.lines().count(), 1, "{text}");
        }
    }

    #[test]
    fn no_workspace_is_an_error() {
        let stage = TwoWorkspaces::new("none");
        let error = stage.find("", "nowhere/release/lab", "nowhere", "").expect_err("no workspace");
        assert!(matches!(error, WorkspaceError::None { .. }), "{error}");
        assert_eq!(error.to_string().lines().count(), 1, "{error}");
        assert!(stage.find("", "", "", "").is_err());
    }

    #[test]
    fn this_test_runs_in_one() {
        let workspace = find().expect("a workspace");
        assert!(workspace.join("tester/src/workspace.rs").is_file(), "{}", workspace.display());
    }
}
