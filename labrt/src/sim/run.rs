//! Starting a simulation, running it to its end, and cleaning up after it.

use std::borrow::Cow;
use std::cell::{Cell, RefCell};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use cpu_time::ThreadTime;

use super::cell::SchedulerCell;
use super::failure::Failure;
use super::habits::{self, Habits};
use super::log::Tap;
use super::policy::Policy;
use super::scheduler::{Next, Scheduler};
use super::{SIM, Sim, TESTER, log, panics, since_start, watchdog, with};
use crate::backend::Backend;
use crate::raw::coroutine::Exit;
use crate::raw::hash_keys;
use crate::raw::pulse::{self, HandlerStack, Pulse};
use crate::threads;

/// How a run is made. On real threads `policy`, `preempt_every`, `max_steps`, `patience` and `max_memory`
/// mean nothing, times are real, and no `tap` is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    /// What the threads are.
    pub backend: Backend,
    /// Decides every interleaving, delay, loss and crash.
    pub seed: u64,
    /// How the next thread is picked.
    pub policy: Policy,
    /// The mean number of scheduling points from one preemption to the next; 0: no thread is preempted. A
    /// preempted thread of a node goes on 5 to 100 µs later. The harness's own threads are never preempted.
    pub preempt_every: u32,
    /// Whether the log is kept. A recorded run is the same run: only slower.
    pub record: bool,
    /// Takes the lines of a recorded simulation as they are written. They are not kept then.
    pub tap: Option<Tap>,
    /// A run that goes on for longer, in virtual time, fails as a [`FailureKind::Timeout`](crate::world::FailureKind::Timeout).
    pub max_virtual_time: Duration,
    /// A run that passes more scheduling points fails as a timeout, too: it sends messages without end in no time.
    pub max_steps: u64,
    /// A thread that computes for so long (processor time) or sleeps for so long (real time) without a call of labrt has
    /// blocked all others: the run fails as [`FailureKind::Blocked`](crate::world::FailureKind::Blocked).
    pub patience: Duration,
    /// A run that takes more processor time fails as a timeout, too: the time of the simulation's own thread
    /// of the system, and on real threads that of the process. How busy the machine is makes no difference.
    pub max_cpu_time: Duration,
    /// The run fails as [`FailureKind::Memory`](crate::world::FailureKind::Memory) when the process has grown by more bytes
    /// since its start, and no other run in the process has touched more memory; [`uncounted`](crate::world::uncounted)
    /// memory aside. Looked at on Linux alone.
    pub max_memory: u64,
}

impl Options {
    /// A run with this seed: random policy, no log, at most one virtual hour, 200 million scheduling points,
    /// 10 minutes of processor time and 2 GiB, and a patience of 5 seconds.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self {
            backend: Backend::Simulation,
            seed,
            policy: Policy::Random,
            preempt_every: 0,
            record: false,
            tap: None,
            max_virtual_time: Duration::from_secs(3600),
            max_steps: 200_000_000,
            patience: Duration::from_secs(5),
            max_cpu_time: Duration::from_secs(600),
            max_memory: 2 << 30,
        }
    }
}

/// What a simulation came to.
#[derive(Clone, Debug)]
pub struct Run<T> {
    /// What the main function returned, or the first thing that went wrong.
    pub result: Result<T, Failure>,
    /// A hash over every scheduling decision and every message until the run was over: the same for the same
    /// source and options. 0 if nobody knows it: on real threads, and when the machine decided where the run
    /// ended ([`Failure::from_outside`]).
    pub fingerprint: u64,
    /// The time that passed on the run's clock: virtual in a simulation, real on real threads.
    pub virtual_time: Duration,
    /// The processor time that the simulation took, its set-up and clean-up included.
    pub cpu_time: Duration,
    /// How many scheduling points were passed.
    pub steps: u64,
    /// What was strange but is no failure.
    pub warnings: Vec<String>,
    /// The log, if [`Options::record`] was set and [`Options::tap`] was not; of a long one the last 100,000
    /// lines.
    pub log: Vec<log::LogLine>,
}

/// Runs `main` in a simulation of its own, on a fresh OS thread, and waits for it.
///
/// `main` is the first thread, on a node called `tester`. The run is over when it returns, or when
/// something fails; all threads are then unwound and every node is dead.
///
/// # Panics
///
/// Panics if an event (see [`World::later`](crate::world::World::later)) panics: that is a bug of the harness.
pub fn simulate<T: Send + 'static>(
    options: Options,
    main: impl FnOnce(&crate::world::World) -> T + Send + 'static,
) -> Run<T> {
    log::install();
    panics::install();
    match options.backend {
        Backend::Simulation => simulate_alone(options, main),
        Backend::Threads => threads::run(options, main),
    }
}

/// On a fresh OS thread.
fn simulate_alone<T: Send + 'static>(
    options: Options,
    main: impl FnOnce(&crate::world::World) -> T + Send + 'static,
) -> Run<T> {
    habits::install();
    hash_keys::find();
    let pulse = Arc::new(Pulse::new());
    let (sender, results) = mpsc::channel();
    let inside = pulse.clone();
    let thread = std::thread::Builder::new().name("simulation".to_owned());
    let handle = thread
        .spawn(move || {
            let run = run_here(options, &inside, main);
            // Whoever waits for it waits until it comes.
            let _ = sender.send(run);
        })
        .expect("the system can start a thread");
    watchdog::wait(handle, &results, &pulse, &options)
}

