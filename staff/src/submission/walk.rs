//! The walk through a submission's folder.
//!
//! Every file and folder is opened by its name relative to its open parent folder, without following links.
//! So the file that was checked is the file that is read, even if somebody changes the folder meanwhile.

use std::ffi::CString;
use std::fs::File;
use std::io::Read;
use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;

use rustix::fs::{AtFlags, CWD, Dir, FileType, Mode, OFlags, fstat, openat, statat};
use rustix::io::Errno;

use super::{Limits, Reason, Refusal, SourceFile, Staged, crates, folder_of};

const FOLDER: OFlags = OFlags::RDONLY.union(OFlags::DIRECTORY).union(OFlags::NOFOLLOW).union(OFlags::CLOEXEC);
/// Nonblocking, in case a pipe has replaced the file since it was checked.
const FILE: OFlags = OFlags::RDONLY.union(OFlags::NONBLOCK).union(OFlags::NOFOLLOW).union(OFlags::CLOEXEC);

pub(super) fn walk(folder: &Path, limits: &Limits) -> Result<Staged, Vec<Refusal>> {
    let mut walk = Walk {
        limits,
        staged: Staged { files: Vec::new(), ignored: Vec::new(), ignored_besides: 0 },
        bytes: 0,
        files: 0,
        entries: 0,
        full: false,
        refusals: Vec::new(),
    };
    walk.submission(folder);
    let Walk { mut staged, mut refusals, .. } = walk;
    if refusals.is_empty() && staged.files.is_empty() {
        refusals.push(Refusal { path: ".".to_owned(), reason: Reason::Nothing });
    }
    if !refusals.is_empty() {
        refusals.sort();
        return Err(refusals);
    }
    staged.files.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(staged)
}

struct Walk<'a> {
    limits: &'a Limits,
    staged: Staged,
    bytes: u64,
    files: usize,
    entries: usize,
    /// Whether the limit of all files together, in number or size, was exceeded and reported.
    full: bool,
    refusals: Vec<Refusal>,
}

/// An entry of an open folder.
struct Entry {
    name: CString,
    kind: FileType,
}

impl Entry {
    fn is(&self, name: &str) -> bool {
        self.name.as_bytes() == name.as_bytes()
    }

    /// The printable form of the name.
    fn shown(&self) -> String {
        self.name.to_string_lossy().escape_debug().to_string()
    }
}

