//! [`Select`] and [`select!`](crate::channel::select!): wait for whichever channel operation is ready first.
//!
//! As with `crossbeam`, an operation is also ready if it would fail at once because the other ends were
//! dropped, and one of several ready operations is chosen at random: here, by the run's seed.

use std::fmt;
use std::panic::Location;
use std::time::Duration;

use super::core::{Selectable, earlier};
use super::{Receiver, RecvError, SelectTimeoutError, SendError, Sender, TrySelectError};
use crate::context::{self, Context};
use crate::time::Instant;
use crate::wait::{SourceLocation, Ticket, Wait, Woken};

#[derive(Clone, Copy, PartialEq, Eq)]
enum Direction {
    Receive,
    Send,
}

#[derive(Clone, Copy)]
struct Operation<'a> {
    channel: &'a dyn Selectable,
    direction: Direction,
}

impl Operation<'_> {
    /// Reserves what the operation needs. Returns `false` if another thread was faster.
    fn reserve(&self, context: Context<'_>, ticket: Ticket) -> bool {
        match self.direction {
            Direction::Receive => self.channel.reserve_message(context, ticket),
            Direction::Send => self.channel.reserve_room(context, ticket),
        }
    }

    /// Whether the operation would not block. `own` is the wait of the select, if it has begun.
    fn is_ready(&self, context: Context<'_>, own: Option<Ticket>) -> bool {
        match self.direction {
            Direction::Receive => self.channel.can_receive(context),
            Direction::Send => self.channel.can_send(context, own),
        }
    }
}

/// Waits for one of several channel operations; see `crossbeam::channel::Select`.
#[derive(Default)]
pub struct Select<'a> {
    /// `None` for an operation that was removed: the others keep their indices.
    operations: Vec<Option<Operation<'a>>>,
}

impl<'a> Select<'a> {
    /// Makes a select without operations.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a receive from `receiver`. Returns the operation's index.
    pub fn recv<T>(&mut self, receiver: &'a Receiver<T>) -> usize {
        self.add(&*receiver.channel, Direction::Receive)
    }

    /// Adds a send to `sender`. Returns the operation's index.
    pub fn send<T>(&mut self, sender: &'a Sender<T>) -> usize {
        self.add(&*sender.channel, Direction::Send)
    }

    fn add(&mut self, channel: &'a dyn Selectable, direction: Direction) -> usize {
        self.operations.push(Some(Operation { channel, direction }));
        self.operations.len() - 1
    }

    /// Removes the operation at `index`. The others keep their indices.
    ///
    /// # Panics
    ///
    /// Panics if there is no operation at `index`.
    pub fn remove(&mut self, index: usize) {
        let operation = self.operations.get_mut(index).and_then(Option::take);
        assert!(operation.is_some(), "there is no operation at index {index} of this select");
    }

