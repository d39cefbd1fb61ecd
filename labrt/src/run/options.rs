//! [`Options`]: how a run is made.

use std::time::Duration;

use super::backend::Backend;
use super::log::Tap;
use super::policy::Policy;

/// How a run is made. On real threads `policy`, `preempt_every`, `max_steps`, `stall_timeout` and `max_memory`
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
    /// A run that goes on for longer, in virtual time, fails as a
    /// [`FailureKind::Timeout`](crate::world::FailureKind::Timeout).
    pub max_virtual_time: Duration,
    /// A run that passes more scheduling points fails as a timeout, too: it sends messages without end in no
    /// time.
    pub max_steps: u64,
    /// A thread that computes for so long (processor time) or sleeps for so long (real time) without a call
    /// of labrt has blocked all others: the run fails as
    /// [`FailureKind::Blocked`](crate::world::FailureKind::Blocked).
    pub stall_timeout: Duration,
    /// A run that takes more processor time fails as a timeout, too: the time of the simulation's own thread
    /// of the system, and on real threads that of the process. How busy the machine is makes no difference.
    pub max_cpu_time: Duration,
    /// The run fails as [`FailureKind::Memory`](crate::world::FailureKind::Memory) when the process has grown
    /// by more bytes since its start, and no other run in the process has touched more memory;
    /// [`uncounted`](crate::world::uncounted) memory aside. Looked at on Linux alone.
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
            stall_timeout: Duration::from_secs(5),
            max_cpu_time: Duration::from_secs(600),
            max_memory: 2 << 30,
        }
    }
}
