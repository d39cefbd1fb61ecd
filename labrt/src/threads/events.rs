//! [`Events`]: the queue of events, which run outside every thread.

use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;
use std::time::{Duration, Instant};

use parking_lot::{Condvar, Mutex};

/// The events of one run.
pub(super) struct Events {
    started: Instant,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    heap: BinaryHeap<Reverse<Event>>,
    seq: u64,
    over: bool,
}

struct Event {
    /// The time since the run began.
    at: Duration,
    /// Orders events with the same time by the order in which they were added.
    seq: u64,
    event: Box<dyn FnOnce() + Send>,
}

impl PartialEq for Event {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}
impl Eq for Event {}
impl PartialOrd for Event {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for Event {
    fn cmp(&self, other: &Self) -> Ordering {
        (self.at, self.seq).cmp(&(other.at, other.seq))
    }
}

impl Events {
    pub(super) fn new(started: Instant) -> Self {
        Self { started, state: Mutex::new(State::default()), changed: Condvar::new() }
    }

    /// Schedules an event. After the end of the run it is dropped.
    pub(super) fn add(&self, at: Duration, event: Box<dyn FnOnce() + Send>) {
        let late = {
            let mut state = self.state.lock();
            if state.over {
                Some(event)
            } else {
                state.seq += 1;
                let event = Event { at, seq: state.seq, event };
                let earliest = state.heap.peek().is_none_or(|first| event < first.0);
                state.heap.push(Reverse(event));
                if earliest {
                    self.changed.notify_one();
                }
                None
            }
        };
        drop(late); // after unlocking: its destructor may schedule events
    }

    /// Runs events until the end of the run.
    pub(super) fn run(&self) {
        let mut state = self.state.lock();
        loop {
            if state.over {
                let left = std::mem::take(&mut state.heap);
                drop(state);
                drop(left);
                return;
            }
            let due = state.heap.peek().map(|first| self.started + first.0.at);
            match due {
                None => self.changed.wait(&mut state),
                Some(due) if due > Instant::now() => {
                    self.changed.wait_until(&mut state, due);
                }
                Some(_) => {
                    let event = state.heap.pop();
                    drop(state);
                    if let Some(Reverse(event)) = event {
                        (event.event)();
                    }
                    state = self.state.lock();
                }
            }
        }
    }

    /// Ends [`run`](Self::run); the remaining events are dropped.
    pub(super) fn end(&self) {
        self.state.lock().over = true;
        self.changed.notify_one();
    }
}
