//! [`WaitGroup`]: waits until a number of tasks is done.

use std::fmt;
use std::panic::Location;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::context;
use crate::raw::confined::Confined;
use crate::wait::{Ticket, Wait};

/// Counts unfinished tasks, and lets threads wait until the count is 0.
///
/// Tasks are counted in two ways, which may be mixed:
///
/// - by [`add`](Self::add) and [`done`](Self::done), as with Go's `sync.WaitGroup`;
/// - by clones, as with `crossbeam::sync::WaitGroup`: a clone counts as one task until it is dropped. A clone
///   that a thread owns works like `defer wg.Done()`.
///
/// The group that [`new`](Self::new) returns does not count, so that it can be a field of a server.
///
/// ```
/// # use labrt::world::{Options, simulate};
/// # simulate(Options::new(1), |_| {
/// use labrt::sync::{Arc, Mutex, WaitGroup};
/// let (votes, group) = (Arc::new(Mutex::new(0)), WaitGroup::new());
/// for _ in 0..3 {
///     let (votes, working) = (votes.clone(), group.clone());
///     labrt::thread::spawn(move || {
///         *votes.lock() += 1;
///         drop(working);
///     });
/// }
/// group.wait();
/// assert_eq!(*votes.lock(), 3);
/// # }).result.unwrap();
/// ```
pub struct WaitGroup {
    state: Arc<Confined<State>>,
    /// Whether this handle counts as a task.
    counted: AtomicBool,
}

struct State {
    count: usize,
    waiting: Vec<Ticket>,
}

impl WaitGroup {
    /// Makes a group without tasks.
    #[must_use]
    pub fn new() -> Self {
        let state = Arc::new(Confined::new(State { count: 0, waiting: Vec::new() }));
        Self { state, counted: AtomicBool::new(false) }
    }

    /// Adds `count` tasks. A scheduling point.
    #[track_caller]
    pub fn add(&self, count: usize) {
        context::with(|context| {
            context.scheduling_point();
            self.state.open(context).count += count;
        });
    }

    /// Marks one task as done. A scheduling point.
    ///
    /// # Panics
    ///
    /// Panics if the count is 0: `done` was called more often than tasks were added.
    #[track_caller]
    pub fn done(&self) {
        assert!(self.decrement(), "`done` was called more often than tasks were added to the wait group");
    }

    /// Decrements the count, and wakes the waiting threads if it is 0 then. Returns `false` if it was 0
    /// already.
    fn decrement(&self) -> bool {
        context::with(|context| {
            context.scheduling_point_before_release();
            let mut state = self.state.open(context);
            let Some(count) = state.count.checked_sub(1) else { return false };
            state.count = count;
            if count == 0 {
                for ticket in state.waiting.drain(..) {
                    context.unpark(ticket);
                }
            }
            true
        })
    }

    /// Waits until all tasks are done. A scheduling point.
    ///
    /// A clone stops counting when it waits: its own task is done.
    #[track_caller]
    pub fn wait(&self) {
        let location = Location::caller();
        if self.counted.swap(false, Ordering::Relaxed) {
            self.decrement();
        }
        context::with(|context| {
            context.scheduling_point();
            loop {
                let ticket = {
                    let mut state = self.state.open(context);
                    if state.count == 0 {
                        return;
                    }
                    let ticket = context.ticket();
                    state.waiting.push(ticket);
                    ticket
                };
                context.park(ticket, Wait::Group(location), None);
                let mut state = self.state.open(context);
                let registered = state.waiting.iter().position(|waiting| *waiting == ticket);
                match registered {
                    // The count was 0 at some moment, even if tasks have been added since.
                    None => return,
                    Some(position) => drop(state.waiting.remove(position)),
                }
            }
        });
    }
}

impl Clone for WaitGroup {
    /// Adds a task that is done when the clone is dropped. A scheduling point.
    fn clone(&self) -> Self {
        self.add(1);
        Self { state: self.state.clone(), counted: AtomicBool::new(true) }
    }
}

impl Drop for WaitGroup {
    fn drop(&mut self) {
        // Outside its run no thread waits for the group any more.
        if *self.counted.get_mut() && context::try_with(|_| ()).is_some() {
            self.decrement();
        }
    }
}

impl Default for WaitGroup {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for WaitGroup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad("WaitGroup { .. }")
    }
}
