//! [`Worker`]: an OS thread that runs one thread of a run after another, and its waits.

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

/// Bytes of address space for a worker's stack; pages are committed when they are first touched.
const STACK_SIZE: usize = 2 << 20;

/// The shortest and the longest time for which a worker spins before it sleeps. Sleeping and waking take some
/// twenty microseconds, which is longer than most waits, but spinning costs processor time. So a worker spins
/// for the longest time as long as its waits are short, and halves the time after each wait that is not.
///
/// It does not yield the processor while it spins: on a busy machine it would get it back long after a
/// deadline.
const SPIN_TIME: (Duration, Duration) = (Duration::from_nanos(250), Duration::from_micros(50));

/// The number of checks between two reads of the clock.
const SPINS_PER_CLOCK_READ: u32 = 8;

/// All workers of the process, by slot.
static WORKERS: RwLock<Vec<&'static Worker>> = RwLock::new(Vec::new());
/// The tickets of idle workers. The one that became idle last is taken first.
static IDLE: Mutex<Vec<Ticket>> = Mutex::new(Vec::new());

/// An OS thread of the pool.
pub(super) struct Worker {
    slot: u32,
    /// Set before the first ticket is made.
    thread: OnceLock<thread::Thread>,
    /// Twice the number of its last ticket, plus 1 while that wait has not ended.
    wait: AtomicU64,
    /// The next thread to run.
    inbox: Mutex<Option<Job>>,
    /// The waits for the end of the thread that it runs.
    joiners: Mutex<Joiners>,
    /// The `unpark` token of the thread that it runs.
    token: Mutex<Token>,
}

#[derive(Default)]
struct Joiners {
    /// The serial number of the thread that it runs; 0 for none.
    serial: u64,
    waiting: Vec<Ticket>,
}

#[derive(Default)]
struct Token {
    /// `unpark` was called since the last `park`.
    given: bool,
    /// The wait of the last `park`.
    parked: Option<Ticket>,
}

thread_local! {
    /// The time to spin before the next sleep.
    static SPIN_LIMIT: Cell<Duration> = const { Cell::new(SPIN_TIME.1) };
}

/// The worker in this slot.
#[inline]
pub(super) fn worker(slot: u32) -> &'static Worker {
    WORKERS.read()[slot as usize]
}

/// The error that prevented a start (`None` if it was not tried), and the thread.
pub(super) type NotStarted = (Option<io::Error>, Job);

/// Gives `job` to an idle worker, or to a new one.
///
/// # Errors
///
/// The system cannot start one more thread.
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
    // `WORKERS` is locked until the worker is in its slot.
    let thread = thread::Builder::new().name("labrt".to_owned()).stack_size(STACK_SIZE);
    match thread.spawn(|| worker.run()) {
        Ok(_) => {
            workers.push(worker);
            Ok(ThreadId { slot, serial })
        }
        Err(error) => {
            let job = worker.inbox.lock().take();
            Err((Some(error), job.expect("the job was not run")))
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

    /// A ticket for the wait that begins now. Called by the worker itself.
    #[inline]
    pub(super) fn ticket(&self) -> Ticket {
        let number = (self.wait.load(Ordering::Relaxed) >> 1) + 1;
        // Ordered before the caller's check for a kill; see `wake`.
        self.wait.store(number << 1 | 1, Ordering::SeqCst);
        Ticket { slot: self.slot, number }
    }

    /// Ends the wait. Returns whether it had not ended before.
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

    /// Ends its present wait, because its node was killed. The node must be marked as dead before.
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

    /// Makes it check its deadline again.
    pub(super) fn recheck_deadline(&self) {
        if let Some(thread) = self.thread.get() {
            thread.unpark();
        }
    }

    /// Waits until `ticket` is woken, or until `deadline`, which is called again after
    /// [`recheck_deadline`](Self::recheck_deadline). `spin` says whether to spin before sleeping. Called by
    /// the worker itself.
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

    /// Waits without spinning.
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

    /// Spins until `ticket` is woken. Returns `false` if that takes too long.
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

    /// Cancels a wait that has not begun.
    pub(super) fn cancel(&self, ticket: Ticket) {
        self.end(ticket.number);
    }

    /// Adds a wait for the end of the thread `serial`. Returns `false` if that has ended already.
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

    /// Takes the token of the thread, and returns whether there was one. If not, the next `unpark` ends the
    /// wait of `ticket`. Called by the worker itself.
    pub(super) fn take_token(&self, ticket: Ticket) -> bool {
        let mut token = self.token.lock();
        let given = std::mem::take(&mut token.given);
        token.parked = (!given).then_some(ticket);
        given
    }

    /// Ends the `park` of the thread `serial`, or leaves a token for its next one.
    pub(super) fn unpark_thread(&self, serial: u64) {
        let joiners = self.joiners.lock();
        if joiners.serial == serial {
            let mut token = self.token.lock();
            let woken = token.parked.take().is_some_and(|ticket| self.unpark(ticket));
            token.given |= !woken;
        }
    }

    /// Records that the thread that it ran has ended.
    pub(super) fn ended(&self) {
        let waiting = {
            let mut joiners = self.joiners.lock();
            joiners.serial = 0;
            // The next thread must not get the token. `unpark_thread` holds `joiners` while it sets it.
            *self.token.lock() = Token::default();
            std::mem::take(&mut joiners.waiting)
        };
        for ticket in waiting {
            worker(ticket.slot).unpark(ticket);
        }
    }
}
