//! The exact method, the search and brute force must say the same of tens of thousands of small histories,
//! and the first two of long ones.

use std::fmt::Debug;
use std::sync::Arc;
use std::time::Duration;

use linearizability::{
    Budget, Evidence, History, KeyValue, KeyValueInput, KeyValueOutput, Lock, LockInput, LockOutput,
    Register, RegisterOutput, TimedOperation, Verdict, check,
};

use crate::brute_force::{
    Key, is_linearizable, key_value_changes, key_value_spec, lock_spec, operations, register_spec, until,
};
use crate::random::{self, KeyValueHistory, Random, Workload};
use crate::searched::Searched;

/// An answer to a `Get` or a `Put`, at random.
fn any_output(random: &mut Random) -> KeyValueOutput {
    match random.below(8) {
        0 => KeyValueOutput::NoKey,
        1 => KeyValueOutput::WrongVersion,
        2 => KeyValueOutput::Maybe,
        3 | 4 => KeyValueOutput::Done,
        _ => {
            KeyValueOutput::Value { value: format!("v{}", random.below(2)).into(), version: random.below(5) }
        }
    }
}

fn small_history(random: &mut Random) -> KeyValueHistory {
    let most = if random.one_in(4) { 10 } else { 6 };
    let workload = Workload {
        clients: 2 + random.below(3) as u32,
        operations: 2 + random.below(most) as usize,
        keys: 1,
        losses: random.one_in(2),
        guesses: true,
        values: 2,
    };
    let history = random::key_value(random, workload);
    let corrupted = random.below(4);
    random::corrupt(&history, |_, input, output| {
        if corrupted > 0 && random.one_in(6) {
            return any_output(random);
        }
        match (corrupted, input, output) {
            // Wrong in the way of services that are: a success that is none, and the reverse.
            (1, KeyValueInput::Put { .. }, _) if random.one_in(4) => {
                if random.one_in(2) {
                    KeyValueOutput::WrongVersion
                } else {
                    KeyValueOutput::Maybe
                }
            }
            _ => output.clone(),
        }
    })
}

/// An evidence says what is true: that it is this return, that these orders are right, that this core is one.
fn check_evidence(evidence: &Evidence, history: &KeyValueHistory) {
    let init: Key = (0, "".into());
    let all = history.operations();
    let stuck = &all[evidence.operation.position];
    let end = stuck.return_event().expect("what is stuck has returned");
    assert!(!is_linearizable(&init, key_value_spec, &until(history, end), &[]), "{evidence}");
    assert!(is_linearizable(&init, key_value_spec, &until(history, end - 1), &[]), "{evidence}");

    assert!(
        !evidence.prefixes.is_empty()
            && evidence.all_prefixes | (evidence.prefixes.len() == Evidence::PREFIXES)
    );
    for prefix in &evidence.prefixes {
        let order = &prefix.order;
        let mut states = vec![init.clone()];
        for (place, &position) in order.iter().enumerate() {
            let op = &all[position];
            let before =
                |other: &&usize| all[**other].return_event().is_some_and(|ret| ret < op.call_event());
            assert!(order[place..].iter().find(before).is_none(), "{evidence}");
            states = states.iter().flat_map(|s| key_value_spec(s, &op.input, op.output.as_ref())).collect();
        }
        let shown = |(version, value): &Key| match version {
            0 => "missing".to_owned(),
            _ => format!("{value:?}, version {version}"),
        };
        assert!(states.iter().any(|state| shown(state) == prefix.state), "{states:?}: {evidence}");
        for op in until(history, end - 1) {
            let placed = order.iter().any(|&position| all[position].call_event() == op.call);
            assert!(placed || op.ret.is_none() || op.output == Some(&KeyValueOutput::Maybe), "{evidence}");
        }
    }

    let core: Vec<usize> = evidence.core.iter().map(|shown| shown.position).collect();
    assert!(core.contains(&evidence.operation.position), "{evidence}");
    assert!(evidence.minimal, "{evidence}");
    let is_core = |core: &[usize]| {
        let mut kept = until(history, end);
        let calls: Vec<usize> = core.iter().map(|&position| all[position].call_event()).collect();
        let free: Vec<_> = kept.extract_if(.., |op| !calls.contains(&op.call)).collect();
        let changes = |op: &crate::brute_force::Op<_, _>| {
            matches!(op.input, KeyValueInput::Put { .. })
                && !matches!(op.output, Some(KeyValueOutput::WrongVersion | KeyValueOutput::NoKey))
        };
        let free: Vec<_> = free.into_iter().filter(changes).collect();
        // `free` only makes versions rise, so this ends.
        !with_changes(&init, &kept, &free)
    };
    assert!(is_core(&core), "{evidence}");
    for &left_out in &core {
        let smaller: Vec<usize> = core.iter().copied().filter(|&position| position != left_out).collect();
        assert!(left_out == evidence.operation.position || !is_core(&smaller), "not minimal: {evidence}");
    }
}

