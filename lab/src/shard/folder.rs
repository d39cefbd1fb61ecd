//! [`Folder`]: the folder with the results of all shards.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use labreport::shell;
use serde::de::IgnoredAny;

use super::Shard;
use super::file::{Reader, Unreadable, Writer, are_equal, draft, sync_folder};
use super::work::Work;
use crate::error::CommandError;

/// The name of the folder in the one that `--out` gives.
pub const NAME: &str = "shards";

/// The file with the work that is divided, which the first shard writes.
const WORK: &str = "work.json";

/// The ends of names of results, and of times.
const RESULTS: &str = ".json";
const TIMES: &str = ".times.json";

/// Numbers of shards that a message names.
const NAMED: usize = 10;

/// The folder with the results of all shards, in the one that `--out` gives.
#[derive(Debug, Clone)]
pub struct Folder {
    out: PathBuf,
    shards: PathBuf,
}

/// The results of all shards.
#[derive(Debug)]
pub struct Complete {
    /// The work that was divided.
    pub work: Work,
    /// The files of results, by the number of the shard.
    pub files: Vec<PathBuf>,
}

impl Folder {
    /// The folder for the shards of `work`, which is created. It belongs to this work from now on.
    ///
    /// # Errors
    ///
    /// It belongs to other work, or cannot be written.
    pub fn of_work(out: &Path, work: &Work) -> Result<Self, CommandError> {
        let folder = Self { out: out.to_owned(), shards: out.join(NAME) };
        let cannot = |cause: io::Error| folder.cannot_write(&cause);
        fs::create_dir_all(&folder.shards).map_err(cannot)?;
        let path = folder.shards.join(WORK);
        let mut file = draft(&path).map_err(cannot)?;
        let text = serde_json::to_string_pretty(work).map_err(|cause| cannot(cause.into()))? + "\n";
        file.write_all(text.as_bytes()).and_then(|()| file.as_file().sync_all()).map_err(cannot)?;
        // Of several shards that begin at the same time, one writes it.
        match file.persist_noclobber(&path) {
            Ok(_) => sync_folder(&path).map_err(cannot)?,
            Err(error) if error.error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(cannot(error.error)),
        }
        let kept = fs::read(&path).map_err(cannot)?;
        let advice = format!("give another --out, or remove {}", folder.shards.display());
        let Ok(kept) = serde_json::from_slice::<Work>(&kept) else {
            return Err(CommandError::new(format!(
                "{} was written by another version: {advice}",
                path.display()
            )));
        };
        match kept.difference(work) {
            Some(difference) => {
                Err(CommandError::new(format!("{} has shards of {difference}; {advice}", out.display())))
            }
            None => Ok(folder),
        }
    }

    /// The folder in which all shards are to be, to read them.
    ///
    /// # Errors
    ///
    /// There is no such folder.
    pub fn to_read(out: &Path) -> Result<Self, CommandError> {
        let folder = Self { out: out.to_owned(), shards: out.join(NAME) };
        if folder.shards.is_dir() {
            return Ok(folder);
        }
        let why = if out.is_dir() { "has no folder `shards`" } else { "is no folder" };
        Err(CommandError::new(format!(
            "{} {why}; give the folder that `--shard I/N --out DIR` has written to",
            out.display()
        )))
    }

    /// The folder that `--out` gives.
    #[must_use]
    pub fn out(&self) -> &Path {
        &self.out
    }

    /// The file with the results of a shard.
    #[must_use]
    pub fn results(&self, shard: Shard) -> PathBuf {
        self.shards.join(format!("{}-of-{}{RESULTS}", shard.number(), shard.of()))
    }

    /// A path of a shard's own, for the time in which it works.
    #[must_use]
    pub fn workspace(&self, shard: Shard) -> PathBuf {
        self.shards.join(format!("{}-of-{}.work", shard.number(), shard.of()))
    }

    /// The file with what a shard has measured.
    #[must_use]
    pub fn times(&self, shard: Shard) -> PathBuf {
        self.shards.join(format!("{}-of-{}{TIMES}", shard.number(), shard.of()))
    }

    /// Begins to write the results of a shard.
    ///
    /// # Errors
    ///
    /// The folder cannot be written.
    pub fn begin(&self, shard: Shard, work: &Work) -> Result<Writer, CommandError> {
        Writer::begin(&self.results(shard), shard, work).map_err(|cause| self.cannot_write(&cause))
    }

    /// The error of writing into the folder.
    pub fn cannot_write(&self, cause: &io::Error) -> CommandError {
        CommandError::new(format!("cannot write into {}: {cause}", self.shards.display()))
    }

