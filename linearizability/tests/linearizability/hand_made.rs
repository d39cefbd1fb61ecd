//! Histories whose verdict can be seen by looking at them. Each is checked with the shortcut and without.

use std::sync::Arc;

use linearizability::KeyValueOutput::{Done, Maybe, NoKey, WrongVersion};
use linearizability::{
    Budget, History, KeyValue, KeyValueInput, Lock, LockInput, LockOutput, Register, RegisterInput,
    RegisterOutput, Verdict, check,
};

use crate::random::KeyValueHistory;
use crate::searched::Searched;
use crate::written::Event::{Call, GiveUp, Return};
use crate::written::{get, history, put, sequence, value};

#[track_caller]
fn right(history: &KeyValueHistory) {
    for verdict in
        [check(&KeyValue, history, Budget::default()), check(&Searched(KeyValue), history, Budget::default())]
    {
        assert!(verdict.is_linearizable(), "{verdict}");
    }
}

/// Wrong, and operation `stuck` is the first that nothing explains.
#[track_caller]
fn wrong(history: &KeyValueHistory, stuck: usize) {
    for verdict in
        [check(&KeyValue, history, Budget::default()), check(&Searched(KeyValue), history, Budget::default())]
    {
        match verdict {
            Verdict::Violation(evidence) => assert_eq!(evidence.operation.position, stuck, "{evidence}"),
            other => panic!("{other}"),
        }
    }
}

#[test]
fn nothing_at_all() {
    right(&History::new());
}

#[test]
fn one_client_that_is_answered_right() {
    right(&sequence(vec![
        (get(), NoKey),
        (put("a", 1), NoKey),
        (put("a", 0), Done),
        (get(), value("a", 1)),
        (put("b", 0), WrongVersion),
        (put("b", 1), Done),
        (put("c", 7), WrongVersion),
        (get(), value("b", 2)),
    ]));
}

#[test]
fn each_field_of_an_answer_counts() {
    let put_a = || (put("a", 0), Done);
    wrong(&sequence(vec![put_a(), (get(), value("b", 1))]), 1);
    wrong(&sequence(vec![put_a(), (get(), value("a", 2))]), 1);
    wrong(&sequence(vec![put_a(), (get(), value("a", 0))]), 1);
    wrong(&sequence(vec![put_a(), (get(), NoKey)]), 1);
    wrong(&sequence(vec![put_a(), (get(), WrongVersion)]), 1);
    wrong(&sequence(vec![put_a(), (put("b", 1), WrongVersion)]), 1);
    wrong(&sequence(vec![put_a(), (put("b", 1), NoKey)]), 1);
    wrong(&sequence(vec![put_a(), (put("b", 2), NoKey)]), 1);
    wrong(&sequence(vec![put_a(), (put("b", 2), Done)]), 1);
    wrong(&sequence(vec![put_a(), (put("b", 0), Done)]), 1);
    wrong(&sequence(vec![(get(), value("", 0))]), 0);
    wrong(&sequence(vec![(put("a", 0), NoKey)]), 0);
    wrong(&sequence(vec![(put("a", 0), WrongVersion)]), 0);
    wrong(&sequence(vec![(put("a", 3), WrongVersion)]), 0);
    wrong(&sequence(vec![(put("a", 1), Done)]), 0);
    wrong(&sequence(vec![(put("a", u64::MAX), Done)]), 0);
}

#[test]
fn there_is_no_version_after_the_last_number() {
    let put_a = || (put("a", 0), Done);
    right(&sequence(vec![put_a(), (put("b", u64::MAX), WrongVersion), (get(), value("a", 1))]));
    wrong(&sequence(vec![put_a(), (put("b", u64::MAX), Done)]), 1);
    wrong(&sequence(vec![put_a(), (get(), value("a", u64::MAX))]), 1);
}

#[test]
fn a_get_during_a_put_sees_it_or_not() {
    for seen in [NoKey, value("a", 1)] {
        right(&history(vec![Call(0, put("a", 0)), Call(1, get()), Return(1, seen), Return(0, Done)]));
    }
}

