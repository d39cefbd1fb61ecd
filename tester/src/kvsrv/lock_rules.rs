//! Rules of the lock of part 2B, and [`Locks`], which follows the clients that use it.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use super::lock_event::LockEvent;
use crate::Rule;
use crate::event::{Event, Kind, Party};
use crate::key_value::{Moment, finding};
use crate::linearizability::{KeyValue, KeyValueInput, KeyValueOutput, Model};
use crate::rule::{Analysis, BrokenRule, RuleEvent};

/// One holder.
const LK1: Rule = Rule {
    id: "LK1",
    title: "one client holds the lock",
    place: "Lab 2, part 2B",
    text: "acquire returns when nobody else holds the lock",
    why: "That is what a lock is for: two holders change at once what only one may change.",
    mistake: "The version for the put is read after it was seen that the lock is free, so that the name of \
              another client, which has come between, is replaced.",
    cure: "Take value and version from one get. If it says that the lock is free, put your name over that \
           version: of all who do so, one put is done.",
};

/// Look after a maybe.
const LK2: Rule = Rule {
    id: "LK2",
    title: "after a maybe, look who holds the lock",
    place: "Lab 2, part 2B",
    text: "a client whose put was maybe done gets the key before it believes that it holds the lock",
    why: "The put may have been refused because another client was first, and then that one holds the lock.",
    mistake: "Acquire takes Maybe for done.",
    cure: "After Maybe go back to the beginning of the loop, and get the key. If it has your name, you hold \
           the lock.",
};

/// The server knows the holder.
const LK3: Rule = Rule {
    id: "LK3",
    title: "to acquire or release a lock is to change its key",
    place: "Lab 2, part 2B",
    text: "acquire and release return when a put of theirs was done, or maybe done",
    why: "Other clients learn of the holder from the key alone. What is not put there does not count.",
    mistake: "All clients have the same name, so that one finds \"its\" name although another client has \
              put it.",
    cure: "Give each lock a random name when it is made, and compare the key's value with it.",
};

/// Somebody gets a free lock.
const LK4: Rule = Rule {
    id: "LK4",
    title: "a client notices that its put was done",
    place: "Lab 2, part 2B",
    text: "a lock that nobody holds is acquired by a client that waits for it, and a release comes to its \
           end",
    why: "After Maybe the put may have been done: then the client that goes on waiting waits for itself, or \
          puts for ever over a version that is out of date.",
    mistake: "Acquire takes Maybe for refused and waits until the lock is free; or release repeats its put \
              over the version that it read once.",
    cure: "Begin each round with a get, in acquire as in release: if the value says that what you want is \
           so, return.",
};

/// Release one's own.
const LK5: Rule = Rule {
    id: "LK5",
    title: "release one's own lock alone",
    place: "Lab 2, part 2B",
    text: "a client that releases the lock changes the key only while the key has its name",
    why: "After Maybe the lock may be free already, and another client may have acquired it. Who then puts \
          \"nobody\" over the new version, releases the lock of that client.",
    mistake: "Release repeats its put until it is told that it is done, each time over the version that it \
              has just read.",
    cure: "Get the key in each round of release, and return if its value is not your name any more.",
};

/// All of them.
pub(super) fn all() -> Vec<&'static Rule> {
    vec![&LK1, &LK2, &LK3, &LK4, &LK5]
}

/// How long a lock may be free while clients wait for it.
const LONGEST_WAIT: Duration = Duration::from_secs(5);

/// Which rules of the lock a solution breaks.
#[derive(Default)]
pub(super) struct Locks {
    /// The locks, by name.
    locks: BTreeMap<&'static str, Lock>,
    /// The clients that acquire or release a lock.
    turns: BTreeMap<u32, Turn>,
    broken: BTreeSet<String>,
}

/// A lock.
#[derive(Default)]
struct Lock {
    /// Who has acquired it, and has not begun to release it.
    holder: Option<Holder>,
    /// Since when nobody holds it.
    free_since: Duration,
    /// The last puts that were done to release it, with what they put over.
    released: VecDeque<(u32, Over, RuleEvent)>,
}

/// How many releases are remembered.
const RELEASES: usize = 16;

/// A key and a version of it.
type Over = (Arc<str>, u64);

/// A client that holds the lock.
struct Holder {
    client: u32,
    /// What its last put was over.
    over: Option<Over>,
    acquired: RuleEvent,
}

