//! [`Scratch`]: a workspace of its own in which many solutions become one command line.
//!
//! Each solution is a small crate. They depend on the framework's crates where these are, so that a dozen
//! crates are built once and nothing of the framework is copied; and one program has all of them compiled in,
//! to choose from with `--solution`.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Output};
use std::{env, fs};

use toml::{Table, Value};

use crate::build::{BuildError, copy_with_times};
use crate::profile::Profile;
use crate::{Reference, Results, Sources};

/// The folder of the program.
const PROGRAM: &str = "lab";

/// What is made of a reference is compiled as fast as it can be, for there are dozens and each is run for
/// seconds.
const DIFFERS: [(&str, i64); 2] = [("opt-level", 0), ("codegen-units", 1)];

/// A workspace with a crate for each solution and a command line with all of them.
#[derive(Debug)]
pub struct Scratch {
    original: PathBuf,
    folder: PathBuf,
}

/// What went wrong with a [`Scratch`].
#[derive(Debug, thiserror::Error)]
pub enum ScratchError {
    /// A file cannot be copied, read or written.
    #[error("{path}: {source}", path = path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A manifest is not what it should be.
    #[error("{path} is no manifest that can be used: {why}", path = path.display())]
    Manifest {
        /// Which.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// The solutions do not build.
    #[error("not all solutions build:\n{errors}")]
    Build {
        /// What the compiler said.
        errors: String,
    },
    /// A command could not be started.
    #[error("cannot run {program}: {source}")]
    Run {
        /// Which.
        program: String,
        /// Why.
        source: io::Error,
    },
    /// What the solutions stand on cannot be built.
    #[error(transparent)]
    Base(#[from] BuildError),
    /// `lab test` left no results.
    #[error("no results: {why}\n{printed}")]
    NoResults {
        /// What is wrong with the file of results.
        why: String,
        /// What the command printed.
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

    /// Copies what was built already of what the solutions stand on, unless something was built here.
    ///
    /// # Errors
    ///
    /// A file cannot be read or written.
    pub(crate) fn begin_with(&self, target: &Path) -> Result<(), BuildError> {
        let is_program = |path: &Path| path.file_stem().is_some_and(|stem| stem == PROGRAM);
        if self.target().exists() { Ok(()) } else { copy_with_times(target, &self.target(), &is_program) }
    }

    /// Writes the workspace. `solutions` are the sources of each, by name. What is there already and the same
    /// is not touched, so that only what differs is compiled again.
    ///
    /// # Errors
    ///
    /// A file cannot be read or written, or a manifest is not what it should be.
    pub fn write(&self, solutions: &BTreeMap<String, Sources>) -> Result<(), ScratchError> {
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
        for (name, sources) in solutions {
            for (path, text) in sources.files() {
                let target = self.folder.join(name).join(path);
                if path == Path::new("Cargo.toml") {
                    write(target.clone(), &solution_manifest(&crate_of(name, sources), text, &target)?)?;
                } else {
                    write(target, text)?;
                }
            }
        }
        remove_all_but(&written, &self.folder)
    }

    /// The workspace's manifest and lock file: the original's, but for its members, paths and profiles.
    fn write_workspace(&self, solutions: &BTreeMap<String, Sources>) -> Result<(), ScratchError> {
        let path = self.original.join("Cargo.toml");
        let mut manifest = parse(&path, &read(&path)?)?;
        let workspace = manifest.get_mut("workspace").and_then(Value::as_table_mut);
        let workspace = workspace.ok_or_else(|| manifest_error(&path, "it has no workspace"))?;
        let members = solutions.keys().map(String::as_str).chain([PROGRAM]);
        workspace.insert("members".into(), members.map(Value::from).collect::<Vec<_>>().into());
        for left_out in ["default-members", "lints"] {
            workspace.remove(left_out);
        }
        let dependencies = workspace.get_mut("dependencies").and_then(Value::as_table_mut);
        for (_, dependency) in dependencies.into_iter().flatten() {
            if let Some(path) = dependency.get_mut("path") {
                let whole = self.original.join(path.as_str().unwrap_or_default());
                *path = whole.to_string_lossy().into_owned().into();
            }
        }
        let mut profile = Profile::take(&mut manifest);
        for (_, krate, reference) in crates(solutions) {
            profile.stand_in(reference.krate(), &krate, &DIFFERS);
        }
        profile.put(&mut manifest);
        write_file(&self.folder.join("Cargo.toml"), &manifest.to_string())?;
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

    /// Runs the command line with `args`; answers its status and what it printed.
    ///
    /// # Errors
    ///
    /// It cannot be started.
    pub fn lab(&self, args: &[&str]) -> Result<(ExitStatus, String), ScratchError> {
        let mut command = self.command(&self.target().join("release").join(PROGRAM));
        command.args(args);
        let output = run(command)?;
        let printed = [output.stdout, output.stderr].concat();
        Ok((output.status, String::from_utf8_lossy(&printed).into_owned()))
    }

    /// Runs `tests` of one solution over the seeds from 1 on: names, or parts of the labs. Answers the
    /// results and what was printed.
    ///
    /// # Errors
    ///
    /// The command cannot be started, or leaves no results.
    pub fn test(&self, solution: &str, tests: &[&str], runs: u64) -> Result<(Results, String), ScratchError> {
        let json = self.target().join("results.json");
        let (runs, json_path) = (runs.to_string(), json.to_string_lossy());
        let options = ["--solution", solution, "--runs", &runs, "--seed", "1", "--json", &json_path];
        // What was there before must not be taken for an answer.
        write_file(&json, "")?;
        let (_, printed) = self.lab(&[&["test"], tests, &options].concat())?;
        match serde_json::from_str(&read(&json)?) {
            Ok(results) => Ok((results, printed)),
            Err(error) => Err(ScratchError::NoResults { why: error.to_string(), printed }),
        }
    }

    /// A command in the scratch workspace, with a target folder of its own: what is kept there, also the last
    /// failure, is not the original's.
    fn command(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        command.current_dir(&self.folder).env("CARGO_TARGET_DIR", self.target());
        command
    }

    /// The library that was built of a solution, which is a variant of this reference.
    #[must_use]
    pub fn library(&self, reference: Reference, solution: &str) -> PathBuf {
        self.target().join(format!("release/lib{}_{solution}.rlib", reference.krate()))
    }

    /// Where everything that is built is, and where results may be written.
    #[must_use]
    pub fn target(&self) -> PathBuf {
        self.folder.join("target")
    }
}

/// The name of a solution's crate.
fn crate_of(name: &str, sources: &Sources) -> String {
    format!("{}_{name}", sources.reference().krate())
}

/// Every solution with the name of its crate.
fn crates(solutions: &BTreeMap<String, Sources>) -> impl Iterator<Item = (&str, String, Reference)> {
    solutions.iter().map(|(name, sources)| (name.as_str(), crate_of(name, sources), sources.reference()))
}

fn constant(text: &str) -> Table {
    text.parse().expect("a constant that is well formed")
}

/// The reference's manifest, for a crate of another name, in which the compiler remarks on nothing.
fn solution_manifest(krate: &str, reference: &str, path: &Path) -> Result<String, ScratchError> {
    let mut manifest = parse(path, reference)?;
    let package = manifest.get_mut("package").and_then(Value::as_table_mut);
    let package = package.ok_or_else(|| manifest_error(path, "it has no package"))?;
    package.insert("name".into(), krate.into());
    for left_out in ["dev-dependencies", "lints", "test"] {
        manifest.remove(left_out);
    }
    manifest.insert("lints".into(), constant("rust.warnings = 'allow'").into());
    Ok(manifest.to_string())
}

fn program_manifest(solutions: &BTreeMap<String, Sources>) -> String {
    let mut manifest = format!(
        "[package]\nname = \"{PROGRAM}-of-all\"\nedition.workspace = true\n\n\
         [[bin]]\nname = \"{PROGRAM}\"\npath = \"main.rs\"\n\n\
         [dependencies]\nlab.workspace = true\nlabapi.workspace = true\ntester.workspace = true\n"
    );
    for reference in Reference::ALL {
        writeln!(manifest, "{}.workspace = true", reference.krate()).expect("a string takes any text");
    }
    for (name, krate, _) in crates(solutions) {
        writeln!(manifest, "{krate}.path = \"../{name}\"").expect("a string takes any text");
    }
    manifest
}

fn program_source(solutions: &BTreeMap<String, Sources>) -> String {
    let mut solution_lines = String::new();
    for (name, krate, edited) in crates(solutions) {
        // What is not edited is the reference's.
        let [raft, kvsrv, kvraft, bully] =
            Reference::ALL.map(|it| if it == edited { krate.as_str() } else { it.krate() });
        writeln!(
            solution_lines,
            "    Solution::new(\"{name}\").with_raft({raft}::make).with_kvsrv({kvsrv}::SOLUTION)\
             .with_kvraft({kvraft}::SOLUTION).with_bully({bully}::make),"
        )
        .expect("a string takes any text");
    }
    format!(
        "use std::process::ExitCode;\n\nuse labapi::Solution;\n\n\
         const SOLUTIONS: &[Solution] = &[\n    raft::SOLUTION.with_kvsrv(kvsrv::SOLUTION).with_kvraft(kvraft::SOLUTION)\
         .with_bully(bully::make),\n{solution_lines}];\n\n\
         fn main() -> ExitCode {{\n    lab::Lab {{ solutions: SOLUTIONS, run: tester::run }}.main()\n}}\n"
    )
}

fn parse(path: &Path, text: &str) -> Result<Table, ScratchError> {
    text.parse().map_err(|error: toml::de::Error| manifest_error(path, error.message()))
}

fn manifest_error(path: &Path, why: &str) -> ScratchError {
    ScratchError::Manifest { path: path.to_owned(), why: why.to_owned() }
}

fn run(mut command: Command) -> Result<Output, ScratchError> {
    let program = command.get_program().to_string_lossy().into_owned();
    command.output().map_err(|source| ScratchError::Run { program, source })
}

fn read(path: &Path) -> Result<String, ScratchError> {
    fs::read_to_string(path).map_err(file_error(path))
}

/// Writes a file unless it has this content already: its time of change is what cargo goes by.
fn write_file(path: &Path, text: &str) -> Result<(), ScratchError> {
    write_bytes(path, text.as_bytes())
}

/// As [`write_file`], for any content.
pub(crate) fn write_bytes(path: &Path, content: &[u8]) -> Result<(), ScratchError> {
    if fs::read(path).is_ok_and(|there| there == content) {
        return Ok(());
    }
    let folder = path.parent().expect("a file is in a folder");
    fs::create_dir_all(folder).map_err(file_error(folder))?;
    fs::write(path, content).map_err(file_error(path))
}

/// Removes every other file from the folder, except for what was built.
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
    use super::*;
    use crate::Edit;

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

    fn solutions(workspace: &Path) -> BTreeMap<String, Sources> {
        let reference = Sources::of(Reference::Raft, workspace).unwrap();
        let edit = Edit { file: "raft/src/lib.rs".into(), before: "one".into(), after: "two".into() };
        let wrong = reference.edited(&[edit]).unwrap();
        BTreeMap::from([("right".to_owned(), reference), ("wrong".to_owned(), wrong)])
    }

    #[test]
    fn each_solution_is_a_crate_of_its_own() {
        let (original, folder) = (workspace(), tempfile::tempdir().unwrap());
        Scratch::new(original.path(), folder.path()).write(&solutions(original.path())).unwrap();
        let text = |path: &str| fs::read_to_string(folder.path().join(path)).unwrap();
        assert_eq!(text("right/src/lib.rs"), "let one = 1;");
        assert_eq!(text("wrong/src/lib.rs"), "let two = 1;");

        let manifest: Table = text("Cargo.toml").parse().unwrap();
        let workspace = manifest["workspace"].as_table().unwrap();
        assert_eq!(workspace["members"].to_string(), r#"["right", "wrong", "lab"]"#);
        let dependencies = workspace["dependencies"].as_table().unwrap();
        let labapi = original.path().join("labapi");
        assert_eq!(dependencies["labapi"]["path"].as_str(), labapi.to_str(), "paths lead to the original");
        assert_eq!(dependencies["log"].as_str(), Some("0.4"));
        assert!(!workspace.contains_key("default-members"));

        let manifest: Table = text("wrong/Cargo.toml").parse().unwrap();
        assert_eq!(manifest["package"]["name"].as_str(), Some("raft_wrong"));
        assert!(!manifest.contains_key("dev-dependencies"));
        assert!(
            text("lab/main.rs").contains(
                r#"Solution::new("wrong").with_raft(raft_wrong::make).with_kvsrv(kvsrv::SOLUTION)"#
            )
        );
    }

    #[test]
    fn what_is_the_same_is_not_touched_and_what_is_left_over_goes() {
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
