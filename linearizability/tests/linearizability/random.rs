//! Histories at random: of a right service, and of a wrong one.

use std::sync::Arc;
use std::time::Duration;

use linearizability::{
    History, KeyValueInput, KeyValueOutput, RegisterInput, RegisterOutput, TextInput, TextOutput,
};

/// SplitMix64: the same numbers everywhere.
pub struct Random(pub u64);

impl Random {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ z >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ z >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ z >> 31
    }

    /// From 0 to one less than `end`.
    pub fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }

    /// True in one of `n` cases.
    pub fn one_in(&mut self, n: u64) -> bool {
        self.below(n) == 0
    }
}

pub type KeyValueHistory = History<KeyValueInput, KeyValueOutput>;
pub type TextHistory = History<TextInput, TextOutput>;
pub type RegisterHistory = History<RegisterInput, RegisterOutput>;

/// A client, with its operation under way.
struct Client<I, O> {
    /// Asked, and answered if it has taken effect.
    under_way: Option<(I, Option<O>)>,
    /// The client's own knowledge of each key: its version.
    versions: Vec<u64>,
}

/// How a history is made.
#[derive(Clone, Copy)]
pub struct Workload {
    pub clients: u32,
    pub operations: usize,
    pub keys: usize,
    /// Whether some puts are answered `ErrMaybe`, and some calls never return.
    pub losses: bool,
    /// Whether clients put at versions they made up.
    pub guesses: bool,
    /// How many different values there are; 0: each is new.
    pub values: u64,
}

/// A history of a right key/value service: each operation takes effect at some moment between its call and
/// its return. All calls overlap, as when each client calls again at once.
pub fn key_value(random: &mut Random, workload: Workload) -> KeyValueHistory {
    let Workload { clients, operations, keys, .. } = workload;
    let names: Vec<Arc<str>> = (0..keys).map(|key| format!("k{key}").into()).collect();
    let mut stored: Vec<(Arc<str>, u64)> = vec![("".into(), 0); keys];
    let mut history = History::new();
    let mut at = Duration::ZERO;
    let idle = || Client { under_way: None, versions: vec![0; keys] };
    let mut all: Vec<Client<(usize, KeyValueInput), KeyValueOutput>> = (0..clients).map(|_| idle()).collect();
    let mut left = operations;
    let mut value = 0;
    while left > 0 || all.iter().any(|client| client.under_way.is_some()) {
        at += Duration::from_micros(100 * random.below(3));
        let number = random.below(u64::from(clients)) as u32;
        let client = &mut all[number as usize];
        match client.under_way.take() {
            None if left == 0 => {}
            None => {
                left -= 1;
                let key = random.below(keys as u64) as usize;
                let name = Arc::clone(&names[key]);
                let input = if random.one_in(2) {
                    KeyValueInput::Get { key: name }
                } else {
                    value += 1;
                    let value = if workload.values == 0 { value } else { random.below(workload.values) };
                    let version = match workload.guesses && random.one_in(4) {
                        true => random.below(4),
                        false => client.versions[key],
                    };
                    KeyValueInput::Put { key: name, value: format!("v{value}").into(), version }
                };
                history.call(number, at, input.clone()).unwrap();
                client.under_way = Some(((key, input), None));
            }
            Some(((key, input), None)) => {
                let lost = workload.losses && random.one_in(8);
                let put = matches!(input, KeyValueInput::Put { .. });
                if lost && random.one_in(2) {
                    // Lost before it took effect.
                    if put && random.one_in(2) {
                        history.ret(number, at, KeyValueOutput::Maybe).unwrap();
                    } else {
                        history.give_up(number);
                    }
                    continue;
                }
                let mut output = apply(&mut stored[key], &input);
                client.versions[key] = stored[key].1;
                if lost {
                    // Lost after it took effect.
                    if !(put && output == KeyValueOutput::Done && random.one_in(2)) {
                        history.give_up(number);
                        continue;
                    }
                    output = KeyValueOutput::Maybe;
                }
                client.under_way = Some(((key, input), Some(output)));
            }
            Some((_, Some(output))) => history.ret(number, at, output).unwrap(),
        }
    }
    history
}

/// Executes an operation on the service.
fn apply(stored: &mut (Arc<str>, u64), input: &KeyValueInput) -> KeyValueOutput {
    match input {
        KeyValueInput::Get { .. } if stored.1 == 0 => KeyValueOutput::NoKey,
        KeyValueInput::Get { .. } => {
            KeyValueOutput::Value { value: Arc::clone(&stored.0), version: stored.1 }
        }
        KeyValueInput::Put { value, version, .. } if *version == stored.1 => {
            *stored = (Arc::clone(value), version + 1);
            KeyValueOutput::Done
        }
        KeyValueInput::Put { .. } if stored.1 == 0 => KeyValueOutput::NoKey,
        KeyValueInput::Put { .. } => KeyValueOutput::WrongVersion,
    }
}

/// A history of a right register: half of the operations write a value that is new.
pub fn register(random: &mut Random, clients: u32, operations: usize, values: u64) -> RegisterHistory {
    let name: Arc<str> = "r".into();
    let mut stored: Arc<str> = "".into();
    let mut history = History::new();
    let mut at = Duration::ZERO;
    let mut all: Vec<Option<(RegisterInput, Option<RegisterOutput>)>> = vec![None; clients as usize];
    let mut left = operations;
    while left > 0 || all.iter().any(Option::is_some) {
        at += Duration::from_micros(100 * random.below(3));
        let client = random.below(u64::from(clients)) as u32;
        let slot = &mut all[client as usize];
        match slot.take() {
            None if left == 0 => {}
            None => {
                left -= 1;
                let name = Arc::clone(&name);
                let input = if random.one_in(2) {
                    RegisterInput::Read { name }
                } else {
                    let value = if values == 0 { left as u64 } else { random.below(values) };
                    RegisterInput::Write { name, value: format!("v{value}").into() }
                };
                history.call(client, at, input.clone()).unwrap();
                *slot = Some((input, None));
            }
            Some((input, None)) => {
                let output = match &input {
                    RegisterInput::Read { .. } => RegisterOutput::Value(Arc::clone(&stored)),
                    RegisterInput::Write { value, .. } => {
                        stored = Arc::clone(value);
                        RegisterOutput::Done
                    }
                };
                *slot = Some((input, Some(output)));
            }
            Some((_, Some(output))) => history.ret(client, at, output).unwrap(),
        }
    }
    history
}