/// An acquire or a release that has not returned.
struct Turn {
    /// The name of the lock.
    lock: &'static str,
    is_release: bool,
    began: RuleEvent,
    since: Duration,
    /// The operation under way, with the number and the time of its beginning.
    underway: Option<(KeyValueInput, Moment)>,
    /// The last operation that has ended.
    last: Option<RuleEvent>,
    /// The last put that was maybe done, if the key was not read since.
    doubt: Option<RuleEvent>,
    /// What the last put was over that was done, or maybe done.
    over: Option<Over>,
}

impl Locks {
    fn operation_ends(&mut self, client: u32, output: &KeyValueOutput, now: Moment) {
        let Some(turn) = self.turns.get_mut(&client) else { return };
        let Some((input, _)) = turn.underway.take() else { return };
        let (asked, answer) = (KeyValue.describe_input(&input), KeyValue.describe_output(output));
        let event = now.shown(Party::Client(client), format!("{asked} returns {answer}"));
        turn.last = Some(event.clone());
        match (input, output) {
            (KeyValueInput::Get { .. }, _) => turn.doubt = None,
            (KeyValueInput::Put { key, version, .. }, KeyValueOutput::Done | KeyValueOutput::Maybe) => {
                let over = (key, version);
                turn.over = Some(over.clone());
                turn.doubt = (*output == KeyValueOutput::Maybe).then(|| event.clone());
                if turn.is_release && *output == KeyValueOutput::Done {
                    let released = &mut self.locks.entry(turn.lock).or_default().released;
                    released.truncate(RELEASES - 1);
                    released.push_front((client, over, event));
                }
            }
            _ => {}
        }
    }

    fn begins(&mut self, client: u32, is_release: bool, lock: &'static str, now: Moment) {
        let what = if is_release { "release" } else { "acquire" };
        let began = now.shown(Party::Client(client), format!("{what} of lock {lock} is called"));
        let (since, underway, last, doubt, over) = (now.at, None, None, None, None);
        self.turns.insert(client, Turn { lock, is_release, began, since, underway, last, doubt, over });
        let lock = self.locks.entry(lock).or_default();
        if is_release && lock.holder.as_ref().is_some_and(|holder| holder.client == client) {
            lock.holder = None;
            lock.free_since = now.at;
        }
    }

    fn returns(&mut self, client: u32, lock: &'static str, now: Moment) -> Vec<BrokenRule> {
        let Some(turn) = self.turns.remove(&client) else { return Vec::new() };
        let state = self.locks.entry(lock).or_default();
        let what = if turn.is_release { "release" } else { "acquire" };
        let returned = now.shown(Party::Client(client), format!("{what} of lock {lock} returns"));
        let breaks = |rule: &Rule, client: u32, headline: String, events: Vec<RuleEvent>| {
            finding(rule, format!("client {client}"), headline, events, None)
        };
        let mut broken = Vec::new();
        if turn.over.is_none() {
            let headline = format!("{what} of lock {lock} by client {client} returned without a put");
            let events = [turn.began.clone()].into_iter().chain(turn.last.clone()).chain([returned.clone()]);
            broken.push(breaks(&LK3, client, headline, events.collect()));
        } else if let (Some(doubt), false) = (&turn.doubt, turn.is_release) {
            let headline =
                format!("client {client} took lock {lock} after a put that was maybe done, and did not look");
            broken.push(breaks(&LK2, client, headline, vec![doubt.clone(), returned.clone()]));
        }
        if turn.is_release {
            return broken;
        }
        if let Some(Holder { client: holder, over, acquired }) = state.holder.take() {
            broken.push(match state.released_over(holder, over.as_ref()) {
                Some((thief, put)) => {
                    let headline = format!("client {thief} released lock {lock} when client {holder} had it");
                    breaks(&LK5, thief, headline, vec![acquired, put, returned.clone()])
                }
                None => {
                    let headline =
                        format!("client {client} acquired lock {lock} when client {holder} held it");
                    let events = [acquired].into_iter().chain(turn.last).chain([returned.clone()]);
                    breaks(&LK1, client, headline, events.collect())
                }
            });
        }
        state.holder = Some(Holder { client, over: turn.over, acquired: returned });
        broken
    }
}

impl Lock {
    /// Whether nobody holds it for long.
    fn is_free(&self, at: Duration) -> bool {
        self.holder.is_none() && at.saturating_sub(self.free_since) >= LONGEST_WAIT
    }

