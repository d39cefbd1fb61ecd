//! [`Channel`]: the state that the ends of a channel share, its queue and its waiting threads.

mod selectable;

use std::collections::VecDeque;
use std::panic::Location;

use crate::context::{self, Context};
use crate::raw::confined::Confined;
use crate::time::Instant;
use crate::wait::{SourceLocation, Ticket, Wait, Woken};

pub(super) use selectable::Selectable;

/// A channel, shared by all its ends.
pub(super) struct Channel<T> {
    state: Confined<State<T>>,
}

struct State<T> {
    queue: VecDeque<T>,
    /// The most messages in the queue; `None` for no limit. At 0 each message passes from a sender directly
    /// to a receiver.
    capacity: Option<usize>,
    /// The clock that sends the messages of a timer channel.
    clock: Option<Clock<T>>,
    senders: usize,
    receivers: usize,
    /// Threads that wait to receive.
    receiving: Vec<Ticket>,
    /// Threads that wait to send, with their messages. A thread that times out takes its message back when it
    /// runs.
    sending: VecDeque<(Ticket, T)>,
    /// Threads that wait in a select for an opportunity to send.
    selecting_to_send: Vec<Ticket>,
    /// Threads that wait in `Select::ready`: woken as receivers are, but never given a message.
    observing: Vec<Ticket>,
    /// Messages that were given to waiting threads which have not run yet, and to selects that are not
    /// completed.
    handed: Vec<(Ticket, T)>,
    /// Reservations of selects that have chosen to send and are not completed.
    reservations: Vec<Reservation>,
}

/// Room in the queue, or a receiver, that is reserved for a select. Other threads may run between the moment
/// when a select chooses to send and the moment when it sends.
struct Reservation {
    /// The ticket of the select.
    sender: Ticket,
    /// The wait of the receiver that gets the message, in a channel without a queue.
    receiver: Option<Ticket>,
    /// The receiver's second wait, for the message itself.
    waiting: Option<Ticket>,
}

struct Clock<T> {
    /// The virtual time of the next message in nanoseconds; `u64::MAX` for none.
    next: u64,
    period: Option<u64>,
    message: fn(Instant) -> T,
}

/// The reason for which an operation did not succeed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Failed {
    /// It is not possible now.
    WouldBlock,
    /// It will never be possible: all other ends were dropped.
    Disconnected,
}

impl<T> State<T> {
    fn receive(&mut self, context: Context<'_>) -> Result<T, Failed> {
        if let Some(clock) = &mut self.clock
            && context.now() >= clock.next
        {
            let at = Instant::from_nanos(clock.next);
            clock.next = clock.period.map_or(u64::MAX, |period| context.now() + period);
            return Ok((clock.message)(at));
        }
        if let Some(message) = self.queue.pop_front() {
            if let Some(next) = self.take_offer(context) {
                self.queue.push_back(next);
            }
            wake_all(context, &mut self.selecting_to_send);
            return Ok(message);
        }
        match self.take_offer(context) {
            Some(message) => Ok(message),
            None if self.senders == 0 => Err(Failed::Disconnected),
            None => Err(Failed::WouldBlock),
        }
    }

    /// Takes the message of the first thread that waits to send, and ends its wait.
    fn take_offer(&mut self, context: Context<'_>) -> Option<T> {
        let position = self.sending.iter().position(|(ticket, _)| context.waits(*ticket))?;
        let (ticket, message) = self.sending.remove(position)?;
        context.unpark(ticket);
        Some(message)
    }

    /// Wakes all threads that wait to receive.
    fn wake_receivers(&mut self, context: Context<'_>) {
        wake_all(context, &mut self.receiving);
        wake_all(context, &mut self.observing);
    }

    /// Adds a wait to receive, and wakes the selects that wait to send, except for `ticket` itself: a select
    /// may send and receive on one channel.
    fn add_receiving(&mut self, context: Context<'_>, ticket: Ticket) {
        self.receiving.push(ticket);
        self.selecting_to_send.retain(|selecting| *selecting == ticket || !context.unpark(*selecting));
    }

    fn send(&mut self, context: Context<'_>, message: T) -> Result<(), (Failed, T)> {
        if self.receivers == 0 {
            return Err((Failed::Disconnected, message));
        }
        if self.has_room() {
            self.queue.push_back(message);
            self.wake_receivers(context);
            return Ok(());
        }
        match self.take_receiver(context) {
            Some(ticket) => {
                self.handed.push((ticket, message));
                Ok(())
            }
            None => Err((Failed::WouldBlock, message)),
        }
    }

    /// Whether the queue has room for one more message that is not reserved.
    fn has_room(&self) -> bool {
        self.capacity.is_none_or(|capacity| {
            let reserved =
                self.reservations.iter().filter(|reservation| reservation.receiver.is_none()).count();
            self.queue.len() + reserved < capacity
        })
    }

