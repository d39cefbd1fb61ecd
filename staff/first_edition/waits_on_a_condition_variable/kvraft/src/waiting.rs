//! Who waits for which entry of the log.
//!
//! A request gets a place in the log when it is submitted, and keeps it unless another leader puts something
//! else there. So whoever waits is known by the place; and when something is applied there, it must be
//! the very request, and not another one in its place.
//!
//! Whoever waits holds one end of a channel, and the table holds the other end. Either an answer is sent, or the
//! table drops its end, and then there will be none.

use std::collections::BTreeMap;

use labapi::{LogIndex, Started, Term};

/// Tells a request from all others: a random number. A counter would start again after a crash, and then take
/// a request of an earlier life for a new one.
pub(crate) type RequestId = u64;

/// The requests that somebody waits for, by the index at which they are in the log.
#[derive(Default)]
pub(crate) struct Waiting {
    by_index: BTreeMap<LogIndex, Waiter>,
    /// Nothing will be applied any more, so whoever comes now gets no answer either.
    closed: bool,
    /// Answers that nobody has fetched yet.
    answers: BTreeMap<RequestId, Vec<u8>>,
}

/// Somebody who waits for a request.
struct Waiter {
    /// The term in which this server, as its leader, put the request in the log.
    term: Term,
    id: RequestId,
}

impl Waiting {
    /// The request has this place in the log: its answer will come out of the channel.
    ///
    /// Another one that had the same index has lost its place.
    pub(crate) fn add(&mut self, place: Started, id: RequestId) {
        if !self.closed {
            self.by_index.insert(place.index, Waiter { term: place.term, id });
        }
    }

    /// The answer, `Err` if there will be none, `Ok(None)` if it is not there yet.
    pub(crate) fn fetch(&mut self, index: LogIndex, id: RequestId) -> Result<Option<Vec<u8>>, ()> {
        if let Some(answer) = self.answers.remove(&id) {
            return Ok(Some(answer));
        }
        if self.by_index.get(&index).is_some_and(|waiter| waiter.id == id) { Ok(None) } else { Err(()) }
    }

    /// The request was applied at `index`: where its answer goes, if somebody here waits for it.
    ///
    /// Another one that had the same index has lost its place.
    pub(crate) fn answer(&mut self, index: LogIndex, id: RequestId, answer: Vec<u8>) {
        if self.by_index.remove(&index).is_some_and(|waiter| waiter.id == id) {
            self.answers.insert(id, answer);
        }
    }

    /// A snapshot stands for everything up to `index`. It does not say what the answers were.
    pub(crate) fn skip_to(&mut self, index: LogIndex) {
        self.by_index = self.by_index.split_off(&index.next());
    }

    /// This server leads `term` no longer, nor any term before. What becomes of the requests of these terms is up
    /// to other leaders.
    pub(crate) fn give_up(&mut self, term: Term) {
        self.by_index.retain(|_, waiter| waiter.term > term);
    }

    /// Nothing will be applied any more.
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

    /// The answer so far of each request that was submitted in this order, with its id, index and term; after `events`.
    fn answers(
        submitted: &[(RequestId, u64, u64)],
        events: fn(&mut Waiting),
    ) -> Vec<Result<Vec<u8>, TryRecvError>> {
        let mut waiting = Waiting::default();
        let place = |index, term| Started { index: LogIndex(index), term: Term(term) };
        let receivers: Vec<_> =
            submitted.iter().map(|&(id, index, term)| waiting.add(place(index, term), id)).collect();
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
            assert_eq!(seen, [not_yet.clone(), none.clone(), not_yet.clone()], "another one in its place");
            let seen = answers(&[(70, 5, 1), (71, 5, 3)], |waiting| apply(waiting, 5, 71));
            assert_eq!(seen, [none.clone(), answer.clone()], "submitted in two terms for one place");

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