    /// The put of another client that released the lock after the holder had put its name.
    fn released_over(&self, holder: u32, over: Option<&Over>) -> Option<(u32, RuleEvent)> {
        let (key, version) = over?;
        let is_theft = |(client, (of, later), _): &&(u32, Over, RuleEvent)| {
            *client != holder && of == key && later > version
        };
        self.released.iter().find(is_theft).map(|(client, _, put)| (*client, put.clone()))
    }
}

impl Analysis for Locks {
    fn on(&mut self, event: &Event<'_>) -> Vec<BrokenRule> {
        let Party::Client(client) = event.party else { return Vec::new() };
        let now = Moment::of(event);
        let broken = match (event.kind, event.protocol()) {
            (Kind::OperationBegan { input, .. }, _) => {
                if let (Some(turn), Some(input)) = (self.turns.get_mut(&client), input.downcast_ref()) {
                    turn.underway = Some((KeyValueInput::clone(input), now));
                }
                Vec::new()
            }
            (Kind::OperationEnded { output, .. }, _) => {
                if let Some(output) = output.downcast_ref() {
                    self.operation_ends(client, output, now);
                }
                Vec::new()
            }
            (_, Some(LockEvent::Acquiring(lock))) => {
                self.begins(client, false, lock, now);
                Vec::new()
            }
            (_, Some(LockEvent::Releasing(lock))) => {
                self.begins(client, true, lock, now);
                Vec::new()
            }
            (_, Some(LockEvent::Acquired(lock) | LockEvent::Released(lock))) => {
                self.returns(client, lock, now)
            }
            _ => Vec::new(),
        };
        broken.into_iter().filter(|rule| self.broken.insert(rule.id.clone())).collect()
    }

    fn at_end(&mut self, at: Duration) -> Vec<BrokenRule> {
        let is_long = |since: Duration| at.saturating_sub(since) >= LONGEST_WAIT;
        // A clerk that does not answer is not the lock's mistake.
        let is_asking = |turn: &Turn| turn.underway.as_ref().is_some_and(|(_, began)| is_long(began.at));
        if self.turns.values().any(is_asking) {
            return Vec::new();
        }
        let releases = self.turns.iter().find(|(_, turn)| turn.is_release && is_long(turn.since));
        let is_free = |lock| self.locks.get(lock).is_some_and(|lock| lock.is_free(at));
        let acquires = || self.turns.iter().find(|(_, turn)| is_long(turn.since) && is_free(turn.lock));
        let Some((client, turn)) = releases.or_else(acquires) else { return Vec::new() };
        let headline = if turn.is_release {
            format!("client {client} has not come to the end of its release")
        } else {
            format!(
                "client {client} waits for the lock, which nobody holds since {:.3} s",
                self.locks[turn.lock].free_since.as_secs_f64()
            )
        };
        let events = [turn.began.clone()].into_iter().chain(turn.last.clone()).collect();
        let broken = finding(&LK4, format!("client {client}"), headline, events, None);
        vec![BrokenRule { progress: true, ..broken }]
    }

