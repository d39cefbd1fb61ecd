//! [`InOrder`]: a model extended by operations that take effect in a known order, at any times.
//!
//! To let operations take effect at any time, in any order and any number of times is too much to try where
//! states grow, because each further step makes a new one. In one order, each once, they make no more states
//! than there are operations.

use crate::model::Model;

/// The object's state, and the number of the operations that have taken effect.
pub(crate) struct InOrder<'a, 'b, M: Model> {
    model: &'a M,
    /// Their requests.
    order: &'b [&'a M::Input],
}

/// A request to the object; `None`: the next operation of the order takes effect.
pub(crate) type Asked<'a, I> = Option<&'a I>;

impl<'a, 'b, M: Model> InOrder<'a, 'b, M> {
    pub fn new(model: &'a M, order: &'b [&'a M::Input]) -> Self {
        Self { model, order }
    }
}

impl<'a, M: Model> Model for InOrder<'a, '_, M> {
    type Key = M::Key;
    type Input = Asked<'a, M::Input>;
    type Output = M::Output;
    type State = (u32, M::State);

    fn key(&self, input: &Self::Input) -> M::Key {
        self.model.key(input.unwrap_or_else(|| self.order[0]))
    }

    fn init(&self) -> Self::State {
        (0, self.model.init())
    }

    fn step(
        &self,
        (done, state): &Self::State,
        input: &Self::Input,
        output: Option<&M::Output>,
    ) -> Option<Self::State> {
        if let Some(input) = input {
            return self.model.step(state, input, output).map(|state| (*done, state));
        }
        let input = self.order.get(*done as usize)?;
        // Any answer is accepted. An operation that can have no effect here has none.
        let state = self.model.step(state, input, None).unwrap_or_else(|| state.clone());
        Some((done + 1, state))
    }

    fn may_be_lost(&self, input: &Self::Input, output: &M::Output) -> bool {
        input.is_some_and(|input| self.model.may_be_lost(input, output))
    }

    fn only_reads(&self, input: &Self::Input, output: Option<&M::Output>) -> bool {
        input.is_some_and(|input| self.model.only_reads(input, output))
    }

    fn state_bytes(&self, (_, state): &Self::State) -> usize {
        size_of::<u32>() + self.model.state_bytes(state)
    }

    fn describe_input(&self, input: &Self::Input) -> String {
        input.map_or_else(|| "the next one".to_owned(), |input| self.model.describe_input(input))
    }

    fn describe_output(&self, output: &M::Output) -> String {
        self.model.describe_output(output)
    }

    fn describe_state(&self, (_, state): &Self::State) -> String {
        self.model.describe_state(state)
    }

    fn allowed(&self, (_, state): &Self::State, input: &Self::Input) -> String {
        input.map_or_else(String::new, |input| self.model.allowed(state, input))
    }
}