    /// Waits until an operation is ready and selects it.
    ///
    /// # Panics
    ///
    /// Panics if there is no operation.
    #[track_caller]
    pub fn select(&mut self) -> SelectedOperation<'a> {
        assert!(
            self.operations.iter().any(Option::is_some),
            "a select without operations would wait forever"
        );
        let selected = self.select_by(None, true);
        selected.expect("a select without a time-out ends with an operation")
    }

    /// Selects an operation that is ready now.
    ///
    /// # Errors
    ///
    /// No operation is ready.
    #[track_caller]
    pub fn try_select(&mut self) -> Result<SelectedOperation<'a>, TrySelectError> {
        let location = Location::caller();
        context::with(|context| {
            context.scheduling_point();
            self.pick(context, location, true).ok_or(TrySelectError)
        })
    }

    /// Waits for at most `timeout` until an operation is ready, and selects it.
    ///
    /// # Errors
    ///
    /// The time is up.
    #[track_caller]
    pub fn select_timeout(&mut self, timeout: Duration) -> Result<SelectedOperation<'a>, SelectTimeoutError> {
        let deadline = context::with(|context| context.deadline(timeout));
        self.select_by(Some(deadline), true).ok_or(SelectTimeoutError)
    }

    /// Waits until `deadline` at the latest until an operation is ready, and selects it.
    ///
    /// # Errors
    ///
    /// The time is up.
    #[track_caller]
    pub fn select_deadline(
        &mut self,
        deadline: Instant,
    ) -> Result<SelectedOperation<'a>, SelectTimeoutError> {
        self.select_by(Some(deadline.nanos()), true).ok_or(SelectTimeoutError)
    }

    /// Waits until an operation is ready and returns its index, without selecting it: another thread may be
    /// faster than the caller's attempt.
    ///
    /// # Panics
    ///
    /// Panics if there is no operation.
    #[track_caller]
    pub fn ready(&mut self) -> usize {
        assert!(
            self.operations.iter().any(Option::is_some),
            "a select without operations would wait forever"
        );
        let ready = self.select_by(None, false).expect("a select without a time-out ends with an operation");
        let index = ready.index;
        ready.complete(); // nothing was reserved
        index
    }

    /// Waits for an operation. `take` says whether a message may be given to the select.
    #[track_caller]
    fn select_by(&mut self, deadline: Option<u64>, take: bool) -> Option<SelectedOperation<'a>> {
        let location = Location::caller();
        context::with(|context| {
            context.scheduling_point();
            loop {
                if let Some(selected) = self.pick(context, location, take) {
                    return Some(selected);
                }
                if deadline.is_some_and(|deadline| context.now() >= deadline) {
                    return None;
                }
                let ticket = context.ticket();
                let until = earlier(deadline, self.register(context, ticket, take));
                if matches!(context, Context::Threads(_)) && self.is_any_ready(context, ticket) {
                    context.unpark(ticket); // it became ready before the wait was registered
                }
                let woken = context.park(ticket, Wait::Select(location), until);
                self.forget(context, ticket);
                if let Some(selected) = self.handed(context, ticket, location) {
                    return Some(selected);
                }
                if woken == Woken::TimedOut && until.is_some_and(|until| context.now() < until) {
                    // The thread unwinds, and its timed waits end early.
                    return None;
                }
            }
        })
    }

    fn is_any_ready(&self, context: Context<'_>, own: Ticket) -> bool {
        self.operations.iter().flatten().any(|operation| operation.is_ready(context, Some(own)))
    }

    /// One of the ready operations, at random. `take` says whether to reserve what it needs.
    fn pick(
        &self,
        context: Context<'_>,
        location: SourceLocation,
        take: bool,
    ) -> Option<SelectedOperation<'a>> {
        loop {
            let ready = |operation: &&Operation<'_>| operation.is_ready(context, None);
            let indices: Vec<usize> = (0..self.operations.len())
                .filter(|index| self.operations[*index].as_ref().filter(ready).is_some())
                .collect();
            let index = match indices.len() {
                0 => return None,
                1 => indices[0],
                count => indices[context.choose(count)],
            };
            let operation = self.operations[index].expect("it is ready");
            // The ticket identifies the select. It is not for a wait.
            let ticket = context.ticket();
            context.unpark(ticket);
            if !take || operation.reserve(context, ticket) {
                return Some(SelectedOperation { index, operation, ticket, location });
            }
        }
    }

    fn register(&self, context: Context<'_>, ticket: Ticket, take: bool) -> Option<u64> {
        let mut until = None;
        for operation in self.operations.iter().flatten() {
            match operation.direction {
                Direction::Receive if take => {
                    until = earlier(until, operation.channel.await_message(context, ticket));
                }
                Direction::Receive => until = earlier(until, operation.channel.observe(context, ticket)),
                Direction::Send => operation.channel.await_room(context, ticket),
            }
        }
        until
    }

    fn forget(&self, context: Context<'_>, ticket: Ticket) {
        for operation in self.operations.iter().flatten() {
            operation.channel.forget(context, ticket);
        }
    }

    /// The receive operation to which a message was given while the thread waited.
    fn handed(
        &self,
        context: Context<'_>,
        ticket: Ticket,
        location: SourceLocation,
    ) -> Option<SelectedOperation<'a>> {
        for (index, operation) in self.operations.iter().enumerate() {
            let Some(operation) = operation.filter(|operation| operation.direction == Direction::Receive)
            else {
                continue;
            };
            operation.channel.await_reserved_message(context, ticket, location);
            if operation.channel.was_handed(context, ticket) {
                return Some(SelectedOperation { index, operation, ticket, location });
            }
        }
        None
    }
}

