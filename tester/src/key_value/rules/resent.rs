//! [`KV4`], of clerks: a put is sent with the version that its client has named.

use super::KV4;
use super::calls::{Operation, name};
use super::finding::finding;
use super::versions::Versions;
use super::words::{Asks, Said};
use crate::event::Party;
use crate::linearizability::KeyValueInput;
use crate::rule::BrokenRule;

/// Judges a reply that a server has just sent to the call of this number.
pub(super) fn judge(operation: &Operation, number: u64, versions: &Versions) -> Option<BrokenRule> {
    let KeyValueInput::Put { key, version: named, .. } = &operation.input else { return None };
    let call = operation.calls.iter().rev().find(|call| call.number == number)?;
    let reply = call.reply.as_ref()?;
    let Some(Asks::Put { key: of, value, version, .. }) = &call.asks else { return None };
    let first = operation.calls.iter().find(|call| operation.is_sent_by(call))?;
    let is_another = **of == **key && version != named && first.sent.number < call.sent.number;
    if !is_another || reply.said != Some(Said::Done) || versions.is_named(key, *value, *version) {
        return None;
    }
    let client = Party::Client(operation.client);
    let headline = format!(
        "the clerk of {client} put over version {version} of key {key}, when its client had said version \
         {named}"
    );
    let events = [operation.event(), call.sending()].into_iter().chain(call.replying());
    Some(finding(&KV4, name(client), headline, events.collect(), call.location))
}

#[cfg(test)]
mod tests {
    use labapi::PutError;

    use super::super::told::Told;
    use crate::linearizability::KeyValueOutput::{Done, Maybe};

    /// The put of client 4 was refused when it was sent again, and its clerk has read the key.
    fn refused() -> Told {
        let mut told = Told::new();
        told.puts(4, "a", 0).sends_put(4, 0, "a", 0).arrives().put_is(Ok(Ok(()))).reply_is_lost();
        told.sends_put(4, 0, "a", 0).arrives().put_is(Ok(Err(PutError::Version))).is_told();
        told.sends_get(4, 0).arrives().get_is(Some(("a", 1))).is_told();
        told
    }

    #[test]
    fn a_put_is_not_sent_over_another_version() {
        let mut told = refused();
        told.sends_put(4, 0, "a", 1).arrives().put_is(Ok(Ok(()))).is_told().ends(4, Done);
        assert_eq!((&*told.broken[0].id, &*told.broken[0].server), ("KV4", "client 4"));
        assert!(told.broken[0].headline.contains("had said version 0"), "{}", told.broken[0].headline);
    }

    #[test]
    fn a_clerk_may_read() {
        assert!(refused().ends(4, Maybe).broken().is_empty());
    }

    #[test]
    fn another_operation_may_name_the_version() {
        let mut told = refused();
        told.ends(4, Maybe).puts(4, "a", 1).sends_put(4, 0, "a", 0).arrives();
        told.put_is(Ok(Err(PutError::Version))).is_told().sends_put(4, 0, "a", 1).arrives();
        told.put_is(Ok(Ok(()))).is_told().ends(4, Done);
        assert!(told.broken().is_empty(), "{:?}", told.broken());
    }
}
