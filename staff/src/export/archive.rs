//! [`Archive`]: a zip whose bytes depend on its content alone.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Cursor, Write};
use std::path::Path;

use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipWriter};

/// Files by their paths in the zip, which give their order.
#[derive(Debug, Default)]
pub(super) struct Archive {
    files: BTreeMap<String, File>,
}

#[derive(Debug)]
struct File {
    content: Vec<u8>,
    executable: bool,
}

impl Archive {
    /// Adds a file.
    pub(super) fn add(&mut self, path: impl Into<String>, content: impl Into<Vec<u8>>) {
        self.files.insert(path.into(), File { content: content.into(), executable: false });
    }

    /// Adds a file that can be executed.
    pub(super) fn add_program(&mut self, path: impl Into<String>, content: impl Into<Vec<u8>>) {
        self.files.insert(path.into(), File { content: content.into(), executable: true });
    }

    /// Adds a file, or a folder with all files in it, as `to`. Links are left out.
    ///
    /// # Errors
    ///
    /// Something cannot be read, or has a name that is not Unicode.
    pub(super) fn copy(&mut self, from: &Path, to: &str) -> io::Result<()> {
        let about = fs::symlink_metadata(from)?;
        if about.is_dir() {
            for entry in fs::read_dir(from)? {
                let name = entry?.file_name();
                let name = name.to_str().ok_or_else(|| {
                    io::Error::other(format!("{}: not Unicode", from.join(&name).display()))
                })?;
                self.copy(&from.join(name), &format!("{to}/{name}"))?;
            }
        } else if about.is_file() {
            self.add(to, fs::read(from)?);
        }
        Ok(())
    }

    /// The zip: files in the order of their paths, with one time and two kinds of permissions.
    ///
    /// # Errors
    ///
    /// There is too much of it for a zip, or a path is a file and a folder.
    pub(super) fn to_zip(&self) -> io::Result<Vec<u8>> {
        let folders = |path: &str| path.match_indices('/').map(|(end, _)| end).collect::<Vec<_>>();
        for path in self.files.keys() {
            if let Some(end) = folders(path).into_iter().find(|&end| self.files.contains_key(&path[..end])) {
                return Err(io::Error::other(format!("{} is a file and a folder", &path[..end])));
            }
        }
        let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
        for (path, File { content, executable }) in &self.files {
            let options = SimpleFileOptions::default()
                .compression_method(CompressionMethod::Deflated)
                .last_modified_time(DateTime::default())
                .unix_permissions(if *executable { 0o755 } else { 0o644 });
            zip.start_file(path, options)?;
            zip.write_all(content)?;
        }
        Ok(zip.finish()?.into_inner())
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use zip::ZipArchive;

    use super::*;

    #[test]
    fn a_path_cannot_be_a_file_and_a_folder() {
        let mut archive = Archive::default();
        archive.add_program("labs/lab", "");
        archive.add("labs/lab-x", "");
        archive.to_zip().unwrap();
        archive.add("labs/lab/src/lib.rs", "");
        let error = archive.to_zip().unwrap_err().to_string();
        assert_eq!(error, "labs/lab is a file and a folder");
    }

    #[test]
    fn the_bytes_depend_on_the_content_alone() {
        let folder = tempfile::tempdir().unwrap();
        let zip = |order: &[&str]| {
            let from = folder.path().join(order[0]);
            fs::create_dir_all(from.join("src/deep")).unwrap();
            for name in order {
                fs::write(from.join("src").join(name), name).unwrap();
            }
            fs::write(from.join("src/deep/x.rs"), "x").unwrap();
            let mut archive = Archive::default();
            archive.add_program("run", "#!/bin/sh\n");
            archive.copy(&from.join("src"), "labs/src").unwrap();
            archive.to_zip().unwrap()
        };
        let first = zip(&["b.rs", "a.rs"]);
        std::thread::sleep(std::time::Duration::from_millis(20));
        assert_eq!(first, zip(&["a.rs", "b.rs"]));

        let mut read = ZipArchive::new(Cursor::new(first)).unwrap();
        let names: Vec<String> = read.file_names().map(str::to_owned).collect();
        assert_eq!(names, ["labs/src/a.rs", "labs/src/b.rs", "labs/src/deep/x.rs", "run"]);
        let mode =
            |read: &mut ZipArchive<_>, name: &str| read.by_name(name).unwrap().unix_mode().unwrap() & 0o777;
        assert_eq!((mode(&mut read, "run"), mode(&mut read, "labs/src/a.rs")), (0o755, 0o644));
        let mut text = String::new();
        read.by_name("labs/src/b.rs").unwrap().read_to_string(&mut text).unwrap();
        assert_eq!(text, "b.rs");
    }
}
