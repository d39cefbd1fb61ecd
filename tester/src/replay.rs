//! Replays of failed runs: the data that a replay needs, the command that runs it, and the file with the
//! last failure.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use labreport::shell;
use labrt::world::Policy;
use serde::{Deserialize, Serialize};

use crate::nemesis::FaultPlan;
use crate::workspace::{self, WorkspaceError};
use crate::{Case, Report, seed};

/// The names of the solution that a command line tests unless told otherwise: the reference in its own
/// workspace, the student's own in theirs, and `raft`, which was both in version 0.1.
const DEFAULT_SOLUTIONS: [&str; 3] = ["reference", "own", "raft"];

/// Whether a solution of this name is the one that a command line tests unless told otherwise.
#[must_use]
pub fn is_default_solution(name: &str) -> bool {
    DEFAULT_SOLUTIONS.contains(&name)
}

/// A failing run, complete enough to run it again and to see whether it was the same run.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Replay {
    /// The test's name, such as `backup_3b`.
    pub test: String,
    /// The seed.
    #[serde(with = "hexadecimal")]
    pub seed: u64,
    /// Where it ran: `sim`.
    pub backend: String,
    /// The name of the solution that was tested.
    pub solution: String,
    /// The name of the scheduling policy.
    pub policy: String,
    /// The sources that were tested, as [`build_id`] gives them.
    pub build: String,
    /// The run's fingerprint; 0 if it is not known: the run ended its process, or its end depended on the
    /// machine.
    #[serde(with = "hexadecimal")]
    pub fingerprint: u64,
    /// The kind of failure, such as `assertion`.
    pub kind: String,
    /// The failure's message.
    pub message: String,
    /// Whether a broken [rule](crate::Rule) failed the run, see [`RunOptions::strict`](crate::RunOptions).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub strict: bool,
    /// The fault plan that was played, if it is not the one that the seed draws.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plan: Option<FaultPlan>,
}

impl Replay {
    /// The replay of a failing run of `case` in the simulation; `None` if the run passed.
    #[must_use]
    pub fn of(case: &Case, report: &Report, solution: &str, policy: Policy) -> Option<Self> {
        let failure = report.failure.as_ref()?;
        Some(Self {
            test: report.test.clone(),
            seed: report.seed,
            backend: "sim".to_owned(),
            solution: solution.to_owned(),
            policy: policy.to_string(),
            build: build_id(),
            fingerprint: report.fingerprint,
            kind: failure.kind.clone(),
            message: failure.message.clone(),
            strict: false,
            plan: report.given_plan(case).cloned(),
        })
    }

    /// The command that runs it again: `cargo lab replay backup_3b --seed 0x1f`, with the options that differ
    /// from the command line's defaults.
    #[must_use]
    pub fn command_line(&self) -> String {
        let mut line = format!("cargo lab replay {} --seed {}", self.test, seed::format(self.seed));
        for (option, value, is_default) in [
            ("backend", &self.backend, self.backend == "sim"),
            ("solution", &self.solution, is_default_solution(&self.solution)),
            ("policy", &self.policy, self.policy == Policy::default().name()),
        ] {
            if !is_default {
                line += &format!(" --{option} {value}");
            }
        }
        if self.strict {
            line += " --strict";
        }
        if self.plan.is_some() {
            line += &format!(" --plan {}", shell::word(self.shown_plan_file()));
        }
        line
    }

    /// The file that [`command_line`](Self::command_line) names for the fault plan, seen from the workspace
    /// if it is there.
    fn shown_plan_file(&self) -> PathBuf {
        let Ok(file) = plan_file(&self.test, self.seed) else {
            return ["target", "lab", "plans", &plan_file_name(&self.test, self.seed)].iter().collect();
        };
        let inside = workspace::find().ok().and_then(|workspace| file.strip_prefix(workspace).ok());
        inside.unwrap_or(&file).to_owned()
    }

    /// Writes the fault plan into its [file](plan_file), if it is not the one that the seed draws.
    ///
    /// # Errors
    ///
    /// The file cannot be written, or there is no workspace. The file's earlier content is unchanged then.
    pub fn save_plan(&self) -> io::Result<()> {
        let Some(plan) = &self.plan else { return Ok(()) };
        put_in_place(&plan_file(&self.test, self.seed).map_err(io::Error::other)?, &plan.to_json())
    }

