//! [`ResultFile`]: a file for results, opened before the runs and replaced during them.

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};

use crate::error::CommandError;

/// A writable file. Its old content stays until there are results.
#[derive(Debug)]
pub struct ResultFile {
    file: File,
    path: PathBuf,
    option: &'static str,
}

impl ResultFile {
    /// Opens the file of the option `option`, if it was given.
    ///
    /// # Errors
    ///
    /// It cannot be opened for writing.
    pub fn open(option: &'static str, path: Option<&Path>) -> Result<Option<Self>, CommandError> {
        let Some(path) = path else { return Ok(None) };
        let file = File::options().write(true).create(true).truncate(false).open(path);
        let file = file.map_err(|cause| {
            CommandError::new(format!(
                "cannot write {option} {}: {cause}; give a file in a folder that exists and can be written",
                path.display()
            ))
        })?;
        Ok(Some(Self { file, path: path.to_owned(), option }))
    }

    /// Whether the file is a regular one, whose content can be replaced. A device or a pipe takes results
    /// once.
    pub(crate) fn can_be_replaced(&self) -> bool {
        self.file.metadata().is_ok_and(|about| about.is_file())
    }

    /// Replaces the file's content, atomically if the folder is writable: a process that is killed meanwhile
    /// leaves the old content.
    ///
    /// # Errors
    ///
    /// It cannot be written.
    pub fn write(&self, text: &str) -> Result<(), CommandError> {
        let written =
            if self.can_be_replaced() && self.replace(text).is_ok() { Ok(()) } else { self.overwrite(text) };
        written.map_err(|cause| {
            CommandError::new(format!("cannot write {} {}: {cause}", self.option, self.path.display()))
        })
    }

    fn replace(&self, text: &str) -> std::io::Result<()> {
        // A symbolic link is kept.
        let path = fs::canonicalize(&self.path)?;
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        // The name is always the same, so the next command replaces the draft of one that was killed.
        let draft = path.with_file_name(format!(".{name}.draft"));
        let replace = || {
            let mut file = File::create(&draft)?;
            file.set_permissions(self.file.metadata()?.permissions())?;
            file.write_all(text.as_bytes())?;
            fs::rename(&draft, &path)
        };
        replace().inspect_err(|_| {
            // The draft may not exist.
            let _ = fs::remove_file(&draft);
        })
    }

    fn overwrite(&self, text: &str) -> std::io::Result<()> {
        if self.can_be_replaced() {
            // By name: the open file may have been replaced since.
            return fs::write(&self.path, text);
        }
        let mut file = &self.file;
        file.write_all(text.as_bytes())?;
        file.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_old_content_stays_until_the_new_is_there() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("results");
        fs::write(&path, "what was there before").expect("a file for the test");
        let file = ResultFile::open("--json", Some(&path)).expect("opened").expect("a file");
        let content = || fs::read_to_string(&path).expect("read");
        assert_eq!(content(), "what was there before");
        for text in ["new, and long", "newer"] {
            file.write(text).expect("written");
            assert_eq!(content(), text);
        }
        assert_eq!(fs::read_dir(folder.path()).expect("a folder").count(), 1, "a draft is left");
        // Where the folder is not writable, the content is overwritten.
        for text in ["first, and long", "second"] {
            let file = ResultFile::open("--json", Some(&path)).expect("opened").expect("a file");
            file.overwrite(text).expect("written");
            file.overwrite(&text[..4]).expect("written");
            assert_eq!(content(), text[..4]);
        }
    }

    #[test]
    fn a_symbolic_link_is_kept() {
        let folder = tempfile::tempdir().expect("a folder");
        let (path, link) = (folder.path().join("results"), folder.path().join("link"));
        fs::write(&path, "old").expect("a file");
        std::os::unix::fs::symlink(&path, &link).expect("a link");
        let file = ResultFile::open("--json", Some(&link)).expect("opened").expect("a file");
        file.write("new").expect("written");
        assert_eq!(fs::read_to_string(&path).expect("read"), "new");
        assert!(link.is_symlink());
    }

    #[test]
    fn a_file_that_cannot_be_written_is_refused_by_name() {
        for path in ["/", "/no/such/folder/results.json", ""] {
            let refusal = ResultFile::open("--json", Some(Path::new(path))).expect_err("refused").to_string();
            assert!(refusal.contains(&format!("--json {path}")), "{refusal}");
        }
    }

    #[test]
    fn a_device_is_accepted() {
        let file =
            ResultFile::open("--junit", Some(Path::new("/dev/null"))).expect("opened").expect("a file");
        assert!(!file.can_be_replaced());
        file.write("gone").expect("written");
    }
}
