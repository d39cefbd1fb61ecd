//! [`RunMonitor`]: what somebody outside sees of a running simulation, and how its OS thread is stopped for good.
//!
//! A simulation that loops or waits without a call of labrt cannot be stopped from within. So its OS thread
//! gets a signal: the handler notes where the thread is, and never returns. The thread holds on to what it
//! has for ever, and does nothing any more; the process goes on.
//!
//! ```text
//!            ask                 the handler              keep
//!   FREE ───────────► WANTED ──────────────────► HELD ───────────► KEPT
//!     ▲                 │ it has moved on meanwhile │ let_go          ▲
//!     └─────────────────┴───────────────────────────┘                │
//!   FREE ────────────────────────────────────────────────────────────┘
//!                    the end of a coroutine's stack, a panic within
//!                    labrt, memory that the system does not have
//! ```

use std::cell::Cell;
use std::ptr;
use std::sync::Once;
use std::sync::atomic::{AtomicPtr, AtomicU32, AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use parking_lot::Mutex;

const FREE: u32 = 0;
const WANTED: u32 = 1;
const HELD: u32 = 2;
const KEPT: u32 = 3;
/// As `KEPT`, because the stack of the running coroutine came to its end.
const OVERFLOWED: u32 = 4;
/// As `KEPT`, because labrt panicked in the midst of a change.
const BROKEN: u32 = 5;
/// As `KEPT`, because the system has no memory for what was asked for.
const STARVED: u32 = 6;

/// Frames that are kept of each end of a stack: the innermost and the outermost.
const KEPT_FRAMES: usize = 64;

/// A guard page is missed by less than this, if it is missed.
const BELOW_GUARD: usize = 64 * 1024;

/// The stack of a signal handler, which unwinds there.
const HANDLER_STACK: usize = 64 * 1024;

thread_local! {
    /// The lowest address of the stack of the coroutine that runs on this OS thread; 0 while none does.
    static STACK_END: Cell<usize> = const { Cell::new(0) };
    /// Whether the coroutine does something of the harness's that concerns the process, not the run.
    static WITH_REAL_STD: Cell<bool> = const { Cell::new(false) };
    static MONITOR: Cell<*const RunMonitor> = const { Cell::new(ptr::null()) };
    /// Whether labrt has panicked in the midst of a change.
    static IS_BROKEN: Cell<bool> = const { Cell::new(false) };
}

/// A coroutine begins to run on this OS thread (`end`: the lowest address of its stack), or none does any
/// more (0).
#[inline]
pub(super) fn runs_on(end: usize) {
    STACK_END.set(end);
}

/// Whether the caller is lab code, or harness code on its behalf, in a simulated thread.
#[inline]
#[cfg_attr(not(all(target_os = "linux", target_env = "gnu")), allow(dead_code))]
pub(crate) fn is_inside() -> bool {
    STACK_END.get() != 0 && !WITH_REAL_STD.get()
}

/// Calls `f`, during which clock, locks and threads of std are the system's own.
pub(crate) fn with_real_std<R>(f: impl FnOnce() -> R) -> R {
    struct Restore(bool);
    impl Drop for Restore {
        fn drop(&mut self) {
            WITH_REAL_STD.set(self.0);
        }
    }
    let _restore = Restore(WITH_REAL_STD.replace(true));
    f()
}

/// Why a simulation is asked to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Objection {
    /// The process has grown by so many bytes.
    Growth(u64),
    /// It has taken all the processor time that it may.
    Time,
}

/// How `RunMonitor` stores [`Objection::Time`].
const LATE: u64 = u64::MAX;

/// Shared by a simulation's OS thread and the thread that waits for its end.
pub(crate) struct RunMonitor {
    /// Goes up at every scheduling point and every switch.
    progress: AtomicU64,
    /// Why the run must end, if it must: 0 for no reason, [`LATE`], or bytes by which the process has grown.
    objection: AtomicU64,
    state: AtomicU32,
    /// The progress that was seen when the thread was asked to stop.
    seen: AtomicU64,
    /// The system's number of the OS thread; 0 where there is none.
    number: AtomicU32,
    /// Addresses of code: where the thread is, and who called that.
    frames: [AtomicUsize; 2 * KEPT_FRAMES],
    depth: AtomicUsize,
    /// What the panic says after which the thread stands still.
    last_words: Mutex<Option<String>>,
    /// Bytes that were asked for in vain.
    wanted: AtomicUsize,
}

