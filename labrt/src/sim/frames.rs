//! What addresses of code mean: functions, source lines, and which of them are lab code.

use std::fmt::Write as _;
use std::sync::{Mutex, MutexGuard, PoisonError, TryLockError};

use crate::run::source_path;

/// One call on a stack.
#[derive(Clone, Debug)]
pub(crate) struct Frame {
    pub(crate) function: String,
    file: String,
    line: u32,
    column: u32,
}

/// What the frames above lab code are waiting in, and what to use in its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct BlockingCall {
    pub(crate) call: &'static str,
    pub(crate) advice: &'static str,
}

const fn blocking(call: &'static str, advice: &'static str) -> BlockingCall {
    BlockingCall { call, advice }
}

/// Pieces of the files' names that tell what blocks; the first that fits a frame is meant, from the outermost
/// call on.
const BLOCKING_CALLS: &[(&str, BlockingCall)] = &[
    (
        "parking_lot",
        blocking("a lock or condition variable of `parking_lot`", "Use those of `labrt::sync` in its place"),
    ),
    ("crossbeam", blocking("a channel of `crossbeam`", "Use `labrt::channel` in its place")),
    ("/std/src/sync/mpsc", blocking("`std::sync::mpsc`", "Use `labrt::channel` in its place")),
    ("/std/src/sync/mpmc", blocking("`std::sync::mpsc`", "Use `labrt::channel` in its place")),
    ("/std/src/sync/barrier", blocking("`std::sync::Barrier`", "Use `labrt::sync::Condvar` in its place")),
    ("/poison/condvar", blocking("`std::sync::Condvar`", "Use `labrt::sync::Condvar` in its place")),
    ("/poison/rwlock", blocking("`std::sync::RwLock`", "Use `labrt::sync::RwLock` in its place")),
    ("/poison/mutex", blocking("`std::sync::Mutex`", "Use `labrt::sync::Mutex` in its place")),
    (
        "/sync/once",
        blocking(
            "`std::sync::Once` (or `OnceLock`, or `LazyLock`)",
            "Use those of `labrt::sync` in their place",
        ),
    ),
    (
        "/poison/once",
        blocking(
            "`std::sync::Once` (or `OnceLock`, or `LazyLock`)",
            "Use those of `labrt::sync` in their place",
        ),
    ),
    ("/sync/lazy_lock", blocking("`std::sync::LazyLock`", "Use `labrt::sync::OnceLock` in its place")),
    (
        "/std/src/thread/join_handle",
        blocking("`join` of a thread of std", "Use `labrt::thread::spawn` in its place"),
    ),
    ("/std/src/thread/scoped", blocking("`std::thread::scope`", "Use `labrt::thread::spawn` in its place")),
    ("/std/src/thread/", blocking("`std::thread::park`", "Use `labrt::thread::park` in its place")),
];

/// Held by whoever reads the symbols. The crate that does it has a lock of its own, and a thread that is
/// stopped while it holds that one would stop all others: so nobody is stopped by somebody who does not hold
/// this one.
///
/// It is std's, which hands itself to nobody: a thread that is stopped while it waits for it does not get it.
static SYMBOL_LOCK: Mutex<()> = Mutex::new(());

