//! [`FaultModel`]: every probability and delay of the course's network, and the draws from them.
//!
//! The constants are the course's, except the transit time. The course's delays are whole milliseconds. All
//! draws are uniform.

use std::ops::RangeInclusive;
use std::time::Duration;

use labrt::world::StreamRng;
use rand::RngExt;

/// The exclusive bound in milliseconds of the delay of a request on an unreliable network.
const SHORT_DELAY_MS: u64 = 27;
/// The exclusive bound in milliseconds of the time after which a call to an unreachable server fails.
const UNREACHABLE_MS: u64 = 100;
/// The same bound with long delays.
const LONG_UNREACHABLE_MS: u64 = 7000;
/// The probability in thousandths that an unreliable network loses a request, and independently a reply.
const LOST_PER_MILLE: u32 = 100;
/// With long reordering, `REORDERED` of `REORDERED_OUT_OF` replies are late.
const REORDERED: u32 = 600;
const REORDERED_OUT_OF: u32 = 900;
/// The least delay of a late reply, in milliseconds.
const REORDERED_MIN_MS: u64 = 200;
/// A late reply is delayed by less than this in addition, in milliseconds. The bound itself is drawn, so
/// short delays are more likely.
const REORDERED_SPREAD_MS: u64 = 2000;

/// The transit time of each message that arrives, in nanoseconds, in a simulation.
///
/// In the course it is the time that the machine takes. An RPC took 12.5 µs there and 8.5 µs on our real
/// threads, and an operation of lab 4, which also encodes, saves and applies, 350 µs. Computing takes no time
/// in a simulation, so the range is above what the messages alone would take.
const TRANSIT_NS: RangeInclusive<u64> = 5_000..=50_000;

/// The settings of the harness, for the whole network.
#[derive(Clone, Copy)]
pub(crate) struct Settings {
    /// Requests and replies are not lost, and take only their transit time.
    pub(crate) reliable: bool,
    /// Calls to unreachable servers fail after seconds.
    pub(crate) long_delays: bool,
    /// Replies overtake each other.
    pub(crate) long_reordering: bool,
}

impl Settings {
    /// The exclusive bound in milliseconds of the time after which a call to an unreachable server fails.
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

/// The fate of a request on an unreliable network.
#[derive(Clone, Copy)]
pub(crate) enum RequestFate {
    /// The request is lost; the call fails after this time.
    Lost(Duration),
    /// The request arrives after this time.
    Arrives(Duration),
}

impl FaultModel {
    /// A network that is reliable, without long delays and without reordering.
    pub(crate) fn new(rng: StreamRng, transit_rng: Option<StreamRng>) -> Self {
        let settings = Settings { reliable: true, long_delays: false, long_reordering: false };
        Self { settings, rng, transit_rng }
    }

    /// Draws the transit time of a message, which is added to all other delays; `None` on real threads.
    pub(crate) fn transit(&mut self) -> Option<Duration> {
        let rng = self.transit_rng.as_mut()?;
        Some(Duration::from_nanos(rng.random_range(TRANSIT_NS)))
    }

    /// Draws the time after which a call to an unreachable server fails.
    pub(crate) fn unreachable(&mut self) -> Duration {
        milliseconds_below(&mut self.rng, self.settings.unreachable_ms())
    }

    /// Draws the fate of a request on an unreliable network.
    pub(crate) fn request(&mut self) -> RequestFate {
        let after = milliseconds_below(&mut self.rng, SHORT_DELAY_MS);
        if self.loses() { RequestFate::Lost(after) } else { RequestFate::Arrives(after) }
    }

    /// Draws whether an unreliable network loses a message.
    pub(crate) fn loses(&mut self) -> bool {
        self.rng.random_range(0..1000) < LOST_PER_MILLE
    }

    /// Draws the additional delay of a reply with long reordering; `None` if it is not late.
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
