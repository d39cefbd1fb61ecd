//! [`Worker`]: an OS thread, used again for one thread of a run after the other, and how it waits.

use std::cell::Cell;
use std::hint;
use std::io;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use parking_lot::{Mutex, RwLock};

use super::Job;
use crate::wait::{ThreadId, Ticket, Woken};

/// Bytes of a worker's stack; a page is committed when it is first touched.
const STACK_SIZE: usize = 2 << 20;

/// How long a worker looks whether it was woken before it goes to sleep, at the least and at the most. To
/// sleep and be woken takes some twenty microseconds, and most answers do not; but looking costs processor
/// time. So a worker looks for long as long as its waits are short, sleep included, and half as long each
/// time when they are not.
///
/// It does not offer the processor to others meanwhile: on a busy machine it would get it back only when they
/// have had their turns, long after a deadline.
const SPIN_TIME: (Duration, Duration) = (Duration::from_nanos(250), Duration::from_micros(50));

/// So many looks between two glances at the clock.
const SPINS_PER_CLOCK_READ: u32 = 8;

/// Every worker of the process, by its slot.
static WORKERS: RwLock<Vec<&'static Worker>> = RwLock::new(Vec::new());
/// Those that have nothing to do, with the tickets of their waits. The one that was busy last comes first.
static IDLE: Mutex<Vec<Ticket>> = Mutex::new(Vec::new());

/// An OS thread of the pool.
pub(super) struct Worker {
    slot: u32,
    /// Set before it makes its first ticket.
    thread: OnceLock<thread::Thread>,
    /// The number of its last ticket, doubled, and 1 if that may still be woken.
    wait: AtomicU64,
    /// What it is to do next.
    inbox: Mutex<Option<Job>>,
    /// Who waits for the end of the thread that it runs.
    joiners: Mutex<Joiners>,
    /// The `unpark` of lab code, for the thread that it runs.
    token: Mutex<Token>,
}

#[derive(Default)]
struct Joiners {
    /// The thread that it runs; 0: none.
    serial: u64,
    waiting: Vec<Ticket>,
}

#[derive(Default)]
struct Token {
    /// Somebody has called `unpark`, and the thread has not called `park` since.
    given: bool,
    /// The wait of the last `park`.
    parked: Option<Ticket>,
}

thread_local! {
    /// How long to look before the next sleep.
    static SPIN_LIMIT: Cell<Duration> = const { Cell::new(SPIN_TIME.1) };
}

/// The worker in that slot.
#[inline]
pub(super) fn worker(slot: u32) -> &'static Worker {
    WORKERS.read()[slot as usize]
}

/// Why a thread is not started (`None`: it was not tried), and the thread.
pub(super) type NotStarted = (Option<io::Error>, Job);

/// Gives `job` to a worker that has nothing to do, or to a new one.
///
/// # Errors
///
/// When the system cannot start one more thread.
pub(super) fn start(job: Job) -> Result<ThreadId, NotStarted> {
    let serial = job.serial();
    let idle = IDLE.lock().pop();
    let Some(ticket) = idle else { return start_worker(job) };
    let worker = worker(ticket.slot);
    worker.joiners.lock().serial = serial;
    *worker.inbox.lock() = Some(job);
    worker.unpark(ticket);
    Ok(ThreadId { slot: ticket.slot, serial })
}

fn start_worker(job: Job) -> Result<ThreadId, NotStarted> {
    let serial = job.serial();
    let mut workers = WORKERS.write();
    let slot = u32::try_from(workers.len()).expect("fewer than 2^32 workers");
    let worker: &'static Worker = Box::leak(Box::new(Worker {
        slot,
        thread: OnceLock::new(),
        wait: AtomicU64::new(0),
        inbox: Mutex::new(Some(job)),
        joiners: Mutex::new(Joiners { serial, waiting: Vec::new() }),
        token: Mutex::default(),
    }));
    // Whoever looks for it waits until it has its slot.
    let thread = thread::Builder::new().name("labrt".to_owned()).stack_size(STACK_SIZE);
    match thread.spawn(|| worker.run()) {
        Ok(_) => {
            workers.push(worker);
            Ok(ThreadId { slot, serial })
        }
        Err(error) => {
            let job = worker.inbox.lock().take();
            Err((Some(error), job.expect("nobody has run it")))
        }
    }
}

impl Worker {
    fn run(&'static self) {
        self.thread.set(thread::current()).expect("a worker runs on one thread");
        loop {
            let job = self.inbox.lock().take();
            if let Some(job) = job {
                job.run(self);
            }
            let ticket = self.ticket();
            IDLE.lock().push(ticket);
            self.park(ticket, || None, true);
        }
    }

    pub(super) fn slot(&self) -> u32 {
        self.slot
    }

