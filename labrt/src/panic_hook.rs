//! The panic hook: the first panic of lab code becomes the run's verdict, even if lab code catches it.

use std::backtrace::Backtrace;
use std::panic::{self, PanicHookInfo};
use std::sync::Once;

use crate::context;
use crate::run::failure::{FailureKind, Panic};
use crate::run::source_path;
use crate::run::truncate::{LONGEST_MESSAGE, truncated_str};

/// Installs the panic hook, once per process. It reports panics of a run's threads to the run, and passes all
/// others to the previous hook.
pub(crate) fn install() {
    static INSTALLED: Once = Once::new();
    INSTALLED.call_once(|| {
        let previous = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            let taken = context::try_with(|context| context.panicked(|recording| verdict(info, recording)));
            if taken != Some(true) {
                previous(info);
            }
        }));
    });
}

fn verdict(info: &PanicHookInfo<'_>, recording: bool) -> Panic {
    let payload = info.payload();
    let text = payload.downcast_ref::<&str>().copied();
    let text = text.or_else(|| payload.downcast_ref::<String>().map(String::as_str));
    let text = text.unwrap_or("a panic whose payload is not text");
    // Truncated while it is copied: it may be as large as the memory of the run.
    let message = truncated_str(text, LONGEST_MESSAGE);
    Panic {
        kind: if is_not_implemented(&message) { FailureKind::NotImplemented } else { FailureKind::Panic },
        message,
        location: info.location().map(ToString::to_string),
        // Only in recorded runs: resolving a backtrace takes longer than a whole run.
        backtrace: recording.then(|| source_path::in_backtrace(&Backtrace::force_capture().to_string())),
    }
}

/// Whether the message comes from `todo!()` or `unimplemented!()`.
fn is_not_implemented(message: &str) -> bool {
    ["not yet implemented", "not implemented"].into_iter().any(|start| {
        message.strip_prefix(start).is_some_and(|rest| rest.is_empty() || rest.starts_with(": "))
    })
}

#[cfg(test)]
mod tests {
    use super::is_not_implemented;

    #[test]
    fn only_todo_and_unimplemented_count_as_not_implemented() {
        assert!(is_not_implemented("not yet implemented"));
        assert!(is_not_implemented("not yet implemented: raft::start, part 3B"));
        assert!(is_not_implemented("not implemented: later"));
        assert!(!is_not_implemented("not implementedly"));
        assert!(!is_not_implemented("index out of bounds: not implemented"));
    }
}