impl fmt::Debug for Select<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Select {{ {} operations }}", self.operations.iter().flatten().count())
    }
}

/// The operation that a [`Select`] chose; it must be completed with [`recv`](Self::recv) or
/// [`send`](Self::send).
///
/// The message that it will receive, or the room for the message that it will send, is reserved for it. On a
/// channel with capacity 0 the reserved receiver waits until the operation is completed.
///
/// # Panics
///
/// Panics if it is dropped without having been completed, as `crossbeam`'s does: a message may be lost with
/// it.
#[must_use = "a selected operation must be completed"]
pub struct SelectedOperation<'a> {
    index: usize,
    operation: Operation<'a>,
    /// Identifies the select to the channel with the reservation.
    ticket: Ticket,
    location: SourceLocation,
}

impl fmt::Debug for SelectedOperation<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SelectedOperation").field("index", &self.index).finish_non_exhaustive()
    }
}

impl SelectedOperation<'_> {
    /// The operation's index, as returned by [`Select::recv`] or [`Select::send`].
    #[must_use]
    pub fn index(&self) -> usize {
        self.index
    }

    /// Completes a receive. `receiver` must be the one that the operation was added with.
    ///
    /// # Errors
    ///
    /// The channel is empty and all senders were dropped.
    pub fn recv<T>(self, receiver: &Receiver<T>) -> Result<T, RecvError> {
        let (ticket, location) = (self.ticket, self.location);
        self.complete();
        receiver.channel.complete_receive(ticket, location).map_err(|_| RecvError)
    }

    /// Completes a send. `sender` must be the one that the operation was added with.
    ///
    /// # Errors
    ///
    /// All receivers were dropped; the error contains the message.
    pub fn send<T>(self, sender: &Sender<T>, message: T) -> Result<(), SendError<T>> {
        let (ticket, location) = (self.ticket, self.location);
        self.complete();
        sender.channel.complete_send(message, ticket, location).map_err(|(_, message)| SendError(message))
    }

    fn complete(self) {
        std::mem::forget(self);
    }
}

impl Drop for SelectedOperation<'_> {
    fn drop(&mut self) {
        // Outside the run no thread waits for it any more.
        let _ = context::try_with(|context| self.operation.channel.release(context, self.ticket));
        assert!(std::thread::panicking(), "a selected operation was dropped without having been completed");
    }
}