    /// Saves this as the last failure, for `lab replay` without arguments, and returns the file:
    /// [`last_failure_file`]. The fault plan is [saved](Self::save_plan), too.
    ///
    /// # Errors
    ///
    /// A file cannot be written, or there is no workspace. Its earlier content is unchanged then.
    pub fn save(&self) -> io::Result<PathBuf> {
        self.save_plan()?;
        let file = last_failure_file().map_err(io::Error::other)?;
        self.save_to(&file)?;
        Ok(file)
    }

    fn save_to(&self, file: &Path) -> io::Result<()> {
        put_in_place(file, &(serde_json::to_string_pretty(&self.stored())? + "\n"))
    }

    /// The last failure that was remembered.
    ///
    /// # Errors
    ///
    /// [`NoLastFailure`] when there is none, or its file is not what [`Replay::save`] wrote.
    pub fn load() -> Result<Self, NoLastFailure> {
        Self::load_from(&last_failure_file()?)
    }

    fn load_from(file: &Path) -> Result<Self, NoLastFailure> {
        let text = fs::read_to_string(file).map_err(|cause| match cause.kind() {
            io::ErrorKind::NotFound => NoLastFailure::NothingFailed { file: file.to_owned() },
            _ => NoLastFailure::Unreadable { file: file.to_owned(), cause: cause.to_string() },
        })?;
        Self::from_json(&text)
            .map_err(|cause| NoLastFailure::Unreadable { file: file.to_owned(), cause: cause.to_string() })
    }

    /// As JSON on one line, with the number of its form.
    ///
    /// # Panics
    ///
    /// Never: texts and numbers have a JSON form.
    #[must_use]
    pub fn to_json(&self) -> String {
        serde_json::to_string(&self.stored()).expect("texts and numbers have a JSON form")
    }

    /// A replay from JSON that this version or an earlier one wrote.
    ///
    /// # Errors
    ///
    /// The text is not such JSON, or a later version wrote it. The sentence says which.
    pub fn from_json(text: &str) -> Result<Self, String> {
        let stored: Stored = serde_json::from_str(text).map_err(|cause| cause.to_string())?;
        if stored.schema > SCHEMA {
            return Err(format!(
                "a later version wrote it: schema {}, and this one reads {SCHEMA}",
                stored.schema
            ));
        }
        Ok(stored.replay)
    }

    fn stored(&self) -> Stored {
        Stored { schema: SCHEMA, replay: self.clone() }
    }
}

/// Writes a file whole, and makes its folder.
fn put_in_place(file: &Path, text: &str) -> io::Result<()> {
    let folder = file.parent().expect("the file is in a folder");
    fs::create_dir_all(folder)?;
    // Tests of one process fail side by side, and so do processes: each writes a file of its own and puts it
    // in place whole.
    let (process, thread) = (std::process::id(), std::thread::current().id());
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    let draft = folder.join(format!(".{name}-{process}-{thread:?}.draft"));
    fs::write(&draft, text)?;
    fs::rename(&draft, file)
}

/// The number of the form in which replays are stored. Version 0.1 wrote the same without the number.
const SCHEMA: u32 = 1;

/// A replay in a file.
#[derive(Serialize, Deserialize)]
struct Stored {
    #[serde(default = "first_schema")]
    schema: u32,
    #[serde(flatten)]
    replay: Replay,
}

fn first_schema() -> u32 {
    1
}

/// There is no last failure to replay.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoLastFailure {
    /// It is not known where the file would be.
    #[error(transparent)]
    NoWorkspace(#[from] WorkspaceError),
    /// The file is not there.
    #[error("no failure is recorded in {}", file.display())]
    NothingFailed {
        /// Where it was looked for.
        file: PathBuf,
    },
    /// The file is there, and is not one that [`Replay::save`] wrote.
    #[error("cannot read the last failure from {}: {cause}", file.display())]
    Unreadable {
        /// The file.
        file: PathBuf,
        /// The error.
        cause: String,
    },
}

/// The file of the last failure: `lab/last-failure.json` in the workspace's [target
/// folder](workspace::target).
///
/// # Errors
///
/// The workspace is not found.
pub fn last_failure_file() -> Result<PathBuf, WorkspaceError> {
    Ok(workspace::target()?.join("lab").join("last-failure.json"))
}

