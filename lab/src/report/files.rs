//! [`ResultFile`]: a file for results, opened before the runs and written after them.

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};

use crate::error::CommandError;

/// A file that can be written. What it holds stays until the results are ready.
#[derive(Debug)]
pub(crate) struct ResultFile {
    file: File,
    path: PathBuf,
    option: &'static str,
}

impl ResultFile {
    /// Opens the file that was given for `option`, if one was.
    pub(crate) fn open(option: &'static str, path: Option<&Path>) -> Result<Option<Self>, CommandError> {
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

    /// Replaces the file's content.
    pub(crate) fn write(mut self, text: &str) -> Result<(), CommandError> {
        let written = self.replace(text);
        written.map_err(|cause| {
            CommandError::new(format!("cannot write {} {}: {cause}", self.option, self.path.display()))
        })
    }

    fn replace(&mut self, text: &str) -> std::io::Result<()> {
        // Devices and pipes have no length to set.
        if self.file.metadata()?.is_file() {
            self.file.set_len(0)?;
        }
        self.file.write_all(text.as_bytes())?;
        self.file.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_old_content_stays_until_the_new_is_there() {
        let path = std::env::temp_dir().join(format!("results-{}", std::process::id()));
        std::fs::write(&path, "what was there before").expect("a file for the test");
        let file = ResultFile::open("--json", Some(&path)).expect("opened").expect("a file");
        assert_eq!(std::fs::read_to_string(&path).expect("read"), "what was there before");
        file.write("new").expect("written");
        let content = std::fs::read_to_string(&path).expect("read");
        std::fs::remove_file(&path).expect("removed");
        assert_eq!(content, "new");
    }

    #[test]
    fn what_cannot_be_written_is_refused_by_name() {
        for path in ["/", "/no/such/folder/results.json", ""] {
            let refusal = ResultFile::open("--json", Some(Path::new(path))).expect_err("refused").to_string();
            assert!(refusal.contains(&format!("--json {path}")), "{refusal}");
        }
    }

    #[test]
    fn a_device_will_do() {
        let file =
            ResultFile::open("--junit", Some(Path::new("/dev/null"))).expect("opened").expect("a file");
        file.write("gone").expect("written");
    }
}
