//! [`Finding`]: a place in the source that breaks a [`Rule`].

use std::fmt;

use serde::{Deserialize, Serialize};

/// A place in the source that breaks a rule.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Finding {
    /// The file, as the submission has it: `raft/src/lib.rs`.
    pub file: String,
    /// The line, from 1.
    pub line: usize,
    /// The column in characters, from 1.
    pub column: usize,
    /// Which rule.
    pub rule: Rule,
    /// What stands there, cut if it is long.
    pub found: String,
    /// What to do instead, in a sentence.
    pub advice: String,
}

/// What a finding means for the solution.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    /// The solution is refused.
    Violation,
    /// It is shown, and the solution is graded.
    Warning,
}

/// What lab code must not do. The text form is the name in snake case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Rule {
    /// `unsafe`, in whatever form.
    Unsafe,
    /// `extern` functions and blocks.
    Extern,
    /// `extern crate`.
    ExternCrate,
    /// Parts of std that reach the system: processes, files, the network, the environment.
    System,
    /// `include!` and its kin, which read files or the environment while the solution is built.
    Embed,
    /// Assembly.
    Assembly,
    /// A static that is not plain data.
    Static,
    /// `thread_local!`.
    ThreadLocal,
    /// Another name for a crate or for a module of std, or std passed to a macro by name.
    Alias,
    /// All of a crate at once.
    Glob,
    /// An attribute that is not of those which lab code needs.
    Attribute,
    /// What controls the simulation.
    Simulation,
    /// Panic hooks and caught panics.
    Unwinding,
    /// A function that may give a borrow back for longer than it was given.
    Lifetime,
    /// What a crate keeps for its own macros.
    Hidden,
    /// Source that nests deeper than any that people write.
    Depth,
    /// A first line that is for the shell.
    Shebang,
    /// Threads, locks and channels of std. A warning.
    Blocking,
    /// The clock of std. A warning.
    Clock,
    /// Memory that is never given back. A warning.
    Leak,
}

impl Rule {
    /// What breaking it means.
    #[must_use]
    pub fn severity(self) -> Severity {
        match self {
            Self::Blocking | Self::Clock | Self::Leak => Severity::Warning,
            _ => Severity::Violation,
        }
    }

    /// What to do instead, where nothing more exact is known.
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
                "lab code uses labrt's `thread`, `sync`, `channel`, `time`, `rand` and `select!`, and labrpc's `ClientEnd`, `Service` and `service`; the rest is the tester's"
            }
            Self::Unwinding => "let panics be: they end the run, and are reported with their place",
            Self::Lifetime => {
                "write down which lifetime outlives the other (`'b: 'a`): where it is only implied, the compiler does not always check it"
            }
            Self::Hidden => "this is for the crate's own macros; use what the crate documents",
            Self::Depth => "take expressions and types apart into named ones",
            Self::Shebang => "remove the line",
            Self::Blocking => {
                "use what `labrt` has in its place, or the simulation fails as blocked or foreign"
            }
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

/// The beginning of what was found.
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
