//! [`EngineFolder`]: the folder in DIR with everything that an engine needs and leaves.

use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use lab::error::CommandError;
use labreport::text::one_line;
use serde::{Deserialize, Serialize};
use tester::replay::build_id;

use super::args::WorkArgs;
use super::work::Work;

/// The folder's name in DIR. No submission's results are in a folder of this name.
pub(crate) const FOLDER: &str = "engine";

/// The folder in DIR that shards write their results into.
const SHARDS: &str = "shards";

/// The numbers of shards that a message lists.
const LISTED: usize = 10;

/// Characters of a log's last line in a message.
const LAST_LINE: usize = 300;

/// The folder `engine` in DIR.
#[derive(Debug)]
pub(super) struct EngineFolder {
    /// DIR: the folder of results, an absolute path.
    out: PathBuf,
}

/// What DIR is for. It is written once, and all later commands must agree with it.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Purpose {
    schema: u32,
    /// The command, for people.
    command: String,
    /// The hash of all words of the command.
    id: String,
    shards: u32,
    /// The sources of this program.
    build: String,
}

/// The version of the file's format.
const SCHEMA: u32 = 1;

impl EngineFolder {
    /// The folder for this work, created if it is not there.
    ///
    /// # Errors
    ///
    /// DIR has results of another command, or cannot be written.
    pub(super) fn open(args: &WorkArgs, work: &Work) -> Result<Self, CommandError> {
        let out = match &args.out {
            Some(out) => out.clone(),
            None => tester::workspace::target()
                .map_err(|error| CommandError::new(format!("{error}, or give --out DIR")))?
                .join("lab/on")
                .join(work.id()),
        };
        let out = std::path::absolute(&out).map_err(|cause| cannot_write(&out, &cause))?;
        let folder = Self { out };
        let purpose = Purpose {
            schema: SCHEMA,
            command: work.title(),
            id: work.id(),
            shards: work.shards,
            build: build_id(),
        };
        folder.claim(&purpose)?;
        Ok(folder)
    }

    /// Writes down what DIR is for, or compares it with what was written.
    fn claim(&self, purpose: &Purpose) -> Result<(), CommandError> {
        let file = self.path("purpose.json");
        match fs::read(&file) {
            Ok(text) => {
                let present: Option<Purpose> = serde_json::from_slice(&text).ok();
                let Some(difference) = difference(present.as_ref(), purpose) else { return Ok(()) };
                Err(CommandError::new(format!(
                    "{} is for {difference}; give another --out",
                    self.out.display()
                )))
            }
            Err(cause) if cause.kind() == io::ErrorKind::NotFound => {
                let text = serde_json::to_string_pretty(purpose).expect("texts and numbers have a JSON form");
                self.write("purpose.json", &(text + "\n"))
            }
            Err(cause) => Err(CommandError::new(format!("cannot read {}: {cause}", file.display()))),
        }
    }

    /// DIR.
    pub(super) fn out(&self) -> &Path {
        &self.out
    }

    /// A path in the folder.
    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.out.join(FOLDER).join(name)
    }

    /// Writes a file of the folder atomically.
    pub(super) fn write(&self, name: &str, text: &str) -> Result<(), CommandError> {
        self.replace(name, 0o644, |draft| fs::write(draft, text))
    }

    /// Writes a script, which can be executed.
    pub(super) fn write_script(&self, name: &str, text: &str) -> Result<(), CommandError> {
        self.replace(name, 0o755, |draft| fs::write(draft, text))
    }

    /// Copies this program into the folder, so that a build that comes later does not change what the shards
    /// run.
    pub(super) fn copy_program(&self) -> Result<PathBuf, CommandError> {
        let program = std::env::current_exe().map_err(|cause| {
            CommandError::new(format!("cannot determine the path of this program: {cause}"))
        })?;
        self.replace("lab", 0o755, |draft| fs::copy(&program, draft).map(drop))?;
        Ok(self.path("lab"))
    }

    /// Removes a file of the folder, if it is there.
    pub(super) fn remove(&self, name: &str) -> Result<(), CommandError> {
        match fs::remove_file(self.path(name)) {
            Err(cause) if cause.kind() != io::ErrorKind::NotFound => {
                Err(cannot_write(&self.path(name), &cause))
            }
            _ => Ok(()),
        }
    }

    fn replace(
        &self,
        name: &str,
        mode: u32,
        make: impl FnOnce(&Path) -> io::Result<()>,
    ) -> Result<(), CommandError> {
        let file = self.path(name);
        let draft = self.path(&format!(".{name}.draft"));
        fs::create_dir_all(self.path("logs"))
            .and_then(|()| make(&draft))
            .and_then(|()| fs::set_permissions(&draft, Permissions::from_mode(mode)))
            .and_then(|()| fs::rename(&draft, &file))
            .map_err(|cause| cannot_write(&file, &cause))
    }

    /// Whether a shard's result is there.
    pub(super) fn has_result(&self, work: &Work, shard: u32) -> bool {
        self.out.join(SHARDS).join(work.result_name(shard)).is_file()
    }

    /// The shards without a result.
    pub(super) fn missing(&self, work: &Work) -> Vec<u32> {
        (1..=work.shards).filter(|&shard| !self.has_result(work, shard)).collect()
    }

    /// The error that these shards have no result: their numbers, and how the first one ended.
    pub(super) fn without_result(&self, work: &Work, missing: &[u32]) -> CommandError {
        let last = missing.first().and_then(|shard| {
            let log = fs::read(self.path(&format!("logs/{shard}.txt"))).ok()?;
            let log = String::from_utf8_lossy(&log).into_owned();
            let line = log.lines().rfind(|line| !line.trim().is_empty())?.trim();
            Some(format!(" ({})", one_line(line, LAST_LINE)))
        });
        let (noun, verb) = if missing.len() == 1 { ("shard", "has") } else { ("shards", "have") };
        CommandError::new(format!(
            "{noun} {} of {} {verb} no result{}; the logs are in {}, and the same command makes what is \
             missing",
            listed(missing),
            work.shards,
            last.unwrap_or_default(),
            self.path("logs").display()
        ))
    }
}