/// Why a thread has stopped by itself, for ever.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Stop {
    /// The stack of a simulated thread came to its end.
    Overflow,
    /// labrt panicked in the midst of a change, with these words.
    Panic(String),
    /// The system has not so many bytes.
    Memory(usize),
}

/// Where a stopped thread is: addresses of code, the innermost first.
pub(crate) struct Stack {
    /// The innermost frames.
    pub(crate) inner: Vec<usize>,
    /// The outermost frames, as far as they are not among the inner ones.
    pub(crate) outer: Vec<usize>,
}

impl RunMonitor {
    pub(crate) fn new() -> Self {
        Self {
            progress: AtomicU64::new(0),
            objection: AtomicU64::new(0),
            state: AtomicU32::new(FREE),
            seen: AtomicU64::new(0),
            number: AtomicU32::new(0),
            frames: [const { AtomicUsize::new(0) }; 2 * KEPT_FRAMES],
            depth: AtomicUsize::new(0),
            last_words: Mutex::new(None),
            wanted: AtomicUsize::new(0),
        }
    }

    /// The simulation goes on. Says whether somebody [objects](Self::objection).
    #[inline]
    pub(crate) fn record_progress(&self) -> bool {
        // One thread writes: no read-modify-write operation is needed.
        self.progress.store(self.progress.load(Ordering::Relaxed) + 1, Ordering::Relaxed);
        self.objection.load(Ordering::Relaxed) != 0
    }

    pub(crate) fn progress(&self) -> u64 {
        self.progress.load(Ordering::Relaxed)
    }

    /// Asks the simulation to end. The last reason stands.
    pub(crate) fn object(&self, objection: Objection) {
        let reason = match objection {
            Objection::Growth(bytes) => bytes.clamp(1, LATE - 1),
            Objection::Time => LATE,
        };
        self.objection.store(reason, Ordering::Relaxed);
    }

    /// Why the simulation must end, if it must.
    pub(crate) fn objection(&self) -> Option<Objection> {
        match self.objection.load(Ordering::Relaxed) {
            0 => None,
            LATE => Some(Objection::Time),
            bytes => Some(Objection::Growth(bytes)),
        }
    }

    /// The system's number of the simulation's OS thread, where it has one and has begun.
    pub(crate) fn number(&self) -> Option<u32> {
        Some(self.number.load(Ordering::Relaxed)).filter(|number| *number != 0)
    }

    /// The calling OS thread is the simulation's from now on.
    ///
    /// The caller owns `self` until the OS thread ends, and calls [`detach`] before it gives it up.
    pub(super) fn attach(&self) {
        install_handlers();
        #[cfg(target_os = "linux")]
        {
            // SAFETY: it has no conditions.
            let number = unsafe { libc::gettid() };
            self.number.store(number.cast_unsigned(), Ordering::Relaxed);
        }
        MONITOR.set(ptr::from_ref(self));
    }

    /// Why the OS thread has stopped by itself, if it has; it then stands still for ever.
    pub(crate) fn stopped(&self) -> Option<Stop> {
        match self.state.load(Ordering::Acquire) {
            OVERFLOWED => Some(Stop::Overflow),
            BROKEN => Some(Stop::Panic(self.last_words.lock().clone().unwrap_or_default())),
            STARVED => Some(Stop::Memory(self.wanted.load(Ordering::Relaxed))),
            _ => None,
        }
    }

