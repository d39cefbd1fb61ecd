//! [`IndexMap`]: raft indices as command indices, and back.

/// Which entries of a log are commands.
///
/// The log begins after the entry `base`, the last one that a snapshot replaces, and ends with the entry
/// `last`. All indices are raft indices unless they are called command indices.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct IndexMap {
    base: u64,
    /// The number of commands up to `base`, and so the command index at the end of the snapshot.
    base_command: u64,
    last: u64,
    /// The indices of the entries that are no commands, ascending. They are few: one a leader.
    blanks: Vec<u64>,
}

impl IndexMap {
    /// An empty log after a snapshot that ends at the index `base` and holds `base_command` commands.
    pub(crate) fn after(base: u64, base_command: u64) -> Self {
        Self { base, base_command, last: base, blanks: Vec::new() }
    }

    /// The command index at the end of the snapshot.
    pub(crate) fn base_command(&self) -> u64 {
        self.base_command
    }

    /// Appends an entry.
    pub(crate) fn push(&mut self, is_command: bool) {
        self.last += 1;
        if !is_command {
            self.blanks.push(self.last);
        }
    }

    /// Drops the entries after `last`.
    pub(crate) fn truncate(&mut self, last: u64) {
        debug_assert!((self.base..=self.last).contains(&last));
        self.last = last;
        self.blanks.truncate(self.blanks_up_to(last));
    }

    /// Drops the entries up to and including `base`.
    pub(crate) fn compact(&mut self, base: u64) {
        let base_command = self.command_index(base);
        self.blanks.drain(..self.blanks_up_to(base));
        (self.base, self.base_command) = (base, base_command);
    }

    /// The number of commands up to and including the entry at `index`: the command index of that entry, if
    /// it is a command.
    ///
    /// An index in the snapshot is taken for that at its end.
    pub(crate) fn command_index(&self, index: u64) -> u64 {
        debug_assert!(index <= self.last);
        let beyond = index.saturating_sub(self.base);
        self.base_command + beyond - self.blanks_up_to(index) as u64
    }

    /// The index of a command; `None` if the log does not have it, or not any more.
    pub(crate) fn raft_index(&self, command: u64) -> Option<u64> {
        let number = command.checked_sub(self.base_command).filter(|&number| number > 0)?;
        let mut index = self.base + number;
        for &blank in &self.blanks {
            if blank > index {
                break;
            }
            index += 1;
        }
        (index <= self.last).then_some(index)
    }

    fn blanks_up_to(&self, index: u64) -> usize {
        self.blanks.partition_point(|&blank| blank <= index)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BLANK: bool = false;
    const COMMAND: bool = true;

    /// A snapshot of two entries, one of them a command; then the entries 3 to 8.
    fn map() -> IndexMap {
        let mut map = IndexMap::after(2, 1);
        for is_command in [BLANK, COMMAND, COMMAND, BLANK, BLANK, COMMAND] {
            map.push(is_command);
        }
        map
    }

    fn command_indices(map: &IndexMap) -> Vec<u64> {
        (map.base..=map.last).map(|index| map.command_index(index)).collect()
    }

    #[test]
    fn blanks_are_not_counted() {
        assert_eq!(command_indices(&map()), [1, 1, 2, 3, 3, 3, 4]);
        let raft: Vec<_> = (0..6).map(|command| map().raft_index(command)).collect();
        assert_eq!(raft, [None, None, Some(4), Some(5), Some(8), None]);
    }

    #[test]
    fn a_log_without_blanks_has_the_same_indices() {
        let mut map = IndexMap::default();
        assert_eq!((map.command_index(0), map.raft_index(1)), (0, None));
        map.push(COMMAND);
        assert_eq!((map.command_index(1), map.raft_index(1)), (1, Some(1)));
    }

    /// Each command leads to its entry and back, whatever was dropped at either end.
    #[test]
    fn the_directions_agree_after_truncation_and_compaction() {
        for base in 2..=8 {
            for last in base..=8 {
                let mut map = map();
                map.truncate(last);
                map.compact(base);
                assert_eq!(map.base_command(), map.command_index(base));
                for index in base + 1..=last {
                    let command = map.command_index(index);
                    let is_command = ![3, 6, 7].contains(&index);
                    assert_eq!(map.raft_index(command) == Some(index), is_command, "{base} {last} {index}");
                    assert_eq!(command > map.command_index(index - 1), is_command, "{base} {last} {index}");
                }
                assert_eq!(map.raft_index(map.base_command()), None);
                assert_eq!(map.raft_index(map.command_index(last) + 1), None);
            }
        }
    }

    #[test]
    fn entries_follow_those_that_were_kept() {
        let mut map = map();
        map.truncate(6);
        map.push(COMMAND);
        map.compact(4);
        map.push(BLANK);
        map.push(COMMAND);
        // The entries 5 to 9: command, blank, command, blank, command.
        assert_eq!(command_indices(&map), [2, 3, 3, 4, 4, 5]);
        assert_eq!([3, 4, 5].map(|command| map.raft_index(command)), [Some(5), Some(7), Some(9)]);
    }

    #[test]
    fn an_index_in_the_snapshot_is_its_end() {
        assert_eq!([0, 1, 2].map(|index| map().command_index(index)), [1, 1, 1]);
    }
}
