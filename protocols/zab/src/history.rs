//! [`History`]: the transactions that a server has accepted.

use labapi::Zxid;
use serde::{Deserialize, Serialize};

/// A transaction with its id.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Transaction {
    pub(crate) zxid: Zxid,
    #[serde(with = "labgob::bytes")]
    pub(crate) transaction: Vec<u8>,
}

/// The history of a server: a snapshot of the service, and the transactions after it in the order of their
/// ids.
///
/// Two histories that have a transaction in common have all in common that comes before it: whoever accepts a
/// transaction has accepted its leader's history up to there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct History {
    base: Zxid,
    transactions: Vec<Transaction>,
}

impl History {
    /// The history after a snapshot that ends with `base`.
    pub(crate) fn new(base: Zxid, transactions: Vec<Transaction>) -> Self {
        debug_assert!(transactions.iter().map(|it| it.zxid).is_sorted());
        Self { base, transactions }
    }

    /// The last transaction that the snapshot replaces.
    pub(crate) fn base(&self) -> Zxid {
        self.base
    }

    /// The last transaction.
    pub(crate) fn last(&self) -> Zxid {
        self.transactions.last().map_or(self.base, |last| last.zxid)
    }

    /// The last transaction that is not after `zxid`: itself, if it is in the history.
    ///
    /// # Panics
    ///
    /// Panics if the snapshot has replaced it.
    pub(crate) fn last_up_to(&self, zxid: Zxid) -> Zxid {
        assert!(zxid >= self.base, "a snapshot has replaced {zxid}");
        let end = self.position_after(zxid);
        if end == 0 { self.base } else { self.transactions[end - 1].zxid }
    }

    /// All transactions after one.
    pub(crate) fn after(&self, zxid: Zxid) -> &[Transaction] {
        &self.transactions[self.position_after(zxid)..]
    }

    /// All transactions after the first zxid, up to the second one.
    pub(crate) fn between(&self, after: Zxid, up_to: Zxid) -> &[Transaction] {
        let end = self.position_after(up_to);
        &self.transactions[self.position_after(after).min(end)..end]
    }

    /// Adds transactions at the end.
    pub(crate) fn extend(&mut self, transactions: &[Transaction]) {
        debug_assert!(transactions.first().is_none_or(|first| first.zxid > self.last()));
        self.transactions.extend_from_slice(transactions);
    }

    /// Drops all transactions after one. Returns the dropped ones.
    pub(crate) fn truncate(&mut self, to: Zxid) -> Vec<Transaction> {
        let end = self.position_after(to);
        self.transactions.split_off(end)
    }

    /// A snapshot replaces all transactions up to one. Returns the dropped ones.
    pub(crate) fn compact(&mut self, to: Zxid) -> Vec<Transaction> {
        let kept = self.transactions.split_off(self.position_after(to));
        self.base = to;
        std::mem::replace(&mut self.transactions, kept)
    }

    fn position_after(&self, zxid: Zxid) -> usize {
        self.transactions.partition_point(|it| it.zxid <= zxid)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn zxid(epoch: u32, counter: u32) -> Zxid {
        Zxid { epoch, counter }
    }

    /// A snapshot up to (1, 2), and four transactions of two epochs.
    fn history() -> History {
        let zxids = [(1, 3), (1, 4), (3, 1), (3, 2)];
        let transactions =
            zxids.map(|(epoch, counter)| Transaction { zxid: zxid(epoch, counter), transaction: Vec::new() });
        History::new(zxid(1, 2), transactions.to_vec())
    }

    fn zxids(transactions: &[Transaction]) -> Vec<(u32, u32)> {
        transactions.iter().map(|it| (it.zxid.epoch, it.zxid.counter)).collect()
    }

    #[test]
    fn transactions_are_found_by_their_ids() {
        let history = history();
        assert_eq!(history.last(), zxid(3, 2));
        assert_eq!(zxids(history.after(zxid(1, 3))), [(1, 4), (3, 1), (3, 2)]);
        assert_eq!(zxids(history.after(zxid(2, 7))), [(3, 1), (3, 2)], "which is not in it");
        assert_eq!(zxids(history.between(zxid(1, 3), zxid(3, 1))), [(1, 4), (3, 1)]);
        assert_eq!(zxids(history.between(zxid(3, 2), zxid(1, 3))), []);
        assert_eq!(history.last_up_to(zxid(1, 4)), zxid(1, 4));
        assert_eq!(history.last_up_to(zxid(2, 7)), zxid(1, 4));
        assert_eq!(history.last_up_to(zxid(1, 2)), zxid(1, 2), "the end of the snapshot");
    }

    #[test]
    fn both_ends_can_be_cut() {
        let mut history = history();
        assert_eq!(zxids(&history.truncate(zxid(1, 4))), [(3, 1), (3, 2)]);
        assert_eq!(history.last(), zxid(1, 4));
        assert_eq!(zxids(&history.compact(zxid(1, 3))), [(1, 3)]);
        assert_eq!((history.base(), history.last()), (zxid(1, 3), zxid(1, 4)));
        assert_eq!(zxids(&history.compact(zxid(1, 4))), [(1, 4)]);
        assert_eq!((history.base(), history.last()), (zxid(1, 4), zxid(1, 4)));
    }
}
