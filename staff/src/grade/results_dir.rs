//! [`ResultsDir`]: the folder of results, and its settings, such as seed and runs.

use std::collections::hash_map::RandomState;
use std::fs::{self, File};
use std::hash::BuildHasher;
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use rustix::fs::{FlockOperation, flock};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use tester::seed;

use crate::args::GradeArgs;
use lab::error::CommandError;

/// The grader's own folder in the folder of results.
pub(super) const FOLDER: &str = ".grading";

/// The folders in it with data of submissions. Version 0.1 had checkpoints in `ledgers`.
const FOLDERS: [&str; 4] = ["checkpoints", "rows", "sources", "ledgers"];

/// The folder of results. While this value lives, no other grader writes there.
pub(super) struct ResultsDir {
    out: PathBuf,
    settings: Settings,
    _lock: File,
}

/// The settings that all results in one folder share.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Settings {
    /// The first seed, `0x` and hexadecimal. Students must not know it before they have handed in.
    seed: String,
    pub(super) runs: u32,
    wall_limit_ms: u64,
    /// The framework, the reference and the compiler.
    base: String,
}

/// What a command wants of the settings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Wanted {
    /// The first seed; the stored one, or a fresh one, if it is not given.
    pub(super) seed: Option<u64>,
    pub(super) runs: u32,
    pub(super) wall_limit_ms: u64,
    /// Whether stored results are dropped.
    pub(super) again: bool,
}

impl Wanted {
    pub(super) fn of(args: &GradeArgs) -> Self {
        Self {
            seed: args.seed,
            runs: args.runs,
            wall_limit_ms: u64::try_from(args.wall_limit.as_millis()).unwrap_or(u64::MAX).max(1),
            again: args.again,
        }
    }
}

impl Settings {
    pub(super) fn first_seed(&self) -> u64 {
        seed::parse(&self.seed).unwrap_or_default()
    }

    pub(super) fn wall_limit(&self) -> std::time::Duration {
        std::time::Duration::from_millis(self.wall_limit_ms)
    }
}

impl ResultsDir {
    /// Opens the folder, and creates it if it does not exist.
    pub(super) fn open(out: &Path) -> Result<Self, CommandError> {
        let given = out;
        let cannot = |cause: std::io::Error| {
            CommandError::new(format!("cannot write into {}: {cause}", given.display()))
        };
        fs::create_dir_all(given).map_err(cannot)?;
        let out = fs::canonicalize(given).map_err(cannot)?;
        let own = out.join(FOLDER);
        // Other users may pass through to the program that they run, but cannot list the folder.
        let created = fs::DirBuilder::new().mode(0o711).recursive(true).create(&own);
        created.map_err(cannot)?;
        let lock = File::create(own.join("lock")).map_err(cannot)?;
        flock(&lock, FlockOperation::NonBlockingLockExclusive)
            .map_err(|_| CommandError::new(format!("another grader works in {}", given.display())))?;
        Ok(Self { out, settings: Settings::default(), _lock: lock })
    }

    /// Continues with the stored settings, or starts afresh.
    pub(super) fn begin(mut self, wanted: &Wanted, base: &str) -> Result<Self, CommandError> {
        let file = self.own("settings.json");
        let stored = if wanted.again { None } else { read::<Settings>(&file)? };
        if stored.is_none() && !wanted.again && FOLDERS.iter().any(|name| self.own(name).exists()) {
            return Err(CommandError::new(format!(
                "{} is missing, and there are results that were made with it: restore it, give another \
                 --out, or --again to drop them",
                file.display()
            )));
        }
        let mut wanted = Settings {
            seed: wanted.seed.map(seed::format).unwrap_or_default(),
            runs: wanted.runs,
            wall_limit_ms: wanted.wall_limit_ms,
            base: base.to_owned(),
        };
        match stored {
            Some(stored) => {
                if wanted.seed.is_empty() {
                    wanted.seed.clone_from(&stored.seed);
                }
                if let Some(difference) = difference(&stored, &wanted) {
                    return Err(CommandError::new(format!(
                        "{} has results of {difference}; give another --out, or --again to drop them",
                        self.out.display()
                    )));
                }
            }
            None => {
                if wanted.seed.is_empty() {
                    wanted.seed = seed::format(fresh_seed());
                }
                let drop_all = || -> std::io::Result<()> {
                    for name in FOLDERS {
                        let folder = self.own(name);
                        if folder.exists() {
                            fs::remove_dir_all(&folder)?;
                        }
                    }
                    let folders = self.own("folders.json");
                    if folders.exists() { fs::remove_file(&folders) } else { Ok(()) }
                };
                drop_all().and_then(|()| write(&file, &wanted)).map_err(|cause| {
                    CommandError::new(format!("cannot write into {}: {cause}", self.own("").display()))
                })?;
            }
        }
        self.settings = wanted;
        Ok(self)
    }

    pub(super) fn settings(&self) -> &Settings {
        &self.settings
    }

    /// The folder of results.
    pub(super) fn out(&self) -> &Path {
        &self.out
    }

