//! [`check`]: finds constructs in a solution's source that lab code may not use.
//!
//! An author with intent can hide such code from any check of the source. So a finding is advice, with file
//! and line, for people who did not know the rules. The sandbox protects the grader, and memory shared by the
//! servers of a simulation is found in the [object code](crate::build::Inspection).
//!
//! The source is checked as tokens, because macros and attributes have no other structure, and a macro may
//! turn an identifier into anything. `scan` walks over the tokens; `paths`, `attributes` and
//! `forbidden_idents` know what is allowed; `imports` and `macros` resolve names; `items` finds in the syntax
//! tree the harmless statics, the items compiled for tests only, and the files that modules name; `lifetimes`
//! finds functions that exploit an unsoundness of the compiler to extend a borrow; `depth` refuses source
//! that nests too deeply for the parser.

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

/// The stack size: enough for the deepest source that `depth` accepts, in a debug build too. Untouched pages
/// cost nothing.
const STACK: usize = 1 << 30;

/// The number of violations, and of warnings, that are kept for one file.
const KEPT: usize = 100;

/// The findings in a solution.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Findings {
    /// Violations, for which a solution is refused, sorted by file, line and column.
    pub violations: Vec<Finding>,
    /// Warnings, sorted in the same way.
    pub warnings: Vec<Finding>,
    /// Files that do not parse. The compiler reports a better error. If it does not, the rules have not
    /// checked what it compiled, and the solution must be refused.
    pub unparsed: Vec<Unparsed>,
    /// The number of violations and warnings beyond those that are kept: a hundred of each for a file.
    pub besides: usize,
}

/// A file that the rules cannot parse.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unparsed {
    /// The file's path in the submission.
    pub file: String,
    /// The line, from 1.
    pub line: usize,
    /// The column in characters, from 1.
    pub column: usize,
    /// The parser's message.
    pub message: String,
}

/// The reason why a solution could not be checked.
#[derive(Debug, thiserror::Error)]
pub enum CheckError {
    /// A thread with a stack of the required size cannot be started.
    #[error("cannot start a thread with a stack of {STACK} bytes: {0}")]
    Thread(#[from] std::io::Error),
    /// The rules panicked, which is a bug of this crate. The solution must not be graded.
    #[error("the rules panicked")]
    Panicked,
}

/// Checks files of a solution, as [`submission`](crate::submission) gives them, as if the compiler read each
/// of them.
///
/// The same files have the same findings. A check takes less than a second per megabyte, and reads nothing
/// but `files`.
///
/// # Errors
///
/// See [`CheckError`].
pub fn check(files: &[SourceFile]) -> Result<Findings, CheckError> {
    with_stack(|| check_here(files))
}

/// The files of a solution that the compiler certainly reads: `lib.rs` of each crate, and the files of
/// modules that are declared unconditionally from there. The compiler may read others: see
/// [`Inspection::read`](crate::build::Inspection::read).
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

/// Runs `work` on a thread with a large stack: syntax trees are walked recursively.
fn with_stack<T: Send>(work: impl FnOnce() -> T + Send) -> Result<T, CheckError> {
    thread::scope(|scope| {
        let working = thread::Builder::new().name("rules".to_owned()).stack_size(STACK);
        let working = working.spawn_scoped(scope, work)?;
        working.join().map_err(|_| CheckError::Panicked)
    })
}

/// A file before it is scanned.
struct Read<'a> {
    file: &'a SourceFile,
    tokens: TokenStream,
    /// `None` if the file does not parse.
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
    // The next token decides whether the compiler takes it for a shebang or for an attribute.
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
        Unreadable::NoTokens(unparsed(error.span(), "this is not a Rust token".to_owned()))
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
        // Each kind has its own limit, so that warnings cannot displace violations.
        for (found, kept) in [(violations, &mut findings.violations), (warnings, &mut findings.warnings)] {
            findings.besides += found.len().saturating_sub(KEPT);
            kept.extend(found.into_iter().take(KEPT));
        }
    }
}
