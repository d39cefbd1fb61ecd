//! Starts a simulation, runs it to its end, and cleans up.

use std::borrow::Cow;
use std::cell::Cell;
use std::rc::Rc;
use std::sync::{Arc, mpsc};

use cpu_time::ThreadTime;

use super::os_thread::OsThread;
use super::scheduler::{Next, Scheduler};
use super::simulation::{SIM, Sim, guarded, with};
use super::{std_compat, watchdog};
use crate::clock::since_start;
use crate::raw::hash_keys;
use crate::raw::run_monitor::HandlerStack;
use crate::raw::watched::Watched;
use crate::run::failure::Failure;
use crate::run::ids::{TESTER, next_run_id};
use crate::run::options::Options;
use crate::run::outcome::Run;

/// Runs `main`, whose argument is the number of the run, in a simulation with an OS thread of its own. See
/// [`simulate`](crate::world::simulate).
pub(crate) fn run<T: Send + 'static>(
    options: Options,
    main: impl FnOnce(u64) -> T + Send + 'static,
) -> Run<T> {
    std_compat::install();
    hash_keys::locate();
    let watched = Arc::new(Watched::new());
    let (sender, results) = mpsc::channel();
    let inside = watched.clone();
    let thread = OsThread::run(Box::new(move |stack, is_reusable| {
        let run = run_here(options, &inside, stack, main);
        // The receiver waits until the result comes.
        let _ = sender.send((run, is_reusable()));
    }));
    watchdog::wait(thread, &results, &watched, &options)
}

fn run_here<T: 'static>(
    options: Options,
    watched: &Watched<Scheduler>,
    stack: &HandlerStack,
    main: impl FnOnce(u64) -> T + 'static,
) -> Run<T> {
    let started = ThreadTime::now();
    watched.monitor().record_start(started.as_duration());
    let id = next_run_id();
    let sim = Sim::new(id, Scheduler::new(options, watched.monitor().clone()));
    let _attached = watched.attach(sim.scheduler.inner(), stack);
    let (verdict, returned) = SIM.with(|scope| scope.set(&sim, || sim.carry_out(id, main)));
    let result = match (verdict, returned) {
        (Some(failure), _) => Err(failure),
        (None, Some(value)) => Ok(value),
        (None, None) => unreachable!("a run without a verdict ends when its main function returns"),
    };
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
}

/// Whether the servers of a simulation have separate keys for std's hash maps.
///
/// Std keeps the keys in an undocumented thread-local, which is found on Linux with glibc. On other systems
/// all servers of a simulation share one counter: a server can tell from the keys of its hash maps how many
/// maps other servers have made, which is a hidden channel between servers.
#[must_use]
pub fn hash_keys_are_separate() -> bool {
    hash_keys::locate()
}

impl Sim {
    /// Runs threads and events as the scheduler decides, until the run ends.
    fn run(&self) {
        loop {
            let next = self.scheduler.borrow_mut().next();
            match next {
                Next::Run(slot, place) => {
                    let mut coroutine = place.borrow_mut();
                    let runs = coroutine.as_mut().expect("a thread that is to run has its coroutine");
                    if runs.resume()
                        && let Some(ended) = coroutine.take()
                    {
                        self.scheduler.borrow_mut().finish(slot, ended);
                    }
                }
                Next::Event(event) => event(),
                Next::End => return,
            }
        }
    }

    /// Runs `main` and what it starts, and cleans up. Returns the verdict, and what `main` has returned.
    fn carry_out<T: 'static>(
        &self,
        id: u64,
        main: impl FnOnce(u64) -> T + 'static,
    ) -> (Option<Failure>, Option<T>) {
        let returned = Rc::new(Cell::new(None));
        let result = returned.clone();
        self.start_main(move || result.set(Some(main(id))));
        self.run();
        // Cloned, not taken: if the run blocks during clean-up, the watchdog reads it.
        let verdict = {
            let mut scheduler = self.scheduler.borrow_mut();
            scheduler.seal();
            scheduler.verdict.clone()
        };
        self.clean_up();
        self.drop_local();
        (verdict, returned.take())
    }

    /// Unwinds every thread, so that everything that lab code owns is dropped.
    fn clean_up(&self) {
        self.scheduler.borrow_mut().begin_kill(None, None);
        self.run();
        let events = self.scheduler.borrow_mut().timers.clear();
        drop(events);
    }

    fn start_main(&self, main: impl FnOnce() + 'static) {
        let body = Box::new(move || {
            main();
            with(|sim| sim.scheduler.borrow_mut().stop = true);
        });
        let mut scheduler = self.scheduler.borrow_mut();
        if scheduler.reserve_thread(None) {
            scheduler.spawn(TESTER, Cow::Borrowed("main"), None, false, move || guarded(body));
        }
    }
}
