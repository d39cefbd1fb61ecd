//! [`check`]: is there something in a solution's source that lab code has no business with?
//!
//! Who writes such code on purpose can hide it from everybody who only reads. So what is found here is a
//! message for people who did not know, with file and line; what defends the grader is the sandbox, and
//! memory that joins the servers of a simulation is seen in the [object code](crate::build::Inspection).
//!
//! The source is looked at as tokens, for macros and attributes have nothing else, and a word in a macro may
//! become whatever the macro makes of it. `scan` walks over them; `paths`, `attributes` and `words` know what
//! is allowed; `imports` and `macros` know what names stand for; `items` finds in the syntax tree which
//! statics are harmless, what is compiled for tests alone, and which files modules name; `lifetimes` finds
//! functions that an error of the compiler would let make a borrow live too long; `depth` keeps source that
//! nests without end from the parser.

mod attributes;
mod depth;
mod finding;
mod forbidden_idents;
mod imports;
mod items;
mod lifetimes;
mod macros;
mod paths;
mod scan;
mod tokens;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::thread;

use proc_macro2::{LexError, TokenStream};
use serde::{Deserialize, Serialize};

use crate::submission::{SourceFile, crate_of, crates, folder_of};
pub use finding::{Finding, Rule, Severity};
use items::Items;
use macros::Macros;

/// Enough for the deepest source that `depth` lets pass, in a debug build too. Memory that is not touched
/// costs nothing.
const STACK: usize = 1 << 30;

/// More violations than this, or more warnings, of one file are counted and not kept.
const KEPT: usize = 100;

/// What was found in a solution.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Findings {
    /// For these a solution is refused; by file, line and column.
    pub violations: Vec<Finding>,
    /// These are shown.
    pub warnings: Vec<Finding>,
    /// Files that do not parse. The compiler will say so in better words; if it does not, the rules have not
    /// read what it compiled, and the solution must be refused.
    pub unparsed: Vec<Unparsed>,
    /// How many violations and warnings more there are than were kept: a hundred of each a file.
    pub besides: usize,
}

/// A file that is not Rust, as far as the rules can read it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unparsed {
    /// Which, as the submission has it.
    pub file: String,
    /// The line, from 1.
    pub line: usize,
    /// The column in characters, from 1.
    pub column: usize,
    /// What was expected there.
    pub message: String,
}

/// Why a solution could not be checked.
#[derive(Debug, thiserror::Error)]
pub enum CheckError {
    /// The system does not let us have a thread with a stack that is large enough.
    #[error("cannot start a thread with a stack of {STACK} bytes: {0}")]
    Thread(#[from] std::io::Error),
    /// The rules panicked, which is a mistake of ours. The solution must not be graded.
    #[error("the rules panicked")]
    Panicked,
}

/// Checks files of a solution, as [`submission`](crate::submission) gives them: each as if the compiler read
/// it.
///
/// The same files have the same findings. Takes less than a second a megabyte, and never reads anything but
/// `files`.
///
/// # Errors
///
/// See [`CheckError`].
pub fn check(files: &[SourceFile]) -> Result<Findings, CheckError> {
    with_stack(|| check_here(files))
}

/// The files of a solution that the compiler reads in any case: `lib.rs` of each crate, and what modules name
/// from there without a condition. It may read others, and says so in the
/// [end](crate::build::Inspection::read).
///
/// # Errors
///
/// See [`CheckError`].
pub fn certain(files: &[SourceFile]) -> Result<Vec<SourceFile>, CheckError> {
    with_stack(|| {
        let mut certain: BTreeSet<String> =
            crates().map(|name| format!("{}/src/lib.rs", folder_of(name))).collect();
        let mut next: Vec<String> = certain.iter().cloned().collect();
        while let Some(path) = next.pop() {
            let file = files.iter().find(|file| file.path == path);
            let Some(Ok((Read { items: Some(items), .. }, _))) = file.map(read) else { continue };
            next.extend(items.modules().iter().filter(|path| certain.insert((*path).clone())).cloned());
        }
        files.iter().filter(|file| certain.contains(&file.path)).cloned().collect()
    })
}

/// Syntax trees are walked by recursion.
fn with_stack<T: Send>(work: impl FnOnce() -> T + Send) -> Result<T, CheckError> {
    thread::scope(|scope| {
        let working = thread::Builder::new().name("rules".to_owned()).stack_size(STACK);
        let working = working.spawn_scoped(scope, work)?;
        working.join().map_err(|_| CheckError::Panicked)
    })
}

/// What is known of a file before it is scanned.
struct Read<'a> {
    file: &'a SourceFile,
    tokens: TokenStream,
    /// `None`: it does not parse.
    items: Option<Items>,
}

