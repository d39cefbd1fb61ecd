//! The methods that switch [injected faults](crate::faults) on and off.

use std::ops::RangeInclusive;
use std::time::Duration;

use labrt::world::Node;

use super::{Network, no_end, no_server};
use crate::faults::{Held, InjectedFaults, Link, Span};
use crate::router::Router;

/// Faults that the course's network does not have. All are off at first and cost nothing then. They draw from
/// random streams of their own, so other calls are lost and delayed by the same draws as without them.
impl Network {
    /// Duplicates requests: each arrives twice with this probability, the second time after a delay from the
    /// range `after`. At first the probability is 0.
    ///
    /// A request that is lost has no copy, and a copy is never lost. A copy is handled like another request,
    /// and [counted](Self::count) by the server; the totals count the call once. The handler that returns
    /// first answers the call: if its reply is lost, the caller gets `None`.
    ///
    /// # Panics
    ///
    /// Panics if the probability is not from 0 to 1, or the range is empty.
    pub fn set_duplicates(&self, probability: f64, after: RangeInclusive<Duration>) {
        assert!((0.0..=1.0).contains(&probability), "{probability} is no probability");
        let after = Span::new(&after);
        self.with_faults(|_, faults| faults.set_duplicates(probability, after));
    }

    /// Cuts the direction from an end point to its server, or heals it. At first it is not cut.
    ///
    /// A request that is sent meanwhile does not arrive, and its caller gets `None` as for a server that
    /// cannot be reached: after up to 100 ms, or 7 s with long delays. Requests in flight arrive, and replies
    /// come back.
    ///
    /// # Panics
    ///
    /// Panics if there is no end point of that name.
    pub fn cut_requests(&self, end: &str, cut: bool) {
        self.change_link(end, |link| link.requests_cut = cut);
    }

    /// Cuts the direction from a server back to an end point, or heals it. At first it is not cut.
    ///
    /// Requests arrive and are handled, but a reply that is sent meanwhile is lost. Its caller gets `None` at
    /// the next of its polls, about every 100 ms from when the request arrived.
    ///
    /// # Panics
    ///
    /// Panics if there is no end point of that name.
    pub fn cut_replies(&self, end: &str, cut: bool) {
        self.change_link(end, |link| link.replies_cut = cut);
    }

    /// Adds a delay to each request through an end point and to each reply to it, drawn uniformly from the
    /// range. `None`, as at first: no delay.
    ///
    /// It holds for messages that are sent from now on. A reply in flight is delivered, even if its server or
    /// the end point is deleted meanwhile. The caller of a reply that is lost gets `None` at once.
    ///
    /// # Panics
    ///
    /// Panics if there is no end point of that name, or the range is empty.
    pub fn set_slow_link(&self, end: &str, slow: Option<RangeInclusive<Duration>>) {
        let slow = slow.as_ref().map(Span::new);
        self.change_link(end, |link| link.slow = slow);
    }

    /// Holds the requests that are sent through an end point from now on, or lets later ones pass. Their
    /// callers wait until they are [released](Self::release) or the end point is deleted. At first nothing is
    /// held. Requests that would be lost are not held.
    ///
    /// # Panics
    ///
    /// Panics if there is no end point of that name.
    pub fn hold_requests(&self, end: &str, hold: bool) {
        self.change_link(end, |link| link.holds_requests = hold);
    }

    /// Holds the replies that are sent to an end point from now on, or lets later ones pass, like
    /// [`hold_requests`](Self::hold_requests).
    ///
    /// # Panics
    ///
    /// Panics if there is no end point of that name.
    pub fn hold_replies(&self, end: &str, hold: bool) {
        self.change_link(end, |link| link.holds_replies = hold);
    }

    /// Delivers the requests and the replies that an end point has held, in the order in which they were
    /// sent, requests first. A request reaches its server even if the link was cut meanwhile, and a reply its
    /// caller even if the server has crashed. Whether later messages are held does not change.
    ///
    /// # Panics
    ///
    /// Panics if there is no end point of that name.
    pub fn release(&self, end: &str) {
        let mut held = Held::default();
        self.change_link(end, |link| held = std::mem::take(&mut link.held));
        self.shared.deliver(held);
    }

    /// Pauses all threads of the server that has this name. Requests that arrive meanwhile wait, and so do
    /// their callers, until the server is [resumed](Self::resume_server) or deleted.
    ///
    /// Its timers go on, and those that expire meanwhile fire when it is resumed. A call of the harness into
    /// the server waits too.
    ///
    /// # Panics
    ///
    /// Panics if no server has that name.
    pub fn pause_server(&self, server: &str) {
        self.node_of(server).pause();
    }

    /// Resumes the threads of a paused server. Requests that have arrived meanwhile are handled now, in any
    /// order.
    ///
    /// # Panics
    ///
    /// Panics if no server has that name.
    pub fn resume_server(&self, server: &str) {
        self.node_of(server).resume();
    }

    fn node_of(&self, server: &str) -> Node {
        let node = self.shared.router.lock().server(server).map(|server| server.node.clone());
        node.unwrap_or_else(|| panic!("{}", no_server(server)))
    }

    fn change_link(&self, end: &str, change: impl FnOnce(&mut Link)) {
        let found =
            self.with_faults(|router, faults| router.end(end).map(|id| change(faults.link(id))).is_some());
        assert!(found, "{}", no_end(end));
    }

    fn with_faults<T>(&self, change: impl FnOnce(&Router, &mut InjectedFaults) -> T) -> T {
        let mut router = self.shared.router.lock();
        let mut faults =
            router.faults.take().unwrap_or_else(|| Box::new(InjectedFaults::new(&self.shared.world)));
        let result = change(&router, &mut faults);
        router.faults = Some(faults);
        result
    }
}
