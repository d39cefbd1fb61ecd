//! [`Counts`]: the figures of the report are those of the stream.

use super::Claim;
use super::agreement::Agreement;
use super::event::Event;
use super::flaw::{Area, Flaw};
use super::form::Span;
use super::messages::Traffic;

/// Counts what else decides the figures.
#[derive(Default)]
pub(super) struct Counts {
    /// Calls of a lock, each of which makes several operations.
    locks: u64,
}

impl Counts {
    pub(super) fn on(&mut self, event: &Event<'_>) {
        self.locks += u64::from(matches!(&*event.kind, "acquiring" | "releasing"));
    }

    /// Compares the figures.
    pub(super) fn check(
        &self,
        claim: &Claim<'_>,
        span: Span,
        traffic: Traffic,
        agreement: &Agreement,
        operations: Option<(u64, u64)>,
    ) -> Result<(), Flaw> {
        let report = claim.report;
        let differs = |what: &str, counted: u64, reported: u64| {
            let text = format!("the report has {reported} {what}, and the events show {counted}");
            Err(Flaw::new(Area::Counts, text))
        };
        if report.failure.is_some() {
            return Err(Flaw::new(Area::Counts, "the run failed"));
        }
        // What follows the events that were kept adds to the figures.
        let is_right =
            |reported: u64, least: u64, most: u64| reported >= least && (reported <= most || !span.is_whole);
        if !is_right(report.rpcs, traffic.rpcs, traffic.rpcs) {
            return differs("RPCs", traffic.rpcs, report.rpcs);
        }
        let most = traffic.bytes.saturating_add(traffic.bytes_to_ended);
        if !is_right(report.bytes, traffic.bytes, most) {
            return differs("bytes", traffic.bytes, report.bytes);
        }
        let commands = agreement.commands() + agreement.delivered();
        if !is_right(report.commands, commands, commands) {
            return differs("commands", commands, report.commands);
        }
        if let Some((least, most)) = operations.filter(|_| self.locks == 0)
            && !is_right(report.operations, least, most)
        {
            return differs("operations", least, report.operations);
        }
        if report.plan != claim.case.plan(report.seed) {
            return Err(Flaw::new(Area::Counts, "the report has another fault plan than its seed draws"));
        }
        Ok(())
    }
}
