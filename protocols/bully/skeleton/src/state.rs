//! The state of a node.

/// All that changes, under one lock.
#[derive(Default)]
pub(crate) struct State {
    // Your data here.
    //
    // A node asks the higher ones, or waits for a victory after one has answered, or follows somebody, or
    // leads. An enum keeps you from being two of these at a time. In each of them something is due at some
    // time (`labrt::time::Instant`) if nothing happens before.
}
