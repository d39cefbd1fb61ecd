//! [`Replicas`]: follows the requests that are submitted, and their execution on each replica.

use std::collections::BTreeSet;
use std::time::Duration;

use rustc_hash::FxHashMap;

use super::counter::Submitted;
use super::event::RsmEvent;
use super::rules::{RSM1, RSM2, RSM3, RSM4, RSM5, RSM6};
use crate::causality::LogicalTime;
use crate::event::{Event, Incarnation, Kind};
use crate::key_value::{KV10, Leaders, Moment, finding};
use crate::rule::{Analysis, BrokenRule, RuleEvent};

/// How long a submit may take to notice that it waits in vain.
const LONGEST_LEAVE: Duration = Duration::from_millis(900);

/// How long after a submit has returned it is known whether its server led: all its threads have come to rest
/// by then, and were probed.
const PROBED: Duration = Duration::from_millis(5);

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
    /// Submits that have given up on servers that seemed to lead.
    given_up: Vec<GivenUp>,
    broken: BTreeSet<String>,
}

/// A submit that has returned "wrong leader". If its server is found to lead still, it was wrong.
struct GivenUp {
    number: u64,
    who: Incarnation,
    at: Moment,
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
            && event.causality().is_tracked()
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

    /// Servers whose submits gave up, and of which nothing new was heard for a while: they lead still.
    fn still_lead(&mut self, at: Duration) -> Option<BrokenRule> {
        let given_up = self.given_up.first().filter(|it| at.saturating_sub(it.at.at) >= PROBED)?;
        let (GivenUp { number, who, at }, server) = (given_up, name(given_up.who));
        let submit = self.submits.get(number)?;
        let term = self.leaders.led_by(*who)?;
        let what = submit.what;
        let headline = format!(
            "submit of {what} on {server} returned \"wrong leader\", when the server led term {term} on"
        );
        let returned = at.shown((*who).into(), format!("submit of {what} returns \"wrong leader\""));
        let broken = finding(&RSM6, server, headline, vec![submit.event(), returned], None);
        self.given_up.clear();
        Some(broken)
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
        if answer.is_none()
            && self.leaders.reign_at(who, submit.at).is_some_and(|reign| reign.until.is_none())
        {
            self.given_up.push(GivenUp { number: what.number, who, at: now });
        }
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
        let still_lead = self.still_lead(event.at);
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
            (kind, protocol) => {
                if let Kind::Halted = kind {
                    self.halted.insert(who, at);
                }
                // A server that still leads the same term tells nothing new.
                if protocol.is_some() || !matches!(kind, Kind::Message(_)) {
                    self.given_up.retain(|it| it.who != who);
                }
                self.leaders.on(event);
                None
            }
        };
        broken.into_iter().chain(still_lead).filter(|rule| self.broken.insert(rule.id.clone())).collect()
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
            let reign = self.leaders.reign_at(who, submit.at)?;
            let (term, since) = (reign.term, reign.until.filter(is_late)?);
            let headline = format!(
                "submit of {} on {server} waits, though the server lost the lead of term {term} at {:.3} s",
                submit.what,
                seconds(since)
            );
            let lost = since.shown(who.into(), format!("{server} does not lead term {term} any more"));
            Some(finding(&KV10, server, headline, vec![submit.event(), lost], None))
        };
        let found: Vec<BrokenRule> = pending.iter().filter_map(judge).collect();
        let progress = found.into_iter().map(|rule| BrokenRule { progress: true, ..rule });
        let still_lead = self.still_lead(at);
        still_lead.into_iter().chain(progress).filter(|rule| self.broken.insert(rule.id.clone())).collect()
    }

    fn unseen(&self) -> Vec<String> {
        Vec::new()
    }
}

#[cfg(test)]
mod tests {
    use labapi::{State, Term};

    use super::super::counter::Request;
    use super::*;
    use crate::causality::Causality;
    use crate::event::{Group, StreamPosition};
    use crate::raft::{ProbeTimes, RaftEvent};

    const GROUP: Group = Group { number: 0, name: "" };

    fn server(server: usize) -> Incarnation {
        Incarnation { group: GROUP, server, number: 1 }
    }

    fn inc(number: u64) -> Submitted {
        Submitted { number, request: Request::Inc }
    }

    #[derive(Default)]
    struct Told {
        replicas: Replicas,
        causality: Causality,
        number: u64,
        at: Duration,
        broken: Vec<BrokenRule>,
    }

    impl Told {
        fn tell(&mut self, who: usize, kind: Kind<'_>) -> &mut Self {
            self.number += 1;
            self.at += Duration::from_millis(1);
            let (number, at, party) = (self.number, self.at, server(who).into());
            let moment = Some(LogicalTime::default());
            let event =
                Event { number, at, cause: 0, group: None, party, kind, causality: &self.causality, moment };
            self.broken.extend(self.replicas.on(&event));
            self
        }

        fn submit(&mut self, who: usize, number: u64) -> &mut Self {
            self.tell(who, Kind::Submitted { request: &inc(number).encode() })
        }

