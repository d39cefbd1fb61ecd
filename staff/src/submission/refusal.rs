//! [`Refusal`]: a reason to refuse a submission.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{crates, folder_of};

/// A file or folder for which a submission is refused.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Refusal {
    /// The path from the submission's folder (`.` is the folder itself), with unprintable characters escaped.
    pub path: String,
    /// The problem.
    pub reason: Reason,
}

/// The problem with a file or folder of a submission.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Reason {
    /// It is a symbolic link.
    Symlink,
    /// It is neither a file nor a folder: a pipe, a socket, a device.
    NotAFile,
    /// Its name is not UTF-8.
    NameNotUtf8,
    /// Its name contains a control character or a backslash.
    NameNotPlain,
    /// Its content is not UTF-8.
    ContentNotUtf8,
    /// It is a file of more bytes than this.
    TooLarge(u64),
    /// With it, all files together have more bytes than this.
    TooLargeInAll(u64),
    /// With it, there are more files than this.
    TooManyFiles(usize),
    /// With it, there are more directory entries in all folders than this. It was not read completely.
    TooManyEntries(usize),
    /// It is more than this many folders below `src`.
    TooDeep(usize),
    /// It cannot be read, for this reason.
    Unreadable(String),
    /// There is nothing to grade.
    Nothing,
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Symlink => f.write_str("is a symbolic link; hand in the file itself"),
            Self::NotAFile => f.write_str("is neither a file nor a folder"),
            Self::NameNotUtf8 => f.write_str("has a name that is not UTF-8"),
            Self::NameNotPlain => f.write_str("has a control character or a backslash in its name"),
            Self::ContentNotUtf8 => f.write_str("is not UTF-8 text"),
            Self::TooLarge(limit) => write!(f, "is larger than {limit} bytes"),
            Self::TooLargeInAll(limit) => write!(f, "makes all files together larger than {limit} bytes"),
            Self::TooManyFiles(limit) => write!(f, "is one file more than {limit}"),
            Self::TooManyEntries(limit) => {
                write!(f, "has more entries than the {limit} that are read")
            }
            Self::TooDeep(limit) => write!(f, "is more than {limit} folders below `src`"),
            Self::Unreadable(why) => write!(f, "cannot be read: {why}"),
            Self::Nothing => {
                let folders: Vec<String> = crates().map(|name| format!("{}/src", folder_of(name))).collect();
                let folders = folders.join(", ");
                write!(f, "has nothing to grade: no file ends in .rs in any of {folders}")
            }
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.path, self.reason)
    }
}
