//! [`KV1`]: a clerk answers what a reply to one of its requests has said.

use super::KV1;
use super::calls::{Call, Fate, Moment, Operation, Readable, name};
use super::finding::finding;
use super::words::{Asks, Said};
use crate::event::Party;
use crate::linearizability::KeyValueOutput;
use crate::rule::BrokenRule;

/// Judges the answer of a clerk.
pub(super) fn judge(operation: &Operation, output: &KeyValueOutput, now: Moment) -> Option<BrokenRule> {
    let replies: Vec<Option<Said>> = operation.answered().map(|(_, _, said)| said).collect();
    if !replies.is_empty() && !operation.is_understood() {
        return None;
    }
    // A clerk that looks at the key after a put may draw conclusions from what it reads.
    let puts = !matches!(output, KeyValueOutput::Value { .. }) && operation.is_change();
    if puts && operation.answered().any(|(call, _, _)| matches!(call.asks, Some(Asks::Get { .. }))) {
        return None;
    }
    if replies.iter().flatten().any(|said| supports(*said, output, puts)) {
        return None;
    }
    Some(unsupported(operation, output, now))
}

/// The rule as broken by a clerk that has answered what no reply had said.
pub(crate) fn unsupported<S: Readable>(
    operation: &Operation<S>,
    output: &S::Output,
    now: Moment,
) -> BrokenRule {
    let client = Party::Client(operation.client);
    let returned = operation.end(now, output);
    let headline = match operation.answered().count() {
        0 => format!("the clerk of {} answered without a reply: {}", client, returned.what),
        _ => format!("the clerk of {} answered what no reply had said: {}", client, returned.what),
    };
    let last = operation.calls.last().and_then(|call| match call.fate {
        Fate::Answered(_) => call.replying(),
        Fate::Failed(_) => call.failing(),
        Fate::Waiting => Some(call.arrival()),
    });
    let first = operation.calls.last().map_or_else(|| operation.event(), Call::sending);
    let events = [first].into_iter().chain(last).chain([returned]);
    finding(&KV1, name(client), headline, events.collect(), operation.caller())
}

/// Whether a clerk that was told `said` may answer `output`.
fn supports(said: Said, output: &KeyValueOutput, of_put: bool) -> bool {
    match output {
        // A clerk may keep more in a value than its client sees.
        KeyValueOutput::Value { version, .. } => {
            matches!(said, Said::Value { version: of, .. } if of == *version)
        }
        KeyValueOutput::NoKey if of_put => said == Said::NoKey,
        KeyValueOutput::NoKey => matches!(said, Said::NoKey | Said::Value { version: 0, .. }),
        KeyValueOutput::Done => said == Said::Done,
        KeyValueOutput::WrongVersion => said == Said::WrongVersion,
        // After "wrong leader" it is true, though the clerk should go on.
        KeyValueOutput::Maybe => matches!(said, Said::WrongVersion | Said::Maybe | Said::WrongLeader),
    }
}

#[cfg(test)]
mod tests {
    use labapi::{PutError, WrongLeader};

    use super::super::told::Told;
    use crate::linearizability::KeyValueOutput::{Done, Maybe, NoKey};

    #[test]
    fn no_key_takes_a_reply_that_says_so() {
        let mut told = Told::new();
        told.gets(4).sends_get(4, 0).request_is_lost().sends_get(4, 1).arrives().put_is(Err(WrongLeader));
        told.is_told().ends(4, NoKey);
        let broken = told.only();
        assert_eq!((&*broken.id, &*broken.server), ("KV1", "client 4"));
        assert!(broken.headline.contains("what no reply had said"), "{}", broken.headline);

        let mut right = Told::new();
        right.gets(4).sends_get(4, 0).request_is_lost().sends_get(4, 1).arrives().get_is(None);
        assert!(right.is_told().ends(4, NoKey).broken().is_empty());
    }

    #[test]
    fn maybe_takes_a_reply() {
        let mut told = Told::new();
        told.puts(4, "a", 0)
            .sends_put(4, 0, "a", 0)
            .arrives()
            .put_is(Ok(Ok(())))
            .reply_is_lost()
            .ends(4, Maybe);
        assert_eq!(told.only().id, "KV1");
        assert_eq!(told.only().events.len(), 3);
    }

    #[test]
    fn done_takes_a_reply_that_says_so() {
        let mut told = Told::new();
        told.puts(4, "a", 0).sends_put(4, 0, "a", 0).arrives().reply_is_lost();
        told.sends_put(4, 0, "a", 0).arrives().put_is(Ok(Err(PutError::Version))).is_told().ends(4, Done);
        assert_eq!(told.only().id, "KV1");

        // A clerk that then reads its own value may know.
        let mut right = Told::new();
        right.puts(4, "a", 0).sends_put(4, 0, "a", 0).arrives().reply_is_lost();
        right.sends_put(4, 0, "a", 0).arrives().put_is(Ok(Err(PutError::Version))).is_told();
        right.sends_get(4, 0).arrives().get_is(Some(("a", 1))).is_told().ends(4, Done);
        assert!(right.broken().is_empty());
    }
}
