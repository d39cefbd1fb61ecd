//! [`Events`]: the events of a run that its page shows, in a form that takes little room.

use std::collections::{BTreeMap, HashMap, VecDeque};

use serde_json::{Map, Value as Json, json};

use crate::difference::changes;
use crate::line;
use crate::meaning::{self, RaftCall};

/// A page shows so many events at most.
pub const MAX_EVENTS: usize = 20_000;

/// Of a run with more events, so many are shown before the one that the page is about.
const BEFORE: u64 = 15_000;

/// A string of a content is kept up to so many characters.
const MAX_STRING: usize = 2_000;

/// The event that a page is about. Of a run that is too long the page shows the events around it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Focus {
    /// The first one.
    Begin,
    /// The one of this number.
    Event(u64),
    /// The last one.
    End,
}

/// The events of a run, as they are added one after the other; of a run with more than [`MAX_EVENTS`], those
/// around the one that the page is about.
#[derive(Debug)]
pub struct Events {
    focus: Focus,
    kept: VecDeque<Map<String, Json>>,
    total: u64,
    /// The state of the servers before the first event that is kept.
    before: BTreeMap<String, ServerState>,
    /// The last content saved in each record of each server.
    saved: HashMap<(String, String), Json>,
    /// The requests whose replies may still come, with the content of the last message of each.
    calls: HashMap<u64, Call>,
}

#[derive(Debug, Default)]
struct Call {
    raft: Option<RaftCall>,
    request: Json,
    reply: Json,
}

/// What is known of a server from the events that are not kept.
#[derive(Debug, Default)]
struct ServerState {
    is_up: bool,
    incarnation: u64,
    cut: Vec<u64>,
}

impl Events {
    /// No events yet, of a run whose page is about `focus`.
    #[must_use]
    pub fn new(focus: Focus) -> Self {
        Self {
            focus,
            kept: VecDeque::new(),
            total: 0,
            before: BTreeMap::new(),
            saved: HashMap::new(),
            calls: HashMap::new(),
        }
    }

    /// Adds the next event, as a JSON object. Anything else is ignored.
    pub fn add(&mut self, event: Json) {
        let Json::Object(mut event) = event else { return };
        self.total += 1;
        if self.kept.len() == MAX_EVENTS && !self.drop_first() {
            return;
        }
        self.shorten(&mut event);
        self.kept.push_back(event);
    }