    /// Asks the OS thread to stand still, if it has not passed a scheduling point since `progress` was read.
    /// Says whether it does; then it waits for [`keep`](Self::keep) or [`let_go`](Self::let_go).
    pub(crate) fn ask(&self, thread: libc::pthread_t, progress: u64) -> bool {
        self.seen.store(progress, Ordering::Relaxed);
        if self.state.compare_exchange(FREE, WANTED, Ordering::AcqRel, Ordering::Acquire).is_err() {
            return self.stopped().is_some();
        }
        // SAFETY: the caller holds the handle of the thread and has not joined it, so that its name is valid.
        unsafe { libc::pthread_kill(thread, libc::SIGURG) };
        for _ in 0..2000 {
            match self.state.load(Ordering::Acquire) {
                WANTED => std::thread::sleep(Duration::from_millis(1)),
                FREE => return false,
                _ => return true,
            }
        }
        // It sleeps too deeply. Should it wake up, the signal is waiting for it.
        false
    }

    /// The OS thread, which stands still, never goes on.
    pub(crate) fn keep(&self) {
        let _ = self.state.compare_exchange(HELD, KEPT, Ordering::AcqRel, Ordering::Acquire);
    }

    /// The OS thread, which stands still, goes on for the time being.
    pub(crate) fn let_go(&self) {
        let _ = self.state.compare_exchange(HELD, FREE, Ordering::AcqRel, Ordering::Acquire);
    }

    /// Where the OS thread stands.
    pub(crate) fn stack(&self) -> Stack {
        let load = |range: std::ops::Range<usize>| -> Vec<usize> {
            range.map(|at| self.frames[at].load(Ordering::Relaxed)).collect()
        };
        let depth = self.depth.load(Ordering::Relaxed);
        let inner = load(0..depth.min(KEPT_FRAMES));
        let outer = match depth.saturating_sub(KEPT_FRAMES) {
            more @ 0..=KEPT_FRAMES => load(KEPT_FRAMES..KEPT_FRAMES + more),
            more => {
                let oldest = KEPT_FRAMES + more % KEPT_FRAMES;
                let mut ring = load(oldest..2 * KEPT_FRAMES);
                ring.extend(load(KEPT_FRAMES..oldest));
                ring
            }
        };
        Stack { inner, outer }
    }

    /// Whether the OS thread stands still for ever. Then all that it did before has happened for the caller.
    pub(super) fn stands_still(&self) -> bool {
        matches!(self.state.load(Ordering::Acquire), KEPT | OVERFLOWED | BROKEN | STARVED)
    }

    /// Whether the OS thread stands still for ever because labrt panicked in the midst of a change.
    pub(super) fn is_broken(&self) -> bool {
        self.state.load(Ordering::Acquire) == BROKEN
    }

    /// Notes where the calling OS thread is. For signal handlers: it allocates nothing.
    fn note_frames(&self) {
        let mut depth = 0;
        // SAFETY: the synchronised version takes a lock, which this thread may hold. What the lock protects
        // is not used for walking a stack on the systems that labrt runs on.
        unsafe {
            backtrace::trace_unsynchronized(|frame| {
                let at = if depth < KEPT_FRAMES { depth } else { KEPT_FRAMES + depth % KEPT_FRAMES };
                self.frames[at].store(frame.ip().addr(), Ordering::Relaxed);
                depth += 1;
                depth < 1 << 16
            });
        }
        self.depth.store(depth, Ordering::Relaxed);
    }
}

/// The calling OS thread, which runs a simulated thread, has no memory for so many bytes: it stands still for
/// ever, with all that it has, and whoever watches it says why. Without memory there is not even a panic.
/// Returns outside a simulated thread.
///
/// It allocates nothing.
pub(super) fn stop_starved(bytes: usize) {
    let monitor = MONITOR.get();
    if monitor.is_null() || !is_inside() {
        return;
    }
    // SAFETY: as in `on_request`.
    let monitor = unsafe { &*monitor };
    monitor.note_frames();
    monitor.wanted.store(bytes, Ordering::Relaxed);
    monitor.state.store(STARVED, Ordering::Release);
    stand_still();
}

