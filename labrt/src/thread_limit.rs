//! The limit on threads of a run, and the message of a run that reaches it: which node has most of the
//! threads, and which line started them.

use std::collections::BTreeMap;

use crate::wait::SourceLocation;

/// The most threads that a run may have at the same time. Each has two memory maps of its own, and the system
/// gives a process some 65,000.
pub(crate) const THREADS_MAX: usize = 30_000;

/// A thread that has not ended.
pub(crate) struct LiveThread<'a> {
    pub(crate) node: &'a str,
    pub(crate) name: &'a str,
    /// The line that started it, if lab code did.
    pub(crate) started_at: Option<SourceLocation>,
}

/// The reason why one more thread cannot be started.
#[derive(Clone, Copy)]
pub(crate) enum LimitReached<'a> {
    /// There are [`THREADS_MAX`] of them.
    Limit,
    /// The system refused to start one more.
    System(&'a std::io::Error),
}

/// The failure message. It names the node with the most threads, and what most of those have in common.
pub(crate) fn message<'a>(
    reached: LimitReached<'_>,
    threads: impl Iterator<Item = LiveThread<'a>>,
) -> String {
    let mut nodes: BTreeMap<&str, Vec<LiveThread<'_>>> = BTreeMap::new();
    for thread in threads {
        nodes.entry(thread.node).or_default().push(thread);
    }
    let all: usize = nodes.values().map(Vec::len).sum();
    // Of several nodes with the same count, the first by name.
    let most = nodes.iter().rev().max_by_key(|(_, threads)| threads.len());
    let whose = most.map_or(String::new(), |(node, threads)| {
        format!("{node} has {} threads, most of them {}. ", threads.len(), origin(threads))
    });
    let why = match reached {
        LimitReached::Limit => format!("A run may have {THREADS_MAX} threads at a time"),
        LimitReached::System(error) => {
            format!("The run has {all} threads, and the system cannot start one more ({error})")
        }
    };
    format!(
        "{whose}{why}. Do not start a thread for each event, but let one thread handle many: one timer \
         thread is enough, if it sleeps until the deadline and then checks whether the deadline has moved"
    )
}

/// The most frequent origin of these threads: the line that started them, or else their name.
fn origin(threads: &[LiveThread<'_>]) -> String {
    let mut origins: BTreeMap<String, usize> = BTreeMap::new();
    for thread in threads {
        let origin = match thread.started_at {
            Some(location) => format!("started at {}:{}", location.file(), location.line()),
            None => format!("called `{}`", thread.name),
        };
        *origins.entry(origin).or_default() += 1;
    }
    let most = origins.into_iter().rev().max_by_key(|(_, count)| *count);
    most.map_or(String::new(), |(origin, count)| format!("{origin} ({count})"))
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::panic::Location;

    use super::*;

    #[test]
    fn the_message_names_the_node_and_the_line_with_the_most_threads() {
        let location: SourceLocation = Location::caller();
        let thread = |number: usize| LiveThread {
            node: if number < 30 { "server 2" } else { "server 0" },
            name: "Raft.append_entries",
            started_at: (!number.is_multiple_of(3)).then_some(location),
        };
        let text = message(LimitReached::Limit, (0..40).map(thread));
        let line = location.line();
        let start = format!(
            "server 2 has 30 threads, most of them started at labrt/src/thread_limit.rs:{line} (20). A run \
             may"
        );
        assert!(text.starts_with(&start), "{text}");
        let error = io::Error::from_raw_os_error(libc::EAGAIN);
        let text = message(
            LimitReached::System(&error),
            (30..40).map(|number| LiveThread { started_at: None, ..thread(number) }),
        );
        assert!(
            text.starts_with("server 0 has 10 threads, most of them called `Raft.append_entries` (10). "),
            "{text}"
        );
        assert!(
            text.contains("The run has 10 threads, and the system cannot start one more (Resource"),
            "{text}"
        );
    }
}