    /// Ends the wait of the first thread that waits to receive and returns its ticket, in a channel without a
    /// queue.
    fn take_receiver(&mut self, context: Context<'_>) -> Option<Ticket> {
        if self.capacity != Some(0) {
            return None;
        }
        while !self.receiving.is_empty() {
            let ticket = self.receiving.remove(0);
            if context.unpark(ticket) {
                return Some(ticket);
            }
        }
        None
    }

    fn can_send(&self, context: Context<'_>, own: Option<Ticket>) -> bool {
        let may_take = |ticket: &Ticket| Some(*ticket) != own && context.waits(*ticket);
        self.receivers == 0
            || self.has_room()
            || self.capacity == Some(0) && self.receiving.iter().any(may_take)
    }

    fn can_receive(&self, context: Context<'_>) -> bool {
        self.senders == 0
            || !self.queue.is_empty()
            || self.clock.as_ref().is_some_and(|clock| context.now() >= clock.next)
            || self.sending.iter().any(|(ticket, _)| context.waits(*ticket))
    }

    /// Gives room that has become free to the first thread that waits to send, and wakes the selects that do.
    fn hand_out_room(&mut self, context: Context<'_>) {
        if self.capacity != Some(0)
            && self.has_room()
            && let Some(next) = self.take_offer(context)
        {
            self.queue.push_back(next);
            self.wake_receivers(context);
        }
        wake_all(context, &mut self.selecting_to_send);
    }

    /// Removes the reservation of the select `ticket`, and wakes its receiver, which then finds either a
    /// message or no reservation.
    fn take_reservation(&mut self, context: Context<'_>, ticket: Ticket) -> Option<Reservation> {
        let position = self.reservations.iter().position(|reservation| reservation.sender == ticket)?;
        let reservation = self.reservations.swap_remove(position);
        if let Some(waiting) = reservation.waiting {
            context.unpark(waiting);
        }
        Some(reservation)
    }

    fn take_handed(&mut self, ticket: Ticket) -> Option<T> {
        let position = self.handed.iter().position(|(to, _)| *to == ticket)?;
        Some(self.handed.swap_remove(position).1)
    }

    fn next_tick(&self) -> Option<u64> {
        self.clock.as_ref().map(|clock| clock.next).filter(|next| *next < u64::MAX)
    }
}

fn wake_all(context: Context<'_>, waiting: &mut Vec<Ticket>) {
    for ticket in waiting.drain(..) {
        context.unpark(ticket);
    }
}

impl<T> Channel<T> {
    /// A channel with one sender and one receiver.
    pub(super) fn new(capacity: Option<usize>) -> Self {
        Self::with_clock(capacity, 1, None)
    }

    /// A channel without a sending end, on which the clock sends.
    pub(super) fn timed(at: u64, period: Option<u64>, message: fn(Instant) -> T) -> Self {
        // The clock counts as a sender, or the channel would be disconnected.
        Self::with_clock(Some(1), 1, Some(Clock { next: at, period, message }))
    }

    fn with_clock(capacity: Option<usize>, senders: usize, clock: Option<Clock<T>>) -> Self {
        Self {
            state: Confined::new(State {
                queue: VecDeque::new(),
                capacity,
                clock,
                senders,
                receivers: 1,
                receiving: Vec::new(),
                sending: VecDeque::new(),
                selecting_to_send: Vec::new(),
                observing: Vec::new(),
                handed: Vec::new(),
                reservations: Vec::new(),
            }),
        }
    }

    /// The address, for the scheduler.
    fn address(&self) -> usize {
        std::ptr::from_ref(self).addr()
    }

    pub(super) fn try_receive(&self) -> Result<T, Failed> {
        context::with(|context| {
            context.scheduling_point_on(self.address());
            self.state.open(context).receive(context)
        })
    }

    pub(super) fn try_send(&self, message: T) -> Result<(), (Failed, T)> {
        context::with(|context| {
            context.scheduling_point_on(self.address());
            self.state.open(context).send(context, message)
        })
    }

    /// Receives, waiting until `deadline` at the latest.
    #[track_caller]
    pub(super) fn receive(&self, deadline: Option<u64>) -> Result<T, Failed> {
        let location = Location::caller();
        context::with(|context| {
            context.scheduling_point_on(self.address());
            self.receive_in(context, deadline, location)
        })
    }

    /// As [`receive`](Self::receive), without another scheduling point.
    fn receive_in(
        &self,
        context: Context<'_>,
        deadline: Option<u64>,
        location: SourceLocation,
    ) -> Result<T, Failed> {
        loop {
            let (ticket, until, by_clock) = {
                let mut state = self.state.open(context);
                match state.receive(context) {
                    Err(Failed::WouldBlock) => {}
                    result => return result,
                }
                if deadline.is_some_and(|deadline| context.now() >= deadline) {
                    return Err(Failed::WouldBlock);
                }
                let ticket = context.ticket();
                state.add_receiving(context, ticket);
                (ticket, earlier(deadline, state.next_tick()), state.clock.is_some())
            };
            let handed = Handed { channel: self, ticket };
            let wait = if by_clock { Wait::Timer(location) } else { Wait::Recv(location) };
            let woken = context.park(ticket, wait, until);
            self.await_reserved_message(context, ticket, location);
            if let Some(message) = handed.take() {
                return Ok(message);
            }
            if woken == Woken::TimedOut {
                let mut state = self.state.open(context);
                state.receiving.retain(|waiting| *waiting != ticket);
                if until.is_some_and(|until| context.now() < until) {
                    // The thread unwinds, and its timed waits end early.
                    return Err(Failed::WouldBlock);
                }
            }
        }
    }

