//! [`Once`] and [`OnceLock`]: one-time execution and initialization.

use std::fmt;
use std::panic::Location;
use std::sync::OnceLock as Cell;

use crate::context;
use crate::raw::confined::Confined;
use crate::wait::{BlockedBy, Blocker, SourceLocation, ThreadId, Ticket, Wait};

/// Runs a function once, however many threads call it; see `std::sync::Once`.
///
/// It should be a field of a server. A `static` would be shared by all servers, so [`new`](Self::new) is not
/// `const`, unlike that of `std`. It is never poisoned: if the thread that runs the function is killed, the
/// next caller runs its own function.
pub struct Once {
    state: Confined<State>,
}

struct State {
    progress: Progress,
    /// Threads that wait for the one that runs the function.
    waiting: Vec<Ticket>,
}

#[derive(Clone, Copy)]
enum Progress {
    New,
    /// The thread that runs the function, and the line that called.
    Running(ThreadId, SourceLocation),
    Done,
}

impl Once {
    /// Makes a `Once` that has not run.
    #[must_use]
    pub fn new() -> Self {
        Self { state: Confined::new(State { progress: Progress::New, waiting: Vec::new() }) }
    }

    /// Calls `f` if this is the first call; otherwise waits until the first one has returned. A scheduling
    /// point.
    ///
    /// A simulation fails with a deadlock if `f` calls `call_once` of the same `Once`.
    #[track_caller]
    pub fn call_once(&self, f: impl FnOnce()) {
        let location = Location::caller();
        if self.begin(location) {
            let mut running = Running { once: self, becomes: Progress::New };
            f();
            running.becomes = Progress::Done;
        }
    }

    /// Whether a call of [`call_once`](Self::call_once) has returned. A scheduling point.
    #[must_use]
    #[track_caller]
    pub fn is_completed(&self) -> bool {
        context::with(|context| {
            context.scheduling_point();
            matches!(self.state.open(context).progress, Progress::Done)
        })
    }

    /// Returns whether the caller has to run the function. If not, it has run already.
    fn begin(&self, location: SourceLocation) -> bool {
        context::with(|context| {
            context.scheduling_point();
            loop {
                let mut state = self.state.open(context);
                match state.progress {
                    Progress::Done => return false,
                    Progress::New => {
                        state.progress = Progress::Running(context.current_thread(), location);
                        return true;
                    }
                    Progress::Running(thread, since) => {
                        let ticket = context.ticket();
                        state.waiting.push(ticket);
                        drop(state);
                        let blocker = Blocker { thread, by: BlockedBy::Initializing(since) };
                        context.park_behind(ticket, Wait::Once(location), blocker);
                    }
                }
            }
        })
    }
}

/// A guard that lives while the function runs, from which a kill may unwind.
struct Running<'a> {
    once: &'a Once,
    becomes: Progress,
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        context::with(|context| {
            context.scheduling_point_before_release();
            let mut state = self.once.state.open(context);
            state.progress = self.becomes;
            for ticket in state.waiting.drain(..) {
                context.unpark(ticket);
            }
        });
    }
}

impl Default for Once {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Once {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad("Once { .. }")
    }
}

/// A value that is written once; see `std::sync::OnceLock`.
///
/// It should be a field of a server, as a [`Once`].
///
/// ```
/// # use labrt::world::{Options, simulate};
/// # simulate(Options::new(1), |_| {
/// use labrt::sync::{Arc, OnceLock};
/// let leader = Arc::new(OnceLock::new());
/// let other = leader.clone();
/// let thread = labrt::thread::spawn(move || *other.get_or_init(|| 2));
/// let mine = *leader.get_or_init(|| 1);
/// assert_eq!(thread.join().unwrap(), mine);
/// # }).result.unwrap();
/// ```
pub struct OnceLock<T> {
    once: Once,
    /// Written only within `once`, so that no thread ever waits for it.
    value: Cell<T>,
}

impl<T> OnceLock<T> {
    /// Makes a cell without a value.
    #[must_use]
    pub fn new() -> Self {
        Self { once: Once::new(), value: Cell::new() }
    }

    /// Returns the value, if there is one. Does not wait. A scheduling point.
    #[must_use]
    #[track_caller]
    pub fn get(&self) -> Option<&T> {
        if self.once.is_completed() { self.value.get() } else { None }
    }

    /// Returns the value, if there is one. No scheduling point: no other thread can access it.
    #[must_use]
    pub fn get_mut(&mut self) -> Option<&mut T> {
        self.value.get_mut()
    }

    /// Writes the value. Waits while another thread is writing it. A scheduling point.
    ///
    /// # Errors
    ///
    /// There is a value already; the error is `value`.
    #[track_caller]
    pub fn set(&self, value: T) -> Result<(), T> {
        let mut value = Some(value);
        self.once.call_once(|| self.write(value.take().expect("it is written once")));
        value.map_or(Ok(()), Err)
    }

    /// Returns the value, after initializing it with `make` if there is none. Waits while another thread
    /// initializes it. A scheduling point.
    ///
    /// A simulation fails with a deadlock if `make` uses the same cell.
    #[track_caller]
    pub fn get_or_init(&self, make: impl FnOnce() -> T) -> &T {
        self.once.call_once(|| self.write(make()));
        self.value.get().expect("it has been written")
    }

    /// Removes the value, so that another one can be written. No scheduling point.
    #[must_use]
    pub fn take(&mut self) -> Option<T> {
        self.once = Once::new();
        self.value.take()
    }

    /// Returns the value, if there is one. No scheduling point.
    #[must_use]
    pub fn into_inner(self) -> Option<T> {
        self.value.into_inner()
    }

    fn write(&self, value: T) {
        let written = self.value.set(value);
        assert!(written.is_ok(), "`Once` runs one writer only");
    }
}

impl<T> Default for OnceLock<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T> From<T> for OnceLock<T> {
    fn from(value: T) -> Self {
        let once = Once { state: Confined::new(State { progress: Progress::Done, waiting: Vec::new() }) };
        Self { once, value: Cell::from(value) }
    }
}

impl<T: fmt::Debug> fmt::Debug for OnceLock<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.value.fmt(f)
    }
}