/// With `free` puts at any time: between any two, all states that they can lead to.
fn with_changes(
    init: &Key,
    ops: &[crate::brute_force::Op<KeyValueInput, KeyValueOutput>],
    free: &[crate::brute_force::Op<KeyValueInput, KeyValueOutput>],
) -> bool {
    let mut starts = vec![init.clone()];
    let mut next = 0;
    // From every state that free puts alone can lead to, one operation, and again.
    while next < starts.len() {
        let state = starts[next].clone();
        let more = free.iter().flat_map(|op| key_value_changes(&state, op.input, op.output));
        let more: Vec<Key> = more.filter(|state| !starts.contains(state)).collect();
        starts.extend(more);
        next += 1;
    }
    if ops.iter().all(|op| op.ret.is_none()) {
        return true;
    }
    (0..ops.len()).any(|first| {
        let comes_after = |op: &crate::brute_force::Op<_, _>| op.ret.is_some_and(|ret| ret < ops[first].call);
        if ops.iter().any(comes_after) {
            return false;
        }
        let rest = || {
            let rest = ops.iter().enumerate().filter(|(position, _)| *position != first);
            rest.map(|(_, op)| crate::brute_force::Op {
                call: op.call,
                ret: op.ret,
                input: op.input,
                output: op.output,
            })
        };
        let rest: Vec<_> = rest().collect();
        starts.iter().any(|start| {
            let next = key_value_spec(start, ops[first].input, ops[first].output);
            next.iter().any(|state| with_changes(state, &rest, free))
        })
    })
}

/// That both verdicts are the same; whether it is that there is an order.
pub fn agreed(history: &impl Debug, exact: &Verdict, searched: &Verdict) -> bool {
    match (exact, searched) {
        (Verdict::Linearizable { .. }, Verdict::Linearizable { .. }) => true,
        (Verdict::Violation(exact), Verdict::Violation(searched)) => {
            assert_eq!(exact.operation, searched.operation, "{history:#?}");
            assert_eq!(exact.all_prefixes, searched.all_prefixes, "{exact}{searched}");
            let states = |evidence: &Evidence| {
                let mut states: Vec<_> =
                    evidence.prefixes.iter().map(|prefix| prefix.state.clone()).collect();
                states.sort();
                states
            };
            if exact.all_prefixes {
                assert_eq!(states(exact), states(searched), "{exact}{searched}");
            }
            false
        }
        _ => panic!("{exact} against {searched}; {history:#?}"),
    }
}

#[test]
fn versioned_puts() {
    let mut random = Random(1);
    let (mut right, mut wrong) = (0, 0);
    for number in 0..60_000 {
        let history = small_history(&mut random);
        let expected = is_linearizable(&(0, "".into()), key_value_spec, &operations(&history), &[]);
        let exact = check(&KeyValue, &history, Budget::default());
        let searched = check(&Searched(KeyValue), &history, Budget::default());
        assert_eq!(agreed(&history, &exact, &searched), expected, "history {number}: {history:#?}");
        if expected {
            right += 1;
        } else {
            wrong += 1;
        }
        if number % 8 == 0
            && let (Verdict::Violation(exact), Verdict::Violation(searched)) = (&exact, &searched)
        {
            check_evidence(exact, &history);
            check_evidence(searched, &history);
        }
    }
    // Both kinds came often enough to mean something.
    assert!(right > 20_000 && wrong > 20_000, "{right} {wrong}");
}

#[test]
fn versioned_puts_in_long_histories() {
    let mut random = Random(4);
    let (mut right, mut wrong) = (0, 0);
    for number in 0..400 {
        let workload = Workload {
            clients: 2 + random.below(7) as u32,
            operations: 50 + random.below(250) as usize,
            keys: 1,
            losses: random.one_in(2),
            guesses: random.one_in(2),
            values: 2 * random.below(2),
        };
        let history = random::key_value(&mut random, workload);
        let wrong_answers = random.below(3) as usize;
        let length = history.len() as u64;
        let places: Vec<usize> = (0..wrong_answers).map(|_| random.below(length) as usize).collect();
        let history = random::corrupt(&history, |position, input, output| {
            let mut near = |version: u64| (version + random.below(3)).saturating_sub(1);
            match output {
                output if !places.contains(&position) => output.clone(),
                KeyValueOutput::Value { value, version } => {
                    KeyValueOutput::Value { value: Arc::clone(value), version: near(*version) }
                }
                KeyValueOutput::Done => {
                    [KeyValueOutput::WrongVersion, KeyValueOutput::Maybe][random.below(2) as usize].clone()
                }
                KeyValueOutput::WrongVersion | KeyValueOutput::Maybe => KeyValueOutput::Done,
                KeyValueOutput::NoKey => match input {
                    KeyValueInput::Get { .. } => KeyValueOutput::Value { value: "v0".into(), version: 1 },
                    KeyValueInput::Put { .. } => KeyValueOutput::WrongVersion,
                },
            }
        });
        let exact = check(&KeyValue, &history, Budget::default());
        // With many operations that may have taken effect, there is more to try than can be tried.
        let searched = check(&Searched(KeyValue), &history, Budget { steps: 200_000, ..Budget::default() });
        match (&exact, &searched) {
            (_, Verdict::Unknown { .. }) => continue,
            (Verdict::Linearizable { .. }, Verdict::Linearizable { .. }) => right += 1,
            (Verdict::Violation(exact), Verdict::Violation(searched)) => {
                assert_eq!(exact.operation, searched.operation, "history {number}: {history:#?}");
                assert!(exact.minimal && !exact.prefixes.is_empty(), "history {number}: {exact}");
                wrong += 1;
            }
            _ => panic!("history {number}: {exact} against {searched}; {history:#?}"),
        }
    }
    assert!(right > 100 && wrong > 100, "{right} {wrong}");
}

