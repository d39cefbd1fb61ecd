//! [`RunMonitor`]: the state of a running simulation as other OS threads see it, and the way to stop its OS
//! thread for good.
//!
//! A simulation that loops or blocks without calling labrt cannot be stopped from within. Its OS thread is
//! sent a signal instead; the handler records the stack and never returns. The stopped thread keeps its locks
//! and memory for the rest of the process, which continues.
//!
//! ```text
//!              pause                 signal handler          stop
//!   RUNNING ───────────► REQUESTED ─────────────────► PAUSED ──────► STOPPED
//!     ▲                      │ progress since then       │ resume
//!     └──────────────────────┴───────────────────────────┘
//!
//!   RUNNING ──► STACK_OVERFLOW   the stack of a coroutine is full
//!           ──► INTERNAL_PANIC   labrt panicked while it changed its own state
//!           ──► OUT_OF_MEMORY    the system has no memory for an allocation
//! ```

use std::cell::Cell;
use std::mem::MaybeUninit;
use std::ptr;
use std::sync::Once;
use std::sync::atomic::{AtomicPtr, AtomicU32, AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use parking_lot::Mutex;

use super::process;
use crate::clock::nanos;

const RUNNING: u32 = 0;
const REQUESTED: u32 = 1;
const PAUSED: u32 = 2;
const STOPPED: u32 = 3;
/// Stopped because the stack of the running coroutine is full.
const STACK_OVERFLOW: u32 = 4;
/// Stopped because labrt panicked while it changed its own state.
const INTERNAL_PANIC: u32 = 5;
/// Stopped because the system has no memory for an allocation.
const OUT_OF_MEMORY: u32 = 6;

/// Frames recorded at each end of a stack: the innermost ones and the outermost ones.
const RECORDED_FRAMES: usize = 64;

/// Bytes below the guard page in which a fault also counts as a stack overflow: a large frame can skip the
/// page.
const BELOW_GUARD: usize = 64 * 1024;

/// Bytes of the stack on which signal handlers run; they walk the interrupted stack there.
const HANDLER_STACK: usize = 64 * 1024;

thread_local! {
    /// The lowest address of the stack of the coroutine that runs on this OS thread; 0 while none does.
    static STACK_END: Cell<usize> = const { Cell::new(0) };
    /// Whether the coroutine is inside [`with_real_std`].
    static WITH_REAL_STD: Cell<bool> = const { Cell::new(false) };
    static MONITOR: Cell<*const RunMonitor> = const { Cell::new(ptr::null()) };
    /// Whether labrt has panicked while it changed its own state.
    static HAS_PANICKED: Cell<bool> = const { Cell::new(false) };
}

/// Sets the lowest address of the stack of the coroutine that runs on this OS thread; 0 if none does.
#[inline]
pub(super) fn set_stack_end(end: usize) {
    STACK_END.set(end);
}

/// Whether the caller runs in a simulated thread and outside [`with_real_std`]: calls of std are then
/// simulated.
#[inline]
#[cfg_attr(not(all(target_os = "linux", target_env = "gnu")), allow(dead_code))]
pub(crate) fn is_inside() -> bool {
    STACK_END.get() != 0 && !WITH_REAL_STD.get()
}

/// Calls `f` with the clock, locks and threads of std being the system's own.
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

/// The reason for which a simulation is asked to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum StopRequest {
    /// The process has grown by this many bytes, which is more than the run may use.
    Memory(u64),
    /// The run has used up its processor time.
    CpuTime,
}

/// The stored form of [`StopRequest::CpuTime`].
const OUT_OF_TIME: u64 = u64::MAX;

/// State shared by a simulation's OS thread and the thread that waits for the end of the run.
pub(crate) struct RunMonitor {
    /// Incremented at every scheduling point and every thread switch.
    progress: AtomicU64,
    /// The request to end the run: 0 for none, [`OUT_OF_TIME`], or the bytes by which the process has grown.
    stop_request: AtomicU64,
    state: AtomicU32,
    /// The value of `progress` when the pause was requested.
    progress_at_request: AtomicU64,
    /// The kernel's id of the OS thread; 0 on systems without one.
    thread_id: AtomicU32,
    /// The processor time of the OS thread at the start of the run, in nanoseconds; `u64::MAX` before.
    cpu_at_start: AtomicU64,
    /// The pages that the OS thread had touched when the run was first looked at.
    pages_before: AtomicU64,
    /// The recorded stack: code addresses, the innermost frame first. The second half is a ring buffer.
    frames: [AtomicUsize; 2 * RECORDED_FRAMES],
    depth: AtomicUsize,
    /// The message of the panic after which the thread was stopped.
    panic_message: Mutex<Option<String>>,
    /// The size of the allocation that failed.
    requested_bytes: AtomicUsize,
}

