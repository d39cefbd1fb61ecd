//! [`Form`]: the header, and the numbers, times and causes of events.

use std::time::Duration;

use lab::run::Header;
use tester::{TIME_LIMIT, seed};

use super::Claim;
use super::event::Event;
use super::flaw::{Area, Flaw};
use super::lines::MAX_EVENTS;

/// The time for the servers to be started before a test begins, and taken down after its end.
const MARGIN: Duration = Duration::from_secs(30);

/// The most seconds by which times differ that were written as decimal numbers.
const ROUNDING: f64 = 1e-6;

/// Where the test begins and ends in the stream.
#[derive(Debug, Clone, Copy)]
pub(super) struct Span {
    pub(super) began_after: u64,
    began_ns: u64,
    ended_ns: u64,
    /// Whether the stream is that of the whole run. Of a run of very many events, only the first ones are
    /// kept.
    pub(super) is_whole: bool,
}

impl Span {
    /// The span that a header tells of, if it is that of the run.
    pub(super) fn of(header: &Header, claim: &Claim<'_>) -> Result<Self, Flaw> {
        let Header {
            schema, test, seed, solution, policy, left_out, began_after, began_ns, ended_ns, ..
        } = header;
        let is_of_this_run = *schema == 1
            && test == claim.case.name
            && *seed == seed::format(claim.report.seed)
            && solution == claim.solution
            && policy == claim.policy;
        if !is_of_this_run {
            return Err(Flaw::new(Area::Form, "it is the stream of another run"));
        }
        let (Some(began_after), Some(began_ns), Some(ended_ns)) = (*began_after, *began_ns, *ended_ns) else {
            return Err(Flaw::new(Area::Form, "the test did not begin, or did not end"));
        };
        let took = Duration::from_nanos(ended_ns.saturating_sub(began_ns));
        if ended_ns < began_ns || took > TIME_LIMIT {
            return Err(Flaw::new(Area::Form, "the test took longer than it may"));
        }
        if (took.as_secs_f64() - claim.report.virtual_seconds).abs() > ROUNDING {
            let seconds = claim.report.virtual_seconds;
            let text = format!("the test took {} s, and the report says {seconds} s", took.as_secs_f64());
            return Err(Flaw::new(Area::Form, text));
        }
        Ok(Self { began_after, began_ns, ended_ns, is_whole: *left_out == 0 })
    }
}

/// Checks numbers, times and causes.
pub(super) struct Form {
    span: Span,
    number: u64,
    time_ns: u64,
}

impl Form {
    pub(super) fn new(span: Span) -> Self {
        Self { span, number: 0, time_ns: 0 }
    }

    pub(super) fn on(&mut self, event: &Event<'_>) -> Result<(), Flaw> {
        let &Event { number, time_ns, cause, .. } = event;
        let what = if number != self.number + 1 {
            "its number is not the next one"
        } else if time_ns < self.time_ns {
            "it is earlier than the event before"
        } else if cause >= number {
            "it is caused by a later event"
        } else if Duration::from_nanos(time_ns) > TIME_LIMIT + MARGIN {
            "it is later than a run lasts"
        } else if (number <= self.span.began_after && time_ns > self.span.began_ns)
            || (number > self.span.began_after && time_ns < self.span.began_ns)
        {
            "it is on the wrong side of the beginning of the test"
        } else if event.kind == "violation" {
            "an invariant is violated"
        } else {
            (self.number, self.time_ns) = (number, time_ns);
            return Ok(());
        };
        Err(event.flaw(Area::Form, what))
    }

    pub(super) fn at_end(&self) -> Result<(), Flaw> {
        if !self.span.is_whole {
            let is_full = self.number == MAX_EVENTS;
            return if is_full { Ok(()) } else { Err(Flaw::new(Area::Form, "it leaves out events")) };
        }
        if self.number < self.span.began_after || self.time_ns < self.span.ended_ns {
            return Err(Flaw::new(Area::Form, "it ends before the test"));
        }
        Ok(())
    }
}
