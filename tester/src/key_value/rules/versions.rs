//! [`Versions`]: the versions of each key, as far as operations tell of them; for [`KV3`] to [`KV6`].
//!
//! A put over version n can have been done as soon as it has begun, whatever its clerk answers later. So a
//! key can have version n + 1 if a put over n has begun; it certainly has reached that version if such a put
//! was acknowledged, or if a get has shown it.

use std::collections::BTreeMap;
use std::sync::Arc;

use rustc_hash::FxHashMap;

use super::calls::{Moment, Operation};
use super::finding::finding;
use super::words::Text;
use super::{KV3, KV4, KV5, KV6};
use crate::linearizability::{KeyValueInput, KeyValueOutput};
use crate::rule::{BrokenRule, Rule, RuleEvent};

/// The keys.
#[derive(Default)]
pub(super) struct Versions {
    keys: FxHashMap<Arc<str>, Key>,
}

/// A version that a key certainly has reached, with the event that shows it.
#[derive(Clone, Default)]
pub(crate) struct Floor(Option<(u64, Arc<RuleEvent>)>);

impl Floor {
    pub fn version(&self) -> u64 {
        self.0.as_ref().map_or(0, |(version, _)| *version)
    }

    pub fn event(&self) -> Option<&RuleEvent> {
        self.0.as_ref().map(|(_, event)| &**event)
    }
}

#[derive(Default)]
struct Key {
    floor: Floor,
    /// The puts that have begun, by the version that they name.
    over: BTreeMap<u64, Vec<Put>>,
    /// The value that a get has shown first, by version.
    seen: FxHashMap<u64, Seen>,
}

struct Put {
    client: u32,
    /// The number of the event that began it.
    began: u64,
    value: Text,
    /// Whether the key was known to have reached the version.
    is_in_time: bool,
    outcome: Option<Outcome>,
}

/// The end of a put.
struct Outcome {
    kind: OutcomeKind,
    event: Option<Box<RuleEvent>>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum OutcomeKind {
    Done,
    Refused,
    Maybe,
}

struct Seen {
    value: Text,
    event: Box<RuleEvent>,
}

impl Versions {
    /// An operation begins. Returns the version that its key has reached.
    pub fn begins(&mut self, client: u32, input: &KeyValueInput, now: Moment) -> Floor {
        match input {
            KeyValueInput::Get { key } => self.keys.get(key).map(|key| key.floor.clone()).unwrap_or_default(),
            KeyValueInput::Put { key, value, version } => {
                let key = self.keys.entry(Arc::clone(key)).or_default();
                let is_in_time = key.floor.version() >= *version;
                let value = Text::of(value);
                let put = Put { client, began: now.number, value, is_in_time, outcome: None };
                key.over.entry(*version).or_default().push(put);
                key.floor.clone()
            }
        }
    }

    /// Whether some client has named this version for this value.
    pub fn is_named(&self, key: &str, value: Text, version: u64) -> bool {
        self.puts(key, version).iter().any(|put| put.value == value)
    }

    /// Whether the client has put over the version before.
    pub fn was_put_before(&self, operation: &Operation) -> bool {
        let puts = self.puts(operation.key(), operation.version());
        puts.iter().any(|put| put.client == operation.client && put.began < operation.began.number)
    }

    fn puts(&self, key: &str, version: u64) -> &[Put] {
        self.keys.get(key).and_then(|key| key.over.get(&version)).map_or(&[], Vec::as_slice)
    }

    /// An operation ends. Returns what is wrong with that.
    pub fn ends(
        &mut self,
        operation: &Operation,
        output: &KeyValueOutput,
        now: Moment,
    ) -> Option<BrokenRule> {
        let key = match &operation.input {
            KeyValueInput::Get { key } | KeyValueInput::Put { key, .. } => key,
        };
        let key = self.keys.entry(Arc::clone(key)).or_default();
        let end = Ending { operation, output, now };
        match (&operation.input, output) {
            (KeyValueInput::Get { .. }, KeyValueOutput::Value { value, version }) => {
                key.shows(Text::of(value), *version, &end)
            }
            (KeyValueInput::Put { value, .. }, _) => key.put_ends(Text::of(value), &end),
            _ => None,
        }
    }
}

/// The end of an operation.
struct Ending<'a> {
    operation: &'a Operation,
    output: &'a KeyValueOutput,
    now: Moment,
}

impl Ending<'_> {
    fn event(&self) -> RuleEvent {
        self.operation.end(self.now, self.output)
    }

    /// The rule as broken by the server that gave the answer.
    fn breaks(&self, rule: &Rule, headline: String, before: Option<RuleEvent>) -> BrokenRule {
        let before = before.unwrap_or_else(|| self.operation.event());
        let events = [before].into_iter().chain(self.operation.conclusion(self.now, self.output));
        finding(rule, self.operation.answering(), headline, events.collect(), self.operation.handler())
    }
}

