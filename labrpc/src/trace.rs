//! The trace context of a thread: the message that it handles, or the reply that it got last.

/// Sets the trace context of the calling thread to the delivery that has this number with the observer.
pub(crate) fn continue_from(event: u64) {
    if event > 0 {
        labrt::world::set_trace_context(event);
    }
}
