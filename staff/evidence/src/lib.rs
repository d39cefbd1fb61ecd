//! The events of a run, as evidence for its report.
//!
//! A report comes from the process that ran lab code. A submission that writes to the memory of that process
//! can make it send any report. So a grading makes some of the runs that have passed again, and has them send
//! their events. Here, in a process in which no lab code runs, these events are checked. All that the
//! report says is counted again from them, all that a run of the test must satisfy is checked, and commands
//! are compared with what the seed draws. The report of the second run must say the same as the first one.
//!
//! This is no proof: a submission that invents a consistent stream of a correct run passes. But it has to
//! write a simulation of a cluster for that, of each test. See "Threat model" in `docs/instructors.md`.
//!
//! - `lines`: the lines of the stream, and their limits;
//! - `event`: a line as an event;
//! - `form`: header, numbers, times and causes;
//! - `servers`: incarnations of servers;
//! - `messages`: steps of calls, and links;
//! - `counts`: the figures of the report;
//! - `agreement`: what servers apply, decide and deliver;
//! - `leaders`: one leader in a term;
//! - `operations`: the history of clients;
//! - `workload`: the commands that the seed draws;
//! - `least`: how much there is at least in a run of the test;
//! - [`Flaw`]: the reason why a stream is no evidence.

#![warn(missing_docs)]

mod agreement;
mod counts;
mod event;
mod flaw;
mod form;
mod leaders;
mod least;
mod lines;
mod messages;
mod operations;
mod servers;
#[cfg(test)]
mod tests;
mod workload;

use std::io::BufRead;

use tester::{Case, Report};

use agreement::Agreement;
use counts::Counts;
use event::Parties;
pub use flaw::Flaw;
use form::{Form, Span};
use leaders::Leaders;
use least::{Amounts, Least};
use lines::Lines;
use messages::Messages;
use operations::Operations;
use servers::Servers;
use workload::Workload;

/// The test of which there is no evidence: it judges the memory that a run takes, and has more events than
/// are kept.
const WITHOUT_EVIDENCE: &str = "mem_put_many_clients_reliable_2a";

/// Whether runs of this test can be evidence.
pub fn can_be_taken(test: &str) -> bool {
    test != WITHOUT_EVIDENCE
}

/// What a stream is to be evidence of.
pub struct Claim<'a> {
    /// The test.
    pub case: &'a Case,
    /// The name of the solution, as the worker knows it.
    pub solution: &'a str,
    /// The name of the scheduling policy.
    pub policy: &'a str,
    /// The report of the run that has sent the stream.
    pub report: &'a Report,
}

/// Checks a stream of [outlines](tester::Recorded::write_outline) against the report of a run that has
/// passed. It takes memory for some hundred bytes of each event, of which a run has at most a million.
///
/// # Errors
///
/// The first flaw that is found.
pub fn check(stream: impl BufRead, claim: &Claim<'_>) -> Result<(), Flaw> {
    let amounts = amounts_of(stream, claim)?;
    Least::of(claim.case.name).check(&amounts)
}

/// Checks all but how much there is at least, and returns how much there is.
fn amounts_of(stream: impl BufRead, claim: &Claim<'_>) -> Result<Amounts, Flaw> {
    let mut lines = Lines::new(stream);
    let span = Span::of(&lines.header()?, claim)?;
    let mut parties = Parties::default();
    let (mut form, mut servers) = (Form::new(span), Servers::default());
    let (mut messages, mut counts) = (Messages::new(span.began_after), Counts::default());
    let (mut agreement, mut leaders) = (Agreement::default(), Leaders::default());
    let (mut operations, mut workload) = (Operations::of(claim.case), Workload::new(claim.report.seed));
    let mut amounts = Amounts::default();
    while let Some(event) = lines.event(&mut parties)? {
        form.on(&event)?;
        servers.on(&event, &parties)?;
        messages.on(&event, &mut parties, &servers)?;
        agreement.on(&event, &parties)?;
        leaders.on(&event, &parties)?;
        operations.on(&event, &parties)?;
        workload.on(&event, &parties)?;
        counts.on(&event);
        amounts.on(&event);
    }
    form.at_end()?;
    if span.is_whole {
        servers.at_end()?;
    }
    counts.check(claim, span, messages.traffic(), &agreement, operations.reported())?;
    amounts.add("led_terms", leaders.count());
    amounts.add("drawn_commands", workload.count());
    amounts.add("agreed_positions", agreement.commands() + agreement.values());
    amounts.add("checked_operations", operations.at_end()?);
    Ok(amounts)
}
