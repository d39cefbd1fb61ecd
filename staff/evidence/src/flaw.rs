//! [`Flaw`]: the reason why a stream of events is no evidence for a report.

use std::fmt;

/// What a flaw is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Area {
    /// The lines, the header, numbers and times.
    Form,
    /// Servers that start and end.
    Servers,
    /// Steps of messages, and links.
    Messages,
    /// Figures of the report.
    Counts,
    /// What servers agree on.
    Agreement,
    /// Leaders of terms.
    Leaders,
    /// Operations of clients.
    Operations,
    /// What the seed draws for the test.
    Workload,
    /// How much a run of the test has at least.
    Least,
}

/// The reason why a stream of events is no evidence for a report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flaw {
    /// What it is about.
    pub(crate) area: Area,
    /// The number of the event that shows it, if one does.
    event: Option<u64>,
    what: String,
}

impl Flaw {
    pub(super) fn new(area: Area, what: impl Into<String>) -> Self {
        Self { area, event: None, what: what.into() }
    }

    pub(super) fn at(area: Area, event: u64, what: impl Into<String>) -> Self {
        Self { area, event: Some(event), what: what.into() }
    }
}

impl fmt::Display for Flaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(event) = self.event {
            write!(f, "event {event}: ")?;
        }
        f.write_str(&self.what)
    }
}

impl std::error::Error for Flaw {}