/// Waits for the first of several channel operations that is ready, and runs its arm.
///
/// ```
/// # use labrt::world::{Options, simulate};
/// # use std::time::Duration;
/// # simulate(Options::new(1), |_| {
/// use labrt::channel::{after, bounded, select};
/// let (sender, receiver) = bounded(1);
/// sender.send(7).unwrap();
/// let got = select! {
///     recv(receiver) -> message => message.ok(),
///     recv(after(Duration::from_millis(100))) -> _ => None,
/// };
/// assert_eq!(got, Some(7));
/// # }).result.unwrap();
/// ```
///
/// The arms are `recv(receiver) -> result => body`, `send(sender, message) -> result => body`, and at the end
/// at most one `default => body` or `default(timeout) => body`. The message of a send is evaluated only if
/// that arm is chosen.
#[macro_export]
#[doc(hidden)]
macro_rules! select {
    // Handles one arm after the other: adds its channel to `$select`, and appends its completion to the list.
    (
        @arms $select:ident [$($done:tt)*]
        recv($receiver:expr) -> $result:pat => $body:block, $($rest:tt)*
    ) => {{
        let receiver = &$receiver;
        let index = $select.recv(receiver);
        $crate::select!(@arms $select [$($done)* { index (recv(receiver)) ($result) ($body) }] $($rest)*)
    }};
    (@arms $select:ident [$($done:tt)*] recv($receiver:expr) -> $result:pat => $body:block $($rest:tt)*) => {{
        let receiver = &$receiver;
        let index = $select.recv(receiver);
        $crate::select!(@arms $select [$($done)* { index (recv(receiver)) ($result) ($body) }] $($rest)*)
    }};
    (
        @arms $select:ident [$($done:tt)*]
        recv($receiver:expr) -> $result:pat => $body:expr $(, $($rest:tt)*)?
    ) => {{
        let receiver = &$receiver;
        let index = $select.recv(receiver);
        $crate::select!(@arms $select [$($done)* { index (recv(receiver)) ($result) ($body) }] $($($rest)*)?)
    }};
    (
        @arms $select:ident [$($done:tt)*]
        send($sender:expr, $message:expr $(,)?) -> $result:pat => $body:block, $($rest:tt)*
    ) => {{
        let sender = &$sender;
        let index = $select.send(sender);
        $crate::select!(
            @arms $select
            [$($done)* { index (send(sender, $message)) ($result) ($body) }]
            $($rest)*
        )
    }};
    (
        @arms $select:ident [$($done:tt)*]
        send($sender:expr, $message:expr $(,)?) -> $result:pat => $body:block $($rest:tt)*
    ) => {{
        let sender = &$sender;
        let index = $select.send(sender);
        $crate::select!(
            @arms $select
            [$($done)* { index (send(sender, $message)) ($result) ($body) }]
            $($rest)*
        )
    }};
    (
        @arms $select:ident [$($done:tt)*]
        send($sender:expr, $message:expr $(,)?) -> $result:pat => $body:expr $(, $($rest:tt)*)?
    ) => {{
        let sender = &$sender;
        let index = $select.send(sender);
        $crate::select!(
            @arms $select
            [$($done)* { index (send(sender, $message)) ($result) ($body) }]
            $($($rest)*)?
        )
    }};
    (@arms $select:ident [$($done:tt)*] default => $body:expr $(,)?) => {
        match $select.try_select() {
            Ok(selected) => $crate::select!(@complete selected [$($done)*]),
            Err(_) => $body,
        }
    };
    (@arms $select:ident [$($done:tt)*] default($timeout:expr) => $body:expr $(,)?) => {
        match $select.select_timeout($timeout) {
            Ok(selected) => $crate::select!(@complete selected [$($done)*]),
            Err(_) => $body,
        }
    };
    (@arms $select:ident [$($done:tt)*]) => {{
        let selected = $select.select();
        $crate::select!(@complete selected [$($done)*])
    }};
    (@arms $($rest:tt)*) => {
        compile_error!(
            "an arm of `select!` is `recv(receiver) -> result => body`, `send(sender, message) -> result => \
             body`, `default => body` or `default(timeout) => body`, and a default comes last"
        )
    };
    (
        @complete $selected:ident [
            $({ $index:ident ($operation:ident($end:ident $(, $message:expr)?)) ($result:pat) ($body:expr) })*
        ]
    ) => {
        $(
            if $selected.index() == $index {
                let $result = $selected.$operation($end $(, $message)?);
                $body
            } else
        )* {
            unreachable!("a select selects one of its own operations")
        }
    };
    ($($arms:tt)*) => {{
        let mut select = $crate::channel::Select::new();
        $crate::select!(@arms select [] $($arms)*)
    }};
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::channel::bounded;
    use crate::world::{Backend, Options, simulate};

    #[test]
    fn a_select_is_not_ready_to_send_to_itself() {
        let options = Options { backend: Backend::Threads, ..Options::new(1) };
        let run = simulate(options, |_| {
            let (sender, receiver) = bounded::<()>(0);
            let mut select = Select::new();
            select.send(&sender);
            select.recv(&receiver);
            context::with(|context| {
                let ticket = context.ticket();
                select.register(context, ticket, true);
                // Otherwise it would never wait, but check again and again.
                assert!(!select.is_any_ready(context, ticket));
                let other = context.ticket();
                select.register(context, other, true);
                assert!(select.is_any_ready(context, ticket), "one select is ready for another one");
            });
        });
        run.result.unwrap();
    }
}
