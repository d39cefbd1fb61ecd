//! Histories that no clients can have made.

use std::time::Duration;

use linearizability::KeyValueOutput::{self, Done};
use linearizability::{History, HistoryError, KeyValueInput, Recorder, TimedOperation};

use crate::written::{get, put};

type Noted = History<KeyValueInput, KeyValueOutput>;

const fn ms(at: u64) -> Duration {
    Duration::from_millis(at)
}

#[test]
fn a_return_without_a_call() {
    let mut history = Noted::new();
    let error = HistoryError::ReturnWithoutCall { client: 1, at: ms(2) };
    assert_eq!(history.ret(1, ms(2), Done), Err(error));
    assert_eq!(error.to_string(), "client 1 returned at 2ms without a call");
    history.call(1, ms(3), get()).unwrap();
    history.ret(1, ms(4), Done).unwrap();
    assert_eq!(history.ret(1, ms(5), Done), Err(HistoryError::ReturnWithoutCall { client: 1, at: ms(5) }));
    assert_eq!(history.len(), 1);
}

#[test]
fn a_call_within_a_call() {
    let mut history = Noted::new();
    history.call(1, ms(2), get()).unwrap();
    let error = HistoryError::Overlap { client: 1, at: ms(3), since: ms(2) };
    assert_eq!(history.call(1, ms(3), get()), Err(error));
    assert_eq!(error.to_string(), "client 1 called at 3ms, before its call of 2ms had returned");
    assert_eq!(history.len(), 1);
    history.call(2, ms(3), get()).unwrap();
    history.give_up(1);
    history.call(1, ms(4), get()).unwrap();
    // What was given up does not return later; this is the return of the other call.
    history.ret(1, ms(5), Done).unwrap();
    assert_eq!(history.operations()[0].output, None);
    assert_eq!(history.operations()[2].output, Some(Done));
}

#[test]
fn a_return_before_its_call() {
    let mut history = Noted::new();
    history.call(1, ms(2), get()).unwrap();
    let error = HistoryError::ReturnBeforeCall { client: 1, called: ms(2), returned: ms(1) };
    assert_eq!(history.ret(1, ms(1), Done), Err(error));
    history.ret(1, ms(2), Done).unwrap();
}

#[test]
fn operations_with_times() {
    let timed = |client, called, returned: Option<u64>| TimedOperation {
        client,
        input: put("a", 0),
        called: ms(called),
        returned: returned.map(|at| (ms(at), Done)),
    };
    let error = HistoryError::ReturnBeforeCall { client: 1, called: ms(2), returned: ms(1) };
    assert_eq!(History::from_times(vec![timed(1, 2, Some(1))]).unwrap_err(), error);
    let error = HistoryError::Overlap { client: 1, at: ms(3), since: ms(2) };
    assert_eq!(History::from_times(vec![timed(1, 3, Some(5)), timed(1, 2, Some(4))]).unwrap_err(), error);
    let history =
        History::from_times(vec![timed(1, 4, None), timed(1, 2, Some(4)), timed(1, 5, None)]).unwrap();
    // Sorted by their calls; at 4 ms, the call first.
    let events =
        history.operations().iter().map(|operation| (operation.call_event(), operation.return_event()));
    assert_eq!(events.collect::<Vec<_>>(), [(0, Some(2)), (1, None), (3, None)]);
}

#[test]
fn a_recorder_has_the_events_recorded_so_far() {
    let recorder = Recorder::new();
    recorder.call(0, ms(1), get()).unwrap();
    assert_eq!(recorder.ret(1, ms(1), Done), Err(HistoryError::ReturnWithoutCall { client: 1, at: ms(1) }));
    let so_far: Noted = recorder.so_far();
    assert_eq!(so_far.operations()[0].returned, None);
    recorder.ret(0, ms(2), Done).unwrap();
    recorder.call(0, ms(3), get()).unwrap();
    recorder.give_up(0);
    recorder.call(0, ms(4), get()).unwrap();
    let history = recorder.finish();
    assert_eq!(history.operations()[0].returned, Some(ms(2)));
    assert_eq!((history.len(), history.is_empty()), (3, false));
}
