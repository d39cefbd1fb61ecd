//! Threads for lab code, in the shape of `std::thread`.

use std::borrow::Cow;
use std::io;
use std::panic::Location;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;

use crate::here;
use crate::sim::{ThreadId, Wait};

pub use std::thread::Result;

/// Starts a thread on the server that the caller runs on. A scheduling point.
///
/// The thread goes on when its handle is dropped, and is gone when its server crashes.
#[track_caller]
pub fn spawn<F, T>(body: F) -> JoinHandle<T>
where
    F: FnOnce() -> T + Send + 'static,
    T: Send + 'static,
{
    spawn_here(Cow::Borrowed("thread"), body)
}

/// Gives a thread a name, which failures and log lines show.
#[derive(Debug, Default)]
pub struct Builder {
    name: Option<Cow<'static, str>>,
}

impl Builder {
    /// A thread without a name.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Names the thread: by a `String` as in `std`, or by a literal, which costs nothing.
    #[must_use]
    pub fn name(mut self, name: impl Into<Cow<'static, str>>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// Starts the thread; see [`spawn`].
    ///
    /// # Errors
    ///
    /// As in `std`, for when the system cannot start a thread; a simulated thread always starts.
    #[track_caller]
    pub fn spawn<F, T>(self, body: F) -> io::Result<JoinHandle<T>>
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send + 'static,
    {
        Ok(spawn_here(self.name.unwrap_or(Cow::Borrowed("thread")), body))
    }
}

/// Starts a thread on the caller's node.
#[track_caller]
fn spawn_here<F, T>(name: Cow<'static, str>, body: F) -> JoinHandle<T>
where
    F: FnOnce() -> T + Send + 'static,
    T: Send + 'static,
{
    let node = here::with(|here| {
        here.point();
        here.current_node()
    });
    spawn_on(node, name, Some(Location::caller()), body)
}

/// Starts a thread on any node. `place` is the line of lab code that does, if it is one.
pub(crate) fn spawn_on<F, T>(
    node: u32,
    name: Cow<'static, str>,
    place: Option<&'static Location<'static>>,
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
    let thread = here::with(|here| here.spawn(node, name.clone(), place, false, body));
    JoinHandle { thread, name, outcome }
}

/// Waits for a thread to end and takes what it returned.
pub struct JoinHandle<T> {
    /// `None`: it never ran, because its server was dead, or there were too many threads.
    thread: Option<ThreadId>,
    name: Cow<'static, str>,
    outcome: Arc<Mutex<Option<T>>>,
}

impl<T> JoinHandle<T> {
    /// Waits for the thread to end. A scheduling point.
    ///
    /// # Errors
    ///
    /// The thread did not return, because its server was killed. (A panic of any thread ends the
    /// whole run.)
    #[track_caller]
    pub fn join(self) -> Result<T> {
        let place = Location::caller();
        here::with(|here| {
            here.point();
            if let Some(thread) = self.thread {
                here.join(thread, place);
            }
        });
        let outcome = self.outcome.lock().take();
        outcome.ok_or_else(|| Box::new("the thread's server was killed before it returned") as _)
    }

    /// Whether the thread has ended. A scheduling point.
    #[must_use]
    pub fn is_finished(&self) -> bool {
        here::with(|here| {
            here.point();
            self.thread.is_none_or(|thread| !here.is_alive(thread))
        })
    }

    /// What is known of the thread.
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

/// A thread's name and identity.
#[derive(Clone, Debug)]
pub struct Thread {
    id: Option<ThreadId>,
    name: Cow<'static, str>,
}

impl Thread {
    /// The name that [`Builder::name`] gave.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        Some(&self.name)
    }

    /// What tells the thread from every other of the run.
    #[must_use]
    pub fn id(&self) -> u64 {
        self.id.map_or(0, |id| id.serial)
    }
}

/// The thread that calls.
#[must_use]
#[track_caller]
pub fn current() -> Thread {
    here::with(|here| Thread { id: Some(here.current_thread()), name: here.current_name() })
}

/// Waits for `duration` of the run's clock. A scheduling point.
#[track_caller]
pub fn sleep(duration: Duration) {
    let place = Location::caller();
    here::with(|here| {
        here.point();
        let deadline = here.deadline(duration);
        let ticket = here.ticket();
        here.park(ticket, Wait::Sleep(place), Some(deadline));
    });
}

/// Lets another thread run, if one can.
#[track_caller]
pub fn yield_now() {
    here::with(|here| here.yield_now());
}
