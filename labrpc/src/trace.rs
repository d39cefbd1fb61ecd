//! What the calling thread does from now on comes from something that the observer knows by a number.

/// Says that the calling thread goes on with a message, whose delivery the observer knows by this number.
pub(crate) fn continue_from(event: u64) {
    if event > 0 {
        labrt::world::set_trace_context(event);
    }
}