/// labrt panics in the midst of a change, in a simulated thread, with these words. From now on
/// [`stop_if_broken`] does not return on this OS thread.
pub(crate) fn note_panic(words: String) {
    let monitor = MONITOR.get();
    if monitor.is_null() || IS_BROKEN.replace(true) {
        return;
    }
    // SAFETY: as in `on_request`.
    let monitor = unsafe { &*monitor };
    monitor.note_frames();
    *monitor.last_words.lock() = Some(words);
}

/// Ends the life of the calling OS thread after [`note_panic`]: it stands still for ever, with all that it
/// has, and whoever watches it says why. What is half changed must not be used any more, by destructors of
/// lab code or by anybody.
#[inline]
pub(crate) fn stop_if_broken() {
    if IS_BROKEN.get() {
        stop_broken();
    }
}

#[cold]
fn stop_broken() {
    let monitor = MONITOR.get();
    if !monitor.is_null() {
        // SAFETY: as in `on_request`.
        let monitor = unsafe { &*monitor };
        monitor.state.store(BROKEN, Ordering::Release);
        stand_still();
    }
}

/// The OS thread's simulation is over, and cannot be stopped any more.
pub(super) fn detach() {
    MONITOR.set(ptr::null());
}

/// The stack on which signals of this OS thread are handled; the one from before comes back when it is
/// dropped.
pub(crate) struct HandlerStack {
    _memory: Vec<u8>,
    before: libc::stack_t,
}

impl HandlerStack {
    /// A stack for the calling OS thread, big enough to unwind on.
    pub(crate) fn new() -> Self {
        let mut memory = vec![0; HANDLER_STACK];
        let stack = libc::stack_t { ss_sp: memory.as_mut_ptr().cast(), ss_flags: 0, ss_size: HANDLER_STACK };
        let mut before = libc::stack_t { ss_sp: ptr::null_mut(), ss_flags: libc::SS_DISABLE, ss_size: 0 };
        // SAFETY: `memory` outlives the use as a signal stack, for dropping `Self` ends that, and a thread
        // that never leaves its handler never drops it.
        unsafe { libc::sigaltstack(&raw const stack, &raw mut before) };
        Self { _memory: memory, before }
    }
}

impl Drop for HandlerStack {
    fn drop(&mut self) {
        // SAFETY: what `sigaltstack` said was the stack before: std's, which lives as long as the thread.
        unsafe { libc::sigaltstack(&raw const self.before, ptr::null_mut()) };
    }
}

/// What the two fault signals did before; written once, before the handlers are in place.
static BEFORE: [AtomicPtr<libc::sigaction>; 2] = [const { AtomicPtr::new(ptr::null_mut()) }; 2];
const FAULTS: [libc::c_int; 2] = [libc::SIGSEGV, libc::SIGBUS];

static PAGE: AtomicUsize = AtomicUsize::new(0);

fn install_handlers() {
    static INSTALLED: Once = Once::new();
    INSTALLED.call_once(|| {
        // SAFETY: it has no conditions.
        let page = unsafe { libc::sysconf(libc::_SC_PAGESIZE) };
        PAGE.store(usize::try_from(page).unwrap_or(4096), Ordering::Relaxed);
        for (signal, before) in FAULTS.into_iter().zip(&BEFORE) {
            // SAFETY: an action is plain data, and zeroes are one.
            let mut old: libc::sigaction = unsafe { std::mem::zeroed() };
            // SAFETY: the place is `old`'s own.
            unsafe { libc::sigaction(signal, ptr::null(), &raw mut old) };
            before.store(Box::into_raw(Box::new(old)), Ordering::Release);
            install(signal, on_fault as *const () as usize, libc::SA_SIGINFO | libc::SA_ONSTACK);
        }
        // Ignored unless somebody handles it, so that it is harmless wherever else it arrives.
        install(libc::SIGURG, on_request as *const () as usize, libc::SA_ONSTACK | libc::SA_RESTART);
    });
}

fn install(signal: libc::c_int, handler: usize, flags: libc::c_int) {
    // SAFETY: as above.
    let mut action: libc::sigaction = unsafe { std::mem::zeroed() };
    action.sa_sigaction = handler;
    action.sa_flags = flags;
    // SAFETY: `handler` is one of the two handlers below, with the arguments that `flags` say, and does in
    // any thread only what a handler may.
    unsafe {
        libc::sigemptyset(&raw mut action.sa_mask);
        libc::sigaction(signal, &raw const action, ptr::null_mut());
    }
}

