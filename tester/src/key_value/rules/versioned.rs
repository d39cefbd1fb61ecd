//! [`VersionedJudge`]: the rules of a service whose keys have versions.

use std::collections::BTreeMap;

use super::analysis::Judge;
use super::calls::{Call, Moment, Operation};
use super::leaders::Leaders;
use super::observed::Observed;
use super::versions::Versions;
use super::{answers, deposed, doubt, resent};
use crate::linearizability::{KeyValue, KeyValueOutput};
use crate::rule::BrokenRule;

/// What the operations of clients tell of keys with versions.
#[derive(Default)]
pub(crate) struct VersionedJudge {
    versions: Versions,
    observed: Observed,
}

impl Judge for VersionedJudge {
    type Service = KeyValue;

    fn begins(&mut self, operation: &mut Operation, others: &BTreeMap<u32, Operation>) {
        operation.floor = self.versions.begins(operation.client, &operation.input, operation.began);
        self.observed.begins(operation, others);
    }

    fn sends(&mut self, operation: &Operation, call: &Call) {
        self.observed.sends(operation, call);
    }

    fn arrives(&mut self, call: u64) {
        self.observed.arrives_late(call);
    }

    fn replies(&mut self, operation: &Operation, call: u64) -> Option<BrokenRule> {
        self.observed.replies(operation, call);
        resent::judge(operation, call, &self.versions)
    }

    fn ends(
        &mut self,
        operation: &Operation,
        output: &KeyValueOutput,
        leaders: &Leaders,
        now: Moment,
    ) -> Option<BrokenRule> {
        self.observed.ends(operation, output, leaders.newest());
        // If the clerk is wrong, its answer says nothing of the servers.
        let of_clerk = answers::judge(operation, output, now)
            .or_else(|| doubt::judge(operation, output, &self.versions, now));
        let of_server = self.versions.ends(operation, output, now);
        let shown = match output {
            KeyValueOutput::Value { version, .. } => Some(*version),
            KeyValueOutput::NoKey => Some(0),
            _ => None,
        };
        let judge_age = |shown| deposed::judge(operation, output, shown, leaders, now);
        of_clerk.or(of_server).or_else(|| shown.and_then(judge_age))
    }

    fn situations(&self) -> Vec<&'static str> {
        self.observed.names()
    }
}
