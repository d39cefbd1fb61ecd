//! The extras: what the course's network does not do. All are off until the harness switches them on.
//!
//! Each kind draws from a random stream of its own and none from the fault model's, so that it changes neither
//! what the fault model draws for the calls that it leaves alone, nor what the other kinds draw.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::time::Duration;

use labrt::world::{StreamRng, World};
use rand::RngExt;

use crate::fault_model::milliseconds_below;
use crate::switchboard::{CallId, EndId, PlaceId, Request};

/// The extras of a network that uses one.
pub(crate) struct Extras {
    /// The probability that a request arrives twice.
    duplicates: f64,
    /// How long after the request its copy arrives.
    copies_after: Span,
    duplicates_rng: StreamRng,
    cuts_rng: StreamRng,
    slow_links_rng: StreamRng,
    /// By the end point's number. One that is not here is as good as any.
    links: BTreeMap<u32, Link>,
    /// Copies on their way, by the number of their call.
    copies: BTreeMap<u64, Copied>,
}

/// The two ways between an end point and its server.
#[derive(Default)]
pub(crate) struct Link {
    /// No request arrives.
    pub(crate) requests_cut: bool,
    /// No reply comes back.
    pub(crate) replies_cut: bool,
    /// What each message takes besides.
    pub(crate) slow: Option<Span>,
}

/// A request that is on its way for the second time.
pub(crate) struct Copied {
    pub(crate) id: CallId,
    pub(crate) end: EndId,
    pub(crate) place: PlaceId,
    pub(crate) request: Request,
}

/// The least and the most that something takes, in nanoseconds.
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

impl Extras {
    /// All off.
    pub(crate) fn new(world: &World) -> Self {
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

    /// The end point has been deleted.
    pub(crate) fn forget(&mut self, end: EndId) {
        self.links.remove(&end.0);
    }

    /// How long the caller of a request that is cut off waits in vain, when servers that cannot be reached
    /// cost less than `bound_ms`; `None` if the way is free.
    pub(crate) fn cuts_request(&mut self, end: EndId, bound_ms: u64) -> Option<Duration> {
        let cut = self.links.get(&end.0)?.requests_cut;
        cut.then(|| milliseconds_below(&mut self.cuts_rng, bound_ms))
    }

    pub(crate) fn cuts_reply(&self, end: EndId) -> bool {
        self.links.get(&end.0).is_some_and(|link| link.replies_cut)
    }

    /// What a message, either way, takes besides; `None` if the link is not slow.
    pub(crate) fn slows(&mut self, end: EndId) -> Option<Duration> {
        let slow = self.links.get(&end.0)?.slow?;
        Some(slow.draw(&mut self.slow_links_rng))
    }

    /// How long after a request its copy arrives; `None` if it has none.
    pub(crate) fn duplicates(&mut self) -> Option<Duration> {
        let rng = &mut self.duplicates_rng;
        (self.duplicates > 0.0 && rng.random_bool(self.duplicates)).then(|| self.copies_after.draw(rng))
    }

    pub(crate) fn add_copy(&mut self, copy: Copied) {
        self.copies.insert(copy.id.number, copy);
    }

    /// Takes a copy that arrives.
    pub(crate) fn take_copy(&mut self, number: u64) -> Option<Copied> {
        self.copies.remove(&number)
    }
}
