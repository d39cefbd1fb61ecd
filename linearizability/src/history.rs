//! [`History`]: the calls and returns of clients, in the order in which they happened.

use std::time::Duration;

use parking_lot::Mutex;
use rustc_hash::FxHashMap;

/// One operation of a client, from its call to its return.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Operation<I, O> {
    /// The client. It has one operation at a time.
    pub client: u32,
    /// The request.
    pub input: I,
    /// The answer; `None` if the call never returned.
    pub output: Option<O>,
    /// The time of the call, since the start of the run.
    pub called: Duration,
    /// The time of the return, since the start of the run; `None` if the call never returned.
    pub returned: Option<Duration>,
    call: usize,
    ret: Option<usize>,
}

impl<I, O> Operation<I, O> {
    /// The position of the call among all calls and returns of the history, from 0.
    pub fn call_event(&self) -> usize {
        self.call
    }

    /// The position of the return among all calls and returns of the history; `None` if there is none.
    pub fn return_event(&self) -> Option<usize> {
        self.ret
    }
}

/// An operation of which only the times are known, for [`History::from_times`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TimedOperation<I, O> {
    /// The client.
    pub client: u32,
    /// The request.
    pub input: I,
    /// The time of the call.
    pub called: Duration,
    /// The time of the return, and the answer; `None` if the call never returned.
    pub returned: Option<(Duration, O)>,
}

/// An event that no sequence of clients can have produced, one operation at a time each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HistoryError {
    /// A return where no call of the client is under way.
    #[error("client {client} returned at {at:?} without a call")]
    ReturnWithoutCall {
        /// The client.
        client: u32,
        /// The time of the return.
        at: Duration,
    },
    /// A call while another one of the client is under way.
    #[error("client {client} called at {at:?}, before its call of {since:?} had returned")]
    Overlap {
        /// The client.
        client: u32,
        /// The time of the second call.
        at: Duration,
        /// The time of the call under way.
        since: Duration,
    },
    /// A return that is earlier than its call.
    #[error("client {client} returned at {returned:?} from a call of {called:?}")]
    ReturnBeforeCall {
        /// The client.
        client: u32,
        /// The time of the call.
        called: Duration,
        /// The time of the return.
        returned: Duration,
    },
}

/// The operations of a run, with the order of their calls and returns.
///
/// The order decides; the times are for people to read. On a virtual clock many events share a time, and only
/// the order in which they were recorded tells which came first. A history is made in one of two ways:
/// event by event ([`call`](Self::call), [`ret`](Self::ret), [`give_up`](Self::give_up)), which keeps that
/// order, or from operations with their times ([`from_times`](Self::from_times)).
#[derive(Clone, Debug)]
pub struct History<I, O> {
    operations: Vec<Operation<I, O>>,
    /// The operation under way of each client that has one.
    open: FxHashMap<u32, usize>,
    events: usize,
}

impl<I, O> Default for History<I, O> {
    fn default() -> Self {
        Self { operations: Vec::new(), open: FxHashMap::default(), events: 0 }
    }
}

impl<I, O> History<I, O> {
    /// An empty history.
    pub fn new() -> Self {
        Self::default()
    }

    /// Records that `client` calls now, `at` after the start of the run.
    ///
    /// # Errors
    ///
    /// [`HistoryError::Overlap`] if another call of the client is under way. Nothing is recorded then.
    pub fn call(&mut self, client: u32, at: Duration, input: I) -> Result<(), HistoryError> {
        if let Some(&open) = self.open.get(&client) {
            return Err(HistoryError::Overlap { client, at, since: self.operations[open].called });
        }
        self.open.insert(client, self.operations.len());
        let call = self.next_event();
        self.operations.push(Operation {
            client,
            input,
            output: None,
            called: at,
            returned: None,
            call,
            ret: None,
        });
        Ok(())
    }

    /// Records that the call of `client` that is under way returns now with `output`.
    ///
    /// # Errors
    ///
    /// [`HistoryError::ReturnWithoutCall`] if no call is under way, and [`HistoryError::ReturnBeforeCall`] if
    /// the call was later than `at`. Nothing is recorded then.
    pub fn ret(&mut self, client: u32, at: Duration, output: O) -> Result<(), HistoryError> {
        let Some(&open) = self.open.get(&client) else {
            return Err(HistoryError::ReturnWithoutCall { client, at });
        };
        let called = self.operations[open].called;
        if at < called {
            return Err(HistoryError::ReturnBeforeCall { client, called, returned: at });
        }
        self.open.remove(&client);
        let ret = self.next_event();
        let operation = &mut self.operations[open];
        operation.output = Some(output);
        operation.returned = Some(at);
        operation.ret = Some(ret);
        Ok(())
    }

