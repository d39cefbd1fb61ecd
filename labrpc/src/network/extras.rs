//! Switching the [extras](crate::extras) on and off.

use std::ops::RangeInclusive;
use std::time::Duration;

use labrt::world::Node;

use super::{Network, no_end, no_server};
use crate::extras::{Extras, Link, Span};
use crate::switchboard::Switchboard;

/// What the course's network does not do. All of it is off at first and costs nothing then; it draws from
/// random streams of its own, so that the calls that it leaves alone are lost and delayed by the same draws
/// as without it.
impl Network {
    /// How likely a request arrives twice, and how long after it the copy does. 0: never, which is so at
    /// first.
    ///
    /// A request that is lost has no copy; the copy itself is not lost any more. It is handled like another
    /// request, and [counted](Self::count) by the server; the totals count the call once. Whichever handler
    /// returns first has answered the call: if that reply is lost, so is the call.
    ///
    /// # Panics
    ///
    /// Panics if the probability is not from 0 to 1, or the range is empty.
    pub fn set_duplicates(&self, probability: f64, after: RangeInclusive<Duration>) {
        assert!((0.0..=1.0).contains(&probability), "{probability} is no probability");
        let after = Span::new(&after);
        self.with_extras(|_, extras| extras.set_duplicates(probability, after));
    }

    /// Cuts the way from an end point to its server, or opens it again. At first it is open.
    ///
    /// A request that sets out meanwhile does not arrive, and its caller waits in vain as for a server that
    /// cannot be reached: up to 100 ms, or 7 s with long delays. What is on its way arrives, and replies come
    /// back.
    ///
    /// # Panics
    ///
    /// Panics if there is no end point of that name.
    pub fn cut_requests(&self, end: &str, cut: bool) {
        self.change_link(end, |link| link.requests_cut = cut);
    }

    /// Cuts the way from a server back to an end point, or opens it again. At first it is open.
    ///
    /// Requests arrive and are handled, but a reply that sets out meanwhile is lost. Its caller is told at
    /// the next of its polls, about every 100 ms from when the request arrived.
    ///
    /// # Panics
    ///
    /// Panics if there is no end point of that name.
    pub fn cut_replies(&self, end: &str, cut: bool) {
        self.change_link(end, |link| link.replies_cut = cut);
    }

    /// What each request through an end point and each reply to it takes, besides what it takes anyway; any
    /// time of the range is as likely as another. `None`: nothing, which is so at first.
    ///
    /// It holds for messages that set out from now on. A reply that is on its way is delivered, whatever
    /// becomes of its server and of the end point; one that is lost is known at once.
    ///
    /// # Panics
    ///
    /// Panics if there is no end point of that name, or the range is empty.
    pub fn set_slow_link(&self, end: &str, slow: Option<RangeInclusive<Duration>>) {
        let slow = slow.as_ref().map(Span::new);
        self.change_link(end, |link| link.slow = slow);
    }

    /// Stops the threads of the server that has this name where they are. Requests that arrive meanwhile
    /// wait, and so do their callers, until it is [resumed](Self::resume_server), or deleted.
    ///
    /// Its timers go on, and those that are due meanwhile are all due when it is resumed. A call of the
    /// harness into the server waits too.
    ///
    /// # Panics
    ///
    /// Panics if no server has that name.
    pub fn pause_server(&self, server: &str) {
        self.node_of(server).pause();
    }

    /// Lets the threads of a paused server go on. Requests that have arrived meanwhile are handled now, in
    /// any order.
    ///
    /// # Panics
    ///
    /// Panics if no server has that name.
    pub fn resume_server(&self, server: &str) {
        self.node_of(server).resume();
    }

    fn node_of(&self, server: &str) -> Node {
        let node = self.shared.board.lock().server(server).map(|server| server.node.clone());
        node.unwrap_or_else(|| panic!("{}", no_server(server)))
    }

    fn change_link(&self, end: &str, change: impl FnOnce(&mut Link)) {
        let found =
            self.with_extras(|board, extras| board.end(end).map(|id| change(extras.link(id))).is_some());
        assert!(found, "{}", no_end(end));
    }

    fn with_extras<T>(&self, change: impl FnOnce(&Switchboard, &mut Extras) -> T) -> T {
        let mut board = self.shared.board.lock();
        let mut extras = board.extras.take().unwrap_or_else(|| Box::new(Extras::new(&self.shared.world)));
        let result = change(&board, &mut extras);
        board.extras = Some(extras);
        result
    }
}