/// The file of a run's fault plan, if it is not the one that the seed draws: `lab/plans/TEST-SEED.json` in
/// the workspace's [target folder](workspace::target).
///
/// # Errors
///
/// The workspace is not found.
pub fn plan_file(test: &str, seed: u64) -> Result<PathBuf, WorkspaceError> {
    Ok(workspace::target()?.join("lab").join("plans").join(plan_file_name(test, seed)))
}

fn plan_file_name(test: &str, seed: u64) -> String {
    format!("{test}-{}.json", seed::format(seed))
}

/// A name for the sources of the workspace as they are now: a hash over every `.rs` file,
/// `Cargo.toml` and `Cargo.lock`, or `unknown` where the sources are not at hand.
///
/// The debug build that `cargo test` makes and the release build of `cargo lab` have the same name
/// if their sources are the same, for their runs are the same too. Cargo brings a program up to
/// date before it starts it, so the sources that are read here are those that the program was made
/// of, unless they are edited during the run or an old program is started by hand. The name only
/// helps to explain why a replay differs; whether it does is shown by the fingerprint.
#[must_use]
pub fn build_id() -> String {
    let hash = workspace::find().ok().and_then(|workspace| source_hash(workspace).ok());
    hash.map_or_else(|| "unknown".to_owned(), |hash| format!("{hash:#018x}"))
}

/// Hashes path and content of every source file under `root`, in the order of their paths.
fn source_hash(root: &Path) -> io::Result<u64> {
    let mut sources = Vec::new();
    collect_sources(root, &mut sources)?;
    if sources.is_empty() {
        return Err(io::ErrorKind::NotFound.into());
    }
    sources.sort();
    let mut hash = Fnv::new();
    for file in sources {
        let name = file.strip_prefix(root).expect("the file was found under the root");
        let content = fs::read(&file)?;
        hash.field(name.as_os_str().as_encoded_bytes());
        hash.field(&content);
    }
    Ok(hash.0)
}

fn collect_sources(folder: &Path, sources: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let (name, path) = (entry.file_name(), entry.path());
        let hidden = name.as_encoded_bytes().starts_with(b".");
        let kind = entry.file_type()?;
        if kind.is_dir() && !hidden && name != "target" {
            collect_sources(&path, sources)?;
        } else if kind.is_file()
            && (path.extension().is_some_and(|extension| extension == "rs")
                || name == "Cargo.toml"
                || name == "Cargo.lock")
        {
            sources.push(path);
        }
    }
    Ok(())
}

/// The 64-bit FNV-1a hash: std's own hasher promises nothing about the next release of Rust.
struct Fnv(u64);

