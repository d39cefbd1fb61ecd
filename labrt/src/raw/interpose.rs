//! Interposed functions of the C library, under the same names.
//!
//! The linker prefers functions of the program itself, so std calls these for time, sleeps, randomness,
//! threads and waits. For simulated threads they call the [`Simulation`]; for all others they call the
//! original function.

use std::ffi::{CStr, c_int, c_long, c_uint, c_void};
use std::ptr;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicPtr, Ordering};
use std::time::Duration;

use super::run_monitor::is_inside;

/// The callbacks of the simulation on the calling OS thread. Times are in nanoseconds since the run began, on
/// the clock of the current node.
pub(crate) struct Simulation {
    /// Reads the clock.
    pub(crate) clock: fn() -> u64,
    /// The time of the clock, without counting as a read.
    pub(crate) now: fn() -> u64,
    /// Lets the simulated thread sleep until this time.
    pub(crate) sleep_until: fn(u64),
    /// Fills the bytes at random. Returns `false` if the OS thread is not a simulation's.
    pub(crate) random: fn(&mut [u8]) -> bool,
    /// Fails the run because lab code starts an OS thread.
    pub(crate) refuse_thread: fn(),
    /// Fails the run because a simulated thread has waited for a lock of std for this long, or (`None`)
    /// begins a wait with a timeout.
    pub(crate) refuse_wait: fn(Option<Duration>) -> !,
    /// The longest wait for a lock of std.
    pub(crate) lock_wait_max: fn() -> Duration,
}

static SIMULATION: OnceLock<Simulation> = OnceLock::new();

/// The callbacks. For callers that [are inside](is_inside): no simulated thread runs before [`install`].
fn simulation() -> &'static Simulation {
    match SIMULATION.get() {
        Some(simulation) => simulation,
        None => std::process::abort(),
    }
}

/// The start of the virtual clock on clocks that count from 1970, in seconds: the start of 2026.
const EPOCH: i64 = 1_767_225_600;

/// The start of the virtual clock on all other clocks, in seconds. Not 0, because std may subtract from it.
const UPTIME: i64 = 1_000_000;

const NANOS: u64 = 1_000_000_000;

/// Sets the callbacks, and refers to the interposed functions so that the linker keeps them. Only the first
/// call has an effect.
pub(crate) fn install(simulation: Simulation) {
    let _ = SIMULATION.set(simulation);
    let functions = [
        clock_gettime as *const (),
        gettimeofday as *const (),
        time as *const (),
        nanosleep as *const (),
        clock_nanosleep as *const (),
        getrandom as *const (),
        pthread_create as *const (),
        syscall as *const (),
    ];
    std::hint::black_box(functions);
}

/// The original of an interposed function.
struct Real {
    name: &'static CStr,
    address: AtomicPtr<c_void>,
}

impl Real {
    const fn new(name: &'static CStr) -> Self {
        Self { name, address: AtomicPtr::new(ptr::null_mut()) }
    }

    #[inline]
    fn address(&self) -> *mut c_void {
        let address = self.address.load(Ordering::Relaxed);
        if address.is_null() { self.find() } else { address }
    }

    #[cold]
    fn find(&self) -> *mut c_void {
        // SAFETY: the name ends with a zero byte. Looking it up twice is harmless.
        let address = unsafe { libc::dlsym(libc::RTLD_NEXT, self.name.as_ptr()) };
        if address.is_null() {
            // Every libc has them all.
            std::process::abort();
        }
        self.address.store(address, Ordering::Relaxed);
        address
    }
}

/// Calls the original function `$real`.
macro_rules! real {
    ($real:expr, ($($kind:ty),*) -> $result:ty, $($argument:expr),*) => {{
        // SAFETY: the address is that of the original function, which has these types.
        let function: unsafe extern "C" fn($($kind),*) -> $result =
            unsafe { std::mem::transmute($real.address()) };
        // SAFETY: the caller guarantees for its arguments what the original function requires.
        unsafe { function($($argument),*) }
    }};
}

static CLOCK_GETTIME: Real = Real::new(c"clock_gettime");
static GETTIMEOFDAY: Real = Real::new(c"gettimeofday");
static TIME: Real = Real::new(c"time");
static NANOSLEEP: Real = Real::new(c"nanosleep");
static CLOCK_NANOSLEEP: Real = Real::new(c"clock_nanosleep");
static GETRANDOM: Real = Real::new(c"getrandom");
static PTHREAD_CREATE: Real = Real::new(c"pthread_create");
static SYSCALL: Real = Real::new(c"syscall");

