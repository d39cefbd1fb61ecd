//! [`Texts`]: the texts of one key, as far as operations tell of them; for [`KA1`] to [`KA3`].
//!
//! A change can have been done as soon as it has begun. It certainly was done if it was acknowledged, or if
//! its text was read. What is done stays until a put replaces it, which may happen from the call of the put
//! until its return, and at any later time if it never returns.

use std::sync::Arc;

use rustc_hash::FxHashMap;

use super::super::operations::Ending;
use super::super::rules::{KA1, KA2, KA3};
use super::super::tokens::tokens;
use crate::key_value::{Call, KV8, Leaders, Moment, Operation, finding, other_leader};
use crate::linearizability::{Text, TextInput, TextOutput};
use crate::rule::{BrokenRule, Rule, RuleEvent};

/// The history of a key.
#[derive(Default)]
pub(super) struct Texts {
    changes: Vec<Change>,
    /// The changes with each text, by position.
    by_text: FxHashMap<Arc<str>, Vec<usize>>,
    reads: Vec<Read>,
}

/// A put or an append that has begun.
struct Change {
    client: u32,
    text: Arc<str>,
    is_put: bool,
    began: Moment,
    /// The beginning; when it has ended, its first and its last transmission.
    shown: Vec<RuleEvent>,
    ended: Option<(Moment, RuleEvent)>,
}

/// A get that has returned.
struct Read {
    client: u32,
    text: Arc<str>,
    began: Moment,
    ended: Moment,
    event: RuleEvent,
}

impl Texts {
    /// A put or an append of this text begins.
    pub fn change_begins(&mut self, operation: &Operation<Text>, text: &Arc<str>) {
        self.by_text.entry(Arc::clone(text)).or_default().push(self.changes.len());
        self.changes.push(Change {
            client: operation.client,
            text: Arc::clone(text),
            is_put: matches!(operation.input, TextInput::Put { .. }),
            began: operation.began,
            shown: vec![operation.event()],
            ended: None,
        });
    }

    /// A put or an append is acknowledged.
    pub fn change_ends(&mut self, operation: &Operation<Text>, output: &TextOutput, now: Moment) {
        let is_it = |change: &&mut Change| change.began.number == operation.began.number;
        if let Some(change) = self.changes.iter_mut().rev().find(is_it) {
            let mut sent = operation.calls.iter().filter(|call| operation.is_sent_by(call));
            let (first, last) = (sent.next(), sent.next_back());
            if first.is_some() {
                change.shown = first.into_iter().chain(last).map(Call::sending).collect();
            }
            change.ended = Some((now, operation.end(now, output)));
        }
    }

    /// A get returns this text.
    pub fn is_read(
        &mut self,
        operation: &Operation<Text>,
        text: &Arc<str>,
        leaders: &Leaders,
        now: Moment,
    ) -> Option<BrokenRule> {
        let read = Read {
            client: operation.client,
            text: Arc::clone(text),
            began: operation.began,
            ended: now,
            event: operation.end(now, &TextOutput::Value(Arc::clone(text))),
        };
        let judged = Judged { operation, read: &read, leaders };
        let broken = self.is_twice(&judged).or_else(|| self.out_of_order(&judged)).or_else(|| {
            let missing = self.missing(&judged);
            missing.map(|(what, before)| judged.without(&what, before))
        });
        self.reads.push(read);
        broken
    }

    /// The only change with this text.
    fn only(&self, text: &str) -> Option<&Change> {
        match self.by_text.get(text)?.as_slice() {
            [change] => Some(&self.changes[*change]),
            _ => None,
        }
    }

    /// KA1: the text of one change is there twice.
    fn is_twice(&self, judged: &Judged<'_>) -> Option<BrokenRule> {
        let mut seen: FxHashMap<&str, usize> = FxHashMap::default();
        let tokens = tokens(&judged.read.text)?;
        for token in &tokens {
            *seen.entry(token).or_default() += 1;
        }
        let is_repeated = |token: &&str| seen[token] > 1;
        let token = tokens.iter().copied().find(|token| is_repeated(token) && self.only(token).is_some())?;
        let change = self.only(token)?;
        let headline = format!(
            "{} answered a get of key {} with `{token}` {} times, which client {} {} once",
            judged.who(),
            judged.operation.key(),
            seen[token],
            change.client,
            change.was_done()
        );
        Some(judged.breaks(&KA1, headline, change.shown.clone()))
    }

