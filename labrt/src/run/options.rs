//! [`Options`]: the parameters of a run.

use std::time::Duration;

use super::backend::Backend;
use super::log::Tap;
use super::policy::Policy;

/// The parameters of a run. On real threads `policy`, `preempt_every`, `max_steps`, `stall_timeout`,
/// `max_memory` and `tap` have no effect, and times are real.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    /// Simulated threads or real ones.
    pub backend: Backend,
    /// Determines every interleaving, delay, loss and crash.
    pub seed: u64,
    /// How the scheduler picks the next thread.
    pub policy: Policy,
    /// The mean number of scheduling points from one preemption to the next; 0 for no preemption. A preempted
    /// thread continues 5 to 100 µs later. The harness's own threads are never preempted.
    pub preempt_every: u32,
    /// Whether the log is kept. Recording does not change the run; it only takes longer.
    pub record: bool,
    /// Receives the lines of a recorded simulation as they are written, instead of
    /// [`Run::log`](crate::world::Run).
    pub tap: Option<Tap>,
    /// The limit of virtual time. A run that exceeds it fails as a
    /// [`FailureKind::Timeout`](crate::world::FailureKind::Timeout).
    pub max_virtual_time: Duration,
    /// The limit of scheduling points. A run that exceeds it fails as a timeout, too: it sends messages
    /// without end in hardly any virtual time.
    pub max_steps: u64,
    /// The longest time for which a thread may compute (processor time) or sleep (real time) without a call
    /// of labrt, because it blocks all other threads meanwhile. A run in which one exceeds it fails as
    /// [`FailureKind::Blocked`](crate::world::FailureKind::Blocked).
    pub stall_timeout: Duration,
    /// The limit of processor time: of the simulation's OS thread, and on real threads of the process. A run
    /// that exceeds it fails as a timeout, too. How busy the machine is makes no difference.
    pub max_cpu_time: Duration,
    /// The limit of memory, in bytes. The run fails as
    /// [`FailureKind::Memory`](crate::world::FailureKind::Memory) when the process has grown by more since
    /// the run began, without [`uncounted`](crate::world::uncounted) memory, and no other run in the process
    /// has touched more memory. Checked on Linux only.
    pub max_memory: u64,
}

impl Options {
    /// The default options with this seed: a simulation with random policy, no preemption, no log, at most
    /// one virtual hour, 200 million scheduling points, 10 minutes of processor time and 2 GiB, and a stall
    /// timeout of 5 seconds.
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
