//! [`Gathered`]: the operations of a service, and the check of their history.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use tester::linearizability::{Budget, History, Model, Verdict, check};

use crate::event::{Event, Parties, Party};
use crate::flaw::{Area, Flaw};

/// A service whose operations can be read from a stream.
pub(crate) trait Readable: Model<Key = Arc<str>> + Default {
    /// The text of an operation of which the test keeps no history: a client has several of them at once.
    const UNRECORDED: Option<&'static str>;

    /// The most operations of a run that the report counts, and that are no events.
    const UNSEEN: u64;

    /// The operation that a client calls.
    fn input(of: &Value) -> Option<Self::Input>;

    /// The answer that it gets.
    fn output(of: &Value) -> Option<Self::Output>;
}

/// A call or a return of a client.
enum Step<M: Model> {
    Call(M::Input),
    Return(M::Output),
}

/// Gathers the operations of all clients.
pub(crate) struct Gathered<M: Readable> {
    steps: Vec<(u32, Duration, Step<M>)>,
    /// The clients that have operations of which the test keeps no history, and the keys of these.
    unrecorded: HashSet<u32>,
    keys: HashSet<Arc<str>>,
    /// The number of operations that began, without those.
    began: u64,
}

impl<M: Readable> Default for Gathered<M> {
    fn default() -> Self {
        Self { steps: Vec::new(), unrecorded: HashSet::new(), keys: HashSet::new(), began: 0 }
    }
}

impl<M: Readable> Gathered<M> {
    pub(super) fn on(&mut self, event: &Event<'_>, parties: &Parties) -> Result<(), Flaw> {
        let began = event.kind == "operation_began";
        if !began && event.kind != "operation_ended" {
            return Ok(());
        }
        let wrong = |what: &str| event.flaw(Area::Operations, what);
        let &Party::Client(client) = parties.get(event.party) else {
            return Err(wrong("it is of no client"));
        };
        let step = if began {
            let input =
                event.input.as_ref().and_then(M::input).ok_or_else(|| wrong("it asks for nothing"))?;
            if event.text.as_deref().is_some_and(|text| M::UNRECORDED == Some(text)) {
                self.unrecorded.insert(client);
                self.keys.insert(M::default().key(&input));
                return Ok(());
            }
            self.began += 1;
            Step::Call(input)
        } else {
            let output = event.output.as_ref().and_then(M::output);
            Step::Return(output.ok_or_else(|| wrong("it answers nothing"))?)
        };
        self.steps.push((client, Duration::from_nanos(event.time_ns), step));
        Ok(())
    }

    /// See [`Operations::reported`](super::Operations::reported).
    pub(super) fn reported(&self) -> Option<(u64, u64)> {
        self.unrecorded.is_empty().then_some((self.began, self.began + M::UNSEEN))
    }

    /// See [`Operations::at_end`](super::Operations::at_end).
    pub(super) fn at_end(self) -> Result<u64, Flaw> {
        let Self { steps, unrecorded, mut keys, .. } = self;
        let model = M::default();
        let all_steps = || steps.iter().filter(|(client, ..)| unrecorded.contains(client));
        keys.extend(all_steps().filter_map(|(_, _, step)| match step {
            Step::Call(input) => Some(model.key(input)),
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
                    let left_out = keys.contains(&model.key(&input));
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
        match check(&model, &history, Budget::default()) {
            Verdict::Violation(_) => {
                Err(Flaw::new(Area::Operations, "the history of its clients is not linearizable"))
            }
            // A test that asks for the history's verdict fails if there is none. Other tests do not ask, and
            // a right solution may have a history there that takes too long.
            Verdict::Linearizable { .. } | Verdict::Unknown { .. } => Ok(ended),
        }
    }
}

/// A text in an object, under this name.
pub(super) fn text(of: &Value, name: &str) -> Option<Arc<str>> {
    of.get(name)?.as_str().map(Into::into)
}
