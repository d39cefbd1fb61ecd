//! Threads for lab code, with the API of `std::thread`.
//!
//! ```
//! # use labrt::world::{Options, simulate};
//! # simulate(Options::new(1), |_| {
//! use labrt::thread;
//! use labrt::time::{Duration, Instant};
//!
//! let start = Instant::now();
//! let sleeper = thread::Builder::new().name("sleeper");
//! let sleeper = sleeper.spawn(|| thread::sleep(Duration::from_secs(10))).unwrap();
//! sleeper.join().unwrap();
//! // Ten virtual seconds have passed, and hardly any real time.
//! assert!(start.elapsed() >= Duration::from_secs(10));
//! # }).result.unwrap();
//! ```

use std::borrow::Cow;
use std::io;
use std::panic::Location;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;

use crate::context;
use crate::wait::{SourceLocation, ThreadId, Wait};

pub use std::thread::Result;

/// Starts a thread on the caller's server. A scheduling point.
///
/// The thread continues if its handle is dropped, and ends when its server crashes.
#[track_caller]
pub fn spawn<F, T>(body: F) -> JoinHandle<T>
where
    F: FnOnce() -> T + Send + 'static,
    T: Send + 'static,
{
    spawn_on_this_node(Cow::Borrowed("thread"), body)
}

/// Starts threads with a name, which failures and log lines show.
#[derive(Debug, Default)]
pub struct Builder {
    name: Option<Cow<'static, str>>,
}

impl Builder {
    /// Makes a builder without a name.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the thread's name: a `String` as in `std`, or a literal, which is not allocated.
    #[must_use]
    pub fn name(mut self, name: impl Into<Cow<'static, str>>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// Starts the thread; see [`spawn`].
    ///
    /// # Errors
    ///
    /// Never returns an error. The type is that of `std`.
    #[track_caller]
    pub fn spawn<F, T>(self, body: F) -> io::Result<JoinHandle<T>>
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send + 'static,
    {
        Ok(spawn_on_this_node(self.name.unwrap_or(Cow::Borrowed("thread")), body))
    }
}

/// Starts a thread on the caller's node.
#[track_caller]
fn spawn_on_this_node<F, T>(name: Cow<'static, str>, body: F) -> JoinHandle<T>
where
    F: FnOnce() -> T + Send + 'static,
    T: Send + 'static,
{
    let node = context::with(|context| {
        context.scheduling_point();
        context.current_node()
    });
    spawn_on(node, name, Some(Location::caller()), body)
}

/// Starts a thread on any node. `location` is the line of lab code that starts it.
pub(crate) fn spawn_on<F, T>(
    node: u32,
    name: Cow<'static, str>,
    location: Option<&'static Location<'static>>,
    body: F,
) -> JoinHandle<T>
where
    F: FnOnce() -> T + Send + 'static,
    T: Send + 'static,
{
    let outcome = Arc::new(Mutex::new(None));
    let result = outcome.clone();
    let body = Box::new(move || {
        let value = body();
        *result.lock() = Some(value);
    });
    let thread = context::with(|context| context.spawn(node, name.clone(), location, false, body));
    JoinHandle { thread, name, outcome }
}

/// The handle of a thread, which waits for its end and returns its result.
pub struct JoinHandle<T> {
    /// `None` if the thread never ran, because its server was dead or the run had too many threads.
    thread: Option<ThreadId>,
    name: Cow<'static, str>,
    outcome: Arc<Mutex<Option<T>>>,
}

impl<T> JoinHandle<T> {
    /// Waits for the thread to end. A scheduling point.
    ///
    /// # Errors
    ///
    /// The thread did not return because its server was killed. (A panic of any thread ends the whole run.)
    #[track_caller]
    pub fn join(self) -> Result<T> {
        let location = Location::caller();
        context::with(|context| {
            context.scheduling_point();
            if let Some(thread) = self.thread {
                context.join(thread, location);
            }
        });
        let outcome = self.outcome.lock().take();
        outcome.ok_or_else(|| Box::new("the thread's server was killed before it returned") as _)
    }

    /// Whether the thread has ended. A scheduling point.
    #[must_use]
    pub fn is_finished(&self) -> bool {
        context::with(|context| {
            context.scheduling_point();
            self.thread.is_none_or(|thread| !context.is_alive(thread))
        })
    }

    /// The name and identity of the thread.
    #[must_use]
    pub fn thread(&self) -> Thread {
        Thread { id: self.thread, name: self.name.clone() }
    }
}

impl<T> std::fmt::Debug for JoinHandle<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("JoinHandle").field("name", &self.name).finish_non_exhaustive()
    }
}

/// The name and identity of a thread.
#[derive(Clone)]
pub struct Thread {
    id: Option<ThreadId>,
    name: Cow<'static, str>,
}

impl Thread {
    /// The name set by [`Builder::name`].
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        Some(&self.name)
    }

    /// Ends the thread's [`park`], or leaves a token with which its next one returns at once. A scheduling
    /// point.
    ///
    /// A thread holds at most one token: two calls before a `park` count once. Has no effect on a thread that
    /// has ended.
    #[track_caller]
    pub fn unpark(&self) {
        context::with(|context| {
            context.scheduling_point();
            if let Some(id) = self.id {
                context.unpark_thread(id);
            }
        });
    }

    /// The number of the thread, unique on its server; 0 if it never ran because the server was dead.
    #[must_use]
    pub fn id(&self) -> u64 {
        self.id.map_or(0, ThreadId::on_its_node)
    }
}

impl std::fmt::Debug for Thread {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Thread").field("name", &self.name).field("id", &self.id()).finish()
    }
}

/// The calling thread.
#[must_use]
#[track_caller]
pub fn current() -> Thread {
    context::with(|context| Thread { id: Some(context.current_thread()), name: context.current_name() })
}

/// Waits for `duration` on the server's clock. A scheduling point.
#[track_caller]
pub fn sleep(duration: Duration) {
    let location = Location::caller();
    context::with(|context| {
        context.scheduling_point();
        let deadline = context.deadline(duration);
        let ticket = context.ticket();
        context.park(ticket, Wait::Sleep(location), Some(deadline));
    });
}

/// Lets another thread run, if one can.
#[track_caller]
pub fn yield_now() {
    context::with(|context| context.yield_now());
}

/// Waits until another thread calls [`Thread::unpark`]. Returns at once if that has happened since the last
/// `park`. A scheduling point.
///
/// Unlike that of `std`, it never returns spuriously. To wait for a condition of shared data, prefer a
/// [`Condvar`](crate::sync::Condvar).
///
/// ```
/// # use labrt::world::{Options, simulate};
/// # simulate(Options::new(1), |_| {
/// let waiter = labrt::thread::spawn(labrt::thread::park);
/// waiter.thread().unpark();
/// waiter.join().unwrap();
/// # }).result.unwrap();
/// ```
#[track_caller]
pub fn park() {
    park_until(Location::caller(), None);
}

/// As [`park`], but waits for at most `timeout`.
#[track_caller]
pub fn park_timeout(timeout: Duration) {
    let deadline = context::with(|context| context.deadline(timeout));
    park_until(Location::caller(), Some(deadline));
}

fn park_until(location: SourceLocation, deadline: Option<u64>) {
    context::with(|context| {
        context.scheduling_point();
        let ticket = context.ticket();
        if context.take_token(ticket) {
            context.unpark(ticket); // no wait begins
        } else {
            context.park(ticket, Wait::Park(location), deadline);
        }
    });
}
