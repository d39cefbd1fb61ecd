//! [`Interests`]: the kinds of events that a subscriber receives.

use std::ops::BitOr;

#[cfg(doc)]
use super::ProtocolEvent;
use super::{Kind, Message, Party};

/// A set of kinds of events. An event is built only if somebody subscribes to its kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Interests(u16);

impl Interests {
    /// The empty set.
    pub const NONE: Self = Self(0);
    /// Servers: start, crash, halt, join, leave, pause, resume, and clock rates.
    pub const SERVERS: Self = Self(1);
    /// Links that are cut and mended, and network faults.
    pub const LINKS: Self = Self(1 << 1);
    /// Messages of calls that servers make.
    pub const SERVER_MESSAGES: Self = Self(1 << 2);
    /// Messages of calls that clients make.
    pub const CLIENT_MESSAGES: Self = Self(1 << 3);
    /// Saves of servers.
    pub const SAVES: Self = Self(1 << 4);
    /// Requests that the test hands to servers, and requests that services execute.
    pub const REQUESTS: Self = Self(1 << 5);
    /// Operations of clients.
    pub const OPERATIONS: Self = Self(1 << 6);
    /// States of servers, as reported to a probe or a test; see [`ProtocolEvent::class`].
    pub const STATES: Self = Self(1 << 7);
    /// Agreement among servers; see [`ProtocolEvent::class`].
    pub const AGREEMENT: Self = Self(1 << 8);
    /// Violations of invariants.
    pub const VIOLATIONS: Self = Self(1 << 9);
    /// The happened-before relation, see [`Event::causality`](super::Event::causality): clocks are tracked
    /// only if somebody subscribes to this.
    pub const CAUSALITY: Self = Self(1 << 10);
    /// All kinds.
    pub const ALL: Self = Self((1 << 11) - 1);

    /// Whether the two sets intersect.
    #[must_use]
    pub fn meets(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    /// The number of kinds.
    pub(super) const KINDS: usize = 11;

    /// The numbers of the kinds in it.
    pub(super) fn kinds(self) -> impl Iterator<Item = usize> {
        (0..Self::KINDS).filter(move |kind| self.0 & (1 << kind) != 0)
    }

    /// The number of its only kind.
    pub(super) fn first(self) -> usize {
        self.0.trailing_zeros() as usize
    }

    pub(super) fn bits(self) -> u16 {
        self.0
    }

    pub(super) fn from_bits(bits: u16) -> Self {
        Self(bits)
    }
}

impl BitOr for Interests {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

impl Kind<'_> {
    /// The set that this kind belongs to.
    #[must_use]
    pub fn class(&self) -> Interests {
        match self {
            Self::Started
            | Self::CutOff
            | Self::Crashed { .. }
            | Self::Halted
            | Self::Joined
            | Self::Left
            | Self::Paused
            | Self::Resumed
            | Self::ClockRate(_) => Interests::SERVERS,
            Self::LinkMended { .. } | Self::LinkCut { .. } | Self::WayCut { .. } | Self::Faults(_) => {
                Interests::LINKS
            }
            Self::Message(Message { from: Party::Client(_), .. }) => Interests::CLIENT_MESSAGES,
            Self::Message(_) => Interests::SERVER_MESSAGES,
            Self::Saved(_) => Interests::SAVES,
            Self::Submitted { .. } | Self::Executed { .. } => Interests::REQUESTS,
            Self::OperationBegan { .. } | Self::OperationEnded { .. } => Interests::OPERATIONS,
            Self::Protocol(event) => event.class(),
            Self::Violation(_) => Interests::VIOLATIONS,
        }
    }
}
