//! [`EventFile`]: the events of a run, with its log, as a file of JSON lines.

use std::fs::File;
use std::io::{self, BufRead, BufReader, BufWriter, Lines, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use tempfile::TempDir;
use tester::{Recording, seed};

use super::log_stream::KeptLog;
use super::protocol::RunRequest;

/// The version of the form of the lines.
const SCHEMA: u32 = 1;

/// The first line of the file: the run, and what the file has of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Header {
    /// The version of the form of the lines: 1.
    pub schema: u32,
    /// The test's name.
    pub test: String,
    /// The seed, as `0x…`.
    pub seed: String,
    /// The name of the solution.
    pub solution: String,
    /// The name of the scheduling policy.
    pub policy: String,
    /// The number of later events, which are not in the file.
    pub left_out: u64,
    /// The number of events without contents, because all contents together were too large.
    pub without_contents: u64,
    /// The number of later lines of the log, which are not in the file.
    #[serde(default)]
    pub log_left_out: u64,
    /// The number of the last event before the test began; `None` if the run ended before.
    #[serde(default)]
    pub began_after: Option<u64>,
    /// The virtual time at which the test began, in nanoseconds since the start of the run.
    #[serde(default)]
    pub began_ns: Option<u64>,
    /// The virtual time at which the test ended, in nanoseconds since the start of the run; `None` if it did
    /// not end by itself.
    #[serde(default)]
    pub ended_ns: Option<u64>,
}

fn nanoseconds(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

impl Header {
    pub(super) fn of(request: &RunRequest, recording: &Recording, log: &KeptLog) -> Self {
        Self {
            schema: SCHEMA,
            test: request.test.clone(),
            seed: seed::format(request.seed),
            solution: request.solution.clone(),
            policy: request.policy.clone(),
            left_out: recording.left_out(),
            without_contents: recording.without_contents(),
            log_left_out: log.left_out,
            began_after: recording.began().map(|began| began.after),
            began_ns: recording.began().map(|began| nanoseconds(began.at)),
            ended_ns: recording.ended().map(nanoseconds),
        }
    }
}

/// A place for the events of a run, in a temporary folder that is removed with it.
///
/// Runs with [`Record::Events`](super::Record::Events) and this [path](Self::path) write it. There is a file
/// once a run has ended whose events were recorded: none if its process died, or its threads never ended.
#[derive(Debug)]
pub struct EventFile {
    folder: TempDir,
}

impl EventFile {
    /// A place without a file.
    ///
    /// # Errors
    ///
    /// The system has no room for temporary files.
    pub fn new() -> io::Result<Self> {
        Ok(Self { folder: tempfile::Builder::new().prefix("lab-events-").tempdir()? })
    }

    /// The path of the file.
    #[must_use]
    pub fn path(&self) -> PathBuf {
        self.folder.path().join("events.jsonl")
    }

    /// Reads the file from its beginning; `None` if there is none.
    ///
    /// # Errors
    ///
    /// The file cannot be read.
    pub fn open(&self) -> io::Result<Option<Events>> {
        match File::open(self.path()) {
            Ok(file) => Events::read(BufReader::new(file)).map(Some),
            Err(cause) if cause.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(cause) => Err(cause),
        }
    }
}

/// The events and the log of a run, in the order of time. An iterator of JSON objects, as `docs/events.md`
/// describes them.
#[derive(Debug)]
pub struct Events {
    header: Header,
    lines: Lines<BufReader<File>>,
}

impl Events {
    fn read(file: BufReader<File>) -> io::Result<Self> {
        let mut lines = file.lines();
        let first = lines.next().ok_or(io::ErrorKind::UnexpectedEof)??;
        Ok(Self { header: serde_json::from_str(&first)?, lines })
    }

    /// The run.
    #[must_use]
    pub fn header(&self) -> &Header {
        &self.header
    }
}

impl Iterator for Events {
    type Item = io::Result<Value>;

    fn next(&mut self) -> Option<Self::Item> {
        let line = self.lines.next()?;
        Some(line.and_then(|line| Ok(serde_json::from_str(&line)?)))
    }
}

/// A file of events that is being written. Under its own name stands a file that is complete, or none.
pub(super) struct Draft {
    path: PathBuf,
    file: BufWriter<File>,
    /// The bytes that may still be added.
    room: u64,
}

impl Draft {
    /// A draft of the file at `path`, of at most `room` bytes. A file of that name is removed.
    pub(super) fn new(path: &Path, room: u64) -> io::Result<Self> {
        match std::fs::remove_file(path) {
            Err(cause) if cause.kind() != io::ErrorKind::NotFound => return Err(cause),
            _ => {}
        }
        Ok(Self { path: path.to_owned(), file: BufWriter::new(File::create(part(path))?), room })
    }

    /// Adds lines.
    pub(super) fn add(&mut self, lines: &str) -> io::Result<()> {
        let left = self.room.checked_sub(lines.len() as u64);
        self.room = left.ok_or_else(|| io::Error::from(io::ErrorKind::FileTooLarge))?;
        self.file.write_all(lines.as_bytes())
    }

    /// Gives the file its name.
    pub(super) fn finish(mut self) -> io::Result<()> {
        self.file.flush()?;
        std::fs::rename(part(&self.path), &self.path)
    }
}

fn part(path: &Path) -> PathBuf {
    path.with_extension("part")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_is_a_file_once_it_is_complete() {
        let place = EventFile::new().expect("a folder");
        let header = Header {
            schema: SCHEMA,
            test: "backup_3b".to_owned(),
            seed: "0x1f".to_owned(),
            solution: "own".to_owned(),
            policy: "random".to_owned(),
            left_out: 0,
            without_contents: 2,
            log_left_out: 0,
            began_after: Some(0),
            began_ns: Some(1180),
            ended_ns: None,
        };
        let mut draft = Draft::new(&place.path(), u64::MAX).expect("a draft");
        draft.add(&format!("{}\n", serde_json::to_string(&header).expect("JSON"))).expect("written");
        draft.add("{\"number\":1}\n{\"num").expect("written");
        assert!(place.open().expect("no error").is_none());
        draft.add("ber\":2}\n").expect("written");
        draft.finish().expect("renamed");
        let events = place.open().expect("no error").expect("a file");
        assert_eq!(events.header(), &header);
        let numbers: Vec<u64> =
            events.map(|event| event.expect("JSON")["number"].as_u64().expect("a number")).collect();
        assert_eq!(numbers, [1, 2]);
        // The next run may leave none.
        drop(Draft::new(&place.path(), u64::MAX).expect("a draft"));
        assert!(place.open().expect("no error").is_none());
    }
}
