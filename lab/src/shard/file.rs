//! The file of a shard's results: [`Writer`] and [`Reader`].
//!
//! It is JSON, of lines: the first has the shard and its work, each line after it an item (such as a run),
//! and the last a hash of the lines before. So it is written and read item by item, whatever its length.

use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use tempfile::{Builder, NamedTempFile};

use super::Shard;
use super::digest::Digest;
use super::work::Work;

/// The version of the form.
const SCHEMA: u32 = 1;

/// The end of the first line, which opens the list of items.
const OPEN: &str = ",\"items\":[";

/// The beginning of the last line, before the hash.
const CLOSE: &str = "],\"digest\":\"";

/// The end of the last line.
const END: &str = "\"}";

/// The content of the first line.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Header {
    schema: u32,
    /// The shard.
    pub shard: Shard,
    /// The work that is divided.
    pub work: Work,
}

/// The version alone, whatever else there is.
#[derive(Deserialize)]
struct Schema {
    schema: u32,
}

/// Writes a file, which gets its name when it is complete.
#[derive(Debug)]
pub struct Writer {
    file: BufWriter<NamedTempFile>,
    digest: Digest,
    path: PathBuf,
    is_first: bool,
}

impl Writer {
    /// A draft of the file `path`, beside it. Its name begins with a dot, and two drafts have different
    /// names.
    ///
    /// # Errors
    ///
    /// The draft cannot be written.
    pub fn begin(path: &Path, shard: Shard, work: &Work) -> io::Result<Self> {
        let mut writer = Self {
            file: BufWriter::new(draft(path)?),
            digest: Digest::new(),
            path: path.to_owned(),
            is_first: true,
        };
        let header = serde_json::to_string(&Header { schema: SCHEMA, shard, work: work.clone() })?;
        let open = header.strip_suffix('}').unwrap_or(&header);
        writer.add(open)?;
        writer.add(OPEN)?;
        Ok(writer)
    }

    /// Adds an item.
    ///
    /// # Errors
    ///
    /// It cannot be written, for instance because the disk is full.
    pub fn item<T: Serialize>(&mut self, item: &T) -> io::Result<()> {
        let line = serde_json::to_string(item)?;
        self.add(if self.is_first { "\n" } else { ",\n" })?;
        self.is_first = false;
        self.add(&line)
    }

    /// Completes the file, and gives it its name once it is on the disk. A file of that name is replaced.
    ///
    /// # Errors
    ///
    /// It cannot be written. Then there is no such file, or the one before.
    pub fn finish(mut self) -> io::Result<()> {
        self.add("\n")?;
        let end = format!("{CLOSE}{}{END}\n", self.digest);
        self.file.write_all(end.as_bytes())?;
        let file = self.file.into_inner().map_err(io::IntoInnerError::into_error)?;
        keep(file, &self.path)
    }

    fn add(&mut self, text: &str) -> io::Result<()> {
        self.digest.add(text.as_bytes());
        self.file.write_all(text.as_bytes())
    }
}

/// An empty draft of a file, readable by its owner alone: results may have seeds that are secret.
pub(super) fn draft(path: &Path) -> io::Result<NamedTempFile> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    Builder::new().prefix(&format!(".{name}.")).suffix(".draft").tempfile_in(folder_of(path))
}

/// Gives a draft the name of its file once it is on the disk.
pub(super) fn keep(draft: NamedTempFile, path: &Path) -> io::Result<()> {
    draft.as_file().sync_all()?;
    draft.persist(path).map_err(|error| error.error)?;
    sync_folder(path)
}

/// Waits until the name of a file is on the disk.
pub(super) fn sync_folder(path: &Path) -> io::Result<()> {
    File::open(folder_of(path))?.sync_all()
}

fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// The reason why a file is none of results.
#[derive(Debug)]
pub enum Unreadable {
    /// It cannot be read.
    Io(io::Error),
    /// Another version of the program wrote it.
    Version(u32),
    /// It is half-written or damaged.
    Damaged(&'static str),
}

impl From<io::Error> for Unreadable {
    fn from(cause: io::Error) -> Self {
        if cause.kind() == io::ErrorKind::InvalidData {
            Self::Damaged("it is no text")
        } else {
            Self::Io(cause)
        }
    }
}

impl std::fmt::Display for Unreadable {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Io(cause) => cause.fmt(f),
            Self::Version(schema) => {
                write!(f, "it has schema {schema}, of another version, and this one reads {SCHEMA}")
            }
            Self::Damaged(how) => write!(f, "it is half-written or damaged: {how}"),
        }
    }
}

/// Reads a file, item by item.
#[derive(Debug)]
pub struct Reader {
    lines: BufReader<File>,
    header: Header,
    digest: Digest,
}