impl Fnv {
    fn new() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }

    /// Adds bytes and their number, so that the border between two fields counts.
    fn field(&mut self, bytes: &[u8]) {
        for &byte in (bytes.len() as u64).to_le_bytes().iter().chain(bytes) {
            self.0 = (self.0 ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
    }
}

/// Seeds and fingerprints as `"0x1f"`: people read the file, and JSON readers in other languages
/// may round numbers above 2⁵³.
mod hexadecimal {
    use serde::de::Error;
    use serde::{Deserialize, Deserializer, Serializer};

    use crate::seed;

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde decides the signature")]
    pub(super) fn serialize<S: Serializer>(value: &u64, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&seed::format(*value))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
        let text = String::deserialize(deserializer)?;
        seed::parse(&text).map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn replay() -> Replay {
        Replay {
            test: "backup_3b".to_owned(),
            seed: 0x1f,
            backend: "sim".to_owned(),
            solution: "raft".to_owned(),
            policy: Policy::default().to_string(),
            build: "0x0123456789abcdef".to_owned(),
            fingerprint: u64::MAX,
            kind: "assertion".to_owned(),
            message: "expected one leader, saw \"two\"".to_owned(),
            strict: false,
            plan: None,
        }
    }

    /// A folder of this test's own, gone when the test ends.
    struct Folder(PathBuf);

    impl Folder {
        fn new(name: &str) -> Self {
            let folder = std::env::temp_dir().join(format!("replay-{name}-{}", std::process::id()));
            fs::create_dir_all(&folder).expect("a folder for the test");
            Self(folder)
        }

        fn write(&self, name: &str, content: &str) {
            let file = self.0.join(name);
            fs::create_dir_all(file.parent().expect("in a folder")).expect("a folder for the file");
            fs::write(file, content).expect("a file for the test");
        }
    }

    impl Drop for Folder {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    #[test]
    fn the_command_leaves_out_what_is_the_default() {
        assert_eq!(replay().command_line(), "cargo lab replay backup_3b --seed 0x1f");
        let other =
            Policy::ALL.into_iter().find(|&policy| policy != Policy::default()).expect("two policies");
        let replay = Replay { solution: "mine".to_owned(), policy: other.to_string(), ..replay() };
        assert_eq!(
            replay.command_line(),
            format!("cargo lab replay backup_3b --seed 0x1f --solution mine --policy {other}")
        );
    }

    #[test]
    fn a_saved_replay_is_loaded() {
        let folder = Folder::new("round-trip");
        let file = folder.0.join("lab/last-failure.json");
        assert_eq!(
            Replay::load_from(&file),
            Err(NoLastFailure::NothingFailed { file: file.clone() }),
            "before anything was saved"
        );
        for seed in [1, u64::MAX] {
            let replay = Replay { seed, ..replay() };
            replay.save_to(&file).expect("saved");
            assert_eq!(Replay::load_from(&file), Ok(replay));
        }
        let left: Vec<_> = fs::read_dir(folder.0.join("lab")).expect("the folder").collect();
        assert_eq!(left.len(), 1, "drafts were left: {left:?}");
    }

    fn a_plan() -> FaultPlan {
        // Also where its tests are not released.
        let mut cases = crate::labs().iter().flat_map(|lab| (lab.cases)());
        let case = cases.find(|case| case.family.is_some()).expect("a test with plans");
        FaultPlan { faults: Vec::new(), ..case.plan(1).expect("a plan") }
    }

    #[test]
    fn a_replay_carries_its_fault_plan() {
        let replay = Replay { plan: Some(a_plan()), test: a_plan().test, ..replay() };
        assert_eq!(Replay::from_json(&replay.to_json()), Ok(replay.clone()));
        let line = replay.command_line();
        let expected = format!("lab/plans/{}-0x1f.json", replay.test);
        assert!(line.contains(" --plan ") && line.contains(&expected), "{line}");
    }

    #[test]
    fn a_file_of_another_version_is_read_if_it_is_older() {
        let old = r#"{"test": "backup_3b", "seed": "0x1f", "backend": "sim", "solution": "raft",
            "policy": "random", "build": "0x0123456789abcdef", "fingerprint": "0xffffffffffffffff",
            "kind": "assertion", "message": "expected one leader, saw \"two\""}"#;
        assert_eq!(Replay::from_json(old), Ok(replay()));
        let later = old.replacen('{', "{\"schema\": 99, ", 1);
        assert!(Replay::from_json(&later).is_err_and(|error| error.contains("later version")));
    }

    #[test]
    fn a_file_of_another_shape_is_refused() {
        let folder = Folder::new("shape");
        for content in ["", "{}", "{\"test\": 3}"] {
            folder.write("last-failure.json", content);
            let loaded = Replay::load_from(&folder.0.join("last-failure.json"));
            assert!(matches!(loaded, Err(NoLastFailure::Unreadable { .. })), "{content:?} gave {loaded:?}");
        }
    }

    #[test]
    fn the_build_changes_with_the_sources_and_with_nothing_else() {
        let folder = Folder::new("sources");
        assert!(source_hash(&folder.0).is_err(), "an empty folder has no sources");
        folder.write("Cargo.toml", "[workspace]");
        folder.write("raft/src/lib.rs", "fn main() {}");
        let first = source_hash(&folder.0).expect("sources");

        folder.write("README.md", "words");
        folder.write("target/debug/build/generated.rs", "fn other() {}");
        folder.write(".git/hook.rs", "fn other() {}");
        assert_eq!(source_hash(&folder.0).expect("sources"), first, "no source was changed");

        folder.write("raft/src/lib.rs", "fn main() { }");
        let edited = source_hash(&folder.0).expect("sources");
        assert_ne!(edited, first, "a source was edited");
        folder.write("raft/src/log.rs", "");
        assert_ne!(source_hash(&folder.0).expect("sources"), edited, "a source was added");
    }

    #[test]
    fn this_workspace_has_a_build() {
        let id = build_id();
        assert!(id.starts_with("0x") && id.len() == 18, "{id}");
        assert_eq!(build_id(), id);
    }
}