#[test]
fn a_value_seen_by_one_client_is_seen_by_the_next() {
    // Both overlap the put, but the second get begins when the first has ended.
    let one_after_the_other = |first, second| {
        history(vec![
            Call(0, put("a", 0)),
            Call(1, get()),
            Return(1, first),
            Call(2, get()),
            Return(2, second),
            Return(0, Done),
        ])
    };
    right(&one_after_the_other(NoKey, value("a", 1)));
    wrong(&one_after_the_other(value("a", 1), NoKey), 2);
}

#[test]
fn a_read_after_the_write_returned_is_stale_if_it_misses_it() {
    wrong(&sequence(vec![(put("a", 0), Done), (put("b", 1), Done), (get(), value("a", 1))]), 2);
}

#[test]
fn two_puts_of_one_version_cannot_both_succeed() {
    wrong(&history(vec![Call(0, put("a", 0)), Call(1, put("b", 0)), Return(0, Done), Return(1, Done)]), 1);
}

#[test]
fn maybe_is_within_the_call_or_never() {
    right(&sequence(vec![(put("a", 0), Maybe), (get(), value("a", 1))]));
    right(&sequence(vec![(put("a", 0), Maybe), (get(), NoKey)]));
    // Not later, when it has returned.
    wrong(&sequence(vec![(put("a", 0), Maybe), (get(), NoKey), (get(), value("a", 1))]), 2);
    // Nor at a version that the key does not have.
    wrong(&sequence(vec![(put("a", 0), Done), (put("b", 2), Maybe), (get(), value("b", 3))]), 2);
    // Nor twice.
    wrong(&sequence(vec![(put("a", 0), Maybe), (get(), value("a", 2))]), 1);
}

#[test]
fn an_operation_that_never_returned_takes_effect_at_any_time_after_its_call_or_never() {
    let until_the_end = |reads: Vec<_>| {
        let mut events = vec![Call(7, put("a", 0)), GiveUp(7)];
        events.extend(reads.into_iter().flat_map(|output| [Call(0, get()), Return(0, output)]));
        history(events)
    };
    right(&until_the_end(vec![NoKey, NoKey]));
    right(&until_the_end(vec![NoKey, value("a", 1)]));
    right(&until_the_end(vec![value("a", 1), value("a", 1)]));
    wrong(&until_the_end(vec![value("a", 1), NoKey]), 2);
    // Not before its call.
    wrong(&history(vec![Call(0, get()), Return(0, value("a", 1)), Call(7, put("a", 0))]), 0);
}

#[test]
fn a_chain_of_operations_that_never_returned() {
    let events = (0..5).map(|version| Call(10 + version as u32, put(&format!("v{version}"), version)));
    let with = |output| events.clone().chain([Call(0, get()), Return(0, output)]).collect();
    right(&history(with(value("v4", 5))));
    right(&history(with(value("v1", 2))));
    wrong(&history(with(value("v1", 3))), 5);
}

#[test]
fn a_refused_put_may_have_seen_an_earlier_version() {
    right(&sequence(vec![
        (put("a", 0), Done),
        (put("c", 2), WrongVersion),
        (put("b", 1), Done),
        (put("c", 2), Done),
    ]));
    wrong(&sequence(vec![(put("a", 0), Done), (put("b", 1), Done), (put("c", 2), WrongVersion)]), 2);
    // It sees version 1 or 3; the get makes sure that 2 was there when it was called, and 3 comes after it.
    wrong(
        &history(vec![
            Call(0, put("a", 0)),
            Return(0, Done),
            Call(0, put("b", 1)),
            Return(0, Done),
            Call(1, put("x", 2)),
            Return(1, WrongVersion),
            Call(0, put("c", 2)),
            Return(0, Done),
        ]),
        2,
    );
}

#[test]
fn one_more_version_from_an_operation_that_was_not_needed() {
    // The put at version 2 was told that this is wrong when the version had been 2: so the lost one had made
    // it 3.
    let lost = |lost| {
        let mut events = vec![Call(0, put("a", 0)), Return(0, Done), Call(0, put("b", 1)), Return(0, Done)];
        if lost {
            events.push(Call(7, put("c", 2)));
        }
        events.extend([Call(1, put("d", 2)), Return(1, WrongVersion)]);
        history(events)
    };
    right(&lost(true));
    wrong(&lost(false), 2);
}