    /// Sends, waiting until `deadline` at the latest.
    #[track_caller]
    pub(super) fn send(&self, message: T, deadline: Option<u64>) -> Result<(), (Failed, T)> {
        let location = Location::caller();
        context::with(|context| {
            context.scheduling_point_on(self.address());
            self.send_in(context, message, deadline, location)
        })
    }

    fn send_in(
        &self,
        context: Context<'_>,
        message: T,
        deadline: Option<u64>,
        location: SourceLocation,
    ) -> Result<(), (Failed, T)> {
        let ticket = {
            let mut state = self.state.open(context);
            match state.send(context, message) {
                Err((Failed::WouldBlock, message)) => {
                    let ticket = context.ticket();
                    state.sending.push_back((ticket, message));
                    state.wake_receivers(context);
                    ticket
                }
                result => return result,
            }
        };
        let offer = Offer { channel: self, ticket };
        context.park(ticket, Wait::Send(location), deadline);
        let disconnected = self.state.open(context).receivers == 0;
        match offer.take_back() {
            None => Ok(()),
            Some(message) if disconnected => Err((Failed::Disconnected, message)),
            Some(message) => Err((Failed::WouldBlock, message)),
        }
    }

    /// Replaces the time of the clock's next message by `at` (`u64::MAX` for never), and the period after it.
    /// Returns whether a message was pending: not due yet, or due and not received.
    pub(super) fn set_clock(&self, context: Context<'_>, at: u64, period: Option<u64>) -> bool {
        let mut state = self.state.open(context);
        let clock = state.clock.as_mut().expect("a timer's channel has a clock");
        let before = std::mem::replace(&mut clock.next, at);
        clock.period = period;
        // If the time moves back, receivers need not be woken: they wake at the old time and wait again. Most
        // timers are reset before they are due.
        if at < before || at == u64::MAX {
            state.wake_receivers(context);
        }
        before < u64::MAX
    }

    pub(super) fn add_sender(&self) {
        context::with(|context| self.state.open(context).senders += 1);
    }

    pub(super) fn add_receiver(&self) {
        context::with(|context| self.state.open(context).receivers += 1);
    }

    pub(super) fn remove_sender(&self) {
        // Outside its run no thread waits for the channel any more.
        let _ = context::try_with(|context| {
            context.scheduling_point_before_release();
            let mut state = self.state.open(context);
            state.senders -= 1;
            if state.senders == 0 {
                state.wake_receivers(context);
            }
        });
    }

    pub(super) fn remove_receiver(&self) {
        let _ = context::try_with(|context| {
            context.scheduling_point_before_release();
            let unread = {
                let mut state = self.state.open(context);
                state.receivers -= 1;
                if state.receivers > 0 {
                    return;
                }
                for (ticket, _) in &state.sending {
                    context.unpark(*ticket);
                }
                wake_all(context, &mut state.selecting_to_send);
                (std::mem::take(&mut state.queue), std::mem::take(&mut state.handed))
            };
            // After the borrow has ended: a message may own an end of this channel.
            drop(unread);
        });
    }

    pub(super) fn len(&self) -> usize {
        context::with(|context| self.state.open(context).queue.len())
    }

    pub(super) fn capacity(&self) -> Option<usize> {
        context::with(|context| self.state.open(context).capacity)
    }
}

/// The message of a thread that waits to send. Dropped if the thread is killed.
struct Offer<'a, T> {
    channel: &'a Channel<T>,
    ticket: Ticket,
}

impl<T> Offer<'_, T> {
    /// Takes the message back, unless it was received.
    fn take_back(&self) -> Option<T> {
        context::with(|context| {
            let mut state = self.channel.state.open(context);
            let position = state.sending.iter().position(|(ticket, _)| *ticket == self.ticket)?;
            state.sending.remove(position).map(|(_, message)| message)
        })
    }
}

impl<T> Drop for Offer<'_, T> {
    fn drop(&mut self) {
        drop(self.take_back());
    }
}

/// The message that a thread which waits to receive may be given. Dropped if the thread is killed.
struct Handed<'a, T> {
    channel: &'a Channel<T>,
    ticket: Ticket,
}

impl<T> Handed<'_, T> {
    fn take(&self) -> Option<T> {
        context::with(|context| self.channel.state.open(context).take_handed(self.ticket))
    }
}

impl<T> Drop for Handed<'_, T> {
    fn drop(&mut self) {
        drop(self.take());
    }
}

/// The earlier of two deadlines.
pub(super) fn earlier(first: Option<u64>, second: Option<u64>) -> Option<u64> {
    match (first, second) {
        (Some(first), Some(second)) => Some(first.min(second)),
        (first, second) => first.or(second),
    }
}
