//! [`Scratch`]: a workspace in which many solutions are linked into one command line.
//!
//! Each solution is a small crate. They depend on the framework's crates by path, so that these are built
//! once and nothing of the framework is copied. One program links all of them; `--solution` chooses one.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Output};
use std::{env, fs};

use lab::run::Starter;
use tester::Lab;
use toml_edit::Value;

use super::Variant;
use crate::build::{BuildError, copy_with_times};
use crate::manifest::{Manifest, ManifestError};
use labreport::Results;

/// The folder of the program.
const PROGRAM: &str = "lab";

/// The solutions by name.
type Variants = BTreeMap<String, Variant>;

/// A workspace with a crate for each solution and a command line with all of them.
#[derive(Debug)]
pub struct Scratch {
    original: PathBuf,
    folder: PathBuf,
}

/// An error of a [`Scratch`].
#[derive(Debug, thiserror::Error)]
pub enum ScratchError {
    /// A file cannot be copied, read or written.
    #[error("{path}: {source}", path = path.display())]
    File {
        /// The file or program.
        path: PathBuf,
        /// The reason.
        source: io::Error,
    },
    /// A manifest does not have the expected form.
    #[error(transparent)]
    Manifest(#[from] ManifestError),
    /// The solutions do not build.
    #[error("not all solutions build:\n{errors}")]
    Build {
        /// The compiler's errors.
        errors: String,
    },
    /// A command could not be started.
    #[error("cannot run {program}: {source}")]
    Run {
        /// The file or program.
        program: String,
        /// The reason.
        source: io::Error,
    },
    /// The framework cannot be built.
    #[error(transparent)]
    Base(#[from] BuildError),
    /// `lab test` left no results.
    #[error("no results: {why}\n{printed}")]
    NoResults {
        /// The problem with the file of results.
        why: String,
        /// The output of the command.
        printed: String,
    },
}

pub(crate) fn file_error(path: &Path) -> impl FnOnce(io::Error) -> ScratchError {
    let path = path.to_owned();
    move |source| ScratchError::File { path, source }
}

impl Scratch {
    /// A scratch workspace in `folder` for solutions of the workspace at `original`.
    #[must_use]
    pub fn new(original: &Path, folder: &Path) -> Self {
        Self { original: original.to_owned(), folder: folder.to_owned() }
    }

    /// Copies prebuilt artifacts of the dependencies, unless something was built here.
    ///
    /// # Errors
    ///
    /// A file cannot be read or written.
    pub(crate) fn begin_with(&self, target: &Path) -> Result<(), BuildError> {
        let is_program = |path: &Path| path.file_stem().is_some_and(|stem| stem == PROGRAM);
        if self.target().exists() { Ok(()) } else { copy_with_times(target, &self.target(), &is_program) }
    }

    /// Writes the workspace. `solutions` are the sources of each, by name. Unchanged files are not touched,
    /// so that only changes are compiled again.
    ///
    /// # Errors
    ///
    /// A file cannot be read or written, or a manifest does not have the expected form.
    pub fn write(&self, solutions: &Variants) -> Result<(), ScratchError> {
        let mut written = BTreeSet::from([self.folder.join("Cargo.toml"), self.folder.join("Cargo.lock")]);
        self.write_workspace(solutions)?;
        let mut write = |path: PathBuf, text: &str| {
            write_file(&path, text)?;
            written.insert(path);
            Ok::<(), ScratchError>(())
        };
        let program = self.folder.join(PROGRAM);
        write(program.join("Cargo.toml"), &program_manifest(solutions))?;
        write(program.join("main.rs"), &program_source(solutions))?;
        for (name, variant) in solutions {
            for (path, text) in variant.sources.files() {
                let target = self.folder.join(name).join(path);
                if path == Path::new("Cargo.toml") {
                    write(target.clone(), &solution_manifest(&crate_of(name, variant), text, &target)?)?;
                } else {
                    write(target, text)?;
                }
            }
        }
        remove_all_but(&written, &self.folder)
    }

    /// Writes the workspace's manifest and lock file: the original's with other members, paths and profiles.
    fn write_workspace(&self, solutions: &Variants) -> Result<(), ScratchError> {
        let mut manifest = Manifest::read(&self.original.join("Cargo.toml"))?;
        let members: Vec<&str> = solutions.keys().map(String::as_str).chain([PROGRAM]).collect();
        manifest.set_members(&members, &[])?;
        manifest.set_lints("")?;
        manifest.make_paths_absolute(&self.original);
        manifest.keep_release_profile();
        for (name, variant) in solutions {
            // There are dozens, and each runs for seconds only: fast compilation matters more.
            let mut differs: Vec<(&str, Value)> = vec![("opt-level", 0.into()), ("codegen-units", 1.into())];
            if variant.is_wrong {
                differs.push(("debug-assertions", false.into()));
            }
            manifest.profile_like(&crate_of(name, variant), variant.sources.lab().krate, &differs);
        }
        write_file(&self.folder.join("Cargo.toml"), &manifest.text())?;
        // Cargo adds the solutions.
        let lock = read(&self.original.join("Cargo.lock"))?;
        write_file(&self.folder.join("Cargo.lock"), &lock)
    }

    /// Builds the command line with all solutions.
    ///
    /// # Errors
    ///
    /// Something does not build.
    pub fn build(&self) -> Result<(), ScratchError> {
        let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let mut command = self.command(Path::new(&cargo));
        command.args(["build", "--quiet", "--release", "--keep-going"]).env("CARGO_TERM_COLOR", "never");
        let output = run(command)?;
        if output.status.success() {
            return Ok(());
        }
        Err(ScratchError::Build { errors: String::from_utf8_lossy(&output.stderr).into_owned() })
    }

    /// Runs the command line with `args`; returns its status and its output.
    ///
    /// # Errors
    ///
    /// It cannot be started.
    pub fn lab(&self, args: &[&str]) -> Result<(ExitStatus, String), ScratchError> {
        let mut command = self.command(&self.program());
        command.args(args);
        let output = run(command)?;
        let printed = [output.stdout, output.stderr].concat();
        Ok((output.status, String::from_utf8_lossy(&printed).into_owned()))
    }

    /// Runs `tests` (names, or parts of the labs) of one solution over the seeds from 1 on. Returns the
    /// results and the output.
    ///
    /// # Errors
    ///
    /// The command cannot be started, or leaves no results.
    pub fn test(&self, solution: &str, tests: &[&str], runs: u64) -> Result<(Results, String), ScratchError> {
        let json = self.target().join("results.json");
        let (runs, json_path) = (runs.to_string(), json.to_string_lossy());
        // All runs: the page says of how many a mistake was noticed.
        let options =
            ["--solution", solution, "--runs", &runs, "--all-runs", "--seed", "1", "--json", &json_path];
        // Results of an earlier command must not be taken for these.
        write_file(&json, "")?;
        let (_, printed) = self.lab(&[&["test"], tests, &options].concat())?;
        match Results::from_json(&read(&json)?) {
            Ok(results) => Ok((results, printed)),
            Err(error) => Err(ScratchError::NoResults { why: error.to_string(), printed }),
        }
    }

    /// The command line.
    #[must_use]
    pub fn program(&self) -> PathBuf {
        self.target().join("release").join(PROGRAM)
    }

    /// Starts the command line as a worker.
    pub(crate) fn starter(&self) -> Starter {
        let (folder, target, program) = (self.folder.clone(), self.target(), self.program());
        Starter::new(move || {
            let mut command = Command::new(&program);
            command.arg("worker").current_dir(&folder).env("CARGO_TARGET_DIR", &target);
            Ok(command)
        })
    }

    /// A command in the scratch workspace, with a target folder of its own: files there, such as the last
    /// failure, are separate from the original's.
    fn command(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        command.current_dir(&self.folder).env("CARGO_TARGET_DIR", self.target());
        command
    }

    /// The library of a solution, which is a variant of this lab's reference.
    #[must_use]
    pub fn library(&self, lab: &Lab, solution: &str) -> PathBuf {
        self.target().join(format!("release/lib{}_{solution}.rlib", lab.krate))
    }

    /// The target folder, in which results may be written too.
    #[must_use]
    pub fn target(&self) -> PathBuf {
        self.folder.join("target")
    }
}

/// The name of a solution's crate.
fn crate_of(name: &str, variant: &Variant) -> String {
    format!("{}_{name}", variant.sources.lab().krate)
}

/// The reference's manifest, renamed, with all warnings of the compiler off.
fn solution_manifest(krate: &str, reference: &str, path: &Path) -> Result<String, ScratchError> {
    let mut manifest = Manifest::parse(path, reference)?;
    manifest.rename_package(krate)?;
    manifest.remove_tables(&["dev-dependencies", "test", "bench"]);
    manifest.set_package_lints(Some("rust.warnings = 'allow'"));
    Ok(manifest.text())
}

fn program_manifest(solutions: &Variants) -> String {
    let mut manifest = Manifest::of_package(&format!("{PROGRAM}-of-all"), Some("rust.warnings = 'allow'"));
    manifest.set_program(PROGRAM, "main.rs");
    for name in ["lab", "labapi", "tester"].into_iter().chain(tester::labs().iter().map(|lab| lab.krate)) {
        manifest.depend_on(name);
    }
    for (name, variant) in solutions {
        let krate = crate_of(name, variant);
        manifest.depend_on_path(&krate, &krate, &format!("../{name}"));
    }
    manifest.text()
}

fn program_source(solutions: &Variants) -> String {
    let solution = |name: &str, edited: Option<(&str, String)>| {
        let exports = tester::labs().iter().map(|lab| match &edited {
            Some((krate, variant)) if *krate == lab.krate => format!("(\"{krate}\", &{variant}::SOLUTION)"),
            // Labs without edits are the reference's.
            _ => format!("(\"{0}\", &{0}::SOLUTION)", lab.krate),
        });
        let exports: Vec<String> = exports.collect();
        format!("    Solution::new(\"{name}\").with(&[{}]),\n", exports.join(", "))
    };
    let variants = solutions
        .iter()
        .map(|(name, variant)| solution(name, Some((variant.sources.lab().krate, crate_of(name, variant)))));
    let lines: String = [solution("reference", None)].into_iter().chain(variants).collect();
    format!(
        "use std::process::ExitCode;\n\nuse labapi::Solution;\n\n\
         const SOLUTIONS: &[Solution] = &[\n{lines}];\n\n\
         fn main() -> ExitCode {{\n    lab::Lab {{ solutions: SOLUTIONS, run: tester::run }}.main()\n}}\n"
    )
}

fn run(mut command: Command) -> Result<Output, ScratchError> {
    let program = command.get_program().to_string_lossy().into_owned();
    command.output().map_err(|source| ScratchError::Run { program, source })
}

fn read(path: &Path) -> Result<String, ScratchError> {
    fs::read_to_string(path).map_err(file_error(path))
}

/// Writes a file unless it has this content already: cargo goes by the modification time.
fn write_file(path: &Path, text: &str) -> Result<(), ScratchError> {
    write_bytes(path, text.as_bytes())
}

/// As [`write_file`], for any content.
pub(crate) fn write_bytes(path: &Path, content: &[u8]) -> Result<(), ScratchError> {
    if fs::read(path).is_ok_and(|present| present == content) {
        return Ok(());
    }
    let folder = path.parent().expect("a file is in a folder");
    fs::create_dir_all(folder).map_err(file_error(folder))?;
    fs::write(path, content).map_err(file_error(path))
}

/// Removes every other file from the folder, except for the target folder.
fn remove_all_but(written: &BTreeSet<PathBuf>, folder: &Path) -> Result<(), ScratchError> {
    for entry in fs::read_dir(folder).map_err(file_error(folder))? {
        let path = entry.map_err(file_error(folder))?.path();
        if path.file_name().is_some_and(|name| name == "target") || written.contains(&path) {
            continue;
        }
        if !path.is_dir() {
            fs::remove_file(&path).map_err(file_error(&path))?;
        } else if written.iter().any(|kept| kept.starts_with(&path)) {
            remove_all_but(written, &path)?;
        } else {
            fs::remove_dir_all(&path).map_err(file_error(&path))?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::{Edit, Sources};
    use super::*;

    /// A workspace with a reference of one file.
    fn workspace() -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        let write = |path: &str, text: &str| write_file(&folder.path().join(path), text).unwrap();
        write(
            "Cargo.toml",
            "[workspace]\nmembers = ['raft', 'labapi']\ndefault-members = ['raft']\n\
             [workspace.dependencies]\nlabapi = { path = 'labapi' }\nlog = '0.4'\n",
        );
        write("Cargo.lock", "version = 4\n");
        write("raft/Cargo.toml", "[package]\nname = 'raft'\n[dev-dependencies]\ntester = '1'\n");
        write("raft/src/lib.rs", "let one = 1;");
        folder
    }

    fn solutions(workspace: &Path) -> Variants {
        let raft = tester::labs().iter().find(|lab| lab.krate == "raft").unwrap();
        let reference = Sources::of(raft, workspace).unwrap();
        let edit = Edit { file: "raft/src/lib.rs".into(), before: "one".into(), after: "two".into() };
        let wrong = reference.edited(&[edit]).unwrap();
        let right = Variant { sources: reference, is_wrong: false };
        let wrong = Variant { sources: wrong, is_wrong: true };
        BTreeMap::from([("right".to_owned(), right), ("wrong".to_owned(), wrong)])
    }

    #[test]
    fn each_solution_is_a_crate_of_its_own() {
        let (original, folder) = (workspace(), tempfile::tempdir().unwrap());
        Scratch::new(original.path(), folder.path()).write(&solutions(original.path())).unwrap();
        let text = |path: &str| fs::read_to_string(folder.path().join(path)).unwrap();
        assert_eq!(text("right/src/lib.rs"), "let one = 1;");
        assert_eq!(text("wrong/src/lib.rs"), "let two = 1;");

        let manifest = text("Cargo.toml");
        assert!(manifest.contains(r#"members = ["right", "wrong", "lab"]"#), "{manifest}");
        let labapi = original.path().join("labapi");
        let path = format!("labapi = {{ path = \"{}\" }}", labapi.display());
        assert!(manifest.contains(&path), "paths lead to the original: {manifest}");
        assert!(manifest.contains("log = '0.4'") && !manifest.contains("default-members"), "{manifest}");
        let (_, of_wrong) = manifest.split_once("raft_wrong]").expect("a profile for the wrong one");
        assert!(of_wrong.contains("debug-assertions = false"), "{manifest}");
        assert!(
            !manifest.split_once("raft_right]").unwrap().1.split('[').next().unwrap().contains("debug-a")
        );

        let manifest = text("wrong/Cargo.toml");
        assert!(manifest.contains("\"raft_wrong\"") && !manifest.contains("dev-dependencies"), "{manifest}");
        let source = text("lab/main.rs");
        let line =
            r#"Solution::new("wrong").with(&[("kvsrv", &kvsrv::SOLUTION), ("raft", &raft_wrong::SOLUTION), "#;
        assert!(source.contains(line), "{source}");
    }

    #[test]
    fn unchanged_files_are_not_touched_and_leftovers_are_removed() {
        let (original, folder) = (workspace(), tempfile::tempdir().unwrap());
        let scratch = Scratch::new(original.path(), folder.path());
        let mut solutions = solutions(original.path());
        scratch.write(&solutions).unwrap();
        let built = scratch.target().join("release/lab");
        write_file(&built, "built").unwrap();
        let source = folder.path().join("right/src/lib.rs");
        let before = fs::metadata(&source).unwrap().modified().unwrap();
        write_file(&folder.path().join("right/src/left_over.rs"), "").unwrap();

        std::thread::sleep(std::time::Duration::from_millis(20));
        solutions.remove("wrong");
        scratch.write(&solutions).unwrap();
        assert_eq!(fs::metadata(&source).unwrap().modified().unwrap(), before);
        assert!(!folder.path().join("right/src/left_over.rs").exists());
        assert!(!folder.path().join("wrong").exists());
        assert!(built.exists());
    }
}
