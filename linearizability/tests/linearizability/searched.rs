//! [`Searched`]: a model without its exact method.

use linearizability::Model;

pub struct Searched<M>(pub M);

impl<M: Model> Model for Searched<M> {
    type Key = M::Key;
    type Input = M::Input;
    type Output = M::Output;
    type State = M::State;

    fn key(&self, input: &Self::Input) -> Self::Key {
        self.0.key(input)
    }

    fn init(&self) -> Self::State {
        self.0.init()
    }

    fn step(
        &self,
        state: &Self::State,
        input: &Self::Input,
        output: Option<&Self::Output>,
    ) -> Option<Self::State> {
        self.0.step(state, input, output)
    }

    fn may_be_lost(&self, input: &Self::Input, output: &Self::Output) -> bool {
        self.0.may_be_lost(input, output)
    }

    fn only_reads(&self, input: &Self::Input, output: Option<&Self::Output>) -> bool {
        self.0.only_reads(input, output)
    }

    fn describe_input(&self, input: &Self::Input) -> String {
        self.0.describe_input(input)
    }

    fn describe_output(&self, output: &Self::Output) -> String {
        self.0.describe_output(output)
    }

    fn describe_state(&self, state: &Self::State) -> String {
        self.0.describe_state(state)
    }

    fn allowed(&self, state: &Self::State, input: &Self::Input) -> String {
        self.0.allowed(state, input)
    }

    fn remark(
        &self,
        answer: &Self::Output,
        input: &Self::Input,
        output: Option<&Self::Output>,
    ) -> Option<String> {
        self.0.remark(answer, input, output)
    }
}