    /// A path in the grader's own folder.
    pub(super) fn own(&self, name: &str) -> PathBuf {
        self.out.join(FOLDER).join(name)
    }
}

/// Refuses a folder of results inside a submission: results would be read as part of the submission.
pub(super) fn refuse_inside(out: &Path, submission: &Path) -> Result<(), CommandError> {
    let within =
        |cause: std::io::Error| CommandError::new(format!("cannot tell where {} is: {cause}", out.display()));
    let absolute = std::path::absolute(out).map_err(within)?;
    // The folder need not exist yet.
    let above = absolute.ancestors().find_map(|above| fs::canonicalize(above).ok());
    match (above, fs::canonicalize(submission)) {
        (Some(above), Ok(submission)) if above.starts_with(&submission) => Err(CommandError::new(format!(
            "{} is inside of the submission {}; give another --out",
            out.display(),
            submission.display()
        ))),
        _ => Ok(()),
    }
}

/// A description of the first difference between the stored and the wanted settings.
fn difference(stored: &Settings, wanted: &Settings) -> Option<String> {
    if stored.seed != wanted.seed {
        return Some("another seed".to_owned());
    }
    if stored.runs != wanted.runs {
        return Some(format!("{} runs a test", stored.runs));
    }
    if stored.wall_limit_ms != wanted.wall_limit_ms {
        return Some(format!("runs of up to {} s", stored.wall_limit().as_secs_f64()));
    }
    (stored.base != wanted.base).then(|| "another version of the framework, or another compiler".to_owned())
}

/// 63 unpredictable bits: std seeds the keys of its hash maps from the system's entropy.
pub(crate) fn fresh_seed() -> u64 {
    RandomState::new().hash_one("a secret seed") >> 1
}

/// The version of the format of the grader's files. Version 0.1 wrote no number.
const SCHEMA: u32 = 2;

/// A file of the grader.
#[derive(Serialize, Deserialize)]
struct Numbered<T> {
    schema: u32,
    content: T,
}

/// The version alone, regardless of the content.
#[derive(Deserialize)]
struct Schema {
    #[serde(default = "first_schema")]
    schema: u32,
}

fn first_schema() -> u32 {
    1
}

/// The content of a file of the grader; `None` if the file does not exist.
///
/// # Errors
///
/// The file cannot be read, or was not written by [`write()`] of this version. Ignoring such a file would
/// lose grades.
pub(super) fn read<T: DeserializeOwned>(file: &Path) -> Result<Option<T>, CommandError> {
    let text = match fs::read(file) {
        Ok(text) => text,
        Err(cause) if cause.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(cause) => return Err(CommandError::new(format!("cannot read {}: {cause}", file.display()))),
    };
    let refused = |why: String| {
        CommandError::new(format!(
            "{} was written by another version of the grader ({why}), and nothing was changed: continue \
             with that version, give another --out, or --again to drop all results that are there",
            file.display()
        ))
    };
    match serde_json::from_slice::<Schema>(&text) {
        Ok(Schema { schema: SCHEMA }) => {}
        Ok(Schema { schema }) => {
            return Err(refused(format!("schema {schema}, and this one writes {SCHEMA}")));
        }
        Err(cause) => return Err(refused(cause.to_string())),
    }
    let numbered: Numbered<T> = serde_json::from_slice(&text).map_err(|cause| refused(cause.to_string()))?;
    Ok(Some(numbered.content))
}

/// Writes a file atomically, readable by its owner only.
pub(super) fn write<T: Serialize>(file: &Path, value: &T) -> std::io::Result<()> {
    let folder = file.parent().expect("the file is in a folder");
    fs::create_dir_all(folder)?;
    let draft = file.with_extension("draft");
    let mut open = File::options().write(true).create(true).truncate(true).mode(0o600).open(&draft)?;
    open.write_all(&serde_json::to_vec_pretty(&Numbered { schema: SCHEMA, content: value })?)?;
    open.sync_data()?;
    fs::rename(&draft, file)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_of_other_versions_are_refused() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("settings.json");
        assert_eq!(read::<Settings>(&file), Ok(None));
        let settings = Settings { seed: "0x1".to_owned(), ..Settings::default() };
        write(&file, &settings).expect("written");
        assert_eq!(read::<Settings>(&file), Ok(Some(settings)));
        let of_first = "{\"seed\":\"0x1\",\"runs\":1,\"wall_limit_ms\":1,\"base\":\"\"}";
        for other in [
            of_first,
            &format!("{{\"schema\":1,\"content\":{of_first}}}"),
            &format!("{{\"schema\":3,\"content\":{of_first}}}"),
            "{\"schema\":2,\"content\":{\"seed\":\"0x1\"}}",
            &format!("{{\"schema\":2,\"content\":{}}}", of_first.replace('}', ",\"new\":1}")),
            "",
        ] {
            fs::write(&file, other).expect("written");
            let error = read::<Settings>(&file).expect_err("refused").to_string();
            assert!(error.contains("another version") && error.contains("--again"), "{error}");
        }
    }
}
