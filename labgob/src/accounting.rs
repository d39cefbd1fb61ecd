//! Memory of the harness: allocations that are not charged to the run.

use std::sync::OnceLock;

/// Calls its argument once. Memory that is allocated or freed meanwhile is not charged to the run.
type Uncounted = fn(&mut dyn FnMut());

static UNCOUNTED: OnceLock<Uncounted> = OnceLock::new();

/// Sets the function behind [`uncounted`], once in a process. Until then all memory is charged to the run.
pub(crate) fn install(function: Uncounted) {
    UNCOUNTED.get_or_init(|| function);
}

/// Calls `f`, whose memory is the harness's.
pub(crate) fn uncounted<R>(f: impl FnOnce() -> R) -> R {
    let Some(uncounted) = UNCOUNTED.get() else { return f() };
    let (mut f, mut result) = (Some(f), None);
    uncounted(&mut || result = f.take().map(|f| f()));
    result.expect("the recorder calls its argument")
}
