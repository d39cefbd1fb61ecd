//! [`Observed`]: observes the situations that the clients of a service come to. It judges nothing.

use std::collections::{BTreeMap, BTreeSet};

use super::calls::{Call, Fate, Operation};
use super::leaders::Lead;
use super::words::Said;
use crate::key_value::situations as at;
use crate::linearizability::KeyValueOutput;
use crate::situation::Situations;

/// The situations so far.
#[derive(Default)]
pub(super) struct Observed {
    seen: Situations,
    /// The calls of operations that have ended.
    ended: BTreeSet<u64>,
}

impl Observed {
    /// The names of the situations.
    pub fn names(&self) -> Vec<&'static str> {
        self.seen.names()
    }

    /// An operation begins, while these others have not ended.
    pub fn begins(&mut self, operation: &Operation, others: &BTreeMap<u32, Operation>) {
        let competes = |other: &&Operation| {
            other.is_change() && other.key() == operation.key() && other.version() == operation.version()
        };
        let is_contended = operation.is_change() && others.values().any(|other| competes(&other));
        self.seen.add_if(is_contended, &at::PUTS_OVER_ONE_VERSION);
    }

    /// The clerk of an operation is about to make this call.
    pub fn sends(&mut self, operation: &Operation, call: &Call) {
        let earlier: Vec<&Call> = operation.calls.iter().filter(|it| operation.is_sent_by(it)).collect();
        if !operation.is_sent_by(call) || earlier.is_empty() {
            return;
        }
        self.seen.add_if(true, &at::REQUEST_SENT_AGAIN);
        let is_unknown = |it: &&Call| !matches!(it.fate, Fate::Answered(_));
        let is_done = earlier.iter().any(|it| it.was_done.is_some() && is_unknown(it));
        self.seen.add_if(is_done, &at::PUT_OF_UNKNOWN_OUTCOME_DONE);
        let last = earlier.last().filter(|it| it.delivered.is_some() && is_unknown(it));
        let is_elsewhere = last.is_some_and(|it| it.server.server != call.server.server);
        self.seen.add_if(is_elsewhere, &at::ANOTHER_SERVER_ASKED);
    }

    /// A server replies to this call of an operation.
    pub fn replies(&mut self, operation: &Operation, call: u64) {
        let is_refused = |it: &&Call| {
            it.number == call && it.reply.as_ref().is_some_and(|it| it.said == Some(Said::WrongVersion))
        };
        let Some(refused) = operation.calls.iter().find(is_refused) else { return };
        let is_own = operation.calls.iter().any(|it| it.number < refused.number && it.was_done.is_some());
        self.seen.add_if(operation.is_change() && is_own, &at::RETRY_MET_ITS_OWN_EFFECT);
    }

    /// A request arrives, of none of the operations that have not ended.
    pub fn arrives_late(&mut self, call: u64) {
        self.seen.add_if(self.ended.contains(&call), &at::REQUEST_AFTER_ITS_END);
    }

    /// An operation ends with this answer, while this server is known to lead.
    pub fn ends(&mut self, operation: &Operation, output: &KeyValueOutput, newest: Option<Lead>) {
        self.ended.extend(operation.calls.iter().map(|call| call.number));
        self.seen.add_if(matches!(output, KeyValueOutput::Maybe), &at::OPERATION_IN_DOUBT);
        let at_first = operation.calls.iter().find_map(|call| call.delivered).and_then(|(_, lead)| lead);
        let is_other = match (at_first, newest) {
            (Some(first), Some(newest)) => first.term < newest.term && first.server != newest.server,
            _ => false,
        };
        self.seen.add_if(is_other, &at::NEW_LEADER_IN_AN_OPERATION);
    }
}

#[cfg(test)]
mod tests {
    use labapi::PutError;

    use super::super::told::Told;
    use super::*;
    use crate::linearizability::KeyValueOutput::{Done, Maybe};
    use crate::situation::Situation;

    /// The first list of events comes to the situation, and the second does not.
    #[track_caller]
    fn tells_apart(situation: &Situation, comes: impl FnOnce(&mut Told), misses: impl FnOnce(&mut Told)) {
        assert!(at::on_several_servers().contains(&situation), "{} is not listed", situation.name);
        let names = |play: &mut dyn FnMut(&mut Told)| {
            let mut told = Told::new();
            play(&mut told);
            told.situations()
        };
        let (mut comes, mut misses) = (Some(comes), Some(misses));
        let come = names(&mut |told| comes.take().expect("once")(told));
        let miss = names(&mut |told| misses.take().expect("once")(told));
        assert!(come.contains(&situation.name), "{} is not recognised: {come:?}", situation.name);
        assert!(!miss.contains(&situation.name), "{} is recognised where it is not", situation.name);
    }

    /// A put that is done, of which the clerk is not told.
    fn done_in_vain(told: &mut Told) {
        told.puts(4, "b", 0).sends_put(4, 0, "b", 0).arrives().put_is(Ok(Ok(()))).reply_is_lost();
    }

    #[test]
    fn requests_that_are_sent_again() {
        let again = |told: &mut Told| {
            done_in_vain(told);
            told.sends_put(4, 0, "b", 0);
        };
        tells_apart(&at::REQUEST_SENT_AGAIN, again, done_in_vain);
        tells_apart(&at::PUT_OF_UNKNOWN_OUTCOME_DONE, again, |told| {
            told.puts(4, "b", 0).sends_put(4, 0, "b", 0).request_is_lost().sends_put(4, 0, "b", 0);
        });
        let refused_after = |is_done: bool| {
            move |told: &mut Told| {
                told.puts(4, "b", 0).sends_put(4, 0, "b", 0).arrives();
                if is_done {
                    told.put_is(Ok(Ok(())));
                }
                told.reply_is_lost().sends_put(4, 0, "b", 0).arrives().put_is(Ok(Err(PutError::Version)));
            }
        };
        tells_apart(&at::RETRY_MET_ITS_OWN_EFFECT, refused_after(true), refused_after(false));
        let elsewhere = |to: usize| {
            move |told: &mut Told| {
                done_in_vain(told);
                told.sends_put(4, to, "b", 0);
            }
        };
        tells_apart(&at::ANOTHER_SERVER_ASKED, elsewhere(1), elsewhere(0));
        let ends = |is_before: bool| {
            move |told: &mut Told| {
                told.puts(4, "b", 0).sends_put(4, 0, "b", 0);
                if is_before {
                    told.ends(4, Maybe).arrives();
                } else {
                    told.arrives().ends(4, Maybe);
                }
            }
        };
        tells_apart(&at::REQUEST_AFTER_ITS_END, ends(true), ends(false));
    }

    #[test]
    fn operations_beside_others() {
        let both = |version: u64| {
            move |told: &mut Told| {
                told.puts(1, "a", 0).puts(4, "b", version);
            }
        };
        tells_apart(&at::PUTS_OVER_ONE_VERSION, both(0), both(1));
        let answer = |output: KeyValueOutput| {
            move |told: &mut Told| {
                done_in_vain(told);
                told.ends(4, output);
            }
        };
        tells_apart(&at::OPERATION_IN_DOUBT, answer(Maybe), answer(Done));
        let elects = |server: usize, term: u64| {
            move |told: &mut Told| {
                (0..3).for_each(|server| drop(told.starts(server).situations()));
                told.probed(0, 1, true);
                done_in_vain(told);
                told.probed(server, term, true).ends(4, Done);
            }
        };
        tells_apart(&at::NEW_LEADER_IN_AN_OPERATION, elects(1, 2), elects(0, 2));
    }
}