fn check_here(files: &[SourceFile]) -> Findings {
    let mut findings = Findings::default();
    let mut crates: BTreeMap<&str, Vec<Read<'_>>> = BTreeMap::new();
    for file in files {
        match read(file) {
            Ok((read, unparsed)) => {
                findings.unparsed.extend(unparsed);
                let name = crate_of(Path::new(&file.path)).unwrap_or_default();
                crates.entry(name).or_default().push(read);
            }
            Err(Unreadable::Refused(finding)) => findings.violations.push(finding),
            Err(Unreadable::NoTokens(unparsed)) => findings.unparsed.push(unparsed),
        }
    }
    let macros = Macros::of(crates.values().flatten().map(|read| &read.tokens));
    for files in crates.values() {
        check_crate(files, &macros, &mut findings);
    }
    findings.violations.sort();
    findings.warnings.sort();
    findings
}

enum Unreadable {
    Refused(Finding),
    NoTokens(Unparsed),
}

fn read(file: &SourceFile) -> Result<(Read<'_>, Option<Unparsed>), Unreadable> {
    let text = file.text.strip_prefix('\u{feff}').unwrap_or(&file.text);
    let refused = |rule, found: &str| Unreadable::Refused(Finding::at_line(rule, &file.path, 1, found));
    // Whether the compiler takes it for a line of the shell or for an attribute depends on what follows.
    if text.starts_with("#!") && !text.starts_with("#![") {
        return Err(refused(Rule::Shebang, "#!"));
    }
    let unparsed = |span: proc_macro2::Span, message: String| Unparsed {
        file: file.path.clone(),
        line: span.start().line,
        column: span.start().column + 1,
        message,
    };
    let tokens: TokenStream = text.parse().map_err(|error: LexError| {
        Unreadable::NoTokens(unparsed(error.span(), "what stands here is no token of Rust".to_owned()))
    })?;
    if let Some(line) = depth::too_deep(&tokens) {
        return Err(Unreadable::Refused(Finding::at_line(Rule::Depth, &file.path, line, "this line")));
    }
    match syn::parse2::<syn::File>(tokens.clone()) {
        Ok(parsed) => {
            let items = Some(Items::of(&parsed, &file.path));
            Ok((Read { file, tokens, items }, None))
        }
        Err(error) => {
            let unparsed = unparsed(error.span(), error.to_string());
            Ok((Read { file, tokens, items: None }, Some(unparsed)))
        }
    }
}

fn check_crate(files: &[Read<'_>], macros: &Macros, findings: &mut Findings) {
    for read in files {
        let found = scan::scan(&read.file.path, &read.tokens, read.items.as_ref(), macros);
        let (violations, warnings): (Vec<_>, Vec<_>) =
            found.into_iter().partition(|finding| finding.rule.severity() == Severity::Violation);
        // Each kind has its own room, so that warnings cannot push a violation out.
        for (found, kept) in [(violations, &mut findings.violations), (warnings, &mut findings.warnings)] {
            findings.besides += found.len().saturating_sub(KEPT);
            kept.extend(found.into_iter().take(KEPT));
        }
    }
}