/// The right to read symbols.
pub(crate) struct SymbolLock(#[expect(dead_code, reason = "it is held")] MutexGuard<'static, ()>);

impl SymbolLock {
    fn acquire() -> Self {
        Self(SYMBOL_LOCK.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// If nobody else has it.
    pub(crate) fn try_acquire() -> Option<Self> {
        match SYMBOL_LOCK.try_lock() {
            Ok(guard) => Some(Self(guard)),
            Err(TryLockError::Poisoned(guard)) => Some(Self(guard.into_inner())),
            Err(TryLockError::WouldBlock) => None,
        }
    }
}

/// What a stack of addresses, the innermost first, says. Calls that the compiler has inlined are listed, too.
pub(crate) fn resolve(_lock: &SymbolLock, addresses: &[usize]) -> Vec<Frame> {
    let mut frames = Vec::new();
    for address in addresses {
        backtrace::resolve(std::ptr::without_provenance_mut(*address), |symbol| {
            let function = symbol.name().map(|name| format!("{name:#}")).unwrap_or_default();
            let file =
                symbol.filename().map(|file| source_path::in_workspace(&file.to_string_lossy()).to_owned());
            let file = file.unwrap_or_default();
            let (line, column) = (symbol.lineno().unwrap_or(0), symbol.colno().unwrap_or(0));
            frames.push(Frame { function, file, line, column });
        });
    }
    frames
}

/// Where the calling thread is.
pub(crate) fn capture() -> Vec<Frame> {
    let mut addresses = Vec::new();
    backtrace::trace(|frame| {
        addresses.push(frame.ip().addr());
        addresses.len() < 100
    });
    resolve(&SymbolLock::acquire(), &addresses)
}

/// The crates of the workspace that lab code calls and is called by.
const HARNESS: [&str; 5] = ["labrt/src/", "labrpc/src/", "labgob/src/", "persister/src/", "tester/src/"];

impl Frame {
    /// Of no crate of the workspace: std, the system, a crate of the registry.
    fn is_external(&self) -> bool {
        let parts = [
            "/rustc/",
            "/library/std/",
            "/library/core/",
            "/library/alloc/",
            "/.cargo/registry/",
            "/registry/src/",
        ];
        self.file.is_empty()
            || parts.iter().any(|part| self.file.contains(part))
            || self.file.starts_with("./")
    }

    /// What somebody wrote who uses the framework.
    fn is_lab_code(&self) -> bool {
        !self.is_external() && !HARNESS.iter().any(|part| self.file.starts_with(part))
    }

    /// `file:line:column`, as in a panic; without the column where the compiler does not give it.
    pub(crate) fn location(&self) -> String {
        let Self { file, line, column, .. } = self;
        if *column == 0 { format!("{file}:{line}") } else { format!("{file}:{line}:{column}") }
    }

    /// Belongs to the allocator, or holds the lock of an output: who stands still here takes others along.
    fn holds_global_lock(&self) -> bool {
        let name = self.function.trim_start_matches('_');
        self.file.contains("/std/src/io/stdio.rs")
            || ["malloc", "free", "calloc", "realloc", "int_malloc", "int_free", "libc_malloc", "libc_free"]
                .contains(&name)
            || name.starts_with("malloc_")
            || name.starts_with("int_free")
            || name.starts_with("sysmalloc")
    }
}

/// The innermost call of lab code; of anybody's in the workspace if there is none.
pub(crate) fn innermost_lab_frame(frames: &[Frame]) -> Option<&Frame> {
    let ours = |frame: &&Frame| !frame.is_external() && !frame.file.starts_with("labrt/src/");
    frames.iter().find(|frame| frame.is_lab_code()).or_else(|| frames.iter().find(ours))
}

/// What lab code has called that blocks: the outermost call of something known above the innermost call of
/// lab code.
pub(crate) fn blocking_call(frames: &[Frame]) -> Option<BlockingCall> {
    let above = frames.iter().take_while(|frame| !frame.is_lab_code());
    let known = |frame: &Frame| {
        BLOCKING_CALLS.iter().find(|(path, _)| frame.file.contains(path)).map(|(_, call)| *call)
    };
    above.filter_map(known).last()
}

/// Whether a thread that stands still there would keep others from allocating or printing.
pub(crate) fn holds_global_lock(frames: &[Frame]) -> bool {
    frames.iter().take_while(|frame| !frame.file.starts_with("labrt/src/sim/")).any(Frame::holds_global_lock)
}

/// The frames of lab code in the form of a backtrace, each once in a row.
pub(crate) fn backtrace(frames: &[Frame]) -> Option<String> {
    let mut text = String::new();
    let mut last = String::new();
    let mut number = 0;
    for frame in frames.iter().filter(|frame| !frame.is_external() && !frame.file.starts_with("labrt/src/")) {
        let entry = format!("{}\n             at {}\n", frame.function, frame.location());
        if entry != last {
            let _ = write!(text, "{number:4}: {entry}");
            number += 1;
        }
        last = entry;
    }
    (!text.is_empty()).then_some(text)
}

/// The functions that come again and again, the most frequent first; at most three.
pub(crate) fn repeated(frames: &[Frame]) -> Vec<&Frame> {
    let mut counts: Vec<(&Frame, usize)> = Vec::new();
    for frame in frames.iter().filter(|frame| !frame.is_external()) {
        match counts.iter_mut().find(|(known, _)| known.function == frame.function) {
            Some((_, count)) => *count += 1,
            None => counts.push((frame, 1)),
        }
    }
    let most = counts.iter().map(|(_, count)| *count).max().unwrap_or(0);
    counts
        .into_iter()
        .filter(|(_, count)| *count > 2 && *count * 2 > most)
        .map(|(frame, _)| frame)
        .take(3)
        .collect()
}

/// Whether a thread that stands still there holds the lock of an output.
pub(crate) fn holds_output_lock(frames: &[Frame]) -> bool {
    frames.iter().any(|frame| frame.file.contains("/std/src/io/stdio.rs"))
}