/// The first numbers of a list, in words.
fn listed(numbers: &[u32]) -> String {
    let first: Vec<String> = numbers.iter().take(LISTED).map(u32::to_string).collect();
    match (first.as_slice(), numbers.len().saturating_sub(LISTED)) {
        ([], _) => String::new(),
        ([only], 0) => only.clone(),
        ([before @ .., last], 0) => format!("{} and {last}", before.join(", ")),
        (first, more) => format!("{} and {more} more", first.join(", ")),
    }
}

/// What the folder is for, if not for the purpose that is wanted.
fn difference(present: Option<&Purpose>, wanted: &Purpose) -> Option<String> {
    match present {
        None => Some("another version of this program".to_owned()),
        Some(present) if present == wanted => None,
        Some(present) if present.id == wanted.id && present.build != wanted.build => {
            Some("the same command with other sources of the framework".to_owned())
        }
        Some(Purpose { command, shards, .. }) => {
            Some(format!("`{}` in {shards} shards", one_line(command, LAST_LINE)))
        }
    }
}

fn cannot_write(path: &Path, cause: &io::Error) -> CommandError {
    CommandError::new(format!("cannot write {}: {cause}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::super::work::tests::work;
    use super::*;

    fn args(out: &Path) -> WorkArgs {
        WorkArgs { shards: 3, out: Some(out.to_owned()), json: None, junit: None, command: Vec::new() }
    }

    #[test]
    fn a_folder_belongs_to_one_command() {
        let out = tempfile::tempdir().unwrap();
        let open = |words: &str| EngineFolder::open(&args(out.path()), &work(words).unwrap());
        open("test 3A --seed 1").unwrap();
        open("test 3A --seed 1").unwrap();
        let error = open("test 3A --seed 2").expect_err("another seed").to_string();
        assert!(error.contains("is for `test 3A --seed 1` in 3 shards; give another --out"), "{error}");
        let mut more = work("test 3A --seed 1").unwrap();
        more.shards = 4;
        assert!(EngineFolder::open(&args(out.path()), &more).is_err());
        fs::write(out.path().join("engine/purpose.json"), "{}").unwrap();
        let error = open("test 3A --seed 1").expect_err("not read").to_string();
        assert!(error.contains("another version of this program"), "{error}");
    }

    #[test]
    fn other_sources_are_another_purpose() {
        let purpose = |build: &str| Purpose {
            schema: SCHEMA,
            command: "test".to_owned(),
            id: "0x1".to_owned(),
            shards: 2,
            build: build.to_owned(),
        };
        assert_eq!(difference(Some(&purpose("0xa")), &purpose("0xa")), None);
        let other = difference(Some(&purpose("0xa")), &purpose("0xb")).unwrap();
        assert!(other.contains("other sources"), "{other}");
    }

    #[test]
    fn missing_results_are_named_with_the_end_of_the_first_log() {
        let out = tempfile::tempdir().unwrap();
        let work = work("test 3A --seed 1").unwrap();
        let folder = EngineFolder::open(&args(out.path()), &work).unwrap();
        assert_eq!(folder.missing(&work), [1, 2, 3]);
        fs::create_dir_all(out.path().join("shards")).unwrap();
        fs::write(out.path().join("shards/1-of-3.json"), "").unwrap();
        // Of another division, and one that is being written.
        fs::write(out.path().join("shards/2-of-4.json"), "").unwrap();
        fs::write(out.path().join("shards/.3-of-3.json.draft"), "").unwrap();
        fs::write(folder.path("logs/2.txt"), "a\nerror: the disk is \u{1b}[31mfull\n\n").unwrap();
        let missing = folder.missing(&work);
        let error = folder.without_result(&work, &missing).to_string();
        assert!(error.starts_with("shards 2 and 3 of 3 have no result (error: the disk is "), "{error}");
        assert!(!error.contains('\u{1b}') && error.contains("engine/logs"), "{error}");
        let error = folder.without_result(&work, &[3]).to_string();
        assert!(error.starts_with("shard 3 of 3 has no result; the logs"), "{error}");
    }

    #[test]
    fn long_lists_are_cut() {
        assert_eq!(listed(&[1, 2, 3]), "1, 2 and 3");
        let many: Vec<u32> = (1..=12).collect();
        assert_eq!(listed(&many), "1, 2, 3, 4, 5, 6, 7, 8, 9, 10 and 2 more");
    }

    #[test]
    fn the_program_is_copied_and_can_be_executed() {
        let out = tempfile::tempdir().unwrap();
        let folder = EngineFolder::open(&args(out.path()), &work("test --seed 1").unwrap()).unwrap();
        let program = folder.copy_program().unwrap();
        assert_eq!(fs::metadata(&program).unwrap().permissions().mode() & 0o777, 0o755);
        assert_eq!(
            fs::metadata(&program).unwrap().len(),
            fs::metadata(std::env::current_exe().unwrap()).unwrap().len()
        );
    }
}
