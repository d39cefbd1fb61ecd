//! Evidence where states grow: small, true, and not dearer than the verdict by much. All is counted, nothing
//! is timed.

use linearizability::{Budget, Evidence, Verdict, check};

use crate::appending::{Fault, Input, Text, TextHistory, history};
use crate::random::Random;

/// The evidence, and steps and bytes that it took together with the verdict.
fn evidence(history: &TextHistory) -> (Box<Evidence>, (u64, u64)) {
    let text = Text::default();
    match check(&text, history, Budget::default()) {
        Verdict::Violation(evidence) => (evidence, text.made.get()),
        other => panic!("{other}"),
    }
}

/// Bounds on the states made for one evidence, each of `size` bytes at most: as many steps as its budgets
/// have, 256 bytes for each of them, and the last state of each search.
fn bounds(operations: u64, spent: u64) -> (u64, u64) {
    let steps = spent + 3 * (200_000 + 40 * operations) + 3 * operations;
    (steps, 256 * 2 * steps)
}

fn sequence(operations: &[(Input, Option<&str>)]) -> TextHistory {
    let mut history = TextHistory::new();
    for (number, (input, output)) in (0..).zip(operations) {
        let at = std::time::Duration::from_millis(number);
        history.call(0, at, input.clone()).unwrap();
        history.ret(0, at, output.map(str::to_owned)).unwrap();
    }
    history
}

fn append(text: &str) -> (Input, Option<&str>) {
    (Input::Append(text.into()), None)
}

fn get(text: &str) -> (Input, Option<&str>) {
    (Input::Get, Some(text))
}

#[test]
fn the_core_of_a_stale_answer_has_two_operations() {
    let (evidence, _) =
        evidence(&sequence(&[append("a"), append("b"), get("ab"), append("c"), append("d"), get("abc")]));
    assert_eq!(evidence.core.len(), 2, "{evidence}");
    assert!(evidence.minimal && evidence.in_order, "{evidence}");
    let text = evidence.to_string();
    assert!(
        text.contains(
            "these 2 contradict each other, whenever the others took effect, in the first order below:
    client 0, 0.004 s to 0.004 s: Append(d) -> Ok
  > client 0, 0.005 s to 0.005 s: Get -> abc
"
        ),
        "{text}"
    );
}

#[test]
fn a_lost_append_is_shown_by_the_answer_without_it() {
    let (evidence, _) = evidence(&sequence(&[append("a"), append("b"), append("c"), get("ac")]));
    assert_eq!(evidence.core.len(), 1, "{evidence}");
    let text = evidence.to_string();
    let sentence = "whenever the other operations on text took effect, in the first order below, this \
                    answer is wrong.\n";
    assert!(text.contains(sentence), "{text}");
}

/// An answer that is right later is not "wrong at any time".
#[test]
fn a_value_that_was_only_written_later() {
    for later in [append("b"), append("x")] {
        let (evidence, _) = evidence(&sequence(&[get("b"), later.clone(), get("b")]));
        assert_eq!(evidence.core.len(), 1, "{evidence}");
        let text = evidence.to_string();
        assert!(!text.contains("at any time"), "{text}");
        assert!(text.contains("that had been called by then, this answer is wrong.\n"), "{text}");
        let is_later = later == append("b");
        assert_eq!(evidence.right_later, is_later.then_some(true), "{text}");
        assert_eq!(text.contains("only with operations that were called later"), is_later, "{text}");
    }
    // Nobody ever writes anything.
    let (evidence, _) = evidence(&sequence(&[get("b"), get("")]));
    assert_eq!(evidence.right_later, Some(false), "{evidence}");
    assert!(evidence.to_string().contains("this answer is wrong at any time.\n"), "{evidence}");
}

