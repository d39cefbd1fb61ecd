//! Who waits for which entry.
//!
//! A request that has entered the log has a place there, but only until another leader puts something
//! else in that place. So what is applied at an index is compared with what somebody waits for there.
//!
//! Whoever waits holds the receiving end of a channel. One answer is sent to it; or none, and the end that is
//! kept here is dropped, which means that there will be none.

use std::collections::BTreeMap;

use labapi::{LogIndex, Started, Term};
use labrt::channel::{self, Receiver, Sender};

/// Tells a request from all others, of this server's earlier lives as well: a random number.
pub(crate) type RequestId = u64;

/// The requests that somebody waits for, by the index at which they are in the log.
#[derive(Default)]
pub(crate) struct Waiting {
    by_index: BTreeMap<LogIndex, Waiter>,
    /// Nothing will be applied any more, so whoever comes now gets no answer either.
    closed: bool,
}

/// Somebody who waits for a request.
struct Waiter {
    /// The term in which this server, as its leader, put the request in the log.
    term: Term,
    id: RequestId,
    /// Where the answer goes.
    answer: Sender<Vec<u8>>,
}

impl Waiting {
    /// Somebody waits for this request, which is in the log at this place. If somebody waits for
    /// another request at the same index, that one has lost its place.
    pub(crate) fn add(&mut self, place: Started, id: RequestId) -> Receiver<Vec<u8>> {
        let (answer, receiver) = channel::bounded(1);
        if !self.closed {
            self.by_index.insert(place.index, Waiter { term: place.term, id, answer });
        }
        receiver
    }

    /// The request that was applied at `index`: where its answer goes, if somebody waits for it.
    /// If somebody waits for another request there, that one has lost its place.
    pub(crate) fn take(&mut self, index: LogIndex, id: RequestId) -> Option<Sender<Vec<u8>>> {
        let waiter = self.by_index.remove(&index)?;
        (waiter.id == id).then_some(waiter.answer)
    }

    /// A snapshot has replaced everything up to `index`. What was in it, and what the answers were, nobody knows.
    pub(crate) fn skip_to(&mut self, index: LogIndex) {
        self.by_index = self.by_index.split_off(&index.next());
    }

    /// This server leads `term` no longer, nor any earlier one. Other leaders decide what becomes of
    /// the requests of these terms.
    pub(crate) fn give_up(&mut self, term: Term) {
        self.by_index.retain(|_, waiter| waiter.term > term);
    }

    /// Nothing will be applied any more.
    pub(crate) fn close(&mut self) {
        self.closed = true;
        self.by_index.clear();
    }
}
