//! [`Searched`]: the key/value model without its shortcut.

use linearizability::{KeyValue, Model};

pub struct Searched;

impl Model for Searched {
    type Key = <KeyValue as Model>::Key;
    type Input = <KeyValue as Model>::Input;
    type Output = <KeyValue as Model>::Output;
    type State = <KeyValue as Model>::State;

    fn key(&self, input: &Self::Input) -> Self::Key {
        KeyValue.key(input)
    }

    fn init(&self) -> Self::State {
        KeyValue.init()
    }

    fn step(
        &self,
        state: &Self::State,
        input: &Self::Input,
        output: Option<&Self::Output>,
    ) -> Option<Self::State> {
        KeyValue.step(state, input, output)
    }

    fn may_be_lost(&self, input: &Self::Input, output: &Self::Output) -> bool {
        KeyValue.may_be_lost(input, output)
    }

    fn only_reads(&self, input: &Self::Input, output: Option<&Self::Output>) -> bool {
        KeyValue.only_reads(input, output)
    }

    fn describe_input(&self, input: &Self::Input) -> String {
        KeyValue.describe_input(input)
    }

    fn describe_output(&self, output: &Self::Output) -> String {
        KeyValue.describe_output(output)
    }

    fn describe_state(&self, state: &Self::State) -> String {
        KeyValue.describe_state(state)
    }

    fn allowed(&self, state: &Self::State, input: &Self::Input) -> String {
        KeyValue.allowed(state, input)
    }
}