#[test]
fn the_cost_of_evidence_is_bounded_also_where_states_grow() {
    for (operations, seeds) in [(38, 8), (1_500, 1)] {
        for fault in [Fault::Stale, Fault::Lost, Fault::TooEarly] {
            for seed in 0..seeds {
                let history = history(&mut Random(seed), operations, fault).expect("an answer to corrupt");
                let (evidence, (steps, bytes)) = evidence(&history);
                let (most_steps, most_bytes) = bounds(operations as u64, evidence.spent.steps);
                let what = format!("{operations} operations, {fault:?}, seed {seed}");
                assert!(steps <= most_steps, "{what}: {steps} steps");
                assert!(bytes <= most_bytes, "{what}: {bytes} bytes");
                assert!(evidence.minimal, "{what}: {evidence}");
                let largest = if fault == Fault::Stale { 2 } else { 1 };
                assert!((1..=largest).contains(&evidence.core.len()), "{what}: {evidence}");
            }
        }
    }
}

/// A budget is for bytes, too: what it allows is made, and one state more at most.
#[test]
fn a_budget_of_steps_is_one_of_bytes() {
    let history = history(&mut Random(1), 1_500, Fault::Nothing).expect("a history");
    for steps in [2_000, 5_000, 20_000] {
        let text = Text::default();
        let verdict = check(&text, &history, Budget { steps, ..Budget::default() });
        let (tried, bytes) = text.made.get();
        assert!(tried <= steps, "{tried} of {steps}");
        assert!(bytes <= 256 * 2 * steps, "{bytes} bytes in {steps} steps: {verdict}");
    }
    // What a kept state takes is known, though the model does not say it.
    let verdict = check(&Text::default(), &history, Budget { bytes: 100_000, ..Budget::default() });
    assert!(matches!(verdict, Verdict::Unknown { .. }), "{verdict}");
}

/// The core of a small history is what it is said to be, by trying everything.
#[test]
fn a_core_is_a_minimal_contradiction() {
    let mut several = 0;
    for seed in 0..100 {
        for fault in [Fault::Stale, Fault::Lost] {
            let Some(history) = history(&mut Random(seed), 24, fault) else { continue };
            let (evidence, _) = evidence(&history);
            if !evidence.in_order {
                continue;
            }
            let core: Vec<usize> = evidence.core.iter().map(|shown| shown.position).collect();
            let order = &evidence.prefixes[0].order;
            assert!(contradicts(&history, &core, order), "seed {seed}, {fault:?}: {evidence}");
            assert!(evidence.minimal, "{evidence}");
            for &left_out in core.iter().filter(|&&op| op != evidence.operation.position) {
                let smaller: Vec<usize> = core.iter().copied().filter(|&op| op != left_out).collect();
                assert!(!contradicts(&history, &smaller, order), "seed {seed}: not minimal: {evidence}");
                several += 1;
            }
        }
    }
    assert!(several > 60, "{several}: the mix tests little");
}

/// Whether the operations of `core` have no order, whenever the others take effect in theirs.
fn contradicts(history: &TextHistory, core: &[usize], order: &[usize]) -> bool {
    let operations = history.operations();
    let is_append = |op: usize| matches!(operations[op].input, Input::Append(_));
    let others: Vec<usize> =
        order.iter().copied().filter(|op| !core.contains(op) && is_append(*op)).collect();
    !can_be_ordered(history, core, &others, &mut Vec::new(), String::new())
}

fn can_be_ordered(
    history: &TextHistory,
    core: &[usize],
    others: &[usize],
    done: &mut Vec<usize>,
    text: String,
) -> bool {
    let operations = history.operations();
    // The violation is the last return, so all of the core has returned.
    if done.len() == core.len() {
        return true;
    }
    let step = |op: usize| -> Option<String> {
        match (&operations[op].input, &operations[op].output) {
            (Input::Append(more), _) => Some(format!("{text}{more}")),
            (Input::Get, Some(Some(answer))) if *answer == text => Some(text.clone()),
            _ => None,
        }
    };
    for &op in core {
        if done.contains(&op) {
            continue;
        }
        let is_first = core.iter().all(|&other| {
            done.contains(&other)
                || operations[other].return_event().is_none_or(|ret| ret > operations[op].call_event())
        });
        if let Some(next) = step(op).filter(|_| is_first) {
            done.push(op);
            let found = can_be_ordered(history, core, others, done, next);
            done.pop();
            if found {
                return true;
            }
        }
    }
    match others.split_first() {
        Some((&op, rest)) => can_be_ordered(history, core, rest, done, step(op).expect("an append")),
        None => false,
    }
}
