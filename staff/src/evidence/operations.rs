//! [`Operations`]: the history of the clients of a key/value service is linearizable.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use tester::Case;
use tester::linearizability::{Budget, History, KeyValue, KeyValueInput, KeyValueOutput, Model, check};

use super::event::{Event, Parties, Party};
use super::flaw::{Area, Flaw};

/// The text of an operation of which the test keeps no history: a client has several of them at once.
const UNRECORDED: &str = "Put";

/// A call or a return of a client.
enum Step {
    Call(KeyValueInput),
    Return(KeyValueOutput),
}

/// Gathers the operations of all clients.
pub(super) struct Operations {
    /// Whether the operations are those of a [`KeyValue`] service. Of others the stream has no values.
    has_values: bool,
    /// The operations of clients that ended, if they have no values, and who has one under way.
    ended: u64,
    under_way: HashSet<u32>,
    steps: Vec<(u32, Duration, Step)>,
    /// The clients that have operations of which the test keeps no history, and the keys of these.
    unrecorded: HashSet<u32>,
    keys: HashSet<Arc<str>>,
    /// The number of operations that began, without those.
    began: u64,
}

impl Operations {
    pub(super) fn of(case: &Case) -> Self {
        Self {
            has_values: case.needs.last() != Some(&"kvappend"),
            ended: 0,
            under_way: HashSet::new(),
            steps: Vec::new(),
            unrecorded: HashSet::new(),
            keys: HashSet::new(),
            began: 0,
        }
    }

    pub(super) fn on(&mut self, event: &Event<'_>, parties: &Parties) -> Result<(), Flaw> {
        let began = event.kind == "operation_began";
        if !began && event.kind != "operation_ended" {
            return Ok(());
        }
        let wrong = |what: &str| event.flaw(Area::Operations, what);
        let &Party::Client(client) = parties.get(event.party) else {
            return Err(wrong("it is of no client"));
        };
        if !self.has_values {
            let fits = if began { self.under_way.insert(client) } else { self.under_way.remove(&client) };
            (self.began, self.ended) = (self.began + u64::from(began), self.ended + u64::from(!began));
            return if fits { Ok(()) } else { Err(wrong("a client has not one operation at a time")) };
        }
        let step = if began {
            let input = event.input.as_ref().and_then(input).ok_or_else(|| wrong("it asks for nothing"))?;
            if event.text.as_deref() == Some(UNRECORDED) {
                self.unrecorded.insert(client);
                self.keys.insert(KeyValue.key(&input));
                return Ok(());
            }
            self.began += 1;
            Step::Call(input)
        } else {
            Step::Return(event.output.as_ref().and_then(output).ok_or_else(|| wrong("it answers nothing"))?)
        };
        self.steps.push((client, Duration::from_nanos(event.time_ns), step));
        Ok(())
    }

    /// The number of operations that began; `None` if there are some of which the test keeps no history, and
    /// which the report does not count one by one, or none are known to be kept.
    pub(super) fn began(&self) -> Option<u64> {
        (self.has_values && self.unrecorded.is_empty()).then_some(self.began)
    }

    /// Checks the history. Returns the number of operations that have ended.
    pub(super) fn at_end(self) -> Result<u64, Flaw> {
        if !self.has_values {
            return Ok(self.ended);
        }
        let Self { steps, unrecorded, mut keys, .. } = self;
        let all_steps = || steps.iter().filter(|(client, ..)| unrecorded.contains(client));
        keys.extend(all_steps().filter_map(|(_, _, step)| match step {
            Step::Call(input) => Some(KeyValue.key(input)),
            Step::Return(_) => None,
        }));
        let mut history = History::new();
        // Whether the operation under way of a client is one of a key that is not checked.
        let mut is_left_out: HashMap<u32, bool> = HashMap::new();
        let mut ended = 0;
        for (client, at, step) in steps {
            if unrecorded.contains(&client) {
                continue;
            }
            let noted = match step {
                Step::Call(input) => {
                    let left_out = keys.contains(&KeyValue.key(&input));
                    is_left_out.insert(client, left_out);
                    if left_out { Ok(()) } else { history.call(client, at, input) }
                }
                Step::Return(_) if is_left_out.get(&client) == Some(&true) => Ok(()),
                Step::Return(output) => {
                    ended += 1;
                    history.ret(client, at, output)
                }
            };
            noted.map_err(|_| Flaw::new(Area::Operations, "a client has not one operation at a time"))?;
        }
        if check(&KeyValue, &history, Budget::default()).is_linearizable() {
            return Ok(ended);
        }
        Err(Flaw::new(Area::Operations, "the history of its clients is not linearizable"))
    }
}

fn input(of: &Value) -> Option<KeyValueInput> {
    if let Some(get) = of.get("Get") {
        return Some(KeyValueInput::Get { key: text(get, "key")? });
    }
    let put = of.get("Put")?;
    let (key, value, version) = (text(put, "key")?, text(put, "value")?, put.get("version")?.as_u64()?);
    Some(KeyValueInput::Put { key, value, version })
}

fn output(of: &Value) -> Option<KeyValueOutput> {
    if let Some(value) = of.get("Value") {
        let (value, version) = (text(value, "value")?, value.get("version")?.as_u64()?);
        return Some(KeyValueOutput::Value { value, version });
    }
    match of.as_str()? {
        "Done" => Some(KeyValueOutput::Done),
        "NoKey" => Some(KeyValueOutput::NoKey),
        "WrongVersion" => Some(KeyValueOutput::WrongVersion),
        "Maybe" => Some(KeyValueOutput::Maybe),
        _ => None,
    }
}

fn text(of: &Value, name: &str) -> Option<Arc<str>> {
    of.get(name)?.as_str().map(Into::into)
}
