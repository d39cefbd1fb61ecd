//! The raw locks of lab code: each uses a simulated lock or a real one, depending on the run's backend.

use std::time::Duration;

use lock_api::{RawMutex as _, RawRwLock as _};

use crate::context::{self, Context};
use crate::raw::lock::{self, Access, Deadlines, HeldMutex, HeldRwLock};
use crate::sim::mutex::Mutex as SimMutex;
use crate::sim::rwlock::RwLock as SimRwLock;
use crate::threads;
use crate::time::Instant;
use crate::wait::SourceLocation;

/// The raw lock of a [`Mutex`](super::Mutex).
pub type RawMutex = lock::RawMutex<MutexOfRun>;

/// The raw lock of an [`RwLock`](super::RwLock).
pub type RawRwLock = lock::RawRwLock<RwLockOfRun>;

/// A mutex of a simulation, and the choice between it and the real one.
pub struct MutexOfRun(SimMutex);

/// A reader-writer lock of a simulation, and the choice between it and the real one.
pub struct RwLockOfRun(SimRwLock);

/// The clock of the calling thread's node.
pub struct NodeClock;

impl Deadlines for NodeClock {
    type Instant = Instant;

    #[track_caller]
    fn after(timeout: Duration) -> u64 {
        context::with(|context| context.deadline(timeout))
    }

    fn at(moment: Instant) -> u64 {
        moment.nanos()
    }
}

impl lock::Mutex for MutexOfRun {
    type Clock = NodeClock;

    #[allow(clippy::declare_interior_mutable_const)] // `lock_api` requires a constant
    const NEW: Self = Self(SimMutex::new());

    #[track_caller]
    fn lock(&self, real: &parking_lot::RawMutex, location: SourceLocation, deadline: Option<u64>) -> bool {
        context::with(|context| match context {
            Context::Sim(sim) => self.0.take(sim, location, deadline),
            Context::Threads(thread) => {
                self.0.claim(context);
                threads::lock::mutex(thread, real, location, deadline)
            }
        })
    }

    #[track_caller]
    fn try_lock(&self, real: &parking_lot::RawMutex, location: SourceLocation) -> bool {
        context::with(|context| {
            context.access_point(std::ptr::from_ref(&self.0).addr());
            match context {
                Context::Sim(sim) => self.0.try_take(sim, location).is_ok(),
                Context::Threads(_) => {
                    self.0.claim(context);
                    real.try_lock()
                }
            }
        })
    }

    fn unlock(&self, real: HeldMutex<'_>) {
        context::with(|context| {
            context.scheduling_point_before_release();
            match context {
                Context::Sim(sim) => self.0.release(sim),
                Context::Threads(_) => real.unlock(),
            }
        });
    }

    fn unlock_for_wait(&self, real: HeldMutex<'_>) {
        context::with(|context| match context {
            Context::Sim(sim) => self.0.release(sim),
            Context::Threads(_) => real.unlock(),
        });
    }

    fn lock_again(&self, real: &parking_lot::RawMutex, location: SourceLocation) {
        context::with(|context| match context {
            Context::Sim(sim) => self.0.take_again(sim, location),
            Context::Threads(thread) => threads::lock::mutex_again(thread, real, location),
        });
    }

    fn is_locked(&self, real: &parking_lot::RawMutex) -> bool {
        context::with(|context| match context {
            Context::Sim(sim) => self.0.is_locked(sim),
            Context::Threads(_) => real.is_locked(),
        })
    }
}

impl lock::RwLock for RwLockOfRun {
    type Clock = NodeClock;

    #[allow(clippy::declare_interior_mutable_const)] // `lock_api` requires a constant
    const NEW: Self = Self(SimRwLock::new());

    #[track_caller]
    fn lock(
        &self,
        real: &parking_lot::RawRwLock,
        access: Access,
        location: SourceLocation,
        deadline: Option<u64>,
    ) -> bool {
        context::with(|context| match context {
            Context::Sim(sim) => self.0.take(sim, access, location, deadline),
            Context::Threads(thread) => {
                self.0.claim(context);
                threads::lock::rwlock(thread, real, access, location, deadline)
            }
        })
    }

    #[track_caller]
    fn try_lock(&self, real: &parking_lot::RawRwLock, access: Access, location: SourceLocation) -> bool {
        context::with(|context| {
            context.access_point(std::ptr::from_ref(&self.0).addr());
            match context {
                Context::Sim(sim) => self.0.try_take(sim, access, location).is_ok(),
                Context::Threads(_) => {
                    self.0.claim(context);
                    threads::lock::try_rwlock(real, access)
                }
            }
        })
    }

    fn unlock(&self, real: HeldRwLock<'_>) {
        context::with(|context| {
            context.scheduling_point_before_release();
            match context {
                Context::Sim(sim) => self.0.release(sim, real.access()),
                Context::Threads(_) => real.unlock(),
            }
        });
    }

    fn downgrade(&self, real: HeldRwLock<'_>) {
        context::with(|context| {
            context.scheduling_point_before_release();
            match context {
                Context::Sim(sim) => self.0.downgrade(sim),
                Context::Threads(_) => real.downgrade(),
            }
        });
    }

    fn unlock_for_wait(&self, real: HeldRwLock<'_>) {
        context::with(|context| match context {
            Context::Sim(sim) => self.0.release(sim, real.access()),
            Context::Threads(_) => real.unlock(),
        });
    }

    fn lock_again(&self, real: &parking_lot::RawRwLock, access: Access, location: SourceLocation) {
        context::with(|context| match context {
            Context::Sim(sim) => self.0.take_again(sim, access, location),
            Context::Threads(thread) => threads::lock::rwlock_again(thread, real, access, location),
        });
    }

    fn is_locked(&self, real: &parking_lot::RawRwLock) -> bool {
        context::with(|context| match context {
            Context::Sim(sim) => self.0.is_locked(sim),
            Context::Threads(_) => real.is_locked(),
        })
    }

    fn is_locked_exclusive(&self, real: &parking_lot::RawRwLock) -> bool {
        context::with(|context| match context {
            Context::Sim(sim) => self.0.is_locked_exclusive(sim),
            Context::Threads(_) => real.is_locked_exclusive(),
        })
    }
}
