//! [`Selectable`]: the operations of a select on a channel: check, wait, reserve, complete.

use super::{Channel, Failed, Reservation};
use crate::context::{self, Context};
use crate::wait::{SourceLocation, Ticket, Wait};

/// The operations that a select needs of a channel, for any message type.
pub(in crate::channel) trait Selectable {
    /// Takes a message for the select `ticket`. Returns `false` if there is none any more, because another
    /// thread was faster.
    fn reserve_message(&self, context: Context<'_>, ticket: Ticket) -> bool;
    /// Reserves room or a receiver for the select `ticket`. Returns `false` if there is none any more,
    /// because another thread was faster.
    fn reserve_room(&self, context: Context<'_>, ticket: Ticket) -> bool;
    /// Gives back what was reserved for the select `ticket`, which will not be completed.
    fn release(&self, context: Context<'_>, ticket: Ticket);
    /// Waits, if the thread was reserved as a receiver, until the message has come or the reservation was
    /// given back.
    fn await_reserved_message(&self, context: Context<'_>, ticket: Ticket, location: SourceLocation);
    /// Whether a receive would not block.
    fn can_receive(&self, context: Context<'_>) -> bool;
    /// Whether a send would not block. `own` is the caller's wait, which does not count as a receiver.
    fn can_send(&self, context: Context<'_>, own: Option<Ticket>) -> bool;
    /// Registers a select that waits to receive. Returns the time of the clock's next message.
    fn await_message(&self, context: Context<'_>, ticket: Ticket) -> Option<u64>;
    /// As [`await_message`](Self::await_message), for a select that must not be given a message.
    fn observe(&self, context: Context<'_>, ticket: Ticket) -> Option<u64>;
    /// Registers a select that waits to send.
    fn await_room(&self, context: Context<'_>, ticket: Ticket);
    /// Removes the registrations of a select.
    fn forget(&self, context: Context<'_>, ticket: Ticket);
    /// Whether a message was given to the thread while it waited with `ticket`.
    fn was_handed(&self, context: Context<'_>, ticket: Ticket) -> bool;
}

impl<T> Selectable for Channel<T> {
    fn reserve_message(&self, context: Context<'_>, ticket: Ticket) -> bool {
        let mut state = self.state.open(context);
        match state.receive(context) {
            Ok(message) => state.handed.push((ticket, message)),
            Err(Failed::Disconnected) => {}
            Err(Failed::WouldBlock) => return false,
        }
        true
    }

    fn reserve_room(&self, context: Context<'_>, ticket: Ticket) -> bool {
        let mut state = self.state.open(context);
        if state.receivers == 0 {
            return true; // so that the send reports it
        }
        let receiver = state.take_receiver(context);
        let reserved = receiver.is_some() || state.has_room();
        if reserved {
            state.reservations.push(Reservation { sender: ticket, receiver, waiting: None });
        }
        reserved
    }

    fn release(&self, context: Context<'_>, ticket: Ticket) {
        let message = {
            let mut state = self.state.open(context);
            if state.take_reservation(context, ticket).is_some() {
                state.hand_out_room(context);
            }
            state.take_handed(ticket)
        };
        drop(message);
    }

    fn await_reserved_message(&self, context: Context<'_>, ticket: Ticket, location: SourceLocation) {
        loop {
            let waiting = {
                let mut state = self.state.open(context);
                let to_me = |reservation: &&mut Reservation| reservation.receiver == Some(ticket);
                let Some(reservation) = state.reservations.iter_mut().find(to_me) else { return };
                let waiting = context.ticket();
                reservation.waiting = Some(waiting);
                waiting
            };
            context.park_without_throw(waiting, Wait::Recv(location), None);
            if context.is_dying() {
                // The message stays with the sender.
                self.state
                    .open(context)
                    .reservations
                    .retain(|reservation| reservation.receiver != Some(ticket));
                context.throw_if_killed();
                return;
            }
        }
    }

    fn can_receive(&self, context: Context<'_>) -> bool {
        self.state.open(context).can_receive(context)
    }

    fn can_send(&self, context: Context<'_>, own: Option<Ticket>) -> bool {
        self.state.open(context).can_send(context, own)
    }

    fn await_message(&self, context: Context<'_>, ticket: Ticket) -> Option<u64> {
        let mut state = self.state.open(context);
        state.add_receiving(context, ticket);
        state.next_tick()
    }

    fn observe(&self, context: Context<'_>, ticket: Ticket) -> Option<u64> {
        let mut state = self.state.open(context);
        state.observing.push(ticket);
        state.next_tick()
    }

    fn await_room(&self, context: Context<'_>, ticket: Ticket) {
        self.state.open(context).selecting_to_send.push(ticket);
    }

    fn forget(&self, context: Context<'_>, ticket: Ticket) {
        let mut state = self.state.open(context);
        state.receiving.retain(|waiting| *waiting != ticket);
        state.observing.retain(|waiting| *waiting != ticket);
        state.selecting_to_send.retain(|waiting| *waiting != ticket);
    }

    fn was_handed(&self, context: Context<'_>, ticket: Ticket) -> bool {
        self.state.open(context).handed.iter().any(|(to, _)| *to == ticket)
    }
}

impl<T> Channel<T> {
    /// Completes a selected receive: takes the message that was given to the select, or receives one.
    pub(in crate::channel) fn complete_receive(
        &self,
        ticket: Ticket,
        location: SourceLocation,
    ) -> Result<T, Failed> {
        context::with(|context| {
            let handed = self.state.open(context).take_handed(ticket);
            handed.map_or_else(|| self.receive_in(context, None, location), Ok)
        })
    }

    /// Completes a selected send: to the reserved receiver or room, or as an ordinary send.
    pub(in crate::channel) fn complete_send(
        &self,
        message: T,
        ticket: Ticket,
        location: SourceLocation,
    ) -> Result<(), (Failed, T)> {
        context::with(|context| {
            let mut state = self.state.open(context);
            match state.take_reservation(context, ticket) {
                Some(Reservation { receiver: Some(receiver), .. }) => {
                    state.handed.push((receiver, message));
                    return Ok(());
                }
                Some(_) if state.receivers > 0 => {
                    state.queue.push_back(message);
                    state.wake_receivers(context);
                    return Ok(());
                }
                _ => drop(state),
            }
            self.send_in(context, message, None, location)
        })
    }
}