/// The reason for which a simulation's OS thread has stopped by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum StopCause {
    /// The stack of a simulated thread is full.
    StackOverflow,
    /// labrt panicked with this message while it changed its own state.
    Panic(String),
    /// The system has no memory for an allocation of this many bytes.
    Memory(usize),
}

/// The stack of a stopped thread: code addresses, the innermost frame first.
pub(crate) struct Stack {
    /// The innermost frames.
    pub(crate) inner: Vec<usize>,
    /// The outermost frames that are not among `inner`.
    pub(crate) outer: Vec<usize>,
}

impl RunMonitor {
    pub(crate) fn new() -> Self {
        Self {
            progress: AtomicU64::new(0),
            stop_request: AtomicU64::new(0),
            state: AtomicU32::new(RUNNING),
            progress_at_request: AtomicU64::new(0),
            thread_id: AtomicU32::new(0),
            cpu_at_start: AtomicU64::new(u64::MAX),
            pages_before: AtomicU64::new(0),
            frames: [const { AtomicUsize::new(0) }; 2 * RECORDED_FRAMES],
            depth: AtomicUsize::new(0),
            panic_message: Mutex::new(None),
            requested_bytes: AtomicUsize::new(0),
        }
    }

    /// Counts one step of progress. Returns whether the run is [asked to end](Self::stop_request).
    #[inline]
    pub(crate) fn record_progress(&self) -> bool {
        // One thread writes: no read-modify-write operation is needed.
        self.progress.store(self.progress.load(Ordering::Relaxed) + 1, Ordering::Relaxed);
        self.stop_request.load(Ordering::Relaxed) != 0
    }

    pub(crate) fn progress(&self) -> u64 {
        self.progress.load(Ordering::Relaxed)
    }

    /// Asks the simulation to end at its next scheduling point. The last request wins.
    pub(crate) fn request_stop(&self, stop_request: StopRequest) {
        let reason = match stop_request {
            StopRequest::Memory(bytes) => bytes.clamp(1, OUT_OF_TIME - 1),
            StopRequest::CpuTime => OUT_OF_TIME,
        };
        self.stop_request.store(reason, Ordering::Relaxed);
    }

    /// The request to end, if there is one.
    pub(crate) fn stop_request(&self) -> Option<StopRequest> {
        match self.stop_request.load(Ordering::Relaxed) {
            0 => None,
            OUT_OF_TIME => Some(StopRequest::CpuTime),
            bytes => Some(StopRequest::Memory(bytes)),
        }
    }

    /// The kernel's id of the simulation's OS thread, once that has started; `None` on systems without one.
    pub(crate) fn thread_id(&self) -> Option<u32> {
        Some(self.thread_id.load(Ordering::Relaxed)).filter(|thread_id| *thread_id != 0)
    }

    /// Records the processor time of the calling OS thread when the run begins: it may have run others
    /// before.
    pub(crate) fn record_start(&self, cpu_time: Duration) {
        self.cpu_at_start.store(nanos(cpu_time), Ordering::Relaxed);
    }

    /// The processor time that the run has used when the OS thread has used `cpu_time`; 0 if the run has not
    /// begun.
    pub(crate) fn cpu_of_run(&self, cpu_time: Duration) -> Duration {
        cpu_time.saturating_sub(Duration::from_nanos(self.cpu_at_start.load(Ordering::Relaxed)))
    }

    /// From now on, [`pages_touched`](Self::pages_touched) counts.
    pub(crate) fn count_pages(&self) {
        self.pages_before.store(self.pages(), Ordering::Relaxed);
    }

    /// The pages that the OS thread was the first to touch since [`count_pages`](Self::count_pages).
    pub(crate) fn pages_touched(&self) -> u64 {
        self.pages().saturating_sub(self.pages_before.load(Ordering::Relaxed))
    }

    fn pages(&self) -> u64 {
        self.thread_id().and_then(process::pages_touched).unwrap_or(0)
    }

    /// Makes the calling OS thread the one that this monitor can stop.
    ///
    /// The caller keeps `self` alive until the OS thread ends or [`detach`] was called.
    pub(super) fn attach(&self) {
        install_handlers();
        #[cfg(target_os = "linux")]
        {
            // SAFETY: it has no conditions.
            let thread_id = unsafe { libc::gettid() };
            self.thread_id.store(thread_id.cast_unsigned(), Ordering::Relaxed);
        }
        MONITOR.set(ptr::from_ref(self));
    }

