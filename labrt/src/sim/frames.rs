//! Stack frames: resolves code addresses to functions and lines, and tells lab code from other code.

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

/// A blocking call that lab code must not make, and its replacement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct BlockingCall {
    pub(crate) call: &'static str,
    pub(crate) advice: &'static str,
}

const fn blocking(call: &'static str, advice: &'static str) -> BlockingCall {
    BlockingCall { call, advice }
}

/// Parts of file names that identify blocking calls. The first entry that matches a frame counts.
const BLOCKING_CALLS: &[(&str, BlockingCall)] = &[
    (
        "parking_lot",
        blocking("a lock or condition variable of `parking_lot`", "Use those of `labrt::sync` instead"),
    ),
    ("crossbeam", blocking("a channel of `crossbeam`", "Use `labrt::channel` instead")),
    ("/std/src/sync/mpsc", blocking("`std::sync::mpsc`", "Use `labrt::channel` instead")),
    ("/std/src/sync/mpmc", blocking("`std::sync::mpsc`", "Use `labrt::channel` instead")),
    ("/std/src/sync/barrier", blocking("`std::sync::Barrier`", "Use `labrt::sync::Condvar` instead")),
    ("/poison/condvar", blocking("`std::sync::Condvar`", "Use `labrt::sync::Condvar` instead")),
    ("/poison/rwlock", blocking("`std::sync::RwLock`", "Use `labrt::sync::RwLock` instead")),
    ("/poison/mutex", blocking("`std::sync::Mutex`", "Use `labrt::sync::Mutex` instead")),
    (
        "/sync/once",
        blocking("`std::sync::Once` (or `OnceLock`, or `LazyLock`)", "Use those of `labrt::sync` instead"),
    ),
    (
        "/poison/once",
        blocking("`std::sync::Once` (or `OnceLock`, or `LazyLock`)", "Use those of `labrt::sync` instead"),
    ),
    ("/sync/lazy_lock", blocking("`std::sync::LazyLock`", "Use `labrt::sync::OnceLock` instead")),
    (
        "/std/src/thread/join_handle",
        blocking("`join` of a thread of std", "Use `labrt::thread::spawn` instead"),
    ),
    ("/std/src/thread/scoped", blocking("`std::thread::scope`", "Use `labrt::thread::spawn` instead")),
    ("/std/src/thread/", blocking("`std::thread::park`", "Use `labrt::thread::park` instead")),
];

/// Held while symbols are read. The crate `backtrace` has a lock of its own, and a thread that is stopped
/// while it holds that lock would block all others. So a thread may only be stopped by the holder of this
/// lock.
///
/// It is std's mutex, which is never handed over to a waiting thread: a thread that is stopped while it waits
/// does not get it.
static SYMBOL_LOCK: Mutex<()> = Mutex::new(());

/// The right to read symbols, and to stop other threads.
pub(crate) struct SymbolLock(#[expect(dead_code, reason = "it is held")] MutexGuard<'static, ()>);

impl SymbolLock {
    fn acquire() -> Self {
        Self(SYMBOL_LOCK.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Takes the lock, if it is free.
    pub(crate) fn try_acquire() -> Option<Self> {
        match SYMBOL_LOCK.try_lock() {
            Ok(guard) => Some(Self(guard)),
            Err(TryLockError::Poisoned(guard)) => Some(Self(guard.into_inner())),
            Err(TryLockError::WouldBlock) => None,
        }
    }
}

/// The frames of a stack of addresses, the innermost first, including inlined calls.
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

/// The frames of the calling thread.
pub(crate) fn capture() -> Vec<Frame> {
    let mut addresses = Vec::new();
    backtrace::trace(|frame| {
        addresses.push(frame.ip().addr());
        addresses.len() < 100
    });
    resolve(&SymbolLock::acquire(), &addresses)
}

/// Source folders of the framework, whose frames are not lab code.
const HARNESS: [&str; 5] = ["labrt/src/", "labrpc/src/", "labgob/src/", "persister/src/", "tester/src/"];

impl Frame {
    /// Whether the frame is of no crate of the workspace, but of std, the system or the registry.
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

    /// Whether the frame is of code that uses the framework.
    fn is_lab_code(&self) -> bool {
        !self.is_external() && !HARNESS.iter().any(|part| self.file.starts_with(part))
    }

    /// `file:line:column`, as in a panic; without the column if the compiler does not record it.
    pub(crate) fn location(&self) -> String {
        let Self { file, line, column, .. } = self;
        if *column == 0 { format!("{file}:{line}") } else { format!("{file}:{line}:{column}") }
    }

    /// Whether a thread in this frame may hold the lock of the allocator or of an output stream.
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

/// The innermost frame of lab code; if there is none, that of any crate of the workspace except labrt.
pub(crate) fn innermost_lab_frame(frames: &[Frame]) -> Option<&Frame> {
    let ours = |frame: &&Frame| !frame.is_external() && !frame.file.starts_with("labrt/src/");
    frames.iter().find(|frame| frame.is_lab_code()).or_else(|| frames.iter().find(ours))
}

/// The blocking call of lab code: the outermost known one that the innermost frame of lab code has called.
pub(crate) fn blocking_call(frames: &[Frame]) -> Option<BlockingCall> {
    let above = frames.iter().take_while(|frame| !frame.is_lab_code());
    let known = |frame: &Frame| {
        BLOCKING_CALLS.iter().find(|(path, _)| frame.file.contains(path)).map(|(_, call)| *call)
    };
    above.filter_map(known).last()
}

/// Whether stopping a thread with this stack could keep others from allocating or printing.
pub(crate) fn holds_global_lock(frames: &[Frame]) -> bool {
    frames.iter().take_while(|frame| !frame.file.starts_with("labrt/src/sim/")).any(Frame::holds_global_lock)
}

/// A backtrace of the frames in the workspace except labrt's, without consecutive duplicates.
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

/// At most three functions that occur frequently in the stack.
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

/// Whether a thread with this stack holds the lock of an output stream.
pub(crate) fn holds_output_lock(frames: &[Frame]) -> bool {
    frames.iter().any(|frame| frame.file.contains("/std/src/io/stdio.rs"))
}