    /// A ticket for the wait that begins now. By the worker itself.
    #[inline]
    pub(super) fn ticket(&self) -> Ticket {
        let number = (self.wait.load(Ordering::Relaxed) >> 1) + 1;
        // Before the look for a kill that follows; see `wake`.
        self.wait.store(number << 1 | 1, Ordering::SeqCst);
        Ticket { slot: self.slot, number }
    }

    /// Ends the wait, if it still lasts; says whether it did.
    #[inline]
    fn end(&self, number: u64) -> bool {
        self.wait.compare_exchange(number << 1 | 1, number << 1, Ordering::SeqCst, Ordering::SeqCst).is_ok()
    }

    #[inline]
    pub(super) fn unpark(&self, ticket: Ticket) -> bool {
        let lasted = self.end(ticket.number);
        if lasted && let Some(thread) = self.thread.get() {
            thread.unpark();
        }
        lasted
    }

    /// Wakes it from whatever it waits for: its node was killed. The kill is marked before.
    pub(super) fn wake(&self) {
        let wait = self.wait.load(Ordering::SeqCst);
        if wait & 1 == 1 {
            self.unpark(Ticket { slot: self.slot, number: wait >> 1 });
        }
    }

    #[inline]
    pub(super) fn waits(&self, ticket: Ticket) -> bool {
        self.wait.load(Ordering::SeqCst) == ticket.number << 1 | 1
    }

    /// Lets it look again how long it still has to wait.
    pub(super) fn recheck_deadline(&self) {
        if let Some(thread) = self.thread.get() {
            thread.unpark();
        }
    }

    /// Waits until `ticket` is woken, or until `deadline`, which is asked again after a
    /// [`recheck_deadline`](Self::recheck_deadline). By the worker itself. `spin`: it is worth the while to look for a moment
    /// before sleeping.
    pub(super) fn park(&self, ticket: Ticket, deadline: impl Fn() -> Option<Instant>, spin: bool) -> Woken {
        if !spin {
            return self.sleep(ticket, deadline);
        }
        let (least, most) = SPIN_TIME;
        let start = Instant::now();
        let woken = if self.spin(ticket, start) { Woken::Notified } else { self.sleep(ticket, deadline) };
        let short = start.elapsed() < 2 * most;
        SPIN_LIMIT.set(if short { most } else { (SPIN_LIMIT.get() / 2).max(least) });
        woken
    }

    /// Waits asleep.
    fn sleep(&self, ticket: Ticket, deadline: impl Fn() -> Option<Instant>) -> Woken {
        while self.waits(ticket) {
            let Some(deadline) = deadline() else {
                thread::park();
                continue;
            };
            let left = deadline.saturating_duration_since(Instant::now());
            if left == Duration::ZERO {
                return if self.end(ticket.number) { Woken::TimedOut } else { Woken::Notified };
            }
            thread::park_timeout(left);
        }
        Woken::Notified
    }

    /// Looks for a moment whether `ticket` is woken.
    fn spin(&self, ticket: Ticket, start: Instant) -> bool {
        let limit = SPIN_LIMIT.get();
        while start.elapsed() < limit {
            for _ in 0..SPINS_PER_CLOCK_READ {
                if !self.waits(ticket) {
                    return true;
                }
                hint::spin_loop();
            }
        }
        false
    }

    /// The wait is off: the thread goes on without it.
    pub(super) fn cancel(&self, ticket: Ticket) {
        self.end(ticket.number);
    }

    /// Adds a waiter for the end of the thread with that serial number; says whether it has not ended yet.
    pub(super) fn add_joiner(&self, serial: u64, ticket: Ticket) -> bool {
        let mut joiners = self.joiners.lock();
        let runs = joiners.serial == serial;
        if runs {
            joiners.waiting.push(ticket);
        }
        runs
    }

    pub(super) fn runs(&self, serial: u64) -> bool {
        self.joiners.lock().serial == serial
    }

    /// Takes the token that was given to the thread. If there is none, the wait of `ticket` is ended by the
    /// next one. By the worker itself.
    pub(super) fn take_token(&self, ticket: Ticket) -> bool {
        let mut token = self.token.lock();
        let given = std::mem::take(&mut token.given);
        token.parked = (!given).then_some(ticket);
        given
    }

    /// Ends the `park` of the thread with that serial number, or leaves a token for its next one.
    pub(super) fn unpark_thread(&self, serial: u64) {
        let joiners = self.joiners.lock();
        if joiners.serial == serial {
            let mut token = self.token.lock();
            let woken = token.parked.take().is_some_and(|ticket| self.unpark(ticket));
            token.given |= !woken;
        }
    }

    /// The thread that it ran has ended.
    pub(super) fn ended(&self) {
        let waiting = {
            let mut joiners = self.joiners.lock();
            joiners.serial = 0;
            // It is not for the next one. Whoever gives one holds `joiners` meanwhile.
            *self.token.lock() = Token::default();
            std::mem::take(&mut joiners.waiting)
        };
        for ticket in waiting {
            worker(ticket.slot).unpark(ticket);
        }
    }
}