    /// The reason for which the OS thread has stopped by itself; `None` if it has not.
    pub(crate) fn stopped(&self) -> Option<StopCause> {
        match self.state.load(Ordering::Acquire) {
            STACK_OVERFLOW => Some(StopCause::StackOverflow),
            INTERNAL_PANIC => Some(StopCause::Panic(self.panic_message.lock().clone().unwrap_or_default())),
            OUT_OF_MEMORY => Some(StopCause::Memory(self.requested_bytes.load(Ordering::Relaxed))),
            _ => None,
        }
    }

    /// Pauses the OS thread if it has passed no scheduling point since `progress` was read. Returns whether
    /// it is paused; it then waits for [`stop`](Self::stop) or [`resume`](Self::resume).
    pub(crate) fn pause(&self, thread: libc::pthread_t, progress: u64) -> bool {
        self.progress_at_request.store(progress, Ordering::Relaxed);
        if self.state.compare_exchange(RUNNING, REQUESTED, Ordering::AcqRel, Ordering::Acquire).is_err() {
            return self.stopped().is_some();
        }
        // SAFETY: the caller holds the handle of the thread and has not joined it, so that its id is valid.
        unsafe { libc::pthread_kill(thread, libc::SIGURG) };
        for _ in 0..2000 {
            match self.state.load(Ordering::Acquire) {
                REQUESTED => std::thread::sleep(Duration::from_millis(1)),
                RUNNING => return false,
                _ => return true,
            }
        }
        // It is in an uninterruptible sleep; the signal stays pending.
        false
    }

    /// Stops the paused OS thread for good.
    pub(crate) fn stop(&self) {
        let _ = self.state.compare_exchange(PAUSED, STOPPED, Ordering::AcqRel, Ordering::Acquire);
    }

    /// Lets the paused OS thread continue.
    pub(crate) fn resume(&self) {
        let _ = self.state.compare_exchange(PAUSED, RUNNING, Ordering::AcqRel, Ordering::Acquire);
    }

    /// The recorded stack of the OS thread, which is paused or stopped.
    pub(crate) fn stack(&self) -> Stack {
        let load = |range: std::ops::Range<usize>| -> Vec<usize> {
            range.map(|at| self.frames[at].load(Ordering::Relaxed)).collect()
        };
        let depth = self.depth.load(Ordering::Relaxed);
        let inner = load(0..depth.min(RECORDED_FRAMES));
        let outer = match depth.saturating_sub(RECORDED_FRAMES) {
            more @ 0..=RECORDED_FRAMES => load(RECORDED_FRAMES..RECORDED_FRAMES + more),
            more => {
                let oldest = RECORDED_FRAMES + more % RECORDED_FRAMES;
                let mut ring = load(oldest..2 * RECORDED_FRAMES);
                ring.extend(load(RECORDED_FRAMES..oldest));
                ring
            }
        };
        Stack { inner, outer }
    }

    /// Whether the OS thread is stopped for good. Everything that it did before then happens-before the
    /// return of this call.
    pub(super) fn is_stopped(&self) -> bool {
        matches!(
            self.state.load(Ordering::Acquire),
            STOPPED | STACK_OVERFLOW | INTERNAL_PANIC | OUT_OF_MEMORY
        )
    }

    /// Whether the OS thread was stopped by a panic within labrt.
    pub(super) fn has_panicked(&self) -> bool {
        self.state.load(Ordering::Acquire) == INTERNAL_PANIC
    }

    /// Records the stack of the calling OS thread. Safe in signal handlers: it allocates nothing.
    fn record_frames(&self) {
        let mut depth = 0;
        // SAFETY: the synchronised version takes a lock, which this thread may hold. What the lock protects
        // is not used for walking a stack on the systems that labrt runs on.
        unsafe {
            backtrace::trace_unsynchronized(|frame| {
                let at =
                    if depth < RECORDED_FRAMES { depth } else { RECORDED_FRAMES + depth % RECORDED_FRAMES };
                self.frames[at].store(frame.ip().addr(), Ordering::Relaxed);
                depth += 1;
                depth < 1 << 16
            });
        }
        self.depth.store(depth, Ordering::Relaxed);
    }
}

