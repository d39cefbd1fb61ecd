//! [`Replicas`]: follows the requests that are submitted, and their execution on each replica.

use std::collections::BTreeSet;
use std::time::Duration;

use rustc_hash::FxHashMap;

use super::counter::Submitted;
use super::event::RsmEvent;
use super::rules::{RSM1, RSM2, RSM3, RSM4, RSM5};
use crate::causality::LogicalTime;
use crate::event::{Event, Incarnation, Kind};
use crate::key_value::{KV10, Leaders, Moment, finding};
use crate::rule::{Analysis, BrokenRule, RuleEvent};

/// How long a submit may take to notice that it waits in vain.
const LONGEST_LEAVE: Duration = Duration::from_secs(2);

/// Which rules of a replicated state machine a solution breaks.
#[derive(Default)]
pub(super) struct Replicas {
    /// The submit of each request.
    submits: FxHashMap<u64, Submit>,
    /// What was executed first at each position, from 1.
    order: Vec<Executed>,
    /// The positions of requests in the order.
    positions: FxHashMap<u64, usize>,
    leaders: Leaders,
    /// The servers that were told to stop.
    halted: FxHashMap<Incarnation, Moment>,
    broken: BTreeSet<String>,
}

struct Submit {
    what: Submitted,
    who: Incarnation,
    moment: LogicalTime,
    at: Moment,
    is_pending: bool,
}

struct Executed {
    what: Submitted,
    who: Incarnation,
    at: Moment,
}

impl Executed {
    fn event(&self, position: u64) -> RuleEvent {
        let (server, what) = (name(self.who), self.what);
        self.at.shown(self.who.into(), format!("{server} executes {what} as number {position}"))
    }
}

impl Submit {
    fn event(&self) -> RuleEvent {
        self.at.shown(self.who.into(), format!("{} is submitted to {}", self.what, name(self.who)))
    }
}

fn name(who: Incarnation) -> String {
    who.group.node_name(who.server)
}

impl Replicas {
    /// A replica executes a request.
    fn executes(
        &mut self,
        who: Incarnation,
        position: u64,
        what: Submitted,
        event: &Event<'_>,
    ) -> Option<BrokenRule> {
        let now = Executed { what, who, at: Moment::of(event) };
        let server = name(who);
        let shows = |before: RuleEvent| vec![before, now.event(position)];
        if let Some(submit) = self.submits.get(&what.number)
            && !event.causality().majority_reached(who, submit.who.server, submit.moment)
        {
            let headline = format!("{server} executed {what}, which no majority can have stored");
            return Some(finding(&RSM3, server, headline, shows(submit.event()), None));
        }
        let index = usize::try_from(position).ok()?.checked_sub(1)?;
        let earlier = self.positions.get(&what.number).copied().filter(|earlier| *earlier != index);
        if let Some(earlier) = earlier {
            let headline = format!(
                "{server} executed {what} as number {position}, which was number {} before",
                earlier + 1
            );
            let before = self.order[earlier].event(earlier as u64 + 1);
            return Some(finding(&RSM1, server, headline, shows(before), None));
        }
        match self.order.get(index) {
            Some(first) if first.what != what => {
                let headline = format!(
                    "{server} executed {what} as number {position}, where {} had executed {}",
                    name(first.who),
                    first.what
                );
                Some(finding(&RSM2, server, headline, shows(first.event(position)), None))
            }
            None if index == self.order.len() => {
                self.order.push(now);
                self.positions.insert(what.number, index);
                None
            }
            _ => None,
        }
    }

    /// A submit has returned.
    fn returns(
        &mut self,
        who: Incarnation,
        what: Submitted,
        answer: Option<&[u8]>,
        right: Option<&[u8]>,
        now: Moment,
    ) -> Option<BrokenRule> {
        let submit = self.submits.get_mut(&what.number)?;
        submit.is_pending = false;
        if answer.is_none() || answer == right {
            return None;
        }
        let server = name(who);
        let (headline, executed) = match self.positions.get(&what.number) {
            Some(&index) if right.is_some() => {
                let headline = format!("submit of {what} on {server} returned the answer to another request");
                (headline, Some(self.order[index].event(index as u64 + 1)))
            }
            _ => (
                format!("submit of {what} on {server} returned an answer before a replica had executed it"),
                None,
            ),
        };
        let returned = now.shown(who.into(), format!("submit of {what} returns {}", count_of(answer?)));
        let events = [submit.event()].into_iter().chain(executed).chain([returned]);
        Some(finding(&RSM4, server, headline, events.collect(), None))
    }
}

/// An answer of the counter in words.
fn count_of(answer: &[u8]) -> String {
    match labgob::decode::<u64>(answer) {
        Ok(count) => format!("the count {count}"),
        Err(_) => crate::display::count(answer.len(), "byte"),
    }
}

impl Analysis for Replicas {
    fn on(&mut self, event: &Event<'_>) -> Vec<BrokenRule> {
        let Some(who) = event.server() else { return Vec::new() };
        let at = Moment::of(event);
        let broken = match (event.kind, event.protocol()) {
            (Kind::Submitted { request }, _) => {
                if let Some(what) = Submitted::decode(request) {
                    let submit = Submit { what, who, moment: event.moment(), at, is_pending: true };
                    self.submits.insert(what.number, submit);
                }
                None
            }
            (_, Some(RsmEvent::Executes { position, what })) => self.executes(who, *position, *what, event),
            (_, Some(RsmEvent::Returned { what, answer, right })) => {
                self.returns(who, *what, answer.as_deref(), right.as_deref(), at)
            }
            (kind, _) => {
                if let Kind::Halted = kind {
                    self.halted.insert(who, at);
                }
                self.leaders.on(event);
                None
            }
        };
        broken.into_iter().filter(|rule| self.broken.insert(rule.id.clone())).collect()
    }

    fn at_end(&mut self, at: Duration) -> Vec<BrokenRule> {
        let is_late = |since: &Moment| at.saturating_sub(since.at) >= LONGEST_LEAVE;
        let mut pending: Vec<&Submit> = self.submits.values().filter(|submit| submit.is_pending).collect();
        pending.sort_by_key(|submit| submit.at.number);
        let judge = |submit: &&Submit| {
            let (who, server) = (submit.who, name(submit.who));
            let seconds = |since: Moment| since.at.as_secs_f64();
            if let Some(since) = self.halted.get(&who).copied().filter(is_late) {
                let headline = format!(
                    "submit of {} on {server} waits, though its Raft was killed at {:.3} s",
                    submit.what,
                    seconds(since)
                );
                let killed = since.shown(who.into(), format!("the Raft of {server} is killed"));
                return Some(finding(&RSM5, server, headline, vec![submit.event(), killed], None));
            }
            let since = self.leaders.idle_since(who).filter(is_late)?;
            let term = self.leaders.led_by(who).filter(|_| submit.at.number < since.number)?;
            let headline = format!(
                "submit of {} on {server} waits, though the server lost the lead of term {term} at {:.3} s",
                submit.what,
                seconds(since)
            );
            let lost = since.shown(who.into(), format!("{server} does not lead any more"));
            Some(finding(&KV10, server, headline, vec![submit.event(), lost], None))
        };
        let found: Vec<BrokenRule> = pending.iter().filter_map(judge).collect();
        let progress = found.into_iter().map(|rule| BrokenRule { progress: true, ..rule });
        progress.filter(|rule| self.broken.insert(rule.id.clone())).collect()
    }

    fn unseen(&self) -> Vec<String> {
        Vec::new()
    }
}
