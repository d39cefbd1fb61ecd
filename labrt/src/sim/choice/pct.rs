//! [`Pct`]: probabilistic concurrency testing (Burckhardt, Kothari, Musuvathi, Nagarakatte: A Randomized
//! Scheduler with Probabilistic Guarantees of Finding Bugs, ASPLOS 2010).

use rand::Rng;

use super::priorities::Priorities;
use super::{Choose, Random};
use crate::sim::threads::Threads;

/// The depth d of the bugs that are looked for: the number of orderings of two steps that must hold for the
/// bug to show.
const DEPTH: usize = 3;

/// The powers of two among which the length of a window is drawn: from 16 to 4,095 choices.
const WINDOW_EXPONENTS: std::ops::Range<usize> = 4..12;

/// Priorities that are drawn are at least this. Those of change points are less.
const DRAWN: u64 = 1 << 63;

/// Each thread has a random priority, and the thread of the highest priority runs. At d - 1 random choices,
/// the change points, the thread that was chosen gets a low priority.
///
/// The paper draws change points among all steps of a run, whose number it must know. Here a run is a
/// sequence of windows, and PCT begins anew with each: priorities and change points are drawn again. Neither
/// the number of steps of a run nor the distance of two steps that race is known, so the length of each
/// window is random, and each order of magnitude is as likely as the others. In a window of k choices among
/// n threads, a bug of depth d shows with a probability of at least 1/(n k^(d-1)).
pub(super) struct Pct {
    random: Random,
    priorities: Priorities<Priority>,
    /// The number of the current window, from 1 on.
    window: u64,
    /// Choices until the window ends.
    left: usize,
    /// The change points, as the number of choices that are left in the window.
    changes: [usize; DEPTH - 1],
}

/// The priority of a thread in a window.
#[derive(Default)]
struct Priority {
    window: u64,
    priority: u64,
}

impl Pct {
    pub(super) fn new(random: Random) -> Self {
        Self { random, priorities: Priorities::new(), window: 0, left: 0, changes: [0; DEPTH - 1] }
    }

    fn begin_window(&mut self) {
        let shortest = 1 << (WINDOW_EXPONENTS.start + self.random.choose(WINDOW_EXPONENTS.len()));
        self.left = shortest + self.random.choose(shortest);
        self.window += 1;
        for change in &mut self.changes {
            *change = self.random.choose(self.left);
        }
    }
}

impl Choose for Pct {
    fn choose(&mut self, count: usize) -> usize {
        self.random.choose(count)
    }

    fn choose_thread(&mut self, ready: &[u32], current: Option<u32>, threads: &Threads) -> usize {
        if self.left == 0 {
            self.begin_window();
        }
        self.left -= 1;
        let (random, window) = (&mut self.random, self.window);
        let chosen = self.priorities.highest(ready, current, threads, |known, _| {
            if known.window != window {
                *known = Priority { window, priority: random.0.next_u64() | DRAWN };
            }
            known.priority
        });
        if let Some(change) = self.changes.iter().position(|&change| change == self.left) {
            self.priorities.of(chosen.slot, threads).priority = change as u64;
        }
        if chosen.overdue {
            // A single step would not help a thread for which another one polls.
            self.left = 0;
        }
        chosen.position
    }
}