/// Somebody asks a thread to stand still.
extern "C" fn on_request(_: libc::c_int) {
    let monitor = MONITOR.get();
    if monitor.is_null() {
        return;
    }
    // SAFETY: `attach` set it for this thread, whose main function owns the value until after `detach`.
    let monitor = unsafe { &*monitor };
    if monitor.state.load(Ordering::Acquire) != WANTED {
        return;
    }
    if monitor.progress() != monitor.seen.load(Ordering::Relaxed) {
        monitor.state.store(FREE, Ordering::Release);
        return;
    }
    let error = errno();
    monitor.note_frames();
    monitor.state.store(HELD, Ordering::Release);
    loop {
        match monitor.state.load(Ordering::Acquire) {
            // SAFETY: no file is named.
            HELD => unsafe {
                libc::poll(ptr::null_mut(), 0, 1);
            },
            FREE => break,
            _ => stand_still(),
        }
    }
    set_errno(error);
}

/// An address that is not mapped: the end of a coroutine's stack, or something for whoever was asked before
/// us.
extern "C" fn on_fault(signal: libc::c_int, info: *mut libc::siginfo_t, context: *mut libc::c_void) {
    // SAFETY: the system passes the information of a fault, which has an address.
    let address = unsafe { (*info).si_addr() }.addr();
    let (end, monitor) = (STACK_END.get(), MONITOR.get());
    let guard = end.saturating_sub(BELOW_GUARD)..end + PAGE.load(Ordering::Relaxed);
    if end != 0 && !monitor.is_null() && guard.contains(&address) {
        // SAFETY: as in `on_request`.
        let monitor = unsafe { &*monitor };
        monitor.note_frames();
        monitor.state.store(OVERFLOWED, Ordering::Release);
        stand_still();
    }
    pass_on(signal, info, context);
}

/// Does what was done about the signal before this module came.
fn pass_on(signal: libc::c_int, info: *mut libc::siginfo_t, context: *mut libc::c_void) {
    let position = FAULTS.iter().position(|fault| *fault == signal).unwrap_or(0);
    let before = BEFORE[position].load(Ordering::Acquire);
    // SAFETY: `install_handlers` stored it before it installed the handler that calls this, and it is never
    // freed.
    let before = unsafe { &*before };
    match before.sa_sigaction {
        libc::SIG_DFL | libc::SIG_IGN => {
            // The faulting instruction is tried again, and this time the system ends the process.
            // SAFETY: the default is installed.
            unsafe { libc::signal(signal, libc::SIG_DFL) };
        }
        handler if before.sa_flags & libc::SA_SIGINFO != 0 => {
            // SAFETY: whoever installed it said with this flag that it takes three arguments.
            let handler: extern "C" fn(libc::c_int, *mut libc::siginfo_t, *mut libc::c_void) =
                unsafe { std::mem::transmute(handler) };
            handler(signal, info, context);
        }
        handler => {
            // SAFETY: without the flag it takes one argument.
            let handler: extern "C" fn(libc::c_int) = unsafe { std::mem::transmute(handler) };
            handler(signal);
        }
    }
}

/// Waits for ever.
fn stand_still() -> ! {
    loop {
        // SAFETY: it has no conditions.
        unsafe { libc::pause() };
    }
}

#[cfg(target_os = "linux")]
fn errno_place() -> *mut libc::c_int {
    // SAFETY: it has no conditions.
    unsafe { libc::__errno_location() }
}

#[cfg(not(target_os = "linux"))]
fn errno_place() -> *mut libc::c_int {
    // SAFETY: it has no conditions.
    unsafe { libc::__error() }
}

fn errno() -> libc::c_int {
    // SAFETY: the place is the thread's own, for all its life.
    unsafe { *errno_place() }
}

fn set_errno(error: libc::c_int) {
    // SAFETY: as above.
    unsafe { *errno_place() = error };
}
