//! [`Limits`]: the size limits of a submission.

/// The size limits of a submission. A submission above a limit is refused, and not read completely.
///
/// The default is far above every honest solution: the reference has 11 files and 70 kB.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of one file.
    pub file_bytes: u64,
    /// Bytes of all files together.
    pub bytes: u64,
    /// Number of files.
    pub files: usize,
    /// Folders between `src` and a file.
    pub depth: usize,
    /// Directory entries in all folders together, ignored ones included.
    pub entries: usize,
    /// Ignored entries that are listed by name.
    pub ignored: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { file_bytes: 1 << 20, bytes: 8 << 20, files: 500, depth: 16, entries: 10_000, ignored: 100 }
    }
}