    /// Records that the call of `client` that is under way, if there is one, will never return: the client
    /// was stopped, or stopped waiting. The operation may still take effect, at any time from its call on.
    /// The client may call again.
    pub fn give_up(&mut self, client: u32) {
        self.open.remove(&client);
    }

    /// A history of operations of which only the times are known.
    ///
    /// Events at the same time count as simultaneous: calls sort before returns, so that adjacent operations
    /// overlap. That is the lenient interpretation; the other would find violations where there are none.
    ///
    /// # Errors
    ///
    /// [`HistoryError::ReturnBeforeCall`], and [`HistoryError::Overlap`] for a client that calls before its
    /// last call has returned. A client that calls at the very time of its last return is in order, and so is
    /// one that calls after a call that never returned: see [`give_up`](Self::give_up).
    pub fn from_times(mut operations: Vec<TimedOperation<I, O>>) -> Result<Self, HistoryError> {
        operations.sort_by_key(|operation| operation.called);
        let mut last = FxHashMap::<u32, (Duration, Duration)>::default();
        let mut events = Vec::with_capacity(2 * operations.len());
        for (position, operation) in operations.iter().enumerate() {
            let TimedOperation { client, called, .. } = *operation;
            if let Some(&(since, until)) = last.get(&client)
                && called < until
            {
                return Err(HistoryError::Overlap { client, at: called, since });
            }
            events.push((called, false, position));
            if let Some((returned, _)) = operation.returned {
                if returned < called {
                    return Err(HistoryError::ReturnBeforeCall { client, called, returned });
                }
                last.insert(client, (called, returned));
                events.push((returned, true, position));
            }
        }
        events.sort_unstable();
        let mut places = vec![(0, None); operations.len()];
        for (event, &(_, is_return, position)) in events.iter().enumerate() {
            if is_return {
                places[position].1 = Some(event);
            } else {
                places[position].0 = event;
            }
        }
        let operations = operations.into_iter().zip(places).map(|(operation, (call, ret))| {
            let TimedOperation { client, input, called, returned } = operation;
            let (returned, output) = returned.unzip();
            Operation { client, input, output, called, returned, call, ret }
        });
        Ok(Self { operations: operations.collect(), open: FxHashMap::default(), events: events.len() })
    }

    /// The operations, in the order of their calls.
    pub fn operations(&self) -> &[Operation<I, O>] {
        &self.operations
    }

    /// The number of operations, including those that never returned.
    pub fn len(&self) -> usize {
        self.operations.len()
    }

    /// Whether no call was recorded.
    pub fn is_empty(&self) -> bool {
        self.operations.is_empty()
    }

    fn next_event(&mut self) -> usize {
        self.events += 1;
        self.events - 1
    }
}

/// A history that several clients write to concurrently.
///
/// Each event takes one lock for a short time. The lock is no scheduling point of a simulation.
#[derive(Debug)]
pub struct Recorder<I, O> {
    history: Mutex<History<I, O>>,
}

impl<I, O> Default for Recorder<I, O> {
    fn default() -> Self {
        Self { history: Mutex::default() }
    }
}

impl<I, O> Recorder<I, O> {
    /// A recorder of an empty history.
    pub fn new() -> Self {
        Self::default()
    }

    /// See [`History::call`]. To be called before the request can reach anybody.
    ///
    /// # Errors
    ///
    /// Those of [`History::call`].
    pub fn call(&self, client: u32, at: Duration, input: I) -> Result<(), HistoryError> {
        self.history.lock().call(client, at, input)
    }

    /// See [`History::ret`]. To be called after the answer has arrived.
    ///
    /// # Errors
    ///
    /// Those of [`History::ret`].
    pub fn ret(&self, client: u32, at: Duration, output: O) -> Result<(), HistoryError> {
        self.history.lock().ret(client, at, output)
    }

    /// See [`History::give_up`].
    pub fn give_up(&self, client: u32) {
        self.history.lock().give_up(client);
    }

    /// The history so far. Operations under way are included, as ones that have not returned.
    pub fn so_far(&self) -> History<I, O>
    where
        I: Clone,
        O: Clone,
    {
        self.history.lock().clone()
    }

    /// The complete history, when all clients have ended.
    pub fn finish(self) -> History<I, O> {
        self.history.into_inner()
    }
}