#[test]
fn calls_at_the_time_of_a_return_overlap_it() {
    use linearizability::TimedOperation;
    use std::time::Duration;

    let ms = Duration::from_millis;
    let with = |second: u64| {
        let put =
            TimedOperation { client: 0, input: put("a", 0), called: ms(1), returned: Some((ms(2), Done)) };
        let get = TimedOperation {
            client: 1,
            input: get(),
            called: ms(second),
            returned: Some((ms(second), NoKey)),
        };
        History::from_times(vec![put, get]).unwrap()
    };
    right(&with(1));
    right(&with(2));
    wrong(&with(3), 1);
}

#[test]
fn events_in_the_order_in_which_they_were_noted_whatever_their_times() {
    let at = std::time::Duration::from_secs(1);
    let mut history = History::new();
    history.call(0, at, put("a", 0)).unwrap();
    history.ret(0, at, Done).unwrap();
    history.call(1, at, get()).unwrap();
    history.ret(1, at, NoKey).unwrap();
    wrong(&history, 1);
}

#[test]
fn keys_do_not_depend_on_each_other() {
    let mut history = History::new();
    let at = std::time::Duration::ZERO;
    for (client, key) in (0..).zip(["x", "y"]) {
        let key: Arc<str> = key.into();
        history
            .call(client, at, KeyValueInput::Put { key: Arc::clone(&key), value: "a".into(), version: 0 })
            .unwrap();
        history.ret(client, at, Done).unwrap();
        history.call(client, at, KeyValueInput::Get { key }).unwrap();
        history.ret(client, at, value("a", 1)).unwrap();
    }
    right(&history);
    history.call(0, at, KeyValueInput::Get { key: "y".into() }).unwrap();
    history.ret(0, at, NoKey).unwrap();
    wrong(&history, 4);
}

#[test]
fn more_operations_under_way_than_a_word_has_bits() {
    // 200 puts that never returned, and each may be the one that was read.
    let lost = (0..200).map(|client| Call(client, put(&format!("v{client}"), u64::from(client % 2))));
    let seen = |output| lost.clone().chain([Call(900, get()), Return(900, output)]).collect::<Vec<_>>();
    right(&history(seen(value("v199", 2))));
    wrong(&history(seen(value("v199", 1))), 200);
}

#[test]
fn a_register() {
    let at = std::time::Duration::ZERO;
    let name: Arc<str> = "r".into();
    let reads = |values: &[&str]| {
        let mut history = History::new();
        history.call(0, at, RegisterInput::Write { name: Arc::clone(&name), value: "a".into() }).unwrap();
        for value in values {
            history.call(1, at, RegisterInput::Read { name: Arc::clone(&name) }).unwrap();
            history.ret(1, at, RegisterOutput::Value((*value).into())).unwrap();
        }
        history.ret(0, at, RegisterOutput::Done).unwrap();
        check(&Register, &history, Budget::default())
    };
    for right in [&["", "a"], &["", ""], &["a", "a"]] {
        assert!(reads(right).is_linearizable(), "{right:?}");
    }
    for wrong in [&["a", ""], &["b", "a"]] {
        assert!(matches!(reads(wrong), Verdict::Violation(_)), "{wrong:?}");
    }
}

#[test]
fn a_lock() {
    let at = std::time::Duration::ZERO;
    let name: Arc<str> = "l".into();
    let acquire = |client| LockInput::Acquire { name: Arc::clone(&name), client };
    let mut history = History::new();
    history.call(0, at, acquire(0)).unwrap();
    history.ret(0, at, LockOutput::Done).unwrap();
    history.call(1, at, acquire(1)).unwrap();
    assert!(check(&Lock, &history, Budget::default()).is_linearizable());
    let mut both = history.clone();
    both.ret(1, at, LockOutput::Done).unwrap();
    assert!(matches!(check(&Lock, &both, Budget::default()), Verdict::Violation(_)));
    history.call(0, at, LockInput::Release { name: Arc::clone(&name), client: 0 }).unwrap();
    history.ret(1, at, LockOutput::Done).unwrap();
    assert!(check(&Lock, &history, Budget::default()).is_linearizable());
}