        fn execute(&mut self, who: usize, position: u64, number: u64) -> &mut Self {
            self.tell(who, Kind::Protocol(&RsmEvent::Executes { position, what: inc(number) }))
        }

        fn answer(&mut self, who: usize, number: u64, answer: Option<u8>, right: Option<u8>) -> &mut Self {
            let [answer, right] = [answer, right].map(|answer| answer.map(|byte| vec![byte]));
            self.tell(who, Kind::Protocol(&RsmEvent::Returned { what: inc(number), answer, right }))
        }

        fn probed(&mut self, who: usize, term: u64, is_leader: bool) -> &mut Self {
            let asked = StreamPosition::default();
            let probe = ProbeTimes { asked, before: [asked; 2] };
            let event = RaftEvent::Probed { probe, state: State { term: Term(term), is_leader } };
            self.tell(who, Kind::Protocol(&event))
        }

        fn wait(&mut self) -> &mut Self {
            self.at += 2 * LONGEST_LEAVE;
            self
        }

        fn ids(&self) -> Vec<&str> {
            self.broken.iter().map(|rule| rule.id.as_str()).collect()
        }

        fn at_end(&mut self) -> Vec<String> {
            let broken = self.replicas.at_end(self.at);
            assert!(broken.iter().all(|rule| rule.progress));
            broken.into_iter().map(|rule| rule.id).collect()
        }
    }

    #[test]
    fn a_correct_run_breaks_nothing() {
        let mut told = Told::default();
        told.tell(0, Kind::Started).tell(1, Kind::Started).probed(0, 1, true);
        told.submit(0, 1).submit(0, 2).execute(0, 1, 2).execute(0, 2, 1).execute(1, 1, 2).execute(1, 2, 1);
        told.answer(0, 2, Some(1), Some(1)).answer(0, 1, Some(2), Some(2));
        // After a restart everything is executed again.
        told.execute(1, 1, 2).execute(1, 2, 1).wait();
        assert!(told.ids().is_empty(), "{:?}", told.broken);
        assert!(told.at_end().is_empty());
    }

    #[test]
    fn a_request_has_one_place() {
        let mut told = Told::default();
        told.submit(0, 1).execute(0, 1, 1).execute(1, 1, 1).execute(1, 2, 1);
        assert_eq!(told.ids(), ["RSM1"]);
        assert_eq!((&*told.broken[0].server, told.broken[0].events.len()), ("server 1", 2));
    }

    #[test]
    fn replicas_have_one_order() {
        let mut told = Told::default();
        told.submit(0, 1).submit(0, 2).execute(0, 1, 1).execute(1, 1, 2);
        assert_eq!(told.ids(), ["RSM2"]);
    }

    #[test]
    fn only_what_a_majority_stores_is_executed() {
        let mut told = Told::default();
        told.causality.track();
        for who in 0..3 {
            told.causality.add_server(GROUP, who);
            told.causality.start(server(who));
        }
        told.submit(0, 1).execute(0, 1, 1);
        assert_eq!(told.ids(), ["RSM3"]);
    }

    #[test]
    fn submit_returns_its_own_answer() {
        let mut told = Told::default();
        told.submit(0, 1).submit(0, 2).execute(0, 1, 1).execute(0, 2, 2).answer(0, 1, Some(2), Some(1));
        assert_eq!(told.ids(), ["RSM4"]);
        let mut early = Told::default();
        early.submit(0, 1).answer(0, 1, Some(1), None);
        assert_eq!(early.ids(), ["RSM4"]);
    }

    #[test]
    fn submits_end_with_raft() {
        let mut told = Told::default();
        told.tell(0, Kind::Started).submit(0, 1).tell(0, Kind::Halted).wait();
        assert_eq!(told.at_end(), ["RSM5"]);
        let mut right = Told::default();
        right.tell(0, Kind::Started).submit(0, 1).tell(0, Kind::Halted).answer(0, 1, None, None).wait();
        assert!(right.at_end().is_empty());
    }

    #[test]
    fn submits_end_with_the_lead() {
        let wait = |is_leader: bool| {
            let mut told = Told::default();
            told.tell(0, Kind::Started)
                .probed(0, 1, true)
                .submit(0, 1)
                .probed(0, 1, is_leader)
                .wait()
                .at_end()
        };
        assert_eq!(wait(false), ["KV10"]);
        assert!(wait(true).is_empty());
    }

    #[test]
    fn submits_do_not_give_up() {
        let give_up = |is_deposed: bool| {
            let mut told = Told::default();
            told.tell(0, Kind::Started).probed(0, 1, true).submit(0, 1).answer(0, 1, None, None);
            if is_deposed {
                // The probe comes a little later.
                told.probed(0, 2, false);
            }
            told.wait().tell(1, Kind::Started);
            told.broken
        };
        assert_eq!(give_up(false)[0].id, "RSM6");
        assert!(give_up(true).is_empty());
    }
}