    /// The number of events that were added.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.total
    }

    /// The number of events that are kept.
    #[must_use]
    pub fn len(&self) -> usize {
        self.kept.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.kept.is_empty()
    }

    /// The events that are kept, in order.
    pub(crate) fn iter(&self) -> impl DoubleEndedIterator<Item = &Map<String, Json>> {
        self.kept.iter()
    }

    /// The state of the servers before the first event that is kept.
    pub(crate) fn before(&self) -> Json {
        let state = |(name, state): (&String, &ServerState)| {
            let ServerState { is_up, incarnation, cut } = state;
            (name.clone(), json!({ "up": is_up, "incarnation": incarnation, "cut": cut }))
        };
        Json::Object(self.before.iter().map(state).collect())
    }

    /// Makes room for another event. Returns whether that one is wanted.
    fn drop_first(&mut self) -> bool {
        let has_enough_before = match self.focus {
            Focus::Begin => return false,
            Focus::End => false,
            Focus::Event(number) => {
                self.kept.front().and_then(number_of).is_none_or(|it| it + BEFORE >= number)
            }
        };
        if has_enough_before {
            return false;
        }
        if let Some(first) = self.kept.pop_front() {
            self.note_state(&first);
        }
        true
    }

    fn note_state(&mut self, event: &Map<String, Json>) {
        let kind = event.get("kind").and_then(Json::as_str).unwrap_or_default();
        if !matches!(kind, "started" | "crashed" | "halted" | "link_cut" | "link_mended") {
            return;
        }
        let Some(at) = event.get("at").and_then(Json::as_str) else { return };
        let state = self.before.entry(at.to_owned()).or_default();
        let peer = event.get("peer").and_then(Json::as_u64);
        match (kind, peer) {
            ("started", _) => {
                state.is_up = true;
                state.incarnation = event.get("incarnation").and_then(Json::as_u64).unwrap_or(1);
            }
            ("crashed" | "halted", _) => state.is_up = false,
            ("link_cut", Some(peer)) if !state.cut.contains(&peer) => state.cut.push(peer),
            ("link_mended", Some(peer)) => state.cut.retain(|cut| *cut != peer),
            _ => {}
        }
    }

    /// Adds the line of the event and the meaning of a message, and removes what another event has already.
    fn shorten(&mut self, event: &mut Map<String, Json>) {
        let kind = event.get("kind").and_then(Json::as_str).unwrap_or_default();
        let mut meaning = None;
        match kind {
            "message" => {
                meaning = self.meaning(event);
                event.insert("line".into(), line::text(event, meaning.as_ref()).into());
                self.drop_repeated(event);
            }
            "saved" => {
                event.insert("line".into(), line::text(event, None).into());
                self.saves(event);
            }
            _ => {
                event.insert("line".into(), line::text(event, None).into());
                if let Some(content) = event.get_mut("content") {
                    shorten_strings(content);
                }
            }
        }
        if let Some(meaning) = meaning {
            event.insert("raft".into(), serde_json::to_value(meaning).expect("it is plain data"));
        }
        event.remove("server");
        event.retain(|key, value| !(value.is_null() || key == "group" && value == ""));
    }

    fn meaning(&mut self, event: &Map<String, Json>) -> Option<meaning::Meaning> {
        let call = self.calls.entry(event.get("call")?.as_u64()?).or_default();
        let content = event.get("content")?;
        if event.get("step")?.as_str()?.starts_with("reply") {
            return meaning::of_reply(content, call.raft);
        }
        let meaning = meaning::of_request(content)?;
        call.raft = meaning.call;
        Some(meaning)
    }

    /// Removes the content of a message if the page has it already, from an earlier step of the same message.
    fn drop_repeated(&mut self, event: &mut Map<String, Json>) {
        let Some(call) = event.get("call").and_then(Json::as_u64) else { return };
        let call = self.calls.entry(call).or_default();
        let is_reply = event.get("step").and_then(Json::as_str).is_some_and(|step| step.starts_with("reply"));
        let known = if is_reply { &mut call.reply } else { &mut call.request };
        let Some(content) = event.get_mut("content").filter(|content| !content.is_null()) else { return };
        if content == known {
            event.remove("content");
        } else {
            known.clone_from(content);
            shorten_strings(content);
        }
    }

    /// Replaces the content of a save by its difference to the save before.
    fn saves(&mut self, event: &mut Map<String, Json>) {
        let at = event.get("at").and_then(Json::as_str).unwrap_or_default().to_owned();
        let step = event.get("step").and_then(Json::as_str).unwrap_or_default();
        let takes_effect = matches!(step, "took_effect" | "interrupted_after_effect");
        let Some(records) = event.get_mut("records").and_then(Json::as_array_mut) else { return };
        for record in records {
            let Some(record) = record.as_object_mut() else { continue };
            let name = record.get("name").and_then(Json::as_str).unwrap_or_default().to_owned();
            let Some(content) = record.remove("content").filter(|content| !content.is_null()) else {
                continue;
            };
            let key = (at.clone(), name);
            let before = self.saved.get(&key).unwrap_or(&Json::Null);
            let mut changes = match before {
                // The first save that the page shows, as if an empty list had been there.
                Json::Null if content.is_array() => changes(&json!([]), &content),
                before => changes(before, &content),
            };
            changes.iter_mut().for_each(shorten_strings);
            record.insert("changes".into(), changes.into());
            if takes_effect {
                self.saved.insert(key, content);
            }
        }
    }
}

/// The number of an event in its run.
pub(crate) fn number_of(event: &Map<String, Json>) -> Option<u64> {
    event.get("number").and_then(Json::as_u64)
}

fn shorten_strings(value: &mut Json) {
    match value {
        Json::String(text) => {
            if let Some((end, _)) = text.char_indices().nth(MAX_STRING) {
                let more = text[end..].chars().count();
                text.truncate(end);
                text.push_str(&format!("… ({more} characters more)"));
            }
        }
        Json::Array(list) => list.iter_mut().for_each(shorten_strings),
        Json::Object(map) => map.values_mut().for_each(shorten_strings),
        _ => {}
    }
}