#[test]
fn versioned_puts_of_which_only_the_times_are_known() {
    let mut random = Random(5);
    let (mut right, mut wrong) = (0, 0);
    for number in 0..10_000 {
        let history = small_history(&mut random);
        // Many events have the same time. An operation precedes another one if it returned before its call;
        // at the same time they overlap.
        let time = |event: usize| (event / 3) as u32;
        let timed = history.operations().iter().map(|operation| TimedOperation {
            client: operation.client,
            input: operation.input.clone(),
            called: Duration::from_millis(1) * time(operation.call_event()),
            returned: operation.return_event().map(|event| {
                (Duration::from_millis(1) * time(event), operation.output.clone().expect("it returned"))
            }),
        });
        let mut ops = operations(&history);
        for op in &mut ops {
            op.call = 2 * time(op.call) as usize;
            op.ret = op.ret.map(|event| 2 * time(event) as usize + 1);
        }
        let expected = is_linearizable(&(0, "".into()), key_value_spec, &ops, &[]);
        let timed = History::from_times(timed.collect()).unwrap();
        match check(&KeyValue, &timed, Budget::default()) {
            Verdict::Linearizable { .. } if expected => right += 1,
            Verdict::Violation(_) if !expected => wrong += 1,
            verdict => panic!("history {number}: {verdict}; {history:#?}"),
        }
    }
    assert!(right > 3_000 && wrong > 3_000, "{right} {wrong}");
}

#[test]
fn registers() {
    let mut random = Random(2);
    let (mut right, mut wrong) = (0, 0);
    for number in 0..10_000 {
        let clients = 2 + random.below(3) as u32;
        let operations_wanted = 2 + random.below(6) as usize;
        let history = random::register(&mut random, clients, operations_wanted, 2);
        let history = random::corrupt(&history, |_, _, output| match output {
            RegisterOutput::Value(_) if random.one_in(4) => {
                RegisterOutput::Value(["", "v0", "v1", "v2"][random.below(4) as usize].into())
            }
            RegisterOutput::Done if random.one_in(4) => RegisterOutput::Maybe,
            output => output.clone(),
        });
        let init: Arc<str> = "".into();
        let expected = is_linearizable(&init, register_spec, &operations(&history), &[]);
        match check(&Register, &history, Budget::default()) {
            Verdict::Linearizable { .. } => {
                assert!(expected, "history {number}: {history:#?}");
                right += 1;
            }
            Verdict::Violation(evidence) => {
                assert!(!expected, "history {number}: {history:#?}");
                let end = history.operations()[evidence.operation.position].return_event().unwrap();
                assert!(!is_linearizable(&init, register_spec, &until(&history, end), &[]), "{evidence}");
                assert!(is_linearizable(&init, register_spec, &until(&history, end - 1), &[]), "{evidence}");
                assert!(evidence.minimal && !evidence.core.is_empty(), "{evidence}");
                wrong += 1;
            }
            unknown @ Verdict::Unknown { .. } => panic!("{unknown}"),
        }
    }
    assert!(right > 1_000 && wrong > 1_000, "{right} {wrong}");
}

#[test]
fn locks() {
    let mut random = Random(3);
    let (mut right, mut wrong) = (0, 0);
    let name: Arc<str> = "l".into();
    for number in 0..10_000 {
        let mut history = History::new();
        let mut open = [false; 3];
        for _ in 0..6 + random.below(8) {
            let client = random.below(3) as u32;
            let open = &mut open[client as usize];
            let name = Arc::clone(&name);
            if *open && random.one_in(8) {
                history.give_up(client);
            } else if *open {
                let output = if random.one_in(4) { LockOutput::Held } else { LockOutput::Done };
                history.ret(client, Default::default(), output).unwrap();
            } else {
                let input = match random.below(3) {
                    0 => LockInput::Acquire { name, client },
                    1 => LockInput::TryAcquire { name, client },
                    _ => LockInput::Release { name, client },
                };
                history.call(client, Default::default(), input).unwrap();
            }
            *open = !*open;
        }
        let expected = is_linearizable(&None, lock_spec, &operations(&history), &[]);
        match check(&Lock, &history, Budget::default()) {
            Verdict::Linearizable { .. } if expected => right += 1,
            Verdict::Violation(_) if !expected => wrong += 1,
            verdict => panic!("history {number}: {verdict}; {history:#?}"),
        }
    }
    assert!(right > 500 && wrong > 500, "{right} {wrong}");
}
