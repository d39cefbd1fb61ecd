//! The definition, word by word: all orders are tried. It knows nothing of the checker's models.

use std::sync::Arc;

use linearizability::{
    History, KeyValueInput, KeyValueOutput, LockInput, LockOutput, RegisterInput, RegisterOutput, TextInput,
    TextOutput,
};

/// An operation: when, and what. `ret` is `None` if it need not take effect.
pub struct Op<'a, I, O> {
    pub call: usize,
    pub ret: Option<usize>,
    pub input: &'a I,
    pub output: Option<&'a O>,
}

pub fn operations<I, O>(history: &History<I, O>) -> Vec<Op<'_, I, O>> {
    history
        .operations()
        .iter()
        .map(|operation| Op {
            call: operation.call_event(),
            ret: operation.return_event(),
            input: &operation.input,
            output: operation.output.as_ref(),
        })
        .collect()
}

/// The history up to event `end`: without later calls and later returns.
pub fn until<'a, I, O>(history: &'a History<I, O>, end: usize) -> Vec<Op<'a, I, O>> {
    let mut all = operations(history);
    all.retain(|op| op.call <= end);
    for op in &mut all {
        op.ret = op.ret.filter(|&ret| ret <= end);
    }
    all
}

/// A sequential object: all states to which an operation may lead that is answered so, or not at all.
pub type Spec<S, I, O> = fn(&S, &I, Option<&O>) -> Vec<S>;

/// Whether there is an order. `free` operations may take effect any number of times, or never; their steps
/// must not go on for ever.
pub fn is_linearizable<S, I, O>(init: &S, spec: Spec<S, I, O>, ops: &[Op<I, O>], free: &[Op<I, O>]) -> bool {
    order(init, spec, ops, free, &mut vec![false; ops.len()])
}

fn order<S, I, O>(
    state: &S,
    spec: Spec<S, I, O>,
    ops: &[Op<I, O>],
    free: &[Op<I, O>],
    done: &mut [bool],
) -> bool {
    if (0..ops.len()).all(|op| done[op] || ops[op].ret.is_none()) {
        return true;
    }
    for op in 0..ops.len() {
        let comes_after = |other: usize| !done[other] && ops[other].ret.is_some_and(|ret| ret < ops[op].call);
        if done[op] || (0..ops.len()).any(comes_after) {
            continue;
        }
        done[op] = true;
        let next = spec(state, ops[op].input, ops[op].output);
        if next.iter().any(|next| order(next, spec, ops, free, done)) {
            return true;
        }
        done[op] = false;
    }
    free.iter()
        .flat_map(|op| spec(state, op.input, op.output))
        .any(|next| order(&next, spec, ops, free, done))
}

/// A key: its version, 0 if there is none, and its value.
pub type Key = (u64, Arc<str>);

pub fn key_value_spec(state: &Key, input: &KeyValueInput, output: Option<&KeyValueOutput>) -> Vec<Key> {
    let (current, stored) = state;
    let same = vec![state.clone()];
    let none = Vec::new();
    match input {
        KeyValueInput::Get { .. } => {
            let right = match output {
                None => true,
                Some(KeyValueOutput::NoKey) => *current == 0,
                Some(KeyValueOutput::Value { value, version }) => {
                    *current > 0 && version == current && value == stored
                }
                Some(_) => false,
            };
            if right { same } else { none }
        }
        KeyValueInput::Put { value, version, .. } => {
            let changed = || vec![(current + 1, Arc::clone(value))];
            match output {
                Some(KeyValueOutput::Done) if version == current => changed(),
                Some(KeyValueOutput::NoKey) if *current == 0 && *version > 0 => same,
                Some(KeyValueOutput::WrongVersion) if *current > 0 && version != current => same,
                Some(KeyValueOutput::Maybe) | None if version == current => [same, changed()].concat(),
                Some(KeyValueOutput::Maybe) | None => same,
                _ => none,
            }
        }
    }
}

/// The same for what may be repeated: a state that does not change is left out.
pub fn key_value_changes(state: &Key, input: &KeyValueInput, output: Option<&KeyValueOutput>) -> Vec<Key> {
    key_value_spec(state, input, output).into_iter().filter(|next| next != state).collect()
}

pub fn register_spec(
    state: &Arc<str>,
    input: &RegisterInput,
    output: Option<&RegisterOutput>,
) -> Vec<Arc<str>> {
    match (input, output) {
        (RegisterInput::Read { .. }, None) => vec![Arc::clone(state)],
        (RegisterInput::Read { .. }, Some(RegisterOutput::Value(value))) if value == state => {
            vec![Arc::clone(value)]
        }
        (RegisterInput::Write { value, .. }, Some(RegisterOutput::Done)) => vec![Arc::clone(value)],
        (RegisterInput::Write { value, .. }, None | Some(RegisterOutput::Maybe)) => {
            vec![Arc::clone(state), Arc::clone(value)]
        }
        _ => Vec::new(),
    }
}

pub fn text_spec(state: &String, input: &TextInput, output: Option<&TextOutput>) -> Vec<String> {
    match (input, output) {
        (TextInput::Get { .. }, None) => vec![state.clone()],
        (TextInput::Get { .. }, Some(TextOutput::Value(value))) if **value == **state => vec![state.clone()],
        (TextInput::Put { value, .. }, None | Some(TextOutput::Done)) => vec![value.to_string()],
        (TextInput::Append { value, .. }, None | Some(TextOutput::Done)) => vec![format!("{state}{value}")],
        _ => Vec::new(),
    }
}

pub fn lock_spec(holder: &Option<u32>, input: &LockInput, output: Option<&LockOutput>) -> Vec<Option<u32>> {
    match (input, holder, output) {
        (LockInput::Acquire { client, .. }, None, None | Some(LockOutput::Done)) => vec![Some(*client)],
        (LockInput::TryAcquire { client, .. }, None, None | Some(LockOutput::Done)) => vec![Some(*client)],
        (LockInput::TryAcquire { .. }, Some(_), None | Some(LockOutput::Held)) => vec![*holder],
        (LockInput::Release { client, .. }, Some(by), None | Some(LockOutput::Done)) if client == by => {
            vec![None]
        }
        _ => Vec::new(),
    }
}