impl Key {
    fn rises(&mut self, version: u64, event: impl FnOnce() -> RuleEvent) {
        if version > self.floor.version() {
            self.floor = Floor(Some((version, Arc::new(event()))));
        }
    }

    fn over(&self, version: u64) -> &[Put] {
        self.over.get(&version).map_or(&[], Vec::as_slice)
    }

    /// A get has shown this value and version.
    fn shows(&mut self, value: Text, version: u64, end: &Ending<'_>) -> Option<BrokenRule> {
        let broken = self.judge_shown(value, version, end);
        self.seen.entry(version).or_insert_with(|| Seen { value, event: Box::new(end.event()) });
        self.rises(version, || end.event());
        broken
    }

    fn judge_shown(&self, value: Text, version: u64, end: &Ending<'_>) -> Option<BrokenRule> {
        let (who, key) = (end.operation.answering(), end.operation.key());
        let Some(over) = version.checked_sub(1) else {
            let headline =
                format!("{who} answered version 0 of key {key}, which a key that exists never has");
            return Some(end.breaks(&KV4, headline, None));
        };
        let candidates = || self.over(over).iter().filter(|put| put.value == value);
        if candidates().next().is_none() {
            let other = self.over.iter().find(|(_, puts)| puts.iter().any(|put| put.value == value));
            let headline = match other {
                Some((named, _)) => format!(
                    "{who} answered a value of key {key} with version {version} that was put over version \
                     {named} and over no other"
                ),
                None => format!("{who} answered a value of key {key} that nobody has put"),
            };
            let put = other.and_then(|(_, puts)| puts.iter().find(|put| put.value == value));
            return Some(end.breaks(&KV4, headline, put.and_then(Put::ending)));
        }
        if let Some(seen) = self.seen.get(&version).filter(|seen| seen.value != value) {
            let headline =
                format!("two puts over version {over} of key {key} were done: both values were read");
            return Some(end.breaks(&KV5, headline, Some((*seen.event).clone())));
        }
        if let Some(put) = self.over(over).iter().find(|put| put.is(OutcomeKind::Done) && put.value != value)
        {
            let headline = format!(
                "two puts over version {over} of key {key} were done: one was acknowledged, and the value of \
                 another one was read"
            );
            return Some(end.breaks(&KV5, headline, put.ending()));
        }
        if candidates().all(|put| put.is(OutcomeKind::Refused) && put.is_in_time) {
            let put = candidates().next()?;
            let headline = format!(
                "the clerk of client {} called a put over version {over} of key {key} refused that was done",
                put.client
            );
            let events = [put.ending()].into_iter().flatten().chain([end.event()]).collect();
            return Some(finding(&KV3, format!("client {}", put.client), headline, events, None));
        }
        None
    }

    /// A put of this value has ended.
    fn put_ends(&mut self, value: Text, end: &Ending<'_>) -> Option<BrokenRule> {
        let version = end.operation.version();
        let kind = match end.output {
            KeyValueOutput::Done => OutcomeKind::Done,
            KeyValueOutput::NoKey | KeyValueOutput::WrongVersion => OutcomeKind::Refused,
            _ => OutcomeKind::Maybe,
        };
        let broken = match end.output {
            KeyValueOutput::Done => self.judge_done(value, version, end),
            KeyValueOutput::NoKey if version == 0 => {
                let headline = format!(
                    "{} answered \"no key\" to a put over version 0, which creates a key",
                    end.operation.answering()
                );
                Some(end.breaks(&KV6, headline, None))
            }
            KeyValueOutput::WrongVersion => self.judge_refused(value, version, end),
            _ => None,
        };
        let puts = self.over.entry(version).or_default();
        if let Some(put) = puts.iter_mut().rev().find(|put| put.began == end.operation.began.number) {
            let event = (kind != OutcomeKind::Maybe).then(|| Box::new(end.event()));
            put.outcome = Some(Outcome { kind, event });
        }
        if kind == OutcomeKind::Done {
            self.rises(version.saturating_add(1), || end.event());
        }
        broken
    }

