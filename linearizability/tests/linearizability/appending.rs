//! A text to which clients append: a model whose states grow, and which says nothing of how large they are.

use std::cell::Cell;
use std::sync::Arc;
use std::time::Duration;

use linearizability::{History, Model};

use crate::random::Random;

/// The text, and what it took to make all that were made.
#[derive(Default)]
pub struct Text {
    /// Steps, and bytes of the states that came of them.
    pub made: Cell<(u64, u64)>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Input {
    Append(Arc<str>),
    Get,
}

/// The text, for `Get`; nothing for `Append`.
pub type Output = Option<String>;

pub type TextHistory = History<Input, Output>;

impl Model for Text {
    type Key = &'static str;
    type Input = Input;
    type Output = Output;
    type State = String;

    fn key(&self, _: &Input) -> &'static str {
        "text"
    }

    fn init(&self) -> String {
        String::new()
    }

    fn step(&self, state: &String, input: &Input, output: Option<&Output>) -> Option<String> {
        let next = match input {
            Input::Append(more) => Some(format!("{state}{more}")),
            Input::Get => output.is_none_or(|text| text.as_ref() == Some(state)).then(|| state.clone()),
        };
        let (steps, bytes) = self.made.get();
        self.made.set((steps + 1, bytes + next.as_ref().map_or(0, |next| next.len() as u64)));
        next
    }

    fn only_reads(&self, input: &Input, _: Option<&Output>) -> bool {
        *input == Input::Get
    }

    fn describe_input(&self, input: &Input) -> String {
        match input {
            Input::Append(more) => format!("Append({more})"),
            Input::Get => "Get".to_owned(),
        }
    }

    fn describe_output(&self, output: &Output) -> String {
        output.clone().unwrap_or_else(|| "Ok".to_owned())
    }

    fn describe_state(&self, state: &String) -> String {
        state.clone()
    }

    fn allowed(&self, state: &String, _: &Input) -> String {
        state.clone()
    }
}

/// The fault of one answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    Nothing,
    /// It is the text as it was three appends before the call.
    Stale,
    /// An append that had returned long before is not in it.
    Lost,
    /// It has an append that was called long after the answer came.
    TooEarly,
}

/// A history of `operations`, half of them appends, with one wrong answer at three quarters of it. All calls
/// of the three clients overlap. `None` if there was no answer to corrupt.
pub fn history(random: &mut Random, operations: usize, fault: Fault) -> Option<TextHistory> {
    let mut history = TextHistory::new();
    let mut clients: Vec<Option<(Input, Option<Output>)>> = vec![None; 3];
    let mut texts = vec![String::new()];
    // How many texts there were when each client called.
    let mut before = [0; 3];
    let (mut called, mut appended, mut is_corrupted) = (0, 0, fault == Fault::Nothing);
    let mut at = Duration::ZERO;
    while called < operations || clients.iter().any(Option::is_some) {
        at += Duration::from_micros(50);
        let client = random.below(3) as u32;
        let slot = &mut clients[client as usize];
        match slot.take() {
            None if called == operations => {}
            None => {
                let input = if random.one_in(2) {
                    appended += 1;
                    Input::Append(format!("{appended},").into())
                } else {
                    Input::Get
                };
                called += 1;
                before[client as usize] = texts.len();
                history.call(client, at, input.clone()).unwrap();
                *slot = Some((input, None));
            }
            Some((Input::Append(more), None)) => {
                texts.push(format!("{}{more}", texts.last().unwrap()));
                *slot = Some((Input::Append(more), Some(None)));
            }
            Some((Input::Get, None)) => {
                let text = texts.last().unwrap();
                let answer = if is_corrupted || called * 4 < operations * 3 || before[client as usize] < 5 {
                    text.clone()
                } else {
                    is_corrupted = true;
                    match fault {
                        Fault::Nothing => unreachable!(),
                        // Of the appends that had taken effect by its call, two may not have returned.
                        Fault::Stale => texts[before[client as usize] - 4].clone(),
                        Fault::Lost => text.replacen("2,", "", 1),
                        Fault::TooEarly => format!("{text}{},", appended + 6),
                    }
                };
                *slot = Some((Input::Get, Some(Some(answer))));
            }
            Some((_, Some(output))) => history.ret(client, at, output).unwrap(),
        }
    }
    is_corrupted.then_some(history)
}