/// Stops the calling OS thread for good because an allocation of `bytes` has failed in a simulated thread.
/// The watchdog reports the failure: without memory this thread could not even panic. Returns outside a
/// simulated thread. Allocates nothing.
pub(super) fn stop_out_of_memory(bytes: usize) {
    let monitor = MONITOR.get();
    if monitor.is_null() || !is_inside() {
        return;
    }
    // SAFETY: as in `on_request`.
    let monitor = unsafe { &*monitor };
    monitor.record_frames();
    monitor.requested_bytes.store(bytes, Ordering::Relaxed);
    monitor.state.store(OUT_OF_MEMORY, Ordering::Release);
    block_forever();
}

/// Records the message of a panic within labrt, in a simulated thread, that happened while labrt changed its
/// own state. From now on [`stop_if_panicked`] does not return on this OS thread.
pub(crate) fn record_panic(message: String) {
    let monitor = MONITOR.get();
    if monitor.is_null() || HAS_PANICKED.replace(true) {
        return;
    }
    // SAFETY: as in `on_request`.
    let monitor = unsafe { &*monitor };
    monitor.record_frames();
    *monitor.panic_message.lock() = Some(message);
}

/// Stops the calling OS thread for good if [`record_panic`] was called on it; the watchdog reports the
/// failure. The half-changed state must not be used again, not even by destructors of lab code.
#[inline]
pub(crate) fn stop_if_panicked() {
    if HAS_PANICKED.get() {
        stop_panicked();
    }
}

#[cold]
fn stop_panicked() {
    let monitor = MONITOR.get();
    if !monitor.is_null() {
        // SAFETY: as in `on_request`.
        let monitor = unsafe { &*monitor };
        monitor.state.store(INTERNAL_PANIC, Ordering::Release);
        block_forever();
    }
}

/// Undoes [`RunMonitor::attach`] for the calling OS thread.
pub(super) fn detach() {
    MONITOR.set(ptr::null());
}

/// The stack on which this OS thread handles signals. Dropping it restores the previous one.
pub(crate) struct HandlerStack {
    _memory: Box<[MaybeUninit<u8>]>,
    before: libc::stack_t,
}

impl HandlerStack {
    /// Installs a stack for the calling OS thread that is large enough for walking another stack.
    pub(crate) fn new() -> Self {
        // Not cleared: that would touch each page for a stack that is seldom used.
        let mut memory = Box::new_uninit_slice(HANDLER_STACK);
        let stack = libc::stack_t { ss_sp: memory.as_mut_ptr().cast(), ss_flags: 0, ss_size: HANDLER_STACK };
        let mut before = libc::stack_t { ss_sp: ptr::null_mut(), ss_flags: libc::SS_DISABLE, ss_size: 0 };
        // SAFETY: `memory` outlives its use as a signal stack: dropping `Self` ends that use, and a thread
        // that never leaves its handler never drops it.
        unsafe { libc::sigaltstack(&raw const stack, &raw mut before) };
        Self { _memory: memory, before }
    }
}

impl Drop for HandlerStack {
    fn drop(&mut self) {
        // SAFETY: `before` is what `sigaltstack` returned: std's own stack, which lives as long as the
        // thread.
        unsafe { libc::sigaltstack(&raw const self.before, ptr::null_mut()) };
    }
}

/// The previous actions of the two fault signals. Written once, before the handlers are installed.
static PREVIOUS_ACTIONS: [AtomicPtr<libc::sigaction>; 2] = [const { AtomicPtr::new(ptr::null_mut()) }; 2];
const FAULTS: [libc::c_int; 2] = [libc::SIGSEGV, libc::SIGBUS];

static PAGE: AtomicUsize = AtomicUsize::new(0);

fn install_handlers() {
    static INSTALLED: Once = Once::new();
    INSTALLED.call_once(|| {
        // SAFETY: it has no conditions.
        let page = unsafe { libc::sysconf(libc::_SC_PAGESIZE) };
        PAGE.store(usize::try_from(page).unwrap_or(4096), Ordering::Relaxed);
        for (signal, before) in FAULTS.into_iter().zip(&PREVIOUS_ACTIONS) {
            // SAFETY: an action is plain data, and zeroes are one.
            let mut old: libc::sigaction = unsafe { std::mem::zeroed() };
            // SAFETY: the pointer is to `old`.
            unsafe { libc::sigaction(signal, ptr::null(), &raw mut old) };
            before.store(Box::into_raw(Box::new(old)), Ordering::Release);
            install(signal, on_fault as *const () as usize, libc::SA_SIGINFO | libc::SA_ONSTACK);
        }
        // Ignored by default, so that it is harmless on any other thread.
        install(libc::SIGURG, on_request as *const () as usize, libc::SA_ONSTACK | libc::SA_RESTART);
    });
}

