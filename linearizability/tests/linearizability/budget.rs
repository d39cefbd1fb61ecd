//! A check that exceeds its budget is "unknown", and never a pass; its cost is the same every time.

use std::sync::Arc;
use std::time::Duration;

use linearizability::{Budget, KeyValue, Register, RegisterInput, RegisterOutput, Verdict, check};

use crate::random::{self, Random, RegisterHistory, Workload};
use crate::searched::Searched;

fn hard() -> RegisterHistory {
    let history = random::register(&mut Random(5), 10, 1_000, 0);
    random::with_a_stale_read(&history).expect("there is a read to corrupt")
}

#[track_caller]
fn unknown(verdict: &Verdict) {
    assert!(matches!(verdict, Verdict::Unknown { .. }), "{verdict}");
    assert!(!verdict.is_linearizable(), "{verdict}");
}

#[test]
fn too_many_steps() {
    let history = hard();
    let Verdict::Violation(evidence) = check(&Register, &history, Budget::default()) else {
        panic!("expected a violation");
    };
    let enough = Budget { steps: evidence.spent.steps, ..Budget::default() };
    assert!(matches!(check(&Register, &history, enough), Verdict::Violation(_)));
    // From next to nothing up to one step less than it takes.
    for steps in [0, 1, 100, evidence.spent.steps / 2, evidence.spent.steps - 1] {
        let verdict = check(&Register, &history, Budget { steps, ..Budget::default() });
        unknown(&verdict);
        let Verdict::Unknown { key, spent, budget } = verdict else { unreachable!() };
        assert_eq!((key.as_str(), budget.steps), ("r", steps));
        // The operations that were to be looked at, or one step too many.
        assert!(spent.steps <= (steps + 1).max(1_000), "{spent}");
    }
}

#[test]
fn too_much_memory() {
    let history = hard();
    let Verdict::Violation(evidence) = check(&Register, &history, Budget::default()) else {
        panic!("expected a violation");
    };
    let bytes = evidence.spent.bytes;
    assert!(matches!(
        check(&Register, &history, Budget { bytes, ..Budget::default() }),
        Verdict::Violation(_)
    ));
    unknown(&check(&Register, &history, Budget { bytes: bytes - 1, ..Budget::default() }));
    unknown(&check(&Register, &history, Budget { bytes: 0, ..Budget::default() }));
}

#[test]
fn the_message_of_an_unknown_verdict_denies_a_pass() {
    let verdict = check(&Register, &hard(), Budget { steps: 2_000, bytes: 1 << 20 });
    assert_eq!(
        verdict.to_string(),
        "expected a verdict on the history of key r within 2000 steps and 1049 kB; saw none after 2001 \
         steps and 10 kB: \
         it is not known whether the history is linearizable, and that is not a pass"
    );
}

#[test]
fn an_exact_method_has_a_verdict_whatever_the_budget() {
    let workload =
        Workload { clients: 10, operations: 1_000, keys: 1, losses: true, guesses: true, values: 2 };
    let history = random::key_value(&mut Random(1), workload);
    let stale = random::with_a_stale_get(&history).expect("there is a read to corrupt");
    let nothing = Budget { steps: 0, bytes: 0 };
    unknown(&check(&Searched(KeyValue), &history, Budget { steps: 10_000, ..Budget::default() }));
    assert!(check(&KeyValue, &history, nothing).is_linearizable());
    let Verdict::Violation(evidence) = check(&KeyValue, &stale, nothing) else {
        panic!("expected a violation");
    };
    assert!(evidence.minimal && !evidence.prefixes.is_empty(), "{evidence}");
}

#[test]
fn an_undecided_key_does_not_hide_a_violation_of_another() {
    let mut history = hard();
    // Another register has more operations, so it is checked later. One client uses it, and reads at last
    // what it has overwritten.
    let name: Arc<str> = "other".into();
    let at = Duration::from_secs(1_000);
    for number in 0..1_500 {
        let value = format!("v{number}").into();
        history.call(99, at, RegisterInput::Write { name: Arc::clone(&name), value }).unwrap();
        history.ret(99, at, RegisterOutput::Done).unwrap();
    }
    history.call(99, at, RegisterInput::Read { name }).unwrap();
    history.ret(99, at, RegisterOutput::Value("v1".into())).unwrap();
    let budget = Budget { bytes: 300_000, ..Budget::default() };
    unknown(&check(&Register, &hard(), budget));
    match check(&Register, &history, budget) {
        Verdict::Violation(evidence) => assert_eq!(evidence.key, "other"),
        other => panic!("{other}"),
    }
}

#[test]
fn the_same_history_takes_the_same_steps_and_has_the_same_evidence() {
    // Written down: they must be the same on every machine, in debug and in release.
    let Verdict::Violation(evidence) = check(&Register, &hard(), Budget::default()) else {
        panic!("expected a violation");
    };
    let Verdict::Violation(again) = check(&Register, &hard(), Budget::default()) else {
        panic!("expected a violation");
    };
    assert_eq!(evidence, again);
    assert_eq!((evidence.spent.steps, evidence.spent.bytes), (236_081, 1_475_480));
}
