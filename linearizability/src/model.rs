//! [`Model`]: a sequential object, which executes one operation at a time.

use std::fmt;
use std::hash::Hash;

use crate::states::content_bytes;

/// The sequential object that a history is compared with.
///
/// An operation takes effect at one moment between its call and its return. The model defines the effect, and
/// the right answers. Two things are not certain, and neither needs more than this:
/// - an operation that *never returned* has no output; it may take effect at any time after its call, or
///   never;
/// - an operation that *returned without saying* ([`may_be_lost`](Self::may_be_lost)) takes effect before its
///   return, or never.
///
/// In both cases the search also tries to leave the operation out, so [`step`](Self::step) has one result at
/// most. An object that may do one of several things carries, as its state, the set of the states in which it
/// may be.
pub trait Model {
    /// The name of an object. Objects are independent of each other, so each is checked by itself.
    type Key: Clone + Eq + Hash + fmt::Display;
    /// A request of a client.
    type Input;
    /// An answer to a request.
    type Output;
    /// The state of one object.
    type State: Clone + Eq + Hash;

    /// The object that the request is for.
    fn key(&self, input: &Self::Input) -> Self::Key;

    /// The initial state of an object.
    fn init(&self) -> Self::State;

    /// The state after an operation that takes effect in `state`; `None` if this answer is wrong there.
    ///
    /// Without an output (the call never returned) any answer is right. A step with an output must lead to
    /// the same state as the step without.
    fn step(
        &self,
        state: &Self::State,
        input: &Self::Input,
        output: Option<&Self::Output>,
    ) -> Option<Self::State>;

    /// Whether a client that got this output cannot know if the operation took effect at all. Then
    /// [`step`](Self::step) says what it did if it took effect.
    fn may_be_lost(&self, input: &Self::Input, output: &Self::Output) -> bool {
        let _ = (input, output);
        false
    }

    /// Whether the operation, with this answer, leaves every state unchanged. The search need not postpone it
    /// where it is right, and the evidence of a violation can do without it. `false` is always safe; `true`
    /// for an operation that changes a state makes verdicts wrong.
    fn only_reads(&self, input: &Self::Input, output: Option<&Self::Output>) -> bool {
        let _ = (input, output);
        false
    }

    /// The memory of a kept state in bytes, including what it points to: by default as many bytes as it
    /// hashes.
    fn state_bytes(&self, state: &Self::State) -> usize {
        size_of_val(state).max(content_bytes(state))
    }

    /// An operation in words, without its output: `Put(x, "a", version 1)`.
    fn describe_input(&self, input: &Self::Input) -> String;

    /// An output in words: `Ok`.
    fn describe_output(&self, output: &Self::Output) -> String;

    /// A state in words, to stand after "the object was": `"a" at version 2`.
    fn describe_state(&self, state: &Self::State) -> String;

    /// The answer that the model would give in `state`, in words: `("a", version 2)`.
    fn allowed(&self, state: &Self::State, input: &Self::Input) -> String;

    /// What `answer` shows of another operation, in a sentence without its full stop, if the words of both do
    /// not tell. Both are among operations that contradict each other.
    fn remark(
        &self,
        answer: &Self::Output,
        input: &Self::Input,
        output: Option<&Self::Output>,
    ) -> Option<String> {
        let _ = (answer, input, output);
        None
    }

    /// An exact method that decides the operations on one key without the search, if the model has one. Then
    /// no budget applies, and there is always a verdict.
    ///
    /// `operations` are in the order of their calls.
    fn exact<'a>(
        &self,
        operations: &'a [Interval<'a, Self::Input, Self::Output>],
    ) -> Option<Box<dyn Exact<'a> + 'a>> {
        let _ = operations;
        None
    }
}

/// A method that decides the operations on one key exactly, without a search; see [`Model::exact`].
///
/// Operations, which live for `'a`, are named by their positions. Nothing here may disagree with the search.
pub trait Exact<'a> {
    /// Whether there is an order of the operations; if `end` is given, of those that were called before this
    /// event, without the returns after it.
    ///
    /// # Errors
    ///
    /// If there is none: where the method finds that.
    fn decide(&self, end: Option<usize>) -> Result<(), Impossible>;

    /// The same method for the operations that were called before the event `end`, without the returns after
    /// it. They keep their positions.
    fn until(self: Box<Self>, end: usize) -> Box<dyn Exact<'a> + 'a>;

    /// Whether these operations have no order whatever the others did, even if each of the others took effect
    /// at any time, any number of times or never.
    fn contradict(&self, operations: &[usize]) -> bool;

    /// Orders of all operations that must take effect, but this one, each of which leads to another state,
    /// `wanted` at most; and whether there is no other state. None if there is no order. Operations that do
    /// not take effect are not in an order.
    fn orders(&self, without: usize, wanted: usize) -> (Vec<Vec<usize>>, bool);

    /// The other operations that constrain an order, those first that seem most likely to contradict this
    /// one. Mostly the first few are enough.
    fn nearest(&self, operation: usize) -> Box<dyn Iterator<Item = usize> + '_>;
}

/// The place where an exact method finds that there is no order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Impossible {
    /// The version that can have begun at no moment. `None` if an answer is right in no state at all, or if
    /// the model's objects have no versions.
    pub version: Option<u64>,
    /// The position of the operation that leaves no moment.
    pub operation: usize,
}

/// An operation on one key, as the checker sees it: it takes effect between two events of the history.
#[derive(Debug)]
pub struct Interval<'a, I, O> {
    /// The request.
    pub input: &'a I,
    /// The answer. Where only the beginning of a history is looked at, it may be known though
    /// [`ret`](Self::ret) is not.
    pub output: Option<&'a O>,
    /// The position of the call in the history.
    pub call: usize,
    /// The position of the return, if there is one. An operation without a return may take effect at any
    /// time, or never.
    pub ret: Option<usize>,
}

impl<I, O> Clone for Interval<'_, I, O> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<I, O> Copy for Interval<'_, I, O> {}
