//! [`WaitGroup`]: wait until all that was begun is done.

use std::fmt;
use std::panic::Location;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::context;
use crate::raw::confined::Confined;
use crate::wait::{Ticket, Wait};

/// Counts what is still to be done, and lets threads wait until that is nothing.
///
/// The count goes up and down in two ways, which may be mixed:
///
/// - [`add`](Self::add) and [`done`](Self::done), as in Go's `sync.WaitGroup`, by whoever has the group or an
///   [`Arc`] of it;
/// - a clone counts as one until it is dropped, as with `crossbeam::sync::WaitGroup`: given to a thread, it
///   is `defer wg.Done()`, which no early return forgets.
///
/// The group that [`new`](Self::new) made counts as nothing. So it can be a field of a server, on which
/// methods wait.
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
    /// This handle is one of those that are counted.
    counted: AtomicBool,
}

struct State {
    count: usize,
    waiting: Vec<Ticket>,
}

impl WaitGroup {
    /// A group with nothing to wait for.
    #[must_use]
    pub fn new() -> Self {
        let state = Arc::new(Confined::new(State { count: 0, waiting: Vec::new() }));
        Self { state, counted: AtomicBool::new(false) }
    }

    /// Counts `count` more things to be done. A scheduling point.
    #[track_caller]
    pub fn add(&self, count: usize) {
        context::with(|context| {
            context.scheduling_point();
            self.state.open(context).count += count;
        });
    }

    /// One thing is done. A scheduling point.
    ///
    /// # Panics
    ///
    /// Panics if nothing is to be done: `done` was called more often than things were added.
    #[track_caller]
    pub fn done(&self) {
        assert!(self.decrement(), "a wait group was told `done` more often than things were added to it");
    }

    /// Takes one off the count, and wakes who waits if it was the last. Says whether there was one.
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

    /// Waits until nothing is left to be done. A scheduling point.
    ///
    /// A clone that waits counts no more: its own work is done.
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
                    // The count was 0 once, even if something has been added since.
                    None => return,
                    Some(position) => drop(state.waiting.remove(position)),
                }
            }
        });
    }
}

impl Clone for WaitGroup {
    /// One more thing to be done, until the clone is dropped. A scheduling point.
    fn clone(&self) -> Self {
        self.add(1);
        Self { state: self.state.clone(), counted: AtomicBool::new(true) }
    }
}

impl Drop for WaitGroup {
    fn drop(&mut self) {
        // One that outlives its run has nobody left to tell.
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
