//! [`KV7`] and [`KV8`]: an operation finds what was acknowledged before it began, and a leader that was
//! deposed does not answer for the new one.

use super::calls::{Call, Moment, Operation, Readable};
use super::finding::finding;
use super::leaders::{Lead, Leaders};
use super::{KV7, KV8};
use crate::linearizability::KeyValueOutput;
use crate::rule::BrokenRule;

/// Judges an answer that shows a version of a key, 0 for none.
pub(super) fn judge(
    operation: &Operation,
    output: &KeyValueOutput,
    shown: u64,
    leaders: &Leaders,
    now: Moment,
) -> Option<BrokenRule> {
    let (floor, before) = (operation.floor.version(), operation.floor.event()?);
    if shown >= floor {
        return None;
    }
    let key = operation.key();
    let found = if shown == 0 { "no such key".to_owned() } else { format!("version {shown}") };
    let what = operation.verb();
    let who = operation.answering();
    let call = operation.last_answered();
    let (rule, headline, leads) = match call.and_then(|call| other_leader(call, leaders)) {
        Some((role, lead)) => {
            let headline = format!(
                "{who}, {role}, answered a {what} with {found} of key {key}, when server {} led term {} and \
                 the key had version {floor}",
                lead.server, lead.term
            );
            (&KV8, headline, Some(lead.event()))
        }
        None => {
            let headline = format!(
                "{who} answered a {what} with {found} of key {key}, which had version {floor} before"
            );
            (&KV7, headline, None)
        }
    };
    let reply = call.and_then(Call::replying);
    let last = reply.unwrap_or_else(|| operation.end(now, output));
    let events = [before.clone()].into_iter().chain(leads).chain([last]);
    Some(finding(rule, who, headline, events.collect(), operation.handler()))
}

/// The leader of the newest term, if that was another server from the arrival of the request to the reply;
/// and the role of the server that replied.
pub(crate) fn other_leader<S: Readable>(call: &Call<S>, leaders: &Leaders) -> Option<(String, Lead)> {
    let (_, arrival) = call.delivered?;
    let is_other = |lead: &Lead| lead.server != call.server.server;
    let lead = arrival.filter(is_other).and(call.reply.as_ref()?.lead.filter(is_other))?;
    let role = match leaders.led_by(call.server) {
        Some(term) if term < lead.term => format!("which had led term {term}"),
        _ => "which did not lead".to_owned(),
    };
    Some((role, lead))
}

#[cfg(test)]
mod tests {
    use super::super::told::Told;
    use crate::linearizability::KeyValueOutput::NoKey;

    /// Server 1 leads term 2, and server 0 led term 1 before. Version 2 was acknowledged.
    fn deposed() -> Told {
        let mut told = Told::new();
        told.starts(0).starts(1).probed(0, 1, true).put(0, "a", 0).probed(1, 2, true).put(0, "b", 1);
        told
    }

    #[test]
    fn a_deposed_leader_answers_no_read() {
        let mut told = deposed();
        told.get(4, "a", 1);
        let broken = told.only();
        assert_eq!((&*broken.id, &*broken.server), ("KV8", "server 0"));
        assert!(broken.headline.contains("which had led term 1"), "{}", broken.headline);
        assert_eq!(broken.events.len(), 3);
        let mut right = deposed();
        assert!(right.get(4, "b", 2).broken().is_empty());
    }

    #[test]
    fn what_was_acknowledged_is_seen() {
        let mut told = Told::new();
        told.put(0, "a", 0).gets(4).sends_get(4, 0).arrives().get_is(None).is_told().ends(4, NoKey);
        assert_eq!((&*told.only().id, &*told.only().server), ("KV7", "server 0"));
        // The put ends after the get has begun: either may be first.
        let mut right = Told::new();
        right.gets(4).put(0, "a", 0).sends_get(4, 0).arrives().get_is(None).is_told().ends(4, NoKey);
        assert!(right.broken().is_empty());
    }

    #[test]
    fn the_leader_of_the_newest_term_is_not_called_deposed() {
        let mut told = Told::new();
        told.starts(0).probed(0, 1, true).put(0, "a", 0).put(0, "b", 1).get(4, "a", 1);
        assert_eq!(told.only().id, "KV7");
    }
}
