//! [`tasks`]: the number of threads and processes of a build. The kernel enforces a limit for ordinary users,
//! but not for root.

use std::fs;

/// The number of threads of all processes in a process group; 0 if there is no `/proc`.
pub(super) fn tasks(group: u32) -> u64 {
    let Ok(processes) = fs::read_dir("/proc") else { return 0 };
    let about = processes.filter_map(|process| fs::read_to_string(process.ok()?.path().join("stat")).ok());
    about.filter_map(|stat| threads_in(group, &stat)).sum()
}

/// The number of threads of a process, from `/proc/PID/stat`, if it is in the group.
fn threads_in(group: u32, stat: &str) -> Option<u64> {
    // The process name may contain any character, so fields begin after the last bracket.
    let (_, fields) = stat.rsplit_once(") ")?;
    // Fields from the third on: state, parent, group; the twentieth is the number of threads.
    let mut fields = fields.split(' ');
    let is_in_group = fields.nth(2)?.parse() == Ok(group);
    is_in_group.then(|| fields.nth(14)?.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn threads_are_counted_for_the_process_s_group_only() {
        let stat = "71 (a) b c) S 70 69 68 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 12 0 1000 1 1\n";
        assert_eq!(threads_in(69, stat), Some(12));
        assert_eq!(threads_in(70, stat), None);
        assert_eq!(threads_in(69, "no such thing"), None);
    }
}
