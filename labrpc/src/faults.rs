//! [`InjectedFaults`]: faults that the course's network does not have. All are off until the harness switches
//! them on.
//!
//! Each kind draws from a random stream of its own and none from the fault model's. So a fault changes
//! neither the fault model's draws for other calls nor the draws of the other kinds.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::sync::Arc;
use std::time::Duration;

use labrt::world::{StreamRng, World};
use rand::RngExt;

use crate::fault_model::milliseconds_below;
use crate::router::{AddressId, CallId, EndId, Request};

/// The injected faults of a network that uses one of them.
pub(crate) struct InjectedFaults {
    /// The probability that a request arrives twice.
    duplicates: f64,
    /// How long after the request its copy arrives.
    copies_after: Span,
    duplicates_rng: StreamRng,
    cuts_rng: StreamRng,
    slow_links_rng: StreamRng,
    /// Links with a fault, by the number of the end point.
    links: BTreeMap<u32, Link>,
    /// Second transmissions in flight, by the number of their call.
    copies: BTreeMap<u64, Duplicate>,
}

/// The two ways between an end point and its server.
#[derive(Default)]
pub(crate) struct Link {
    /// No request arrives.
    pub(crate) requests_cut: bool,
    /// No reply comes back.
    pub(crate) replies_cut: bool,
    /// The additional delay of each message.
    pub(crate) slow: Option<Span>,
    /// Requests that are sent are held.
    pub(crate) holds_requests: bool,
    /// Replies that are sent are held.
    pub(crate) holds_replies: bool,
    pub(crate) held: Held,
}

/// Messages that wait for their release, in the order in which they were sent.
#[derive(Default)]
pub(crate) struct Held {
    pub(crate) requests: Vec<CallId>,
    pub(crate) replies: Vec<HeldReply>,
}

/// A reply that waits for its release.
pub(crate) struct HeldReply {
    /// The number of its call.
    pub(crate) number: u64,
    /// The method with the service's name.
    pub(crate) full_name: Arc<str>,
    pub(crate) deliver: Delivery,
}

/// Delivers a reply.
pub(crate) type Delivery = Box<dyn FnOnce() + Send>;

/// The second transmission of a duplicated request, in flight.
pub(crate) struct Duplicate {
    pub(crate) id: CallId,
    pub(crate) end: EndId,
    pub(crate) address: AddressId,
    pub(crate) request: Request,
}

/// A range of delays in nanoseconds, both ends included.
#[derive(Clone, Copy)]
pub(crate) struct Span {
    least: u64,
    most: u64,
}

impl Span {
    /// # Panics
    ///
    /// Panics if the range is empty.
    pub(crate) fn new(range: &RangeInclusive<Duration>) -> Self {
        assert!(!range.is_empty(), "no time is in the range {range:?}");
        let nanos = |time: &Duration| u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
        Self { least: nanos(range.start()), most: nanos(range.end()) }
    }

    fn draw(self, rng: &mut StreamRng) -> Duration {
        Duration::from_nanos(rng.random_range(self.least..=self.most))
    }
}

impl InjectedFaults {
    /// No fault is on.
    pub(crate) fn new(world: &World) -> Self {
        // The names of the streams belong to what a seed replays: with other names, every draw is another
        // one.
        Self {
            duplicates: 0.0,
            copies_after: Span { least: 0, most: 0 },
            duplicates_rng: world.rng("extras: duplicates"),
            cuts_rng: world.rng("extras: cuts"),
            slow_links_rng: world.rng("extras: slow links"),
            links: BTreeMap::new(),
            copies: BTreeMap::new(),
        }
    }

    pub(crate) fn set_duplicates(&mut self, probability: f64, after: Span) {
        self.duplicates = probability;
        self.copies_after = after;
    }

    /// The link of an end point, to be changed.
    pub(crate) fn link(&mut self, end: EndId) -> &mut Link {
        self.links.entry(end.0).or_default()
    }

    /// The end point is being deleted. Returns the messages that were held.
    pub(crate) fn forget(&mut self, end: EndId) -> Held {
        self.links.remove(&end.0).map(|link| link.held).unwrap_or_default()
    }

    pub(crate) fn holds_request(&self, end: EndId) -> bool {
        self.links.get(&end.0).is_some_and(|link| link.holds_requests)
    }

    pub(crate) fn holds_reply(&self, end: EndId) -> bool {
        self.links.get(&end.0).is_some_and(|link| link.holds_replies)
    }

    /// The time until the caller of a request learns that its link is cut, drawn below `bound_ms`; `None` if
    /// the link is not cut.
    pub(crate) fn cuts_request(&mut self, end: EndId, bound_ms: u64) -> Option<Duration> {
        let cut = self.links.get(&end.0)?.requests_cut;
        cut.then(|| milliseconds_below(&mut self.cuts_rng, bound_ms))
    }

    pub(crate) fn cuts_reply(&self, end: EndId) -> bool {
        self.links.get(&end.0).is_some_and(|link| link.replies_cut)
    }

    /// The additional delay of a request or a reply; `None` if the link is not slow.
    pub(crate) fn slows(&mut self, end: EndId) -> Option<Duration> {
        let slow = self.links.get(&end.0)?.slow?;
        Some(slow.draw(&mut self.slow_links_rng))
    }

    /// The time from a request to its second transmission; `None` if it is not duplicated.
    pub(crate) fn duplicates(&mut self) -> Option<Duration> {
        let rng = &mut self.duplicates_rng;
        (self.duplicates > 0.0 && rng.random_bool(self.duplicates)).then(|| self.copies_after.draw(rng))
    }

    pub(crate) fn add_copy(&mut self, copy: Duplicate) {
        self.copies.insert(copy.id.number, copy);
    }

    /// Takes out a second transmission that arrives.
    pub(crate) fn take_copy(&mut self, number: u64) -> Option<Duplicate> {
        self.copies.remove(&number)
    }
}
