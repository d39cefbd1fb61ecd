//! What a select does with a channel: look, wait, set aside, complete.

use super::{Channel, Failed, Reservation};
use crate::context::{self, Context};
use crate::wait::{SourceLocation, Ticket, Wait};

/// What a select needs of a channel, whatever its messages are.
pub(in crate::channel) trait Selectable {
    /// Takes a message for the select that `ticket` names. `false`: another thread was faster, and there is
    /// none.
    fn reserve_message(&self, context: Context<'_>, ticket: Ticket) -> bool;
    /// Promises the select that `ticket` names that its message will be taken. `false`: another thread was
    /// faster.
    fn reserve_room(&self, context: Context<'_>, ticket: Ticket) -> bool;
    /// The select that `ticket` names does not do what it has chosen.
    fn release(&self, context: Context<'_>, ticket: Ticket);
    /// Waits until a message that was promised to the thread has come, or will not come after all.
    fn await_reserved_message(&self, context: Context<'_>, ticket: Ticket, location: SourceLocation);
    fn can_receive(&self, context: Context<'_>) -> bool;
    /// `own`: the caller's wait, which may be one to receive here. Nobody sends to himself.
    fn can_send(&self, context: Context<'_>, own: Option<Ticket>) -> bool;
    /// Registers a waiting select; answers when the clock will send.
    fn await_message(&self, context: Context<'_>, ticket: Ticket) -> Option<u64>;
    /// As [`await_message`](Self::await_message), but no message may be handed over.
    fn observe(&self, context: Context<'_>, ticket: Ticket) -> Option<u64>;
    fn await_room(&self, context: Context<'_>, ticket: Ticket);
    fn forget(&self, context: Context<'_>, ticket: Ticket);
    /// Whether a message was handed to the thread while it waited with `ticket`.
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
            return true; // to be told so
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
                // The message stays with whoever promised it.
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
    /// Completes a selected receive: takes what was handed over, or else receives.
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

    /// Completes a selected send: to whom it was promised, or else to whoever comes.
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