    /// KA3: two texts that one client has appended, one after the other, are there in the other order.
    fn out_of_order(&self, judged: &Judged<'_>) -> Option<BrokenRule> {
        let mut last_of: FxHashMap<u32, &Change> = FxHashMap::default();
        for change in tokens(&judged.read.text)?.into_iter().filter_map(|token| self.only(token)) {
            if let Some(later) = last_of.insert(change.client, change)
                && change.ended_before(later.began)
            {
                let headline = format!(
                    "{} answered a get of key {} with `{}` before `{}`, which client {} {} first",
                    judged.who(),
                    judged.operation.key(),
                    later.text,
                    change.text,
                    change.client,
                    change.was_done()
                );
                let ends = [change, later].map(Change::shown_at_its_end);
                return Some(judged.breaks(&KA3, headline, ends.into()));
            }
        }
        None
    }

    /// KA2: something that must be there and is not, in words, and the event that shows that it was there.
    fn missing(&self, judged: &Judged<'_>) -> Option<(String, RuleEvent)> {
        let (text, began) = (&judged.read.text, judged.read.began);
        // No put can have replaced what was there at that moment or later.
        let stays = |since: Moment, itself: Option<&Change>| {
            let mut puts = self.changes.iter().filter(|change| change.is_put);
            puts.all(|put| itself.is_some_and(|it| std::ptr::eq(it, put)) || put.ended_before(since))
        };
        let read = self.reads.iter().rev().find(|read| {
            read.ended.number < began.number && !text.starts_with(&*read.text) && stays(read.began, None)
        });
        if let Some(read) = read {
            let what = format!("{}, which client {} had read before", Ending(&read.text), read.client);
            return Some((what, read.event.clone()));
        }
        let change = self.changes.iter().find(|change| {
            let is_there =
                if change.is_put { text.starts_with(&*change.text) } else { text.contains(&*change.text) };
            change.ended_before(began) && !is_there && stays(change.began, Some(change))
        })?;
        let what = format!("{}, which client {} {}", Ending(&change.text), change.client, change.was_done());
        Some((what, change.shown_at_its_end()))
    }
}

impl Change {
    /// Whether it was acknowledged before this moment.
    fn ended_before(&self, moment: Moment) -> bool {
        self.ended.as_ref().is_some_and(|(ended, _)| ended.number < moment.number)
    }

    /// What the client did, in words.
    fn was_done(&self) -> &'static str {
        if self.is_put { "had put" } else { "had appended" }
    }

    /// The end of it; the beginning if it has not ended.
    fn shown_at_its_end(&self) -> RuleEvent {
        self.ended.as_ref().map_or_else(|| self.shown[0].clone(), |(_, event)| event.clone())
    }
}

/// A get that returns, and is judged.
struct Judged<'a> {
    operation: &'a Operation<Text>,
    read: &'a Read,
    leaders: &'a Leaders,
}

impl Judged<'_> {
    /// The server that gave the answer.
    fn who(&self) -> String {
        self.operation.answering()
    }

    /// The rule as broken by that server. `before` are the events that show what should have been read.
    fn breaks(&self, rule: &Rule, headline: String, before: Vec<RuleEvent>) -> BrokenRule {
        let events = before.into_iter().chain([self.read.event.clone()]).collect();
        finding(rule, self.who(), headline, events, self.operation.handler())
    }

    /// The text lacks something.
    fn without(&self, what: &str, before: RuleEvent) -> BrokenRule {
        let (who, key) = (self.who(), self.operation.key());
        let call = self.operation.last_answered();
        match call.and_then(|call| other_leader(call, self.leaders)) {
            Some((role, lead)) => {
                let headline = format!(
                    "{who}, {role}, answered a get of key {key} without {what}, when server {} led term {}",
                    lead.server, lead.term
                );
                self.breaks(&KV8, headline, vec![before, lead.event()])
            }
            None => {
                let headline = format!("{who} answered a get of key {key} without {what}");
                self.breaks(&KA2, headline, vec![before])
            }
        }
    }
}