    fn judge_done(&self, value: Text, version: u64, end: &Ending<'_>) -> Option<BrokenRule> {
        let (who, key) = (end.operation.answering(), end.operation.key());
        if let Some(other) = self.over(version).iter().find(|put| put.is(OutcomeKind::Done)) {
            let headline = format!("two puts over version {version} of key {key} were acknowledged");
            return Some(end.breaks(&KV5, headline, other.ending()));
        }
        if let Some(seen) = self.seen.get(&version.saturating_add(1)).filter(|seen| seen.value != value) {
            let headline = format!(
                "two puts over version {version} of key {key} were done: one was acknowledged, and the value \
                 of another one was read"
            );
            return Some(end.breaks(&KV5, headline, Some((*seen.event).clone())));
        }
        let floor = &end.operation.floor;
        if floor.version() > version {
            let headline = format!(
                "{who} did a put over version {version} of key {key}, which had version {} before",
                floor.version()
            );
            return Some(end.breaks(&KV6, headline, floor.event().cloned()));
        }
        let never = version.checked_sub(1).is_some_and(|before| self.over(before).is_empty());
        never.then(|| {
            let headline = format!(
                "{who} did a put over version {version} of key {key}, which cannot have had that version"
            );
            end.breaks(&KV6, headline, None)
        })
    }

    fn judge_refused(&self, value: Text, version: u64, end: &Ending<'_>) -> Option<BrokenRule> {
        let (operation, key) = (end.operation, end.operation.key());
        let who = operation.answering();
        let mine = |put: &Put| put.began == operation.began.number;
        let in_time = operation.floor.version() >= version;

        // Its value was read already.
        let of_value = || self.over(version).iter().filter(|put| put.value == value);
        let seen = self.seen.get(&version.saturating_add(1)).filter(|seen| seen.value == value);
        if let Some(seen) = seen
            && in_time
            && of_value().all(|put| mine(put) || (put.is(OutcomeKind::Refused) && put.is_in_time))
        {
            let headline = format!(
                "the clerk of client {} called a put over version {version} of key {key} refused that was \
                 done",
                operation.client
            );
            let events = [(*seen.event).clone()].into_iter().chain(operation.conclusion(end.now, end.output));
            let client = format!("client {}", operation.client);
            return Some(finding(&KV3, client, headline, events.collect(), operation.caller()));
        }

        let nobody_else = |version: u64| self.over(version).iter().all(mine);
        if operation.floor.version() == 0 && version > 0 && nobody_else(0) {
            let headline =
                format!("{who} answered \"wrong version\" to a put of key {key}, which nobody has created");
            return Some(end.breaks(&KV6, headline, None));
        }
        if operation.floor.version() == version && nobody_else(version) {
            // Either the server is wrong or an earlier transmission was done.
            if operation.calls.len() == 1 {
                let headline = format!(
                    "{who} refused a put over version {version} of key {key}, when the key had that version"
                );
                return Some(end.breaks(&KV6, headline, operation.floor.event().cloned()));
            }
            let client = format!("client {}", operation.client);
            let headline = format!(
                "the clerk of {client} called a put over version {version} of key {key} refused, when nobody \
                 else can have changed that version"
            );
            let first = operation.calls.first().map(|call| call.replying().unwrap_or_else(|| call.arrival()));
            let events = first.into_iter().chain(operation.conclusion(end.now, end.output)).collect();
            return Some(finding(&KV3, client, headline, events, operation.caller()));
        }
        None
    }
}

impl Put {
    fn is(&self, kind: OutcomeKind) -> bool {
        self.outcome.as_ref().is_some_and(|outcome| outcome.kind == kind)
    }

    /// The end of it, if it is known.
    fn ending(&self) -> Option<RuleEvent> {
        self.outcome.as_ref().and_then(|outcome| outcome.event.as_deref().cloned())
    }
}

#[cfg(test)]
mod tests {
    use labapi::PutError;

    use super::super::told::Told;
    use crate::linearizability::KeyValueOutput::{Done, Maybe, NoKey, WrongVersion};

    /// A put that is sent once, and refused with this error.
    fn refuse(told: &mut Told, client: u32, value: &'static str, version: u64, error: PutError) {
        told.puts(client, value, version).sends_put(client, 0, value, version).arrives();
        let output = if error == PutError::NoKey { NoKey } else { WrongVersion };
        told.put_is(Ok(Err(error))).is_told().ends(client, output);
    }

    #[test]
    fn a_correct_history_is_accused_of_nothing() {
        let mut told = Told::new();
        refuse(&mut told, 0, "a", 1, PutError::NoKey);
        told.put(0, "a", 0).get(1, "a", 1).put(1, "b", 1).get(0, "b", 2);
        refuse(&mut told, 0, "c", 1, PutError::Version);
        // There is no version after the last number.
        refuse(&mut told, 0, "b", u64::MAX, PutError::Version);
        // Two puts of one value over one version: one is done.
        told.puts(2, "d", 2).puts(3, "d", 2);
        told.sends_put(2, 0, "d", 2).arrives().put_is(Ok(Err(PutError::Version))).is_told();
        told.ends(2, WrongVersion).get(0, "d", 3);
        told.sends_put(3, 0, "d", 2).arrives().reply_is_lost().sends_put(3, 0, "d", 2).arrives();
        told.put_is(Ok(Err(PutError::Version))).is_told().ends(3, Maybe).get(1, "d", 3);
        assert!(told.broken().is_empty(), "{:?}", told.broken);
        assert!(told.unseen().is_empty(), "{:?}", told.unseen());
    }

