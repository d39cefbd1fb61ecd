//! [`waits()`]: who waits for whom, from the message of a deadlock.

/// A thread that waits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Wait {
    /// The thread: ``thread `timer` of server 1``.
    pub(crate) waiter: String,
    /// What it waits for: `waits for a lock at raft/src/timer.rs:41:36`.
    pub(crate) what: String,
    /// The thread that keeps it waiting, if one does.
    pub(crate) holder: Option<String>,
    /// What that one has done: `holds since raft/src/apply.rs:58:40`.
    pub(crate) how: String,
}

/// The waits that the message of a deadlock lists: its lines that are indented.
pub(crate) fn waits(message: &str) -> Vec<Wait> {
    let listed = message.lines().skip(1).filter_map(|line| line.strip_prefix("  "));
    listed.filter_map(|line| wait(line.trim())).collect()
}

fn wait(line: &str) -> Option<Wait> {
    let (waiter, rest) = thread(line)?;
    for separator in [", which is thread ", ", which thread ", ", behind thread "] {
        if let Some((what, _)) = rest.split_once(separator) {
            let from_holder = &rest[what.len() + separator.len() - "thread ".len()..];
            let (holder, how) = thread(from_holder)?;
            let how = how.trim_start_matches([',', ' ']).trim_start_matches("which ").to_owned();
            let what = what.trim().to_owned();
            return Some(Wait { waiter: waiter.to_owned(), what, holder: Some(holder.to_owned()), how });
        }
    }
    let what = rest.trim().to_owned();
    Some(Wait { waiter: waiter.to_owned(), what, holder: None, how: String::new() })
}

/// The thread at the begin of a text, such as ``thread `timer` of server 1``, and the rest.
fn thread(text: &str) -> Option<(&str, &str)> {
    let after_name = text.strip_prefix("thread `")?.find("` of ")? + "thread `".len() + "` of ".len();
    // The node is a word, and a number if it is a server or a client; a group's name may precede it.
    let node = &text[after_name..];
    let end = node
        .match_indices([' ', ','])
        .map(|(position, _)| position)
        .find(|&position| !is_name(&node[position..]))
        .unwrap_or(node.len());
    Some(text.split_at(after_name + end))
}

/// Whether the text goes on with a part of a node's name.
fn is_name(text: &str) -> bool {
    let word = text.strip_prefix(' ').unwrap_or_default().split([' ', ',']).next().unwrap_or_default();
    word == "server" || (!word.is_empty() && word.bytes().all(|byte| byte.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cycle_is_read() {
        let message = "2 threads wait for each other, and none can ever go on:\n  \
                       thread `ticker` of server 1 waits for a lock at raft/src/a.rs:21:81, which \
                       thread `applier` of server 1 holds since raft/src/b.rs:3:4\n  \
                       thread `applier` of server 1 waits for a lock at raft/src/b.rs:9:9, which \
                       thread `ticker` of server 1 holds since raft/src/a.rs:7:1\n\
                       Take locks in the same order everywhere, or hold one at a time";
        let waits = waits(message);
        assert_eq!(waits.len(), 2);
        assert_eq!(
            waits[0],
            Wait {
                waiter: "thread `ticker` of server 1".to_owned(),
                what: "waits for a lock at raft/src/a.rs:21:81".to_owned(),
                holder: Some("thread `applier` of server 1".to_owned()),
                how: "holds since raft/src/b.rs:3:4".to_owned(),
            }
        );
        assert_eq!(waits[1].holder.as_deref(), Some("thread `ticker` of server 1"));
    }

    #[test]
    fn other_forms_of_a_wait_are_read() {
        let message = "3 threads wait for each other, and none can ever go on:\n  \
                       thread `a` of g1 server 0 waits for a thread at x.rs:1:2, which is \
                       thread `b` of tester\n  \
                       thread `b` of tester waits for a lock at x.rs:3:4, behind thread `c` of client 12, \
                       which waits to write since y.rs:1:1\n  \
                       thread `c` of client 12 sleeps";
        let waits = waits(message);
        let seen: Vec<_> = waits
            .iter()
            .map(|wait| (wait.waiter.as_str(), wait.holder.as_deref(), wait.how.as_str()))
            .collect();
        assert_eq!(
            seen,
            [
                ("thread `a` of g1 server 0", Some("thread `b` of tester"), ""),
                ("thread `b` of tester", Some("thread `c` of client 12"), "waits to write since y.rs:1:1"),
                ("thread `c` of client 12", None, ""),
            ]
        );
        assert_eq!(waits[2].what, "sleeps");
    }

    #[test]
    fn a_message_without_a_list_has_no_waits() {
        assert!(
            waits("thread `a` of server 1 locks what it has held since x.rs:1:1: it waits for itself")
                .is_empty()
        );
        assert!(waits("").is_empty());
    }
}