/// The start of the virtual clock on one of the system's clocks.
fn start_of(clock: libc::clockid_t) -> i64 {
    match clock {
        libc::CLOCK_REALTIME | libc::CLOCK_REALTIME_COARSE | libc::CLOCK_TAI => EPOCH,
        _ => UPTIME,
    }
}

fn timespec(start: i64, nanos: u64) -> libc::timespec {
    let seconds = i64::try_from(nanos / NANOS).unwrap_or(i64::MAX);
    libc::timespec { tv_sec: start.saturating_add(seconds), tv_nsec: (nanos % NANOS).cast_signed() }
}

/// The system's monotonic clock, read by the original function.
pub(crate) fn system_clock() -> Duration {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    real!(
        CLOCK_GETTIME,
        (libc::clockid_t, *mut libc::timespec) -> c_int,
        libc::CLOCK_MONOTONIC, &raw mut time
    );
    Duration::new(time.tv_sec.cast_unsigned(), u32::try_from(time.tv_nsec).unwrap_or(0))
}

/// # Safety
///
/// As for the system's function.
#[unsafe(no_mangle)]
unsafe extern "C" fn clock_gettime(clock: libc::clockid_t, result: *mut libc::timespec) -> c_int {
    if !is_inside() {
        return real!(CLOCK_GETTIME, (libc::clockid_t, *mut libc::timespec) -> c_int, clock, result);
    }
    let now = timespec(start_of(clock), (simulation().clock)());
    // SAFETY: the caller passes a valid pointer.
    unsafe { result.write(now) };
    0
}

/// # Safety
///
/// As for the system's function.
#[unsafe(no_mangle)]
unsafe extern "C" fn gettimeofday(result: *mut libc::timeval, zone: *mut c_void) -> c_int {
    if !is_inside() {
        return real!(GETTIMEOFDAY, (*mut libc::timeval, *mut c_void) -> c_int, result, zone);
    }
    let now = timespec(EPOCH, (simulation().clock)());
    // SAFETY: the caller passes a valid pointer.
    unsafe { result.write(libc::timeval { tv_sec: now.tv_sec, tv_usec: now.tv_nsec / 1000 }) };
    0
}

/// # Safety
///
/// As for the system's function.
#[unsafe(no_mangle)]
unsafe extern "C" fn time(result: *mut libc::time_t) -> libc::time_t {
    if !is_inside() {
        return real!(TIME, (*mut libc::time_t) -> libc::time_t, result);
    }
    let now = timespec(EPOCH, (simulation().clock)()).tv_sec;
    if !result.is_null() {
        // SAFETY: the caller passes a valid pointer or null.
        unsafe { result.write(now) };
    }
    now
}

/// # Safety
///
/// As for the system's function.
#[unsafe(no_mangle)]
unsafe extern "C" fn nanosleep(wanted: *const libc::timespec, left: *mut libc::timespec) -> c_int {
    if !is_inside() {
        return real!(NANOSLEEP, (*const libc::timespec, *mut libc::timespec) -> c_int, wanted, left);
    }
    // SAFETY: the caller passes a valid pointer.
    let wanted = nanos_since(0, unsafe { &*wanted });
    (simulation().sleep_until)((simulation().now)().saturating_add(wanted));
    0
}

/// # Safety
///
/// As for the system's function.
#[unsafe(no_mangle)]
unsafe extern "C" fn clock_nanosleep(
    clock: libc::clockid_t,
    flags: c_int,
    wanted: *const libc::timespec,
    left: *mut libc::timespec,
) -> c_int {
    if !is_inside() {
        return real!(
            CLOCK_NANOSLEEP,
            (libc::clockid_t, c_int, *const libc::timespec, *mut libc::timespec) -> c_int,
            clock, flags, wanted, left
        );
    }
    // SAFETY: the caller passes a valid pointer.
    let wanted = unsafe { &*wanted };
    let until = match flags & libc::TIMER_ABSTIME {
        0 => (simulation().now)().saturating_add(nanos_since(0, wanted)),
        _ => nanos_since(start_of(clock), wanted),
    };
    (simulation().sleep_until)(until);
    0
}

/// Nanoseconds from `start`, in seconds, to `time`.
fn nanos_since(start: i64, time: &libc::timespec) -> u64 {
    let seconds = u64::try_from(time.tv_sec.saturating_sub(start)).unwrap_or(0);
    seconds.saturating_mul(NANOS).saturating_add(time.tv_nsec.cast_unsigned())
}

