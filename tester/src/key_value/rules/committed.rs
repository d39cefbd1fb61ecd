//! [`KV11`]: a server that acknowledges a change knows that messages which causally follow the clerk's
//! request have reached a majority.

use super::KV11;
use super::calls::{Operation, Readable, name};
use super::finding::finding;
use crate::causality::{Causality, LogicalTime};
use crate::display::with_article;
use crate::event::Incarnation;
use crate::rule::BrokenRule;

/// A request has arrived at a server.
pub(super) fn arrives<S: Readable>(operation: &mut Operation<S>, server: Incarnation, moment: LogicalTime) {
    let is_known = operation.reached.iter().any(|(reached, _)| reached.server == server.server);
    if operation.is_change() && !is_known {
        operation.reached.push((server, moment));
    }
}

/// Judges a reply that a server has just sent to the call of this number.
pub(super) fn judge<S: Readable>(
    operation: &Operation<S>,
    number: u64,
    causality: &Causality,
) -> Option<BrokenRule> {
    let call = operation.calls.iter().rev().find(|call| call.number == number)?;
    let is_done = call.reply.as_ref()?.said.is_some_and(S::is_done) && operation.is_sent_by(call);
    let knows = |&(reached, moment): &(Incarnation, LogicalTime)| {
        reached.group != call.server.group || causality.majority_reached(call.server, reached.server, moment)
    };
    if !is_done || !causality.is_tracked() || operation.reached.iter().any(knows) {
        return None;
    }
    let who = name(call.server.into());
    let headline = format!(
        "{who} acknowledged {} of key {}, which no majority can have stored",
        with_article(operation.verb()),
        operation.key()
    );
    let events = [call.arrival()].into_iter().chain(call.replying()).collect();
    Some(finding(&KV11, who, headline, events, call.reply.as_ref()?.location))
}

#[cfg(test)]
mod tests {
    use super::super::told::Told;
    use crate::linearizability::KeyValueOutput::Done;

    #[test]
    fn a_put_is_acknowledged_when_a_majority_has_it() {
        let mut told = Told::tracked();
        told.puts(4, "a", 0).sends_put(4, 0, "a", 0).arrives().put_is(Ok(Ok(()))).is_told().ends(4, Done);
        assert_eq!((&*told.only().id, &*told.only().server), ("KV11", "server 0"));
        assert_eq!(told.only().events.len(), 2);

        let mut right = Told::tracked();
        right.puts(4, "a", 0).sends_put(4, 0, "a", 0).arrives().replicates().put_is(Ok(Ok(())));
        assert!(right.is_told().ends(4, Done).broken().is_empty());
    }
}