impl Reader {
    /// Reads the first line of the file.
    ///
    /// # Errors
    ///
    /// It cannot be read, or is of another version, or is not such a line.
    pub fn open(path: &Path) -> Result<Self, Unreadable> {
        let mut lines = BufReader::new(File::open(path)?);
        let mut line = String::new();
        lines.read_line(&mut line)?;
        let mut digest = Digest::new();
        digest.add(line.as_bytes());
        let header = line.strip_suffix('\n').and_then(|it| it.strip_suffix(OPEN));
        let header = header.ok_or(Unreadable::Damaged("its first line is not complete"))?.to_owned() + "}";
        let damaged = |_| Unreadable::Damaged("its first line has another form");
        match serde_json::from_str::<Schema>(&header).map_err(damaged)? {
            Schema { schema: SCHEMA } => {}
            Schema { schema } => return Err(Unreadable::Version(schema)),
        }
        let header: Header = serde_json::from_str(&header).map_err(damaged)?;
        if header.shard.of() != header.work.shards {
            return Err(Unreadable::Damaged("its shard is not one of its work"));
        }
        Ok(Self { lines, header, digest })
    }

    /// The first line.
    #[must_use]
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// The next item; `None` after the last one, of a file that is complete.
    ///
    /// # Errors
    ///
    /// The file cannot be read, or is half-written or damaged.
    pub fn item<T: DeserializeOwned>(&mut self) -> Result<Option<T>, Unreadable> {
        let mut line = String::new();
        self.lines.read_line(&mut line)?;
        let text = line.strip_suffix('\n').ok_or(Unreadable::Damaged("its end is missing"))?;
        if let Some(digest) = text.strip_prefix(CLOSE).and_then(|it| it.strip_suffix(END)) {
            let is_last = self.lines.fill_buf()?.is_empty();
            return if is_last && digest == self.digest.to_string() {
                Ok(None)
            } else {
                Err(Unreadable::Damaged("its digest is that of another content"))
            };
        }
        self.digest.add(line.as_bytes());
        let text = text.strip_suffix(',').unwrap_or(text);
        serde_json::from_str(text).map(Some).map_err(|_| Unreadable::Damaged("an item has another form"))
    }

    /// Reads all items that are left, and passes each to `take`. Returns the digest of the complete file.
    ///
    /// # Errors
    ///
    /// Those of [`item`](Self::item).
    pub fn each<T: DeserializeOwned>(mut self, mut take: impl FnMut(T)) -> Result<String, Unreadable> {
        while let Some(item) = self.item()? {
            take(item);
        }
        Ok(self.digest.to_string())
    }
}

/// Whether two files have the same bytes.
pub(super) fn are_equal(one: &Path, other: &Path) -> io::Result<bool> {
    Ok(fs::read(one)? == fs::read(other)?)
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    fn work() -> Work {
        Work {
            command: "test".to_owned(),
            line: "3A --seed 0x1".to_owned(),
            build: "0x2".to_owned(),
            first_seed: "0x1".to_owned(),
            shards: 3,
            settings: Value::Null,
        }
    }

    fn read(path: &Path) -> Result<Vec<String>, Unreadable> {
        let mut items = Vec::new();
        Reader::open(path)?.each(|item| items.push(item))?;
        Ok(items)
    }

    #[test]
    fn a_file_appears_when_it_is_complete_and_is_json() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("2-of-3.json");
        let shard = Shard::new(2, 3).expect("a shard");
        for items in [&[][..], &["one"], &["one", "two\n],", "three"]] {
            let mut writer = Writer::begin(&path, shard, &work()).expect("begun");
            let before = fs::read(&path).ok();
            items.iter().for_each(|item| writer.item(item).expect("written"));
            assert_eq!(fs::read(&path).ok(), before, "the file before stays until then");
            writer.finish().expect("written");
            assert_eq!(read(&path).expect("complete"), items);
            let json: Value = serde_json::from_slice(&fs::read(&path).expect("a file")).expect("JSON");
            assert_eq!(json["items"].as_array().map(Vec::len), Some(items.len()));
            assert_eq!((&json["shard"], &json["work"]["command"]), (&"2/3".into(), &"test".into()));
        }
        drop(Writer::begin(&path, shard, &work()).expect("begun"));
        assert_eq!(fs::read_dir(folder.path()).expect("a folder").count(), 1, "a draft is left");
    }

    #[test]
    fn a_file_that_was_cut_or_changed_anywhere_is_refused() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("1-of-3.json");
        let mut writer = Writer::begin(&path, Shard::new(1, 3).expect("a shard"), &work()).expect("begun");
        ["one", "two"].iter().for_each(|item| writer.item(item).expect("written"));
        writer.finish().expect("written");
        let whole = fs::read(&path).expect("a file");
        for length in 0..whole.len() {
            fs::write(&path, &whole[..length]).expect("written");
            assert!(read(&path).is_err(), "{length} of {} bytes", whole.len());
        }
        for place in 0..whole.len() {
            let mut changed = whole.clone();
            changed[place] ^= 1;
            fs::write(&path, &changed).expect("written");
            assert!(read(&path).is_err(), "{}", String::from_utf8_lossy(&changed));
        }
    }
}