fn install(signal: libc::c_int, handler: usize, flags: libc::c_int) {
    // SAFETY: as above.
    let mut action: libc::sigaction = unsafe { std::mem::zeroed() };
    action.sa_sigaction = handler;
    action.sa_flags = flags;
    // SAFETY: `handler` is one of the two handlers below, takes the arguments that `flags` promise, and is
    // async-signal-safe in every thread.
    unsafe {
        libc::sigemptyset(&raw mut action.sa_mask);
        libc::sigaction(signal, &raw const action, ptr::null_mut());
    }
}

/// The handler of the pause request.
extern "C" fn on_request(_: libc::c_int) {
    let monitor = MONITOR.get();
    if monitor.is_null() {
        return;
    }
    // SAFETY: `attach` set it for this thread, whose main function owns the value until after `detach`.
    let monitor = unsafe { &*monitor };
    if monitor.state.load(Ordering::Acquire) != REQUESTED {
        return;
    }
    if monitor.progress() != monitor.progress_at_request.load(Ordering::Relaxed) {
        monitor.state.store(RUNNING, Ordering::Release);
        return;
    }
    let error = errno();
    monitor.record_frames();
    monitor.state.store(PAUSED, Ordering::Release);
    loop {
        match monitor.state.load(Ordering::Acquire) {
            // SAFETY: no file is named.
            PAUSED => unsafe {
                libc::poll(ptr::null_mut(), 0, 1);
            },
            RUNNING => break,
            _ => block_forever(),
        }
    }
    set_errno(error);
}

/// The handler of a memory fault: a full coroutine stack, or a fault for the previous handler.
extern "C" fn on_fault(signal: libc::c_int, info: *mut libc::siginfo_t, context: *mut libc::c_void) {
    // SAFETY: the system passes the information of a fault, which has an address.
    let address = unsafe { (*info).si_addr() }.addr();
    let (end, monitor) = (STACK_END.get(), MONITOR.get());
    let guard = end.saturating_sub(BELOW_GUARD)..end + PAGE.load(Ordering::Relaxed);
    if end != 0 && !monitor.is_null() && guard.contains(&address) {
        // SAFETY: as in `on_request`.
        let monitor = unsafe { &*monitor };
        monitor.record_frames();
        monitor.state.store(STACK_OVERFLOW, Ordering::Release);
        block_forever();
    }
    call_previous_handler(signal, info, context);
}

/// Does what the signal's previous action would have done.
fn call_previous_handler(signal: libc::c_int, info: *mut libc::siginfo_t, context: *mut libc::c_void) {
    let position = FAULTS.iter().position(|fault| *fault == signal).unwrap_or(0);
    let before = PREVIOUS_ACTIONS[position].load(Ordering::Acquire);
    // SAFETY: `install_handlers` stored it before it installed the handler that calls this, and never frees
    // it.
    let before = unsafe { &*before };
    match before.sa_sigaction {
        libc::SIG_DFL | libc::SIG_IGN => {
            // The faulting instruction runs again, and this time the system ends the process.
            // SAFETY: the default is installed.
            unsafe { libc::signal(signal, libc::SIG_DFL) };
        }
        handler if before.sa_flags & libc::SA_SIGINFO != 0 => {
            // SAFETY: a handler installed with this flag takes three arguments.
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

/// Never returns.
fn block_forever() -> ! {
    loop {
        // SAFETY: it has no conditions.
        unsafe { libc::pause() };
    }
}

#[cfg(target_os = "linux")]
fn errno_location() -> *mut libc::c_int {
    // SAFETY: it has no conditions.
    unsafe { libc::__errno_location() }
}

#[cfg(not(target_os = "linux"))]
fn errno_location() -> *mut libc::c_int {
    // SAFETY: it has no conditions.
    unsafe { libc::__error() }
}

fn errno() -> libc::c_int {
    // SAFETY: the pointer is valid for the lifetime of the thread.
    unsafe { *errno_location() }
}

fn set_errno(error: libc::c_int) {
    // SAFETY: as above.
    unsafe { *errno_location() = error };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_that_has_not_begun_has_used_no_processor_time() {
        let monitor = RunMonitor::new();
        let of_earlier_runs = Duration::from_secs(3600);
        assert_eq!(monitor.cpu_of_run(of_earlier_runs), Duration::ZERO);
        monitor.record_start(of_earlier_runs);
        assert_eq!(monitor.cpu_of_run(of_earlier_runs + Duration::from_secs(1)), Duration::from_secs(1));
    }
}
