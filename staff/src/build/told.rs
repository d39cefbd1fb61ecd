//! The messages about a build that students see: their errors, without the compiler's internals and without
//! paths of this machine.

use std::path::{Path, PathBuf};

use super::{Base, Toolchain, Workspace};

/// Path prefixes on this machine, and their replacements in messages.
pub(super) struct PathNames(Vec<(String, &'static str)>);

impl PathNames {
    pub(super) fn new(base: &Base, workspace: &Workspace) -> Self {
        let Toolchain { folder, cargo_home, .. } = base.toolchain();
        let (sources, target) = (workspace.sources(), workspace.target());
        let above = sources.parent().unwrap_or(&sources).to_owned();
        let all: [(PathBuf, &'static str); 8] = [
            (target, "target/"),
            (sources, ""),
            (above, ""),
            (base.framework(), ""),
            (base.folder().to_owned(), ""),
            (folder.join("lib/rustlib/src/rust"), ""),
            (folder.clone(), "rust/"),
            (cargo_home.clone(), "cargo/"),
        ];
        Self::of(&all)
    }

    fn of(all: &[(PathBuf, &'static str)]) -> Self {
        let prefix = |path: &Path| format!("{}/", path.display());
        let mut prefixes: Vec<_> = all.iter().map(|(path, name)| (prefix(path), *name)).collect();
        // Longest first, because one prefix may contain another.
        prefixes.sort_by_key(|(prefix, _)| std::cmp::Reverse(prefix.len()));
        Self(prefixes)
    }

    /// The text with all prefixes replaced.
    pub(super) fn apply(&self, text: &str) -> String {
        let known = self.0.iter().fold(text.to_owned(), |text, (prefix, name)| text.replace(prefix, name));
        // Crates of the registry, and the standard library's build paths.
        let registry = without_component(&known, "cargo/registry/src/");
        without_component(&registry, "/rustc/")
    }
}

/// The text without each `start` and the path component after it.
fn without_component(text: &str, start: &str) -> String {
    let mut pieces = text.split(start);
    let mut kept = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let name = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
        match piece.split_once('/').filter(|(component, _)| component.chars().all(name)) {
            Some((_, rest)) => kept += rest,
            None => {
                kept += start;
                kept += piece;
            }
        }
    }
    kept
}

/// The compiler's own name for an internal error.
const INTERNAL: &str = "error: internal compiler error";

/// An error as the compiler renders it. An internal error is reduced to its location in the student's source.
pub(super) fn error(level: &str, rendered: &str) -> String {
    let is_internal = level == INTERNAL
        || rendered.starts_with(INTERNAL)
        || rendered.starts_with("error: the compiler unexpectedly panicked");
    if !is_internal {
        return rendered.to_owned();
    }
    let location = rendered.lines().skip_while(|line| !line.trim_start().starts_with("-->"));
    let location = location.take_while(|line| {
        let text = line.trim_start();
        !(text.is_empty() || text.starts_with("note:") || text.starts_with("= note:") || is_frame(line))
    });
    let location: String = location.map(|line| format!("{line}\n")).collect();
    format!("error: the compiler itself failed here: it has a bug that other code avoids\n{location}\n")
}

/// The output of cargo and the compiler for a build that failed without an error in a crate.
pub(super) fn of_cargo(output: &str) -> String {
    let crashed = output.contains("rustc interrupted by") || output.contains("(signal: ");
    let mut lines = Vec::new();
    let mut within = Within::Nothing;
    for line in output.lines() {
        within = match line.trim() {
            "stack backtrace:" => Within::Frames,
            "query stack during panic:" => Within::Queries,
            "end of query stack" if within == Within::Queries => {
                within = Within::Nothing;
                continue;
            }
            _ if within == Within::Frames && !is_frame(line) => Within::Nothing,
            _ => within,
        };
        if within == Within::Nothing && !is_of_the_compiler(line) {
            lines.push(cause(line));
        }
    }
    // Removed lines leave blank lines behind.
    lines.dedup_by(|line, before| line.trim().is_empty() && before.trim().is_empty());
    let rest = lines.join("\n");
    let rest = rest.trim();
    if crashed {
        format!("the compiler crashed: code that is nested or chained very deeply can do that\n{rest}")
    } else {
        rest.to_owned()
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Within {
    Nothing,
    /// A backtrace.
    Frames,
    /// The compiler's query stack.
    Queries,
}

/// Whether the line belongs to a backtrace: `12: name`, or `at file:line`.
fn is_frame(line: &str) -> bool {
    let text = line.trim_start();
    let numbered = text
        .split_once(':')
        .is_some_and(|(number, _)| !number.is_empty() && number.chars().all(|c| c.is_ascii_digit()));
    line.starts_with(' ') && (numbered || text.starts_with("at "))
}

/// Whether the line is about the compiler itself or the system's loader.
fn is_of_the_compiler(line: &str) -> bool {
    const BEGINNINGS: [&str; 12] = [
        "thread 'rustc'",
        "note: we would appreciate a bug report",
        "note: please make sure that you have updated",
        "note: please attach the file",
        "note: rustc ",
        "note: compiler flags",
        "note: some of the compiler flags",
        "note: run with `RUST_BACKTRACE",
        "note: backtrace of",
        "help: you can increase rustc's stack size",
        "error: rustc interrupted by",
        "### ",
    ];
    let text = line.trim_start();
    BEGINNINGS.iter().any(|beginning| text.starts_with(beginning))
        // A frame with an address in a library.
        || text.ends_with(']') && text.contains("[0x")
}

/// The result of a command that cargo quotes, without the command.
fn cause(line: &str) -> String {
    match (line.find("didn't exit successfully: `"), line.rfind("` (")) {
        (Some(start), Some(end)) if start < end => {
            let text = &line[..start];
            format!("{text}did not end well: {}", &line[end + 2..])
        }
        _ => line.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_of_this_machine_are_replaced() {
        let all = [
            (PathBuf::from("/home/ta/out/.grading/work/ann/workspace"), ""),
            (PathBuf::from("/home/ta/out/.grading/work/ann/target"), "target/"),
            (PathBuf::from("/home/ta/.rustup/toolchains/stable/lib/rustlib/src/rust"), ""),
            (PathBuf::from("/home/ta/.rustup/toolchains/stable"), "rust/"),
            (PathBuf::from("/home/ta/.cargo"), "cargo/"),
        ];
        let output = "  --> /home/ta/out/.grading/work/ann/workspace/raft/src/lib.rs:3:1\n\
            note: /home/ta/.rustup/toolchains/stable/lib/rustlib/src/rust/library/\
            std/src/thread/mod.rs:723:8\n\
            note: /home/ta/.cargo/registry/src/index.crates.io-1949cf8c6b5b557f/serde-1.0.0/src/lib.rs:1:1\n\
            note: written to '/home/ta/out/.grading/work/ann/target/release/deps/x.long-type-1.txt'\n\
            note: /rustc/29483883eed69d5fb4db01964cdf2af4d86e9cb2/library/core/src/ops/function.rs:250:5\n\
            note: `/rustc/` and cargo/registry/src/ are no paths";
        let expected = "  --> raft/src/lib.rs:3:1\n\
            note: library/std/src/thread/mod.rs:723:8\n\
            note: serde-1.0.0/src/lib.rs:1:1\n\
            note: written to 'target/release/deps/x.long-type-1.txt'\n\
            note: library/core/src/ops/function.rs:250:5\n\
            note: `/rustc/` and cargo/registry/src/ are no paths";
        assert_eq!(PathNames::of(&all).apply(output), expected);
    }

    #[test]
    fn an_internal_compiler_error_is_reduced_to_its_location() {
        let own = "error[E0308]: mismatched types\n --> raft/src/lib.rs:1:1\n  = note: 1: expected\n";
        assert_eq!(error("error", own), own);
        let internal = "error: internal compiler error: compiler/rustc_middle/src/ty.rs:1:2: broken MIR\n  \
            --> raft/src/lib.rs:10:5\n   |\n10 |     loop {}\n   |     ^^^^^^^\n   |\n   \
            = note: delayed at compiler/rustc_borrowck/src/lib.rs\n             \
            0: <rustc_errors::DiagCtxtInner>::emit_diagnostic\n                   \
            at /rustc/1/compiler/x.rs:1\n\n";
        let message = error(INTERNAL, internal);
        assert!(
            message.contains("--> raft/src/lib.rs:10:5") && message.contains("10 |     loop {}"),
            "{message}"
        );
        assert!(
            !message.contains("rustc_") && !message.contains("/rustc/") && !message.contains("MIR"),
            "{message}"
        );
        let panicked = error("error", "error: the compiler unexpectedly panicked. this is a bug.\n\n");
        assert!(panicked.starts_with("error: the compiler itself failed"), "{panicked}");
    }

    #[test]
    fn a_compiler_crash_is_reported_without_internals() {
        let output = "error: rustc interrupted by SIGSEGV, printing backtrace\n\n\
            /home/ta/.rustup/toolchains/stable/lib/librustc_driver-1.so(+0x3c4b2f3)[0x7f1a5e44b2f3]\n\
            /lib/x86_64-linux-gnu/libc.so.6(+0x3c050)[0x7f1a5a45c050]\n\n\
            ### cycle encountered after 5 frames with period 6\n### recursed 255 times\n\n\
            note: rustc unexpectedly overflowed its stack! this is a bug\n\
            note: maximum backtrace depth reached\n\
            help: you can increase rustc's stack size by setting RUST_MIN_STACK=16777216\n\
            error: could not compile `raft` (lib)\n\nCaused by:\n  \
            process didn't exit successfully: `/home/ta/.rustup/bin/rustc --crate-name raft --edition=2024` \
            (signal: 11, SIGSEGV: invalid memory reference)\n";
        let message = of_cargo(output);
        assert!(
            message.starts_with("the compiler crashed") && message.contains("could not compile `raft`"),
            "{message}"
        );
        assert!(message.contains("(signal: 11, SIGSEGV: invalid memory reference)"), "{message}");
        for internal in ["/home", "0x", "###", "--crate-name", "RUST_MIN_STACK"] {
            assert!(!message.contains(internal), "{internal}: {message}");
        }
        let output = "thread 'rustc' (77) panicked at compiler/rustc_x/src/lib.rs:1:1:\nindex out of bounds\n\
            stack backtrace:\n   0:     0x7f - std::backtrace\n                \
            at /rustc/1/library/std.rs:1\n   1: main\n\n\
            note: we would appreciate a bug report: https://github.com/rust-lang/rust\n\n\
            note: rustc 1.90.0 running on x86_64\n\n\
            query stack during panic:\n#0 [mir] x\n... and 12 others\nend of query stack\n\
            error: could not compile `kvraft` (lib)\n";
        assert_eq!(of_cargo(output), "index out of bounds\n\nerror: could not compile `kvraft` (lib)");
    }
}
