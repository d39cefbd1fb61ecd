//! [`FaultModel`]: every probability and delay of the course's network, and the draws from them.
//!
//! The constants are the course's but for the transit time. All other delays are whole milliseconds. All are
//! drawn uniformly.

use std::ops::RangeInclusive;
use std::time::Duration;

use labrt::world::StreamRng;
use rand::RngExt;

/// On an unreliable network a request takes less than this on its way, in milliseconds.
const SHORT_DELAY_MS: u64 = 27;
/// The time until a caller learns that a server cannot be reached is below this, in milliseconds...
const UNREACHABLE_MS: u64 = 100;
/// ...and below this if long delays are on.
const LONG_UNREACHABLE_MS: u64 = 7000;
/// How many requests in a thousand, and independently how many replies, an unreliable network loses.
const LOST_PER_MILLE: u32 = 100;
/// With long reordering on, so many replies...
const REORDERED: u32 = 600;
/// ...out of so many are late,
const REORDERED_OUT_OF: u32 = 900;
/// by at least so many milliseconds,
const REORDERED_MIN_MS: u64 = 200;
/// and by less than so many more. Short delays are the likelier ones: the bound itself is drawn.
const REORDERED_SPREAD_MS: u64 = 2000;

/// What each message that arrives takes besides, in nanoseconds, in a simulation.
///
/// Not the course's: there it is what the machine takes. An RPC took 12.5 µs there and 8.5 µs on our real
/// threads, and an operation of lab 4, which also encodes, saves and applies, 350 µs. Work takes no time in a
/// simulation, so the range lies above what the messages alone would need.
const TRANSIT_NS: RangeInclusive<u64> = 5_000..=50_000;

/// What the tester sets, for the whole network.
#[derive(Clone, Copy)]
pub(crate) struct Settings {
    /// Requests and replies are not lost, and take their transit time and no more.
    pub(crate) reliable: bool,
    /// Unreachable servers cost seconds.
    pub(crate) long_delays: bool,
    /// Replies overtake each other.
    pub(crate) long_reordering: bool,
}

impl Settings {
    /// A caller waits in vain for less than so many milliseconds.
    pub(crate) fn unreachable_ms(&self) -> u64 {
        if self.long_delays { LONG_UNREACHABLE_MS } else { UNREACHABLE_MS }
    }
}

/// The settings, and the random streams that decide about messages.
pub(crate) struct FaultModel {
    pub(crate) settings: Settings,
    rng: StreamRng,
    /// `None` on real threads, where messages take time by themselves.
    transit_rng: Option<StreamRng>,
}

/// What becomes of a request.
#[derive(Clone, Copy)]
pub(crate) enum RequestFate {
    Lost(Duration),
    Arrives(Duration),
}

impl FaultModel {
    /// A network that is reliable, without long delays and without reordering.
    pub(crate) fn new(rng: StreamRng, transit_rng: Option<StreamRng>) -> Self {
        let settings = Settings { reliable: true, long_delays: false, long_reordering: false };
        Self { settings, rng, transit_rng }
    }

    /// What a message that arrives takes besides every other delay; `None` on real threads.
    pub(crate) fn transit(&mut self) -> Option<Duration> {
        let rng = self.transit_rng.as_mut()?;
        Some(Duration::from_nanos(rng.random_range(TRANSIT_NS)))
    }

    /// How long a caller waits in vain for a server that cannot be reached.
    pub(crate) fn unreachable(&mut self) -> Duration {
        milliseconds_below(&mut self.rng, self.settings.unreachable_ms())
    }

    /// What becomes of a request on an unreliable network, and when.
    pub(crate) fn request(&mut self) -> RequestFate {
        let after = milliseconds_below(&mut self.rng, SHORT_DELAY_MS);
        if self.loses() { RequestFate::Lost(after) } else { RequestFate::Arrives(after) }
    }

    /// Whether an unreliable network loses this message.
    pub(crate) fn loses(&mut self) -> bool {
        self.rng.random_range(0..1000) < LOST_PER_MILLE
    }

    /// By how much this reply is late, with long reordering on; `None` if it is not.
    pub(crate) fn reorders(&mut self) -> Option<Duration> {
        if self.rng.random_range(0..REORDERED_OUT_OF) >= REORDERED {
            return None;
        }
        let bound = self.rng.random_range(0..REORDERED_SPREAD_MS);
        Some(Duration::from_millis(REORDERED_MIN_MS + self.rng.random_range(0..=bound)))
    }
}

pub(crate) fn milliseconds_below(rng: &mut StreamRng, bound: u64) -> Duration {
    Duration::from_millis(rng.random_range(0..bound))
}
