//! The words of a violation.

use linearizability::KeyValueOutput::{Done, Maybe, NoKey, WrongVersion};
use linearizability::{Budget, Evidence, KeyValue, Verdict, check};

use crate::random::KeyValueHistory;
use crate::written::Event::{Call, Return};
use crate::written::{get, history, put, sequence, value};

fn evidence(history: &KeyValueHistory) -> Box<Evidence> {
    match check(&KeyValue, history, Budget::default()) {
        Verdict::Violation(evidence) => evidence,
        other => panic!("{other}"),
    }
}

#[test]
fn a_stale_read() {
    let evidence = evidence(&history(vec![
        Call(0, put("a", 0)),
        Return(0, Done),
        Call(0, put("b", 1)),
        Call(2, put("z", 1)),
        Return(0, Done),
        Call(1, get()),
        Return(1, value("a", 1)),
    ]));
    assert_eq!(
        evidence.to_string(),
        "expected the operations on key x to be linearizable: each takes effect at one moment between its \
         call and its \
         return; saw an answer that no order explains:
    client 1, 0.006 s to 0.007 s: Get(x) -> \"a\", version 1
these 2 contradict each other, whatever else happened:
    client 0, 0.003 s to 0.005 s: Put(x, \"b\", version 1) -> Ok
  > client 1, 0.006 s to 0.007 s: Get(x) -> \"a\", version 1
no moment is left at which version 2 of x can have begun; the last one is ruled out by \
         client 0, 0.003 s to 0.005 s: Put(x, \"b\", version 1) -> Ok
without it the operations so far (4) have an order:
    client 0, 0.001 s to 0.002 s: Put(x, \"a\", version 0) -> Ok
    client 0, 0.003 s to 0.005 s: Put(x, \"b\", version 1) -> Ok
  which leaves x \"b\", version 2; there the answer would be \"b\", version 2
"
    );
}

#[test]
fn a_value_that_nobody_put() {
    let evidence =
        evidence(&sequence(vec![(put("a", 0), Done), (put("b", 1), Maybe), (get(), value("c", 2))]));
    assert_eq!(
        evidence.to_string(),
        "expected the operations on key x to be linearizable: each takes effect at one moment between its \
         call and its \
         return; saw an answer that no order explains:
    client 0, 0.005 s to 0.006 s: Get(x) -> \"c\", version 2
whatever the other operations on x did, this answer is wrong at any time.
no moment is left at which version 2 of x can have begun; this answer rules out the last one
without it the operations so far (3) have orders, such as:
    client 0, 0.001 s to 0.002 s: Put(x, \"a\", version 0) -> Ok
  which leaves x \"a\", version 1; there the answer would be \"a\", version 1
    client 0, 0.001 s to 0.002 s: Put(x, \"a\", version 0) -> Ok
    client 0, 0.003 s to 0.004 s: Put(x, \"b\", version 1) -> ErrMaybe
  which leaves x \"b\", version 2; there the answer would be \"b\", version 2
"
    );
}

#[test]
fn the_version_that_cannot_have_begun() {
    let no_moment = |history| {
        let no_moment = evidence(&history).no_moment?;
        Some((no_moment.version, no_moment.operation.position))
    };
    // Nobody put anything at version 3.
    let far = sequence(vec![(put("a", 0), Done), (get(), value("b", 4))]);
    assert_eq!(no_moment(far), Some((2, 1)));
    // Two puts made version 1.
    let twice = sequence(vec![(put("a", 0), Done), (put("b", 0), Done)]);
    assert_eq!(no_moment(twice), Some((1, 1)));
    // Two values of one version.
    let values = sequence(vec![
        (put("a", 0), Maybe),
        (put("b", 0), Maybe),
        (get(), value("a", 1)),
        (get(), value("b", 1)),
    ]);
    assert_eq!(no_moment(values), Some((1, 3)));
    // What was refused saw version 2, but the put that made it was called later.
    let refused = history(vec![
        Call(0, put("a", 0)),
        Return(0, Done),
        Call(1, put("x", 1)),
        Return(1, WrongVersion),
        Call(0, put("b", 1)),
        Return(0, Done),
    ]);
    assert_eq!(no_moment(refused), Some((2, 1)));
    // No put can be told that there is a version 0 to put at, and that there is no key.
    assert_eq!(no_moment(sequence(vec![(put("a", 0), NoKey)])), None);
}

#[test]
fn a_contradiction_of_more_than_two_operations() {
    // The put of client 1 at version 2 was refused. It was called after version 2 had been seen, and returned
    // before it was seen again.
    let evidence = evidence(&history(vec![
        Call(0, put("a", 0)),
        Return(0, Done),
        Call(0, put("b", 1)),
        Call(3, put("c", 2)),
        Call(2, get()),
        Return(2, value("b", 2)),
        Call(1, put("x", 2)),
        Return(1, WrongVersion),
        Call(2, get()),
        Return(2, value("b", 2)),
    ]));
    let core: Vec<usize> = evidence.core.iter().map(|shown| shown.position).collect();
    assert_eq!((core.as_slice(), evidence.minimal), ([3, 4, 5].as_slice(), true), "{evidence}");
}

#[test]
fn a_value_that_was_put_only_later() {
    let evidence =
        evidence(&sequence(vec![(get(), value("a", 1)), (put("a", 0), Done), (get(), value("a", 1))]));
    let text = evidence.to_string();
    assert!(
        text.contains(
            "whatever the operations on x did that had been called by then, this answer is wrong.
it could be right only with operations that were called later.
"
        ),
        "{text}"
    );
}

#[test]
fn an_operation_without_a_return_and_a_long_order() {
    let mut events: Vec<_> =
        (0..6).flat_map(|version| [Call(0, put(&format!("v{version}"), version)), Return(0, Done)]).collect();
    events.extend([Call(3, put("lost", 6)), Call(1, get()), Return(1, value("lost", 6))]);
    let text = evidence(&history(events)).to_string();
    assert!(
        text.contains(
            "    2 operations, then\n    client 0, 0.005 s to 0.006 s: Put(x, \"v2\", version 2) -> Ok\n"
        ),
        "{text}"
    );
    assert!(
        text.contains("    client 3, 0.013 s on, without a return: Put(x, \"lost\", version 6)\n"),
        "{text}"
    );
}
