//! [`KV9`] and [`KV10`]: rules of progress. A clerk goes on asking, and a server that was deposed lets its
//! clients go.

use std::time::Duration;

use super::calls::{Call, Fate, Moment, Operation, Readable, name};
use super::finding::finding;
use super::leaders::Leaders;
use super::{KV9, KV10};
use crate::event::Party;
use crate::rule::{BrokenRule, RuleEvent};

/// How long a clerk may pause between two calls.
const LONGEST_PAUSE: Duration = Duration::from_secs(5);
/// How often and how long a clerk may ask one server in vain before it asks another.
const MOST_TRIES: usize = 10;
const LONGEST_TRY: Duration = Duration::from_secs(2);
/// How long a server may take to notice that it has lost the lead.
const LONGEST_LEAVE: Duration = Duration::from_millis(900);

/// Judges an operation that has not ended when the run does.
pub(super) fn judge<S: Readable>(
    operation: &Operation<S>,
    servers: usize,
    leaders: &Leaders,
    at: Duration,
) -> Option<BrokenRule> {
    let broken = silent(operation, at)
        .or_else(|| (servers > 1).then(|| faithful(operation)).flatten())
        .or_else(|| kept(operation, leaders, at))?;
    Some(BrokenRule { progress: true, ..broken })
}

/// The clerk asks nobody.
fn silent<S: Readable>(operation: &Operation<S>, at: Duration) -> Option<BrokenRule> {
    let ended = |call: &Call<S>| match call.fate {
        Fate::Waiting => None,
        Fate::Answered(end) | Fate::Failed(end) => Some(end),
    };
    let ends: Option<Vec<Moment>> = operation.calls.iter().map(ended).collect();
    let since = ends?.into_iter().max_by_key(|end| end.number).unwrap_or(operation.began);
    if at.saturating_sub(since.at) < LONGEST_PAUSE {
        return None;
    }
    let client = Party::Client(operation.client);
    let headline = format!(
        "the clerk of {client} has asked nobody since {:.3} s, though it has no answer",
        since.at.as_secs_f64()
    );
    let events = [operation.event()].into_iter().chain(operation.calls.last().and_then(ending)).collect();
    Some(finding(&KV9, name(client), headline, events, operation.caller()))
}

/// The clerk asks one server, again and again in vain.
fn faithful<S: Readable>(operation: &Operation<S>) -> Option<BrokenRule> {
    let last = operation.calls.last()?;
    let is_same = |call: &&Call<S>| call.server.server == last.server.server;
    let calls: Vec<&Call<S>> = operation.calls.iter().rev().take_while(is_same).collect();
    let first = calls.last()?;
    let in_vain = |call: &&Call<S>| match call.fate {
        Fate::Waiting => false,
        Fate::Answered(_) => {
            call.reply.as_ref().is_some_and(|reply| reply.said.is_some_and(S::is_wrong_leader))
        }
        Fate::Failed(_) => true,
    };
    let tries = calls.iter().copied().filter(in_vain).count();
    if tries < MOST_TRIES || last.sent.at - first.sent.at < LONGEST_TRY {
        return None;
    }
    let client = Party::Client(operation.client);
    let headline = format!(
        "the clerk of {client} has asked {} alone since {:.3} s, {tries} times in vain",
        name(first.server.into()),
        first.sent.at.as_secs_f64()
    );
    let end = operation.calls.iter().rev().find_map(ending);
    let events = [first.sending()].into_iter().chain(end).collect();
    Some(finding(&KV9, name(client), headline, events, first.location))
}

/// A server that has lost the lead keeps a request.
fn kept<S: Readable>(operation: &Operation<S>, leaders: &Leaders, at: Duration) -> Option<BrokenRule> {
    operation.calls.iter().rev().find_map(|call| {
        let (arrived, _) = call.delivered?;
        let reign = leaders.reign_at(call.server, arrived)?;
        let (term, since) = (reign.term, reign.until?);
        // The calls of a run that ends fail with it.
        let until = match call.fate {
            Fate::Waiting => at,
            Fate::Failed(end) => end.at,
            Fate::Answered(_) => return None,
        };
        if call.reply.is_some() || until.saturating_sub(since.at) < LONGEST_LEAVE {
            return None;
        }
        let who = name(call.server.into());
        let headline = format!(
            "{who} has kept a request since it lost the lead of term {term}, at {:.3} s",
            since.at.as_secs_f64()
        );
        let lost = since.shown(call.server.into(), format!("{who} does not lead term {term} any more"));
        Some(finding(&KV10, who, headline, vec![call.arrival(), lost], None))
    })
}

fn ending<S: Readable>(call: &Call<S>) -> Option<RuleEvent> {
    match call.fate {
        Fate::Waiting => None,
        Fate::Answered(_) => call.replying(),
        Fate::Failed(_) => call.failing(),
    }
}

#[cfg(test)]
mod tests {
    use labapi::WrongLeader;

    use super::*;
    use crate::key_value::rules::told::Told;

    fn ids(broken: &[BrokenRule]) -> Vec<&str> {
        assert!(broken.iter().all(|rule| rule.progress));
        broken.iter().map(|rule| rule.id.as_str()).collect()
    }

    #[test]
    fn a_clerk_asks_again() {
        let mut told = Told::new();
        told.gets(4).sends_get(4, 0).request_is_lost().wait(2 * LONGEST_PAUSE);
        assert_eq!(ids(&told.at_end()), ["KV9"]);
        // It still waits for a reply.
        let mut right = Told::new();
        right.gets(4).sends_get(4, 0).arrives().wait(2 * LONGEST_PAUSE);
        assert!(right.at_end().is_empty());
    }

    #[test]
    fn a_clerk_asks_another_server() {
        let ask = |other: usize| {
            let mut told = Told::new();
            told.gets(4);
            for call in 0..2 * MOST_TRIES {
                told.sends_get(4, if call % 7 == 6 { other } else { 0 }).arrives().put_is(Err(WrongLeader));
                told.is_told().wait(LONGEST_TRY / 10);
            }
            told.at_end()
        };
        assert_eq!(ids(&ask(0)), ["KV9"]);
        assert!(ask(1).is_empty());
    }

    #[test]
    fn a_deposed_server_lets_its_clients_go() {
        let keep = |is_leader: bool| {
            let mut told = Told::new();
            told.starts(0).probed(0, 1, true).gets(4).sends_get(4, 0).arrives().probed(0, 1, is_leader);
            told.wait(2 * LONGEST_LEAVE).at_end()
        };
        assert_eq!(ids(&keep(false)), ["KV10"]);
        // A leader that is cut off cannot know.
        assert!(keep(true).is_empty());
    }
}