impl Walk<'_> {
    fn submission(&mut self, folder: &Path) {
        // Without a trailing slash, which would follow a link.
        let folder: std::path::PathBuf = folder.components().collect();
        let folder = match openat(CWD, &folder, FOLDER, Mode::empty()) {
            Ok(folder) => folder,
            Err(error) => return self.unreadable(".", error),
        };
        for entry in self.entries(&folder, ".") {
            self.above_sources(&folder, &entry, entry.shown());
        }
    }

    /// Handles an entry of the submission's folder, or of a folder in it that holds crates.
    fn above_sources(&mut self, folder: &OwnedFd, entry: &Entry, path: String) {
        let mut folders = crates().map(folder_of);
        let is_crate = folders.clone().any(|folder| folder == path);
        let holds_crates = folders.any(|folder| Path::new(folder).starts_with(&path));
        match entry.kind {
            FileType::Symlink if holds_crates => self.refuse(&path, Reason::Symlink),
            FileType::Directory if is_crate => self.krate(folder, entry, &path),
            FileType::Directory if holds_crates => {
                let Some(folder) = self.open(folder, entry, &path) else { return };
                for entry in self.entries(&folder, &path) {
                    self.above_sources(&folder, &entry, format!("{path}/{}", entry.shown()));
                }
            }
            _ => self.ignore(path),
        }
    }

    fn krate(&mut self, folder: &OwnedFd, entry: &Entry, krate: &str) {
        let Some(folder) = self.open(folder, entry, krate) else { return };
        for entry in self.entries(&folder, krate) {
            let path = format!("{krate}/{}", entry.shown());
            match entry.kind {
                FileType::Symlink if entry.is("src") => self.refuse(&path, Reason::Symlink),
                FileType::Directory if entry.is("src") => self.source(&folder, &entry, &path, 0),
                _ => self.ignore(path),
            }
        }
    }

    /// Reads a folder of sources. `depth` is the number of folders above this one, from `src` on.
    fn source(&mut self, folder: &OwnedFd, entry: &Entry, path: &str, depth: usize) {
        if depth > self.limits.depth {
            return self.refuse(path, Reason::TooDeep(self.limits.depth));
        }
        let Some(folder) = self.open(folder, entry, path) else { return };
        for entry in self.entries(&folder, path) {
            let shown = format!("{path}/{}", entry.shown());
            let Ok(name) = entry.name.to_str() else {
                self.refuse(&shown, Reason::NameNotUtf8);
                continue;
            };
            if name.contains(|c: char| c.is_control() || c == '\\') {
                self.refuse(&shown, Reason::NameNotPlain);
                continue;
            }
            let path = format!("{path}/{name}");
            match entry.kind {
                FileType::Directory => self.source(&folder, &entry, &path, depth + 1),
                FileType::RegularFile if name.ends_with(".rs") => self.file(&folder, &entry, path),
                FileType::RegularFile => self.ignore(path),
                FileType::Symlink => self.refuse(&path, Reason::Symlink),
                _ => self.refuse(&path, Reason::NotAFile),
            }
        }
    }

    fn file(&mut self, folder: &OwnedFd, entry: &Entry, path: String) {
        if self.full {
            return;
        }
        self.files += 1;
        if self.files > self.limits.files {
            self.full = true;
            return self.refuse(&path, Reason::TooManyFiles(self.limits.files));
        }
        let content = match self.content(folder, entry) {
            Ok(content) => content,
            Err(reason) => return self.refuse(&path, reason),
        };
        self.bytes += content.len() as u64;
        if self.bytes > self.limits.bytes {
            self.full = true;
            return self.refuse(&path, Reason::TooLargeInAll(self.limits.bytes));
        }
        match String::from_utf8(content) {
            Ok(text) => self.staged.files.push(SourceFile { path, text }),
            Err(_) => self.refuse(&path, Reason::ContentNotUtf8),
        }
    }

    fn content(&self, folder: &OwnedFd, entry: &Entry) -> Result<Vec<u8>, Reason> {
        let limit = self.limits.file_bytes;
        let file = openat(folder, &entry.name, FILE, Mode::empty()).map_err(reason)?;
        let stat = fstat(&file).map_err(reason)?;
        if FileType::from_raw_mode(stat.st_mode) != FileType::RegularFile {
            return Err(Reason::NotAFile);
        }
        if u64::try_from(stat.st_size).unwrap_or(0) > limit {
            return Err(Reason::TooLarge(limit));
        }
        let mut content = Vec::new();
        let read = File::from(file).take(limit + 1).read_to_end(&mut content);
        read.map_err(|error| Reason::Unreadable(error.to_string()))?;
        if content.len() as u64 > limit {
            return Err(Reason::TooLarge(limit));
        }
        Ok(content)
    }

    fn open(&mut self, folder: &OwnedFd, entry: &Entry, path: &str) -> Option<OwnedFd> {
        openat(folder, &entry.name, FOLDER, Mode::empty()).map_err(|error| self.unreadable(path, error)).ok()
    }

    /// The entries of a folder, in the order of names.
    fn entries(&mut self, folder: &OwnedFd, path: &str) -> Vec<Entry> {
        match self.read_folder(folder) {
            Ok(entries) => entries,
            Err(reason) => {
                self.refuse(path, reason);
                Vec::new()
            }
        }
    }

    fn read_folder(&mut self, folder: &OwnedFd) -> Result<Vec<Entry>, Reason> {
        let mut entries = Vec::new();
        for entry in Dir::read_from(folder.as_fd()).map_err(reason)? {
            let name = entry.map_err(reason)?.file_name().to_owned();
            if matches!(name.as_bytes(), b"." | b"..") {
                continue;
            }
            self.entries += 1;
            if self.entries > self.limits.entries {
                return Err(Reason::TooManyEntries(self.limits.entries));
            }
            let stat = statat(folder, &name, AtFlags::SYMLINK_NOFOLLOW).map_err(reason)?;
            entries.push(Entry { name, kind: FileType::from_raw_mode(stat.st_mode) });
        }
        entries.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(entries)
    }

    fn ignore(&mut self, path: String) {
        if self.staged.ignored.len() < self.limits.ignored {
            self.staged.ignored.push(path);
        } else {
            self.staged.ignored_besides += 1;
        }
    }

    fn refuse(&mut self, path: &str, reason: Reason) {
        self.refusals.push(Refusal { path: path.to_owned(), reason });
    }

    fn unreadable(&mut self, path: &str, error: Errno) {
        self.refuse(path, reason(error));
    }
}

/// The reason for an error of opening a file or folder without following links.
fn reason(error: Errno) -> Reason {
    match error {
        // The errors of Linux and other systems for a link that is not followed.
        Errno::LOOP | Errno::MLINK => Reason::Symlink,
        error => Reason::Unreadable(error.to_string()),
    }
}