    #[test]
    fn a_put_makes_the_next_version() {
        assert_eq!(Told::new().put(0, "a", 0).get(1, "a", 0).only().id, "KV4");
        assert_eq!(Told::new().put(0, "a", 0).put(0, "b", 1).get(1, "b", 3).only().id, "KV4");
        assert_eq!(Told::new().put(0, "a", 0).get(1, "z", 1).only().id, "KV4");
    }

    #[test]
    fn one_put_over_a_version_is_done() {
        let mut told = Told::new();
        told.puts(1, "b", 0).put(0, "a", 0);
        told.sends_put(1, 0, "b", 0).arrives().put_is(Ok(Ok(()))).is_told().ends(1, Done);
        assert_eq!((&*told.only().id, &*told.only().server), ("KV5", "server 0"));

        // One is acknowledged, and the value of the other one is read.
        let mut told = Told::new();
        told.puts(1, "b", 0).put(0, "a", 0).get(2, "b", 1);
        assert_eq!(told.only().id, "KV5");

        // Both are read, and nobody was told anything.
        let mut told = Told::new();
        told.puts(1, "b", 0).puts(0, "a", 0).get(2, "b", 1).get(2, "a", 1);
        assert_eq!(told.only().id, "KV5");
    }

    #[test]
    fn a_put_over_another_version_is_not_done() {
        assert_eq!(Told::new().put(0, "a", 0).get(0, "a", 1).put(1, "b", 1).broken().len(), 0);
        // The version is there no more.
        let mut told = Told::new();
        told.puts(3, "a", 0).get(0, "a", 1).put(1, "b", 0);
        assert_eq!(told.broken()[0], "KV5");
        let mut told = Told::new();
        told.put(0, "a", 0).puts(3, "b", 1).get(0, "b", 2).puts(4, "c", 1);
        told.sends_put(4, 0, "c", 1).arrives().put_is(Ok(Ok(()))).is_told().ends(4, Done);
        assert_eq!(told.broken()[0], "KV5");
        let mut told = Told::new();
        told.puts(2, "a", 0).puts(3, "b", 1).get(0, "b", 2).put(1, "c", 0);
        assert_eq!(told.only().id, "KV6");
        // It cannot be there yet.
        assert_eq!(Told::new().put(0, "a", 1).only().id, "KV6");
    }

    #[test]
    fn refusals_have_their_reasons() {
        let mut told = Told::new();
        refuse(&mut told, 0, "a", 0, PutError::NoKey);
        assert_eq!(told.only().id, "KV6");
        let mut told = Told::new();
        refuse(&mut told, 0, "a", 1, PutError::Version);
        assert_eq!((&*told.only().id, &*told.only().server), ("KV6", "server 0"));
        let mut told = Told::new();
        told.put(0, "a", 0);
        refuse(&mut told, 1, "b", 1, PutError::Version);
        assert_eq!(told.only().id, "KV6");
        // Another client may have been first.
        let mut right = Told::new();
        right.put(0, "a", 0).puts(2, "c", 1);
        refuse(&mut right, 1, "b", 1, PutError::Version);
        assert!(right.broken().is_empty());
    }

    #[test]
    fn a_put_that_is_called_refused_is_not_read() {
        // Server 1 was asked and deposed; another client's put hides that nobody else was there.
        let ask = |told: &mut Told| {
            told.put(0, "a", 0).puts(2, "z", 1).puts(4, "b", 1).sends_put(4, 1, "b", 1).arrives();
            told.put_is(Err(labapi::WrongLeader)).is_told();
            told.sends_put(4, 0, "b", 1).arrives().put_is(Ok(Err(PutError::Version))).is_told();
        };
        let mut before = Told::new();
        ask(&mut before);
        before.get(5, "b", 2).ends(4, WrongVersion);
        assert_eq!((&*before.only().id, &*before.only().server), ("KV3", "client 4"));
        let mut after = Told::new();
        ask(&mut after);
        after.ends(4, WrongVersion).get(5, "b", 2);
        assert_eq!((&*after.only().id, &*after.only().server), ("KV3", "client 4"));
        let mut right = Told::new();
        ask(&mut right);
        assert!(right.ends(4, Maybe).get(5, "b", 2).broken().is_empty());
    }
}
