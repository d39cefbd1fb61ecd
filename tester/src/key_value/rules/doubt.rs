//! [`KV2`] and [`KV3`]: a put is maybe done if an earlier transmission may have been done, and only then.

use super::calls::{Call, Fate, Moment, Operation, name};
use super::finding::finding;
use super::versions::Versions;
use super::words::{Asks, Said};
use super::{KV2, KV3};
use crate::event::Party;
use crate::linearizability::KeyValueOutput;
use crate::rule::BrokenRule;

/// Judges the answer of a clerk to a put.
pub(super) fn judge(
    operation: &Operation,
    output: &KeyValueOutput,
    versions: &Versions,
    now: Moment,
) -> Option<BrokenRule> {
    match output {
        KeyValueOutput::Maybe => unfounded(operation, output, now),
        KeyValueOutput::WrongVersion => forgotten(operation, output, versions, now),
        _ => None,
    }
}

/// "Maybe", when every request was answered, and refused for its version.
fn unfounded(operation: &Operation, output: &KeyValueOutput, now: Moment) -> Option<BrokenRule> {
    let is_refusal = |call: &Call| {
        let said = call.reply.as_ref().and_then(|reply| reply.said);
        let is_answered = matches!(call.fate, Fate::Answered(_)) && said == Some(Said::WrongVersion);
        is_answered && operation.is_sent_by(call)
    };
    if operation.calls.is_empty() || !operation.calls.iter().all(is_refusal) {
        return None;
    }
    let client = Party::Client(operation.client);
    let first = operation.calls.first()?;
    let headline = format!(
        "the clerk of {client} calls a put maybe done that was refused for its version when it was sent first"
    );
    let events = [first.sending()].into_iter().chain(first.replying()).chain([operation.end(now, output)]);
    Some(finding(&KV2, name(client), headline, events.collect(), operation.caller()))
}

/// "Wrong version", when an earlier transmission may have been done.
fn forgotten(
    operation: &Operation,
    output: &KeyValueOutput,
    versions: &Versions,
    now: Moment,
) -> Option<BrokenRule> {
    let refusal = operation
        .answered()
        .find(|(call, _, said)| *said == Some(Said::WrongVersion) && operation.is_sent_by(call));
    let (refused, _, _) = refusal?;
    let earlier = || operation.calls.iter().filter(|call| call.sent.number < refused.sent.number);
    let mine = || earlier().filter(|call| operation.is_sent_by(call));
    let was_done = mine().find(|call| call.was_done.is_some());
    // A server that knows its clients may repeat its first answer, and a clerk that reads the key may know.
    let can_know = operation.floor.version() > operation.version()
        || versions.was_put_before(operation)
        || operation.calls.iter().any(|call| !matches!(call.asks, Some(Asks::Put { is_bare: true, .. })));
    let may_be_done = || {
        mine().find(|call| {
            call.delivered.is_some() && call.reply.is_none() && !matches!(call.fate, Fate::Answered(_))
        })
    };
    let earlier = was_done.or_else(|| if can_know { None } else { may_be_done() })?;
    let client = Party::Client(operation.client);
    let headline = format!(
        "the clerk of {client} calls a put refused that {} by an earlier transmission",
        if was_done.is_some() { "was done" } else { "may have been done" }
    );
    // The reply of the first one is the proof that it was done.
    let proof = if was_done.is_some() { earlier.replying() } else { None };
    let first = [proof.unwrap_or_else(|| earlier.arrival())].into_iter().chain(earlier.failing());
    let events = first.chain(refused.replying()).chain([operation.end(now, output)]);
    Some(finding(&KV3, name(client), headline, events.take(4).collect(), operation.caller()))
}

#[cfg(test)]
mod tests {
    use labapi::{PutError, WrongLeader};

    use super::super::told::Told;
    use crate::linearizability::KeyValueOutput::{Maybe, WrongVersion};

    /// The key has version 1, and client 4 puts over version 0.
    fn late() -> Told {
        let mut told = Told::new();
        told.put(1, "a", 0).puts(4, "b", 0);
        told
    }

    #[test]
    fn a_first_refusal_is_no_maybe() {
        let mut told = late();
        told.sends_put(4, 0, "b", 0).arrives().put_is(Ok(Err(PutError::Version))).is_told().ends(4, Maybe);
        assert_eq!((&*told.only().id, &*told.only().server), ("KV2", "client 4"));
        assert_eq!(told.only().events.len(), 3);

        let mut right = late();
        right.sends_put(4, 0, "b", 0).arrives().put_is(Ok(Err(PutError::Version))).is_told();
        assert!(right.ends(4, WrongVersion).broken().is_empty());
    }

    #[test]
    fn any_doubt_allows_a_maybe() {
        let refused = Ok(Err(PutError::Version));
        let lost = |told: &mut Told| {
            told.request_is_lost();
        };
        let unanswered = |told: &mut Told| {
            told.arrives().reply_is_lost();
        };
        let out = |told: &mut Told| {
            told.arrives();
        };
        let deposed = |told: &mut Told| {
            told.arrives().put_is(Err(WrongLeader)).is_told();
        };
        for first in [lost, unanswered, out, deposed] as [fn(&mut Told); 4] {
            let mut told = late();
            first(told.sends_put(4, 1, "b", 0));
            told.sends_put(4, 0, "b", 0).arrives().put_is(refused).is_told().ends(4, Maybe);
            assert!(told.broken().is_empty(), "{:?}", told.broken());
        }
    }

    #[test]
    fn a_lost_reply_is_not_forgotten() {
        let mut told = Told::new();
        told.puts(4, "b", 0).sends_put(4, 0, "b", 0).arrives().put_is(Ok(Ok(()))).reply_is_lost();
        told.sends_put(4, 0, "b", 0).arrives().put_is(Ok(Err(PutError::Version))).is_told();
        told.ends(4, WrongVersion);
        let broken = told.only();
        assert_eq!((&*broken.id, &*broken.server), ("KV3", "client 4"));
        assert!(broken.headline.contains("was done"), "{}", broken.headline);
    }

    #[test]
    fn what_was_not_done_is_no_doubt() {
        // The server crashed: the put may have been done.
        let mut told = Told::new();
        told.puts(1, "a", 0).puts(4, "b", 0).sends_put(4, 1, "b", 0).arrives().reply_is_lost();
        told.sends_put(4, 0, "b", 0).arrives().put_is(Ok(Err(PutError::Version))).is_told();
        told.ends(4, WrongVersion);
        assert!(told.only().headline.contains("may have been done"), "{:?}", told.only());

        // The request was lost, or it was refused and that reply was lost: it was not done.
        let mut right = Told::new();
        right.puts(1, "a", 0).puts(4, "b", 0).sends_put(4, 0, "b", 0).request_is_lost();
        right.sends_put(4, 0, "b", 0).arrives().put_is(Ok(Err(PutError::Version))).reply_is_lost();
        right.sends_put(4, 0, "b", 0).arrives().put_is(Ok(Err(PutError::Version))).is_told();
        assert!(right.ends(4, WrongVersion).broken().is_empty());

        // The version was known to be out of date before it began.
        let mut right = late();
        right.sends_put(4, 0, "b", 0).arrives().reply_is_lost();
        right.sends_put(4, 0, "b", 0).arrives().put_is(Ok(Err(PutError::Version))).is_told();
        assert!(right.ends(4, WrongVersion).broken().is_empty());
    }
}
