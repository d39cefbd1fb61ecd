//! [`AppendAnalysis`]: which rules of the service with appends does a solution break? An analysis of the
//! operations of clients and their calls, from outside.
//!
//! A rule is named only if it is broken in every possible world. The rules of asking and acknowledging
//! ([`KV1`](crate::key_value::unsupported), KV9 to KV11) are those of the services with versions.

#[cfg(test)]
mod scripts;
mod texts;
mod words;

use std::collections::BTreeMap;
use std::sync::Arc;

use rustc_hash::FxHashMap;

use crate::key_value::{Judge, Leaders, Moment, Operation, OperationAnalysis, unsupported};
use crate::linearizability::{Text, TextInput, TextOutput};
use crate::rule::BrokenRule;
use texts::Texts;
use words::Said;

/// Which rules of the service a solution breaks.
pub(super) type AppendAnalysis = OperationAnalysis<AppendJudge>;

/// What the operations of clients tell of the keys.
#[derive(Default)]
pub(crate) struct AppendJudge {
    keys: FxHashMap<Arc<str>, Texts>,
}

impl Judge for AppendJudge {
    type Service = Text;

    fn begins(&mut self, operation: &mut Operation<Text>, _: &BTreeMap<u32, Operation<Text>>) {
        match &operation.input {
            TextInput::Get { .. } => {}
            TextInput::Put { key, value } | TextInput::Append { key, value } => {
                self.keys.entry(Arc::clone(key)).or_default().change_begins(operation, value);
            }
        }
    }

    fn ends(
        &mut self,
        operation: &Operation<Text>,
        output: &TextOutput,
        leaders: &Leaders,
        now: Moment,
    ) -> Option<BrokenRule> {
        let (TextInput::Get { key } | TextInput::Put { key, .. } | TextInput::Append { key, .. }) =
            &operation.input;
        let texts = self.keys.entry(Arc::clone(key)).or_default();
        // If the clerk is wrong, its answer says nothing of the servers.
        let of_clerk = judge_clerk(operation, output, now);
        let of_servers = match output {
            TextOutput::Value(value) => texts.is_read(operation, value, leaders, now),
            TextOutput::Done => {
                texts.change_ends(operation, output, now);
                None
            }
        };
        of_clerk.or(of_servers)
    }
}

/// A clerk answers what a reply to one of its requests has said.
fn judge_clerk(operation: &Operation<Text>, output: &TextOutput, now: Moment) -> Option<BrokenRule> {
    let mut replies = operation.answered().peekable();
    if replies.peek().is_some() && !operation.is_understood() {
        return None;
    }
    let supports = |said: Said| match (said, output) {
        (Said::Value(said), TextOutput::Value(value)) => {
            said.is_none_or(|said| said == crate::key_value::words::Text::of(value))
        }
        (Said::NoKey, TextOutput::Value(value)) => value.is_empty(),
        (Said::Done, TextOutput::Done) => true,
        _ => false,
    };
    let is_supported = replies.any(|(_, _, said)| said.is_some_and(supports));
    (!is_supported).then(|| unsupported(operation, output, now))
}