fn run_here<T: 'static>(
    options: Options,
    pulse: &Arc<Pulse>,
    main: impl FnOnce(&crate::world::World) -> T + 'static,
) -> Run<T> {
    let started = ThreadTime::now();
    let id = next_run_id();
    SIM.with(|sim| {
        let fresh = Sim {
            id,
            scheduler: SchedulerCell::new(Scheduler::new(options, pulse.clone())),
            exit: Exit::new(),
            atomic: Cell::new(false),
            habits: Habits::new(),
            local: RefCell::new(None),
        };
        assert!(sim.set(fresh).is_ok(), "an OS thread runs one simulation in its life");
    });
    let _signals = Signals::new(pulse);
    if let Some(first) = FIRST.get() {
        first();
    }
    let returned = Rc::new(Cell::new(None));
    let verdict = with(|sim| {
        let world = crate::world::World::new(id);
        let result = returned.clone();
        sim.start_main(Box::new(move || result.set(Some(main(&world)))));
        sim.run();
        // It stays where it is: should the run block while it is taken down, somebody else will look for it.
        let verdict = {
            let mut scheduler = sim.scheduler.borrow_mut();
            scheduler.seal();
            scheduler.verdict.clone()
        };
        sim.clean_up();
        sim.drop_local();
        verdict
    });
    let result = match (verdict, returned.take()) {
        (Some(failure), _) => Err(failure),
        (None, Some(value)) => Ok(value),
        (None, None) => unreachable!("a run without a verdict ends when its main function returns"),
    };
    with(|sim| {
        let mut scheduler = sim.scheduler.borrow_mut();
        Run {
            fingerprint: scheduler.final_fingerprint(result.as_ref().err()),
            result,
            virtual_time: since_start(scheduler.now),
            cpu_time: started.elapsed(),
            steps: scheduler.steps,
            warnings: std::mem::take(&mut scheduler.warnings),
            log: std::mem::take(&mut scheduler.log).into_lines(),
        }
    })
}

/// Whether servers of a simulation have hash maps of their own keys.
///
/// Std counts the keys up once for each OS thread, in a place that it does not tell. Where this place is not
/// found, which is so on systems other than Linux with glibc, all servers of a simulation see one counter: a
/// server can tell from it how many hash maps others have made, and can be told something by it.
#[must_use]
pub fn hash_keys_are_separate() -> bool {
    hash_keys::find()
}

/// What each OS thread of a simulation does first.
static FIRST: OnceLock<fn()> = OnceLock::new();

/// Has each OS thread of a simulation call `first` before it runs any lab code. What `first` takes from the
/// calling thread, such as system calls, lab code has not. For a process that runs code of strangers: it is
/// called once, before the first run.
///
/// # Panics
///
/// Panics if it was called before. If `first` panics, [`simulate`] panics.
pub fn confine_simulations(first: fn()) {
    assert!(FIRST.set(first).is_ok(), "the simulations of this process are confined already");
}

/// What tells a run from every other one of the process.
pub(crate) fn next_run_id() -> u64 {
    static NEXT_ID: AtomicU64 = AtomicU64::new(1);
    NEXT_ID.fetch_add(1, Ordering::Relaxed)
}

/// While it lives, this OS thread can be stopped from outside, and notices the end of a stack.
struct Signals {
    _stack: HandlerStack,
}

impl Signals {
    fn new(pulse: &Pulse) -> Self {
        let stack = HandlerStack::new();
        with(|sim| pulse.attach(sim));
        Self { _stack: stack }
    }
}

impl Drop for Signals {
    fn drop(&mut self) {
        pulse::detach();
    }
}

impl Sim {
    /// Does what the scheduler says until the run is over.
    fn run(&self) {
        loop {
            let next = self.scheduler.borrow_mut().next();
            match next {
                Next::Run(slot, mut coroutine) => {
                    let returned = coroutine.resume(&self.exit);
                    let mut scheduler = self.scheduler.borrow_mut();
                    if returned {
                        scheduler.finish(slot, coroutine);
                    } else {
                        scheduler.threads[slot].coroutine = Some(coroutine);
                    }
                }
                Next::Event(event) => event(),
                Next::End => return,
            }
        }
    }

    /// Unwinds every thread, so that whatever lab code owns is dropped.
    fn clean_up(&self) {
        self.scheduler.borrow_mut().doom(None, None);
        self.run();
        let events = self.scheduler.borrow_mut().timers.clear();
        drop(events);
    }

    fn start_main(&self, main: Box<dyn FnOnce()>) {
        let body = Box::new(move || {
            main();
            with(|sim| sim.scheduler.borrow_mut().stop = true);
        });
        let mut scheduler = self.scheduler.borrow_mut();
        if scheduler.make_room(None) {
            scheduler.spawn(TESTER, Cow::Borrowed("main"), None, false, body);
        }
    }
}

/// Runs a thread's body; whatever it unwinds with has been dealt with already.
pub(crate) fn guarded(body: Box<dyn FnOnce()>) {
    let dying = with(Sim::is_dying);
    let outcome = catch_unwind(AssertUnwindSafe(move || {
        if dying {
            // Killed before it ran: what it owns is dropped, as by a thread that unwinds.
            drop(body);
        } else {
            body();
        }
    }));
    pulse::stop_if_broken();
    drop(outcome);
}
