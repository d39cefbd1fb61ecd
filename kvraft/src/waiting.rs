//! [`Waiting`]: the requests that `submit` waits for, by their index in the log.
//!
//! A request gets an index in the log when it is submitted, and keeps it unless another leader replaces the
//! entry. So a waiting `submit` is found by the index of its request. When an entry is applied there, its id
//! shows whether it is that request or another one.
//!
//! A waiting `submit` holds the receiver of a channel, and the table holds the sender. Either the answer is
//! sent, or the table drops the sender, and there will be no answer.

use std::collections::BTreeMap;

use labapi::{LogIndex, Started, Term};
use labrt::channel::{self, Receiver, Sender};

/// Identifies a request: a random number. A counter would start again after a crash, and then a request of an
/// earlier incarnation would be taken for a new one.
pub(crate) type RequestId = u64;

/// The requests that `submit` waits for, by their index in the log.
#[derive(Default)]
pub(crate) struct Waiting {
    by_index: BTreeMap<LogIndex, Waiter>,
    /// Whether Raft has ended: nothing will be applied any more, so requests that are added now get no answer
    /// either.
    closed: bool,
}

/// A waiting `submit`.
struct Waiter {
    /// The term in which this server, as its leader, put the request in the log.
    term: Term,
    id: RequestId,
    /// The channel for the answer.
    answer: Sender<Vec<u8>>,
}

impl Waiting {
    /// Adds a request at this position in the log. Its answer will come from the channel.
    ///
    /// An earlier request at the same index has been replaced, and gets no answer.
    pub(crate) fn add(&mut self, position: Started, id: RequestId) -> Receiver<Vec<u8>> {
        let (answer, receiver) = channel::bounded(1);
        if !self.closed {
            self.by_index.insert(position.index, Waiter { term: position.term, id, answer });
        }
        receiver
    }

    /// Takes the channel for the answer to the request that was applied at `index`, if `submit` waits for it
    /// here.
    ///
    /// Another request that was at this index has been replaced, and gets no answer.
    pub(crate) fn take(&mut self, index: LogIndex, id: RequestId) -> Option<Sender<Vec<u8>>> {
        let waiter = self.by_index.remove(&index)?;
        (waiter.id == id).then_some(waiter.answer)
    }

    /// A snapshot replaces everything up to `index`. It does not have the answers.
    pub(crate) fn skip_to(&mut self, index: LogIndex) {
        self.by_index = self.by_index.split_off(&index.next());
    }

    /// Drops the requests of `term` and earlier terms, which this server leads no longer. Other leaders
    /// decide about them.
    pub(crate) fn give_up(&mut self, term: Term) {
        self.by_index.retain(|_, waiter| waiter.term > term);
    }

    /// Drops all requests: nothing will be applied any more.
    pub(crate) fn close(&mut self) {
        self.closed = true;
        self.by_index.clear();
    }
}

#[cfg(test)]
mod tests {
    use labrt::channel::TryRecvError;
    use labrt::world::{Options, simulate};

    use super::*;

    /// The answers so far, after `events`, to requests that were submitted with these ids, indices and terms.
    fn answers(
        submitted: &[(RequestId, u64, u64)],
        events: fn(&mut Waiting),
    ) -> Vec<Result<Vec<u8>, TryRecvError>> {
        let mut waiting = Waiting::default();
        let position = |index, term| Started { index: LogIndex(index), term: Term(term) };
        let receivers: Vec<_> =
            submitted.iter().map(|&(id, index, term)| waiting.add(position(index, term), id)).collect();
        events(&mut waiting);
        receivers.iter().map(Receiver::try_recv).collect()
    }

    /// The request `id` is applied at this index.
    fn apply(waiting: &mut Waiting, index: u64, id: RequestId) {
        if let Some(waiter) = waiting.take(LogIndex(index), id) {
            waiter.send(vec![42]).expect("the test keeps the other end");
        }
    }

    #[test]
    fn an_answer_or_none_or_not_yet() {
        let run = simulate(Options::new(1), |_| {
            let (answer, none, not_yet) =
                (Ok(vec![42]), Err(TryRecvError::Disconnected), Err(TryRecvError::Empty));
            let submitted = [(70, 5, 1), (71, 6, 2), (72, 7, 3)];

            let seen = answers(&submitted, |waiting| apply(waiting, 6, 71));
            assert_eq!(seen, [not_yet.clone(), answer.clone(), not_yet.clone()], "applied");
            let seen = answers(&submitted, |waiting| apply(waiting, 6, 99));
            assert_eq!(
                seen,
                [not_yet.clone(), none.clone(), not_yet.clone()],
                "another request at its index"
            );
            let seen = answers(&[(70, 5, 1), (71, 5, 3)], |waiting| apply(waiting, 5, 71));
            assert_eq!(seen, [none.clone(), answer.clone()], "submitted in two terms at one index");

            let seen = answers(&submitted, |waiting| waiting.give_up(Term(2)));
            assert_eq!(seen, [none.clone(), none.clone(), not_yet.clone()], "deposed, and elected again");
            let seen = answers(&submitted, |waiting| waiting.skip_to(LogIndex(6)));
            assert_eq!(seen, [none.clone(), none.clone(), not_yet.clone()], "in a snapshot");
            let seen = answers(&submitted, Waiting::close);
            assert_eq!(seen, [none.clone(), none.clone(), none.clone()], "killed");

            let mut waiting = Waiting::default();
            waiting.close();
            let late = waiting.add(Started { index: LogIndex(5), term: Term(1) }, 70);
            assert_eq!(late.try_recv(), none, "submitted after the kill");
        });
        assert!(run.result.is_ok(), "{:?}", run.result);
    }
}