    /// Whether there are complete results of this shard of this work. A file that is half-written or damaged
    /// is to be replaced.
    ///
    /// # Errors
    ///
    /// There are complete results of something else, or a file that cannot be read.
    pub fn has(&self, shard: Shard, work: &Work) -> Result<bool, CommandError> {
        let path = self.results(shard);
        let of_whom = || {
            let reader = Reader::open(&path)?;
            let header = reader.header().clone();
            reader.each(|_: IgnoredAny| ())?;
            Ok(header)
        };
        match of_whom() {
            Ok(header) if header.shard == shard && header.work == *work => Ok(true),
            // They would be lost.
            Ok(_) => Err(CommandError::new(format!(
                "{} has results of another command or shard; give another --out, or remove the file",
                path.display()
            ))),
            Err(Unreadable::Io(cause)) if cause.kind() != io::ErrorKind::NotFound => {
                Err(CommandError::new(format!("cannot read {}: {cause}", path.display())))
            }
            Err(Unreadable::Version(_)) => Err(CommandError::new(format!(
                "{} was written by another version; give another --out, or remove the file",
                path.display()
            ))),
            Err(Unreadable::Io(_) | Unreadable::Damaged(_)) => Ok(false),
        }
    }

    /// The results of all shards of one work. Each file is read to its end once.
    ///
    /// # Errors
    ///
    /// There are none, some are missing or incomplete, or they are not of one work.
    pub fn complete(&self) -> Result<Complete, CommandError> {
        let mut first: Option<(PathBuf, Work)> = None;
        let mut files: Vec<Option<PathBuf>> = Vec::new();
        for path in self.all_results()? {
            let header = self.header(&path)?;
            let (one, work) = first.get_or_insert_with(|| (path.clone(), header.work.clone()));
            if let Some(difference) = header.work.difference(work) {
                return Err(CommandError::new(format!(
                    "{} is of {difference}, in contrast to {}; merge shards of one command, version, seed \
                     and number",
                    path.display(),
                    one.display()
                )));
            }
            let place = header.shard.number() as usize - 1;
            files.resize(files.len().max(place + 1), None);
            match &files[place] {
                None => files[place] = Some(path),
                Some(other) if are_equal(other, &path).map_err(|cause| self.cannot_read(&cause))? => {}
                Some(other) => {
                    return Err(CommandError::new(format!(
                        "{} and {} have different results of the same shard {}; remove the wrong one",
                        other.display(),
                        path.display(),
                        header.shard
                    )));
                }
            }
        }
        let Some((_, work)) = first else {
            return Err(CommandError::new(format!(
                "{} has no results of shards; run the command with `--shard I/N --out {}` for each I from 1 \
                 to N",
                self.shards.display(),
                shell::word(&self.out)
            )));
        };
        files.resize(work.shards as usize, None);
        let is_missing = |(place, file): (u32, &Option<PathBuf>)| file.is_none().then_some(place + 1);
        let missing: Vec<u32> = (0..).zip(&files).filter_map(is_missing).collect();
        if let Some(error) = self.missing(&work, &missing) {
            return Err(error);
        }
        Ok(Complete { work, files: files.into_iter().flatten().collect() })
    }

    fn header(&self, path: &Path) -> Result<super::file::Header, CommandError> {
        let read = || {
            let reader = Reader::open(path)?;
            let header = reader.header().clone();
            reader.each(|_: IgnoredAny| ())?;
            Ok(header)
        };
        read().map_err(|cause: Unreadable| {
            let again = match &cause {
                Unreadable::Damaged(_) => "run its shard again, which replaces it",
                Unreadable::Io(_) => "make it readable",
                Unreadable::Version(_) => "merge it with the version that wrote it",
            };
            CommandError::new(format!("cannot merge {}: {cause}; {again}", path.display()))
        })
    }

    /// The error of missing shards, if some are.
    fn missing(&self, work: &Work, missing: &[u32]) -> Option<CommandError> {
        let first = missing.first()?;
        let named: Vec<String> = missing.iter().take(NAMED).map(ToString::to_string).collect();
        let more = missing.len().saturating_sub(NAMED);
        let list = match &named[..] {
            all if more > 0 => format!("shards {} and {more} more", all.join(", ")),
            [one] => format!("shard {one}"),
            [others @ .., last] => format!("shards {} and {last}", others.join(", ")),
            [] => String::new(),
        };
        let is = if missing.len() == 1 { "is" } else { "are" };
        let likewise = if missing.len() == 1 { "" } else { ", and likewise the others" };
        Some(CommandError::new(format!(
            "{list} of {} {is} missing in {}; run `{}`{likewise}",
            work.shards,
            self.out.display(),
            work.command_of(*first, &shell::word(&self.out)),
        )))
    }

    /// The files of results, in the order of their names. Drafts have names that begin with a dot.
    fn all_results(&self) -> Result<Vec<PathBuf>, CommandError> {
        let mut found = Vec::new();
        for entry in fs::read_dir(&self.shards).map_err(|cause| self.cannot_read(&cause))? {
            let path = entry.map_err(|cause| self.cannot_read(&cause))?.path();
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            let is_other = name.starts_with('.') || name == WORK || name.ends_with(TIMES);
            if name.ends_with(RESULTS) && !is_other {
                found.push(path);
            }
        }
        found.sort();
        Ok(found)
    }

    fn cannot_read(&self, cause: &io::Error) -> CommandError {
        CommandError::new(format!("cannot read {}: {cause}", self.shards.display()))
    }
}
