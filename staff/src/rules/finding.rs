//! [`Finding`]: a location in the source that breaks a [`Rule`].

use std::fmt;

use serde::{Deserialize, Serialize};

/// A location in the source that breaks a rule.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Finding {
    /// The file's path in the submission: `raft/src/lib.rs`.
    pub file: String,
    /// The line, from 1.
    pub line: usize,
    /// The column in characters, from 1.
    pub column: usize,
    /// The rule.
    pub rule: Rule,
    /// The source text, truncated if it is long.
    pub found: String,
    /// The advice for the author, in a sentence.
    pub advice: String,
}

/// The consequence of a finding for the solution.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    /// The solution is refused.
    Violation,
    /// The finding is shown, and the solution is graded.
    Warning,
}

/// A rule for lab code. The text form is the name in snake case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Rule {
    /// `unsafe`, in any form.
    Unsafe,
    /// `extern` functions and blocks.
    Extern,
    /// `extern crate`.
    ExternCrate,
    /// Parts of std that use the system: processes, files, the network, the environment.
    System,
    /// `include!` and similar macros, which read files or the environment during the build.
    Embed,
    /// Assembly.
    Assembly,
    /// A static that is not plain data.
    Static,
    /// `thread_local!`.
    ThreadLocal,
    /// Another name for a crate or for a module of std, or std passed to a macro by name.
    Alias,
    /// A glob import of a whole crate.
    Glob,
    /// An attribute that lab code does not need.
    Attribute,
    /// An API that controls the simulation.
    Simulation,
    /// Panic hooks and caught panics.
    Unwinding,
    /// A function that may extend the lifetime of a borrow.
    Lifetime,
    /// An item that a crate reserves for its own macros.
    Hidden,
    /// Source that nests too deeply.
    Depth,
    /// A first line for the shell.
    Shebang,
    /// Threads, locks and channels of std. A warning.
    Blocking,
    /// The clock of std. A warning.
    Clock,
    /// Memory that is never freed. A warning.
    Leak,
}

impl Rule {
    /// The consequence of breaking the rule.
    #[must_use]
    pub fn severity(self) -> Severity {
        match self {
            Self::Blocking | Self::Clock | Self::Leak => Severity::Warning,
            _ => Severity::Violation,
        }
    }

    /// The advice if there is no more specific one.
    pub(super) fn advice(self) -> &'static str {
        match self {
            Self::Unsafe => "write it without `unsafe`; no lab needs it",
            Self::Extern => "lab code calls no foreign code; remove it",
            Self::ExternCrate => "remove it: crates can be named without it, and under their own names",
            Self::System => "lab code talks to others by `labrpc` and keeps what it must by `persister`",
            Self::Embed => "write what is needed into the source",
            Self::Assembly => "write it in Rust",
            Self::Static => "use a `const` for plain data, and a field of the server for everything else",
            Self::ThreadLocal => "all simulated servers share one thread; use a field of the server",
            Self::Alias => "name crates and their modules in full, by their own names",
            Self::Glob => "import by name what is needed",
            Self::Attribute => "remove the attribute",
            Self::Simulation => {
                "lab code uses labrt's `thread`, `sync`, `channel`, `time`, `rand` and `select!`, and \
                 labrpc's `ClientEnd`, `Service` and `service`; the rest is the tester's"
            }
            Self::Unwinding => "do not catch panics: they end the run, and are reported with their location",
            Self::Lifetime => {
                "write down which lifetime outlives the other (`'b: 'a`): where it is only implied, the \
                 compiler does not always check it"
            }
            Self::Hidden => "this is for the crate's own macros; use the documented API",
            Self::Depth => "take expressions and types apart into named ones",
            Self::Shebang => "remove the line",
            Self::Blocking => "use the replacement in `labrt`, or the simulation fails as blocked or foreign",
            Self::Clock => "use `labrt::time::Instant`",
            Self::Leak => "let it be dropped: a run has only so much memory",
        }
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.serialize(f)
    }
}

/// Characters of `found` that are kept.
const FOUND: usize = 80;

impl Finding {
    pub(super) fn at_line(rule: Rule, file: &str, line: usize, found: &str) -> Self {
        let (file, advice) = (file.to_owned(), rule.advice().to_owned());
        Self { file, line, column: 1, rule, found: cut(found), advice }
    }
}

/// The text, truncated.
pub(super) fn cut(found: &str) -> String {
    match found.char_indices().nth(FOUND) {
        Some((end, _)) => format!("{}…", &found[..end]),
        None => found.to_owned(),
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { file, line, column, rule, found, advice } = self;
        write!(f, "{file}:{line}:{column}: {rule}: `{found}`: {advice}")
    }
}
