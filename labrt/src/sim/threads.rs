//! The table of simulated threads.

use std::borrow::Cow;
use std::cell::RefCell;
use std::mem;
use std::rc::Rc;

use crate::raw::coroutine::Coroutine;
use crate::wait::{Blocker, SourceLocation, ThreadId, Ticket, Wait, Woken};

/// The scheduling state of a slot of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ThreadState {
    /// The slot is not in use.
    Free,
    /// The thread can run: it is in the ready list, on a paused node, preempted, or running.
    Ready,
    /// The thread waits.
    Parked,
}

/// The place of a thread's coroutine. It is not moved when the thread is switched to, which is often.
pub(crate) type CoroutineCell = Rc<RefCell<Option<Coroutine>>>;

/// One simulated thread.
pub(crate) struct Thread {
    pub(crate) serial: u64,
    pub(crate) node: u32,
    pub(crate) name: Cow<'static, str>,
    /// The line of lab code that started it.
    pub(crate) started_at: Option<SourceLocation>,
    /// Borrowed while it runs; `None` in a free slot.
    pub(crate) coroutine: CoroutineCell,
    pub(crate) state: ThreadState,
    /// The number of the current or last ticket.
    pub(crate) ticket: u64,
    pub(crate) wait: Wait,
    /// The run's time at which the current or last wait began.
    pub(crate) parked_at: u64,
    /// The threads that keep it waiting for a lock, a thread or a value.
    pub(crate) blockers: Vec<Blocker>,
    /// The lines at which it took the locks that it holds, the oldest first.
    pub(crate) held: Vec<SourceLocation>,
    /// Whether the current wait has a timer.
    pub(crate) timed: bool,
    pub(crate) woken: Woken,
    /// It is preempted: it can run, but is in no list until its preemption ends.
    pub(crate) preempted: bool,
    /// Its node was killed, or the run is over: it must unwind.
    pub(crate) dying: bool,
    /// It unwinds, because it is dying or has panicked. Its destructors may call labrt, but these calls
    /// neither panic nor wait for time to pass.
    pub(crate) unwinding: bool,
    /// The number of times that a kill was thrown into it.
    pub(crate) throws: u32,
    /// Scheduling points passed while unwinding.
    pub(crate) unwind_steps: u32,
    /// `unpark` was called since its last `park`.
    pub(crate) unparked: bool,
    /// Scheduling points since it last waited.
    pub(crate) spins: u32,
    /// The address of the lock, atomic or channel that its last scheduling point was about; 0 for none.
    pub(crate) object: usize,
    /// It is the probe of its node (see `Node::when_quiet`), which does not count as activity.
    pub(crate) probe: bool,
    /// The harness's number for the task on whose behalf it runs.
    pub(crate) trace_context: u64,
    /// The waits for its end.
    pub(crate) joiners: Vec<Ticket>,
}

/// All threads of a run. Slots are reused; the order of the table is deterministic.
#[derive(Default)]
pub(crate) struct Threads {
    slots: Vec<Thread>,
    free: Vec<u32>,
}

impl Threads {
    /// Adds a thread. Its serial number must be unique.
    pub(crate) fn add(
        &mut self,
        serial: u64,
        node: u32,
        name: Cow<'static, str>,
        started_at: Option<SourceLocation>,
        coroutine: Coroutine,
    ) -> ThreadId {
        let reused = self.free.pop();
        // What the slot's last thread had keeps its memory.
        let (place, blockers, held, joiners) = match reused.map(|slot| &mut self.slots[slot as usize]) {
            Some(Thread { coroutine, blockers, held, joiners, .. }) => {
                (Rc::clone(coroutine), mem::take(blockers), mem::take(held), mem::take(joiners))
            }
            None => Default::default(),
        };
        *place.borrow_mut() = Some(coroutine);
        let thread = Thread {
            serial,
            node,
            name,
            started_at,
            coroutine: place,
            state: ThreadState::Ready,
            ticket: 0,
            wait: Wait::Ended,
            parked_at: 0,
            blockers,
            held,
            timed: false,
            woken: Woken::Notified,
            preempted: false,
            dying: false,
            unwinding: false,
            throws: 0,
            unwind_steps: 0,
            unparked: false,
            spins: 0,
            object: 0,
            probe: false,
            trace_context: 0,
            joiners,
        };
        let slot = match reused {
            Some(slot) => {
                self.slots[slot as usize] = thread;
                slot
            }
            None => {
                self.slots.push(thread);
                u32::try_from(self.slots.len() - 1).expect("fewer than 2^32 threads")
            }
        };
        ThreadId { slot, serial }
    }

    /// The number of threads that have not ended.
    pub(crate) fn count(&self) -> usize {
        self.slots.len() - self.free.len()
    }

    /// Frees the slot of a thread that has ended.
    pub(crate) fn remove(&mut self, slot: u32) {
        let thread = &mut self[slot];
        thread.state = ThreadState::Free;
        thread.ticket = 0;
        thread.serial = 0;
        thread.blockers.clear();
        thread.held.clear();
        thread.joiners.clear();
        self.free.push(slot);
    }

    /// The thread `id`, unless it has ended.
    pub(crate) fn get(&self, id: ThreadId) -> Option<&Thread> {
        self.slots.get(id.slot as usize).filter(|thread| thread.serial == id.serial)
    }

    pub(crate) fn get_mut(&mut self, id: ThreadId) -> Option<&mut Thread> {
        self.slots.get_mut(id.slot as usize).filter(|thread| thread.serial == id.serial)
    }

    /// Whether the wait of `ticket` has not ended.
    #[inline]
    pub(crate) fn waits(&self, ticket: Ticket) -> bool {
        self.slots
            .get(ticket.slot as usize)
            .is_some_and(|thread| thread.ticket == ticket.number && thread.state == ThreadState::Parked)
    }

    /// All threads that have not ended, in the order of the table.
    pub(crate) fn living(&self) -> impl Iterator<Item = (u32, &Thread)> {
        (0..).zip(&self.slots).filter(|(_, thread)| thread.state != ThreadState::Free)
    }

    pub(crate) fn living_mut(&mut self) -> impl Iterator<Item = (u32, &mut Thread)> {
        (0..).zip(&mut self.slots).filter(|(_, thread)| thread.state != ThreadState::Free)
    }
}

impl std::ops::Index<u32> for Threads {
    type Output = Thread;
    #[inline]
    fn index(&self, slot: u32) -> &Thread {
        &self.slots[slot as usize]
    }
}

impl std::ops::IndexMut<u32> for Threads {
    #[inline]
    fn index_mut(&mut self, slot: u32) -> &mut Thread {
        &mut self.slots[slot as usize]
    }
}