/// # Safety
///
/// As for the system's function.
#[unsafe(no_mangle)]
unsafe extern "C" fn getrandom(bytes: *mut c_void, length: usize, flags: c_uint) -> isize {
    // SAFETY: the caller passes a buffer of this length.
    if !unsafe { fill(bytes, length) } {
        return real!(GETRANDOM, (*mut c_void, usize, c_uint) -> isize, bytes, length, flags);
    }
    length.cast_signed()
}

/// Fills the buffer from the seed, if the OS thread is a simulation's. Returns whether it is.
///
/// This includes the OS thread outside every simulated thread: std draws the keys of its hash maps once per
/// OS thread, for whichever code makes the first map.
///
/// # Safety
///
/// `bytes` must be valid for writing `length` bytes, unless `length` is 0.
unsafe fn fill(bytes: *mut c_void, length: usize) -> bool {
    if length == 0 || bytes.is_null() {
        return false;
    }
    // SAFETY: the buffer is valid, and writing zeroes initialises it.
    let bytes = unsafe {
        ptr::write_bytes(bytes.cast::<u8>(), 0, length);
        std::slice::from_raw_parts_mut(bytes.cast::<u8>(), length)
    };
    SIMULATION.get().is_some_and(|simulation| (simulation.random)(bytes))
}

/// # Safety
///
/// As for the system's function.
#[unsafe(no_mangle)]
unsafe extern "C" fn pthread_create(
    thread: *mut libc::pthread_t,
    attributes: *const libc::pthread_attr_t,
    start: extern "C" fn(*mut c_void) -> *mut c_void,
    argument: *mut c_void,
) -> c_int {
    if is_inside() {
        (simulation().refuse_thread)();
        return libc::EAGAIN;
    }
    real!(
        PTHREAD_CREATE,
        (
            *mut libc::pthread_t,
            *const libc::pthread_attr_t,
            extern "C" fn(*mut c_void) -> *mut c_void,
            *mut c_void
        ) -> c_int,
        thread, attributes, start, argument
    )
}

/// The original `syscall` is variadic but always reads six arguments.
///
/// # Safety
///
/// As for the system's function.
#[unsafe(no_mangle)]
unsafe extern "C" fn syscall(
    number: c_long,
    a: c_long,
    b: c_long,
    c: c_long,
    d: c_long,
    e: c_long,
    f: c_long,
) -> c_long {
    match number {
        libc::SYS_futex if is_inside() => return futex(a, b, c, d, e, f),
        libc::SYS_getrandom => {
            let length = b.cast_unsigned().try_into().unwrap_or(0);
            // SAFETY: the caller passes a buffer of this length.
            if unsafe { fill(ptr::with_exposed_provenance_mut(a.cast_unsigned() as usize), length) } {
                return b;
            }
        }
        _ => {}
    }
    system(number, a, b, c, d, e, f)
}

/// Makes a system call.
fn system(number: c_long, a: c_long, b: c_long, c: c_long, d: c_long, e: c_long, f: c_long) -> c_long {
    real!(
        SYSCALL,
        (c_long, c_long, c_long, c_long, c_long, c_long, c_long) -> c_long,
        number, a, b, c, d, e, f
    )
}

/// A futex call of a simulated thread: a wait in a lock of std, or a wake-up.
fn futex(address: c_long, operation: c_long, value: c_long, timeout: c_long, e: c_long, f: c_long) -> c_long {
    let call = operation & c_long::from(!(libc::FUTEX_PRIVATE_FLAG | libc::FUTEX_CLOCK_REALTIME));
    if call != c_long::from(libc::FUTEX_WAIT) && call != c_long::from(libc::FUTEX_WAIT_BITSET) {
        return system(libc::SYS_futex, address, operation, value, timeout, e, f);
    }
    if timeout != 0 {
        (simulation().refuse_wait)(None);
    }
    // Another OS thread may hold the lock for a moment.
    let lock_wait_max = (simulation().lock_wait_max)();
    let limit = libc::timespec {
        tv_sec: lock_wait_max.as_secs().cast_signed(),
        tv_nsec: c_long::from(lock_wait_max.subsec_nanos().cast_signed()),
    };
    let private = operation & c_long::from(libc::FUTEX_PRIVATE_FLAG);
    let wait = c_long::from(libc::FUTEX_WAIT) | private;
    let limit = (&raw const limit).expose_provenance().cast_signed() as c_long;
    let answer = system(libc::SYS_futex, address, wait, value, limit, 0, 0);
    // SAFETY: the pointer is valid for the calling thread.
    if answer == -1 && unsafe { *libc::__errno_location() } == libc::ETIMEDOUT {
        (simulation().refuse_wait)(Some(lock_wait_max));
    }
    answer
}