    fn unseen(&self) -> Vec<String> {
        Vec::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::causality::Causality;

    const PUT: KeyValueOutput = KeyValueOutput::Done;
    const MAYBE: KeyValueOutput = KeyValueOutput::Maybe;

    #[derive(Default)]
    struct Told {
        locks: Locks,
        number: u64,
        broken: Vec<BrokenRule>,
        version: u64,
    }

    impl Told {
        fn tell(&mut self, client: u32, kind: Kind<'_>) {
            self.number += 1;
            let (number, at, party) =
                (self.number, Duration::from_millis(self.number), Party::Client(client));
            let causality = &Causality::default();
            let event = Event { number, at, cause: 0, group: None, party, kind, causality, moment: None };
            self.broken.extend(self.locks.on(&event));
        }

        fn lock(&mut self, client: u32, event: LockEvent) -> &mut Self {
            self.tell(client, Kind::Protocol(&event));
            self
        }

        fn put(&mut self, client: u32, output: KeyValueOutput) -> &mut Self {
            self.version += 1;
            let input = KeyValueInput::Put { key: "l".into(), value: "".into(), version: self.version };
            self.operation(client, &input, &output)
        }

        fn get(&mut self, client: u32) -> &mut Self {
            let input = KeyValueInput::Get { key: "l".into() };
            self.operation(client, &input, &KeyValueOutput::NoKey)
        }

        fn operation(&mut self, client: u32, input: &KeyValueInput, output: &KeyValueOutput) -> &mut Self {
            self.tell(client, Kind::OperationBegan { operation: &"it", input });
            self.tell(client, Kind::OperationEnded { what: "it", done: true, answer: &"", output });
            self
        }

        fn acquire(&mut self, client: u32) -> &mut Self {
            self.acquire_one(client, "l")
        }

        fn acquire_one(&mut self, client: u32, lock: &'static str) -> &mut Self {
            self.lock(client, LockEvent::Acquiring(lock)).get(client).put(client, PUT);
            self.lock(client, LockEvent::Acquired(lock))
        }

        fn ids(&self) -> Vec<&str> {
            self.broken.iter().map(|rule| rule.id.as_str()).collect()
        }
    }

    #[test]
    fn clients_that_take_turns_break_nothing() {
        let mut told = Told::default();
        for client in [4, 5, 4] {
            told.acquire(client).lock(client, LockEvent::Releasing("l")).get(client).put(client, MAYBE);
            told.lock(client, LockEvent::Released("l"));
        }
        told.lock(4, LockEvent::Acquiring("l")).put(4, MAYBE).get(4).lock(4, LockEvent::Acquired("l"));
        assert!(told.ids().is_empty());
        assert!(told.locks.at_end(2 * LONGEST_WAIT).is_empty());
    }

    #[test]
    fn two_clients_do_not_hold_it() {
        let mut told = Told::default();
        told.acquire(4).acquire(5);
        assert_eq!(told.ids(), ["LK1"]);
        assert_eq!(told.broken[0].server, "client 5");
        assert_eq!(told.broken[0].events.len(), 3);
    }

    #[test]
    fn locks_of_different_names_are_different() {
        let mut told = Told::default();
        told.acquire(4).acquire_one(5, "m").lock(6, LockEvent::Acquiring("l")).get(6);
        told.lock(5, LockEvent::Releasing("m")).get(5).put(5, PUT).lock(5, LockEvent::Released("m"));
        assert!(told.ids().is_empty(), "{:?}", told.broken);
        // Client 6 waits for the one that is held.
        assert!(told.locks.at_end(2 * LONGEST_WAIT).is_empty());
        assert_eq!(told.acquire_one(7, "l").ids(), ["LK1"]);
    }

    #[test]
    fn a_maybe_is_looked_at() {
        let mut told = Told::default();
        told.lock(4, LockEvent::Acquiring("l")).get(4).put(4, MAYBE).lock(4, LockEvent::Acquired("l"));
        assert_eq!(told.ids(), ["LK2"]);
    }

    #[test]
    fn who_acquires_has_put() {
        let mut told = Told::default();
        told.lock(4, LockEvent::Acquiring("l")).get(4).lock(4, LockEvent::Acquired("l"));
        assert_eq!(told.ids(), ["LK3"]);
    }

    #[test]
    fn a_free_lock_is_acquired() {
        let mut told = Told::default();
        told.lock(4, LockEvent::Acquiring("l")).get(4).put(4, MAYBE).get(4);
        assert!(told.locks.at_end(LONGEST_WAIT / 2).is_empty());
        assert_eq!(told.locks.at_end(2 * LONGEST_WAIT)[0].id, "LK4");
        // Somebody holds it.
        let mut right = Told::default();
        right.acquire(5).lock(4, LockEvent::Acquiring("l")).get(4);
        assert!(right.locks.at_end(2 * LONGEST_WAIT).is_empty());
        // A release that goes on.
        let mut told = Told::default();
        told.acquire(5).lock(5, LockEvent::Releasing("l")).get(5).put(5, MAYBE);
        assert_eq!(told.locks.at_end(2 * LONGEST_WAIT)[0].id, "LK4");
    }

    #[test]
    fn a_client_releases_its_own() {
        let mut told = Told::default();
        told.acquire(4).lock(4, LockEvent::Releasing("l")).get(4).put(4, MAYBE).acquire(5).get(4).put(4, PUT);
        told.lock(4, LockEvent::Released("l")).acquire(6);
        assert_eq!(told.ids(), ["LK5"]);
        assert_eq!(told.broken[0].server, "client 4");
    }
}
