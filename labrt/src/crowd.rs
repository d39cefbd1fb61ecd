//! What is said of a run that has too many threads: whose they are, and where they were started.

use std::collections::BTreeMap;

use crate::wait::SourceLocation;

/// So many threads of a run may be there at the same time. Each has two memory maps of its own, of which the
/// system gives a process some 65,000.
pub(crate) const THREADS_MAX: usize = 30_000;

/// A thread that has not ended.
pub(crate) struct Member<'a> {
    pub(crate) node: &'a str,
    pub(crate) name: &'a str,
    /// The line that started it, if lab code did.
    pub(crate) started_at: Option<SourceLocation>,
}

/// Why one more thread cannot be started.
#[derive(Clone, Copy)]
pub(crate) enum Full<'a> {
    /// There are [`THREADS_MAX`] of them.
    Limit,
    /// The system says so.
    System(&'a std::io::Error),
}

/// Names the node with the most threads, and what most of those have in common.
pub(crate) fn describe<'a>(full: Full<'_>, members: impl Iterator<Item = Member<'a>>) -> String {
    let mut nodes: BTreeMap<&str, Vec<Member<'_>>> = BTreeMap::new();
    for member in members {
        nodes.entry(member.node).or_default().push(member);
    }
    let all: usize = nodes.values().map(Vec::len).sum();
    // Of those with the same number the first by name.
    let most = nodes.iter().rev().max_by_key(|(_, members)| members.len());
    let whose = most.map_or(String::new(), |(node, members)| {
        format!("{node} has {} threads, most of them {}. ", members.len(), origin(members))
    });
    let why = match full {
        Full::Limit => format!("A run may have {THREADS_MAX} threads at a time"),
        Full::System(error) => {
            format!("The run has {all} threads, and the system cannot start one more ({error})")
        }
    };
    format!(
        "{whose}{why}. Let a thread that waits look again before it acts, and so do for many events, instead of starting \
         another one for each: one timer is enough, if it sleeps until the deadline and then looks whether that has moved"
    )
}

/// What most of these threads have in common: the line that started them, or else their name.
fn origin(members: &[Member<'_>]) -> String {
    let mut origins: BTreeMap<String, usize> = BTreeMap::new();
    for member in members {
        let origin = match member.started_at {
            Some(location) => format!("started at {}:{}", location.file(), location.line()),
            None => format!("called `{}`", member.name),
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
    fn the_node_and_the_line_with_the_most_threads_are_named() {
        let here: SourceLocation = Location::caller();
        let member = |number: usize| Member {
            node: if number < 30 { "server 2" } else { "server 0" },
            name: "Raft.append_entries",
            started_at: (!number.is_multiple_of(3)).then_some(here),
        };
        let text = describe(Full::Limit, (0..40).map(member));
        let line = here.line();
        let start = format!(
            "server 2 has 30 threads, most of them started at labrt/src/crowd.rs:{line} (20). A run may"
        );
        assert!(text.starts_with(&start), "{text}");
        let error = io::Error::from_raw_os_error(libc::EAGAIN);
        let text = describe(
            Full::System(&error),
            (30..40).map(|number| Member { started_at: None, ..member(number) }),
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