/// How a history of texts is made.
#[derive(Clone, Copy)]
pub struct TextWorkload {
    pub clients: u32,
    pub operations: usize,
    pub keys: usize,
    /// One write in so many is a put; 0: none is.
    pub puts: u64,
    /// Whether some calls never return.
    pub losses: bool,
    /// The value of the write of a number.
    pub value: fn(usize) -> String,
}

/// A history of a right service of texts: half of the operations write, and all calls overlap.
pub fn text(random: &mut Random, workload: TextWorkload) -> TextHistory {
    let TextWorkload { clients, keys, puts, losses, .. } = workload;
    let mut stored = vec![String::new(); keys];
    let mut history = History::new();
    let mut at = Duration::ZERO;
    let mut all: Vec<Option<(usize, TextInput, Option<TextOutput>)>> = vec![None; clients as usize];
    let mut left = workload.operations;
    let mut written = 0;
    while left > 0 || all.iter().any(Option::is_some) {
        at += Duration::from_micros(100 * random.below(3));
        let client = random.below(u64::from(clients)) as u32;
        let slot = &mut all[client as usize];
        match slot.take() {
            None if left == 0 => {}
            None => {
                left -= 1;
                let number = random.below(keys as u64) as usize;
                let key: Arc<str> = format!("k{number}").into();
                let input = if random.one_in(2) {
                    TextInput::Get { key }
                } else {
                    written += 1;
                    let value = (workload.value)(written).into();
                    if puts > 0 && random.one_in(puts) {
                        TextInput::Put { key, value }
                    } else {
                        TextInput::Append { key, value }
                    }
                };
                history.call(client, at, input.clone()).unwrap();
                *slot = Some((number, input, None));
            }
            Some((_, _, None)) if losses && random.one_in(12) => history.give_up(client),
            Some((number, input, None)) => {
                let output = match &input {
                    TextInput::Get { .. } => TextOutput::Value(stored[number].as_str().into()),
                    TextInput::Put { value, .. } => {
                        stored[number] = value.to_string();
                        TextOutput::Done
                    }
                    TextInput::Append { value, .. } => {
                        stored[number] += value;
                        TextOutput::Done
                    }
                };
                *slot = Some((number, input, Some(output)));
            }
            Some((_, _, Some(_))) if losses && random.one_in(12) => history.give_up(client),
            Some((_, _, Some(output))) => history.ret(client, at, output).unwrap(),
        }
    }
    history
}

/// The same history, but that `change` may give each return another output.
pub fn corrupt<I: Clone, O: Clone>(
    history: &History<I, O>,
    mut change: impl FnMut(usize, &I, &O) -> O,
) -> History<I, O> {
    let operations = history.operations();
    let mut events = Vec::new();
    for (position, operation) in operations.iter().enumerate() {
        events.push((operation.call_event(), position));
        events.extend(operation.return_event().map(|event| (event, position)));
    }
    events.sort_unstable();
    let mut corrupted = History::new();
    for (event, position) in events {
        let operation = &operations[position];
        if event == operation.call_event() {
            // Whose last call never returned has given it up.
            corrupted.give_up(operation.client);
            corrupted.call(operation.client, operation.called, operation.input.clone()).unwrap();
        } else if let (Some(at), Some(output)) = (operation.returned, &operation.output) {
            corrupted.ret(operation.client, at, change(position, &operation.input, output)).unwrap();
        }
    }
    corrupted
}

/// The same history, with one stale read close to its end: a `Get` of the last quarter is answered what one
/// was that had returned long before it was called. `None` if there is no such pair.
pub fn with_a_stale_get(history: &KeyValueHistory) -> Option<KeyValueHistory> {
    let operations = history.operations();
    let is_get = |position: usize| matches!(operations[position].output, Some(KeyValueOutput::Value { .. }));
    let stale = (operations.len() * 3 / 4..operations.len()).find(|&position| is_get(position))?;
    let KeyValueInput::Get { key } = &operations[stale].input else { return None };
    let old = (0..stale / 2).rev().find(|&position| {
        is_get(position)
            && matches!(&operations[position].input, KeyValueInput::Get { key: other } if other == key)
            && operations[position].output != operations[stale].output
    })?;
    let output = operations[old].output.clone()?;
    Some(corrupt(
        history,
        |position, _, right| if position == stale { output.clone() } else { right.clone() },
    ))
}

/// The same history, with one read in its last quarter that is answered the value of a write long before.
pub fn with_a_stale_read(history: &RegisterHistory) -> Option<RegisterHistory> {
    let operations = history.operations();
    let is_read = |position: usize| matches!(operations[position].output, Some(RegisterOutput::Value(_)));
    let stale = (operations.len() * 3 / 4..operations.len()).find(|&position| is_read(position))?;
    let old = (0..stale / 2)
        .rev()
        .find(|&position| is_read(position) && operations[position].output != operations[stale].output)?;
    let output = operations[old].output.clone()?;
    Some(corrupt(
        history,
        |position, _, right| if position == stale { output.clone() } else { right.clone() },
    ))
}
