//! The exact method for puts and appends: it, the search and the definition itself must say the same of small
//! histories; and each thing that it says of a violation must be true.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use linearizability::{Budget, Evidence, Interval, Model, Text, TextInput, TextOutput, Verdict, check};

use crate::agreement::agreed;
use crate::brute_force::{Op, is_linearizable, operations, text_spec, until};
use crate::random::{self, Random, TextHistory, TextWorkload};
use crate::searched::Searched;

type TextOp<'a> = Op<'a, TextInput, TextOutput>;

/// All texts of such values can be taken apart in one way only.
fn marked(number: usize) -> String {
    format!("{number},")
}

/// Some values are the beginning of others. Mostly there is one way only.
fn mixed(number: usize) -> String {
    ["a", "ab", "abc", "ca", "b1", "1", "cb", "bb1"]
        .get(number - 1)
        .map_or_else(|| marked(number), ToString::to_string)
}

/// Equal values, and some that make others.
fn equal(number: usize) -> String {
    ["a", "b", "ab", ""][(number * number + number / 3) % 4].to_owned()
}

fn small_history(random: &mut Random, value: fn(usize) -> String) -> TextHistory {
    let most = if random.one_in(3) { 9 } else { 6 };
    let workload = TextWorkload {
        clients: 2 + random.below(4) as u32,
        operations: 2 + random.below(most) as usize,
        keys: 1,
        puts: random.below(4),
        losses: random.one_in(2),
        value,
    };
    let history = random::text(random, workload);
    if random.one_in(5) {
        return history;
    }
    let last = history.len() + 1;
    random::corrupt(&history, |_, input, output| match (input, output) {
        (_, TextOutput::Value(text)) if random.one_in(2) => {
            TextOutput::Value(wrong(random, text, last, value))
        }
        // An answer to another request.
        (TextInput::Get { .. }, _) if random.one_in(60) => TextOutput::Done,
        (_, TextOutput::Done) if random.one_in(60) => TextOutput::Value("".into()),
        _ => output.clone(),
    })
}

/// A text that is wrong in the way of services that are.
fn wrong(random: &mut Random, text: &str, last: usize, value: fn(usize) -> String) -> Arc<str> {
    let mut parts: Vec<String> = text.split_inclusive(',').map(str::to_owned).collect();
    let mut any = |end: usize| random.below(end as u64 + 1) as usize;
    let (place, other) = (any(parts.len()), any(parts.len()));
    match any(6) {
        // Something was lost.
        0 | 1 if place < parts.len() => drop(parts.remove(place)),
        // It is the text from before.
        2 => parts.truncate(place),
        // Something was done twice.
        3 if place < parts.len() => parts.insert(other, parts[place].clone()),
        // Something was done in another order.
        4 if place.max(other) < parts.len() => parts.swap(place, other),
        // Something was done too early.
        5 => parts.insert(place, value(1 + any(last))),
        _ => parts = vec![value(1 + any(last))],
    }
    parts.concat().into()
}

/// Whether these operations have no order, whatever `free` puts and appends do.
///
/// Free appends make ever longer texts. But what is not the beginning of a text that was read is as good as
/// any other such text, until the next put. It is `None` here.
fn contradict(operations: &[TextOp<'_>], free: &[&TextInput]) -> bool {
    let read = |op: &TextOp<'_>| match (op.input, op.output) {
        (TextInput::Get { .. }, Some(TextOutput::Value(text))) => Some(Arc::clone(text)),
        _ => None,
    };
    let texts: Vec<Arc<str>> = operations.iter().filter_map(read).collect();
    let seen = |text: String| texts.iter().any(|read| read.starts_with(&text)).then_some(text);
    let next = |state: &Option<String>, input: &TextInput| match (input, state) {
        (TextInput::Get { .. }, _) => state.clone(),
        (TextInput::Put { value, .. }, _) => seen(value.to_string()),
        (TextInput::Append { value, .. }, Some(text)) => seen(format!("{text}{value}")),
        (TextInput::Append { .. }, None) => None,
    };
    let first = (vec![false; operations.len()], Some(String::new()));
    let mut visited = HashSet::from([first.clone()]);
    let mut open = vec![first];
    while let Some((done, state)) = open.pop() {
        if operations.iter().zip(&done).all(|(op, done)| *done || op.ret.is_none()) {
            return false;
        }
        let mut reached = |done: Vec<bool>, state: Option<String>| {
            if visited.insert((done.clone(), state.clone())) {
                open.push((done, state));
            }
        };
        for input in free {
            reached(done.clone(), next(&state, input));
        }
        for (place, op) in operations.iter().enumerate() {
            let comes_after =
                |(other, done): (&TextOp<'_>, &bool)| !done && other.ret.is_some_and(|ret| ret < op.call);
            let is_right = match (op.input, op.output) {
                (TextInput::Get { .. }, Some(TextOutput::Value(text))) => state.as_deref() == Some(text),
                (TextInput::Get { .. }, output) => output.is_none(),
                (_, output) => matches!(output, None | Some(TextOutput::Done)),
            };
            if !done[place] && is_right && !operations.iter().zip(&done).any(comes_after) {
                let mut done = done.clone();
                done[place] = true;
                reached(done, next(&state, op.input));
            }
        }
    }
    true
}

/// Whether the operations whose calls are `calls` contradict each other, of the history up to event `end`.
fn calls_contradict(history: &TextHistory, calls: &[usize], end: usize) -> bool {
    let mut kept = until(history, end);
    let others: Vec<TextOp<'_>> = kept.extract_if(.., |op| !calls.contains(&op.call)).collect();
    let may_be_done = |op: &&TextOp<'_>| matches!(op.output, None | Some(TextOutput::Done));
    let free: Vec<&TextInput> = others.iter().filter(may_be_done).map(|op| op.input).collect();
    contradict(&kept, &free)
}

/// That an order is one of all operations that returned, and leaves this state.
fn check_order(history: &TextHistory, order: &[usize], end: usize, without: usize) -> String {
    let all = history.operations();
    let returned = |op: usize| all[op].return_event().filter(|&ret| ret <= end);
    let mut text = String::new();
    for (place, &op) in order.iter().enumerate() {
        let is_late = |other: &usize| returned(*other).is_some_and(|ret| ret < all[op].call_event());
        assert!(!order[place..].iter().any(is_late), "{order:?}: {history:#?}");
        assert!(!order[..place].contains(&op) && op != without && all[op].call_event() <= end);
        let next = text_spec(&text, &all[op].input, all[op].output.as_ref());
        text = next.first().unwrap_or_else(|| panic!("{order:?}: {history:#?}")).clone();
    }
    for op in 0..all.len() {
        assert!(order.contains(&op) || op == without || returned(op).is_none(), "{order:?}: {history:#?}");
    }
    text
}

/// An evidence says what is true.
fn check_evidence(evidence: &Evidence, history: &TextHistory) {
    let init = String::new();
    let all = history.operations();
    let stuck = evidence.operation.position;
    let end = all[stuck].return_event().expect("what is stuck has returned");
    assert!(!is_linearizable(&init, text_spec, &until(history, end), &[]), "{evidence}");
    assert!(is_linearizable(&init, text_spec, &until(history, end - 1), &[]), "{evidence}");
    assert!(!evidence.prefixes.is_empty());
    assert!(evidence.all_prefixes || evidence.prefixes.len() == Evidence::PREFIXES, "{evidence}");
    for prefix in &evidence.prefixes {
        let text = check_order(history, &prefix.order, end, stuck);
        assert_eq!(prefix.state, format!("{text:?}"), "{evidence}");
    }
    assert!(evidence.minimal && !evidence.in_order, "{evidence}");
    let core: Vec<usize> = evidence.core.iter().map(|shown| all[shown.position].call_event()).collect();
    assert!(core.contains(&all[stuck].call_event()), "{evidence}");
    assert!(calls_contradict(history, &core, end), "{evidence}");
    for left_out in core.iter().filter(|&&call| call != all[stuck].call_event()) {
        let smaller: Vec<usize> = core.iter().copied().filter(|call| call != left_out).collect();
        assert!(!calls_contradict(history, &smaller, end), "not minimal: {evidence}");
    }
    if core.len() == 1 {
        let is_right_later = !calls_contradict(history, &core, usize::MAX);
        assert_eq!(evidence.right_later, Some(is_right_later), "{evidence}");
    }
}

#[test]
fn the_exact_method_the_search_and_the_definition_agree() {
    let mut random = Random(21);
    // How many at least are right, how many wrong, and how many the exact method decides.
    for (value, fewest, fewest_exact) in
        [(marked as fn(usize) -> String, 3_000, 9_000), (mixed, 3_000, 8_000), (equal, 1_500, 1_000)]
    {
        let (mut right, mut wrong, mut decided) = (0, 0, 0);
        for number in 0..10_000 {
            let history = small_history(&mut random, value);
            let expected = is_linearizable(&String::new(), text_spec, &operations(&history), &[]);
            let exact = check(&Text, &history, Budget::default());
            let verdict = matches!(exact, Verdict::Linearizable { .. });
            assert_eq!(verdict, expected, "history {number}: {exact}{history:#?}");
            if expected {
                right += 1;
            } else {
                wrong += 1;
            }
            if number % 4 == 0 {
                let searched = check(&Searched(Text), &history, Budget::default());
                assert_eq!(agreed(&history, &exact, &searched), expected);
            }
            if Text.exact(&intervals(&history)).is_some() {
                decided += 1;
                if let Verdict::Violation(evidence) = &exact {
                    check_evidence(evidence, &history);
                }
            }
        }
        println!("{right} right, {wrong} wrong, {decided} decided by the exact method");
        assert!(right > fewest && wrong > fewest && decided > fewest_exact, "{right} {wrong} {decided}");
    }
}

fn intervals(history: &TextHistory) -> Vec<Interval<'_, TextInput, TextOutput>> {
    let all = operations(history).into_iter();
    all.map(|Op { call, ret, input, output }| Interval { input, output, call, ret }).collect()
}

/// What the method says of a part of a history, and of some of its operations, at random.
#[test]
fn the_exact_method_keeps_its_promises() {
    let mut random = Random(22);
    let (mut contradictions, mut possible, mut several, mut none) = (0, 0, 0, 0);
    for _ in 0..15_000 {
        let value = if random.one_in(2) { marked } else { mixed };
        let history = small_history(&mut random, value);
        let intervals = intervals(&history);
        let returns: Vec<usize> = intervals.iter().filter_map(|operation| operation.ret).collect();
        let Some(&end) = returns.get(random.below(history.len() as u64) as usize) else { continue };
        // `exact` is for the whole history, and `until` for its beginning.
        let (Some(exact), Some(until_end)) = (Text.exact(&intervals), Text.exact(&intervals)) else {
            none += 1;
            continue;
        };
        let until_end = until_end.until(end);
        let expected = is_linearizable(&String::new(), text_spec, &until(&history, end), &[]);
        assert_eq!(exact.decide(Some(end)).is_ok(), expected, "until {end}: {history:#?}");
        assert_eq!(until_end.decide(None).is_ok(), expected, "until {end}: {history:#?}");

        let chosen: Vec<usize> = (0..history.len()).filter(|_| random.one_in(2)).collect();
        let known: Vec<usize> = chosen.iter().copied().filter(|&op| intervals[op].call < end).collect();
        let calls: Vec<usize> = chosen.iter().map(|&op| intervals[op].call).collect();
        let whole = calls_contradict(&history, &calls, usize::MAX);
        assert_eq!(exact.contradict(&chosen), whole, "{chosen:?}: {history:#?}");
        let beginning = calls_contradict(&history, &calls, end);
        assert_eq!(until_end.contradict(&known), beginning, "{known:?} until {end}: {history:#?}");
        if whole {
            contradictions += 1;
        } else {
            possible += 1;
        }

        let without = random.below(history.len() as u64) as usize;
        let rest: Vec<TextOp<'_>> =
            until(&history, end).into_iter().filter(|op| op.call != intervals[without].call).collect();
        let (orders, all) = until_end.orders(without, 3);
        let found: HashSet<String> =
            orders.iter().map(|order| check_order(&history, order, end, without)).collect();
        assert_eq!(found.len(), orders.len(), "{orders:?}: {history:#?}");
        let states = all_states(&rest);
        assert!(found.is_subset(&states) && found.len() == states.len().min(3), "{orders:?}: {history:#?}");
        assert_eq!(all, states.len() <= 3, "{orders:?}: {history:#?}");
        several += usize::from(orders.len() > 1);
    }
    let numbers = format!("{contradictions} {possible} {several} {none}");
    println!("{numbers}");
    assert!(contradictions > 1_500 && possible > 5_000 && several > 1_500 && none < 1_000, "{numbers}");
}

/// All texts that an order of these operations can leave.
fn all_states(operations: &[TextOp<'_>]) -> HashSet<String> {
    let first = (vec![false; operations.len()], String::new());
    let mut visited = HashSet::from([first.clone()]);
    let mut open = vec![first];
    let mut states = HashSet::new();
    while let Some((done, text)) = open.pop() {
        if operations.iter().zip(&done).all(|(op, done)| *done || op.ret.is_none()) {
            states.insert(text.clone());
        }
        for (place, op) in operations.iter().enumerate() {
            let comes_after =
                |(other, done): (&TextOp<'_>, &bool)| !done && other.ret.is_some_and(|ret| ret < op.call);
            if done[place] || operations.iter().zip(&done).any(comes_after) {
                continue;
            }
            for text in text_spec(&text, op.input, op.output) {
                let mut done = done.clone();
                done[place] = true;
                if visited.insert((done.clone(), text.clone())) {
                    open.push((done, text));
                }
            }
        }
    }
    states
}

/// A history of 10,000 operations of 15 clients.
fn big_history(puts: u64) -> TextHistory {
    let value = |number: usize| format!("x {} {number} y", number % 15);
    let workload = TextWorkload { clients: 15, operations: 10_000, keys: 1, puts, losses: false, value };
    random::text(&mut Random(1), workload)
}

/// A change of the values of which a text is made.
type Change = fn(&mut Vec<&str>);

/// The history with the answer of one late `Get` changed. Its parts are the values of the text.
fn with_a_fault(history: &TextHistory, mut fault: impl FnMut(&mut Vec<&str>)) -> TextHistory {
    let parts = |output: &TextOutput| match output {
        TextOutput::Value(text) => text.matches('x').count(),
        TextOutput::Done => 0,
    };
    let all = history.operations();
    let late = (all.len() * 3 / 4..all.len())
        .find(|&position| all[position].output.as_ref().is_some_and(|output| parts(output) > 8))
        .expect("there is a read to corrupt");
    random::corrupt(history, |position, _, output| match output {
        TextOutput::Value(text) if position == late => {
            let mut parts: Vec<&str> = text.split_inclusive('y').collect();
            fault(&mut parts);
            TextOutput::Value(parts.concat().into())
        }
        _ => output.clone(),
    })
}

#[test]
fn a_long_history_is_decided_without_a_search() {
    for puts in [0, 10, 100] {
        let history = big_history(puts);
        let nothing = Budget { steps: 0, bytes: 0 };
        let start = std::time::Instant::now();
        let verdict = check(&Text, &history, nothing);
        println!("one Put in {puts} writes: {verdict} after {:?}", start.elapsed());
        // Each operation is looked at, and none is tried.
        assert!(matches!(&verdict, Verdict::Linearizable { spent } if spent.steps == 10_000), "{verdict}");
        // The search tries many orders of what nobody has read yet.
        let searched = check(&Searched(Text), &history, Budget { steps: 500_000, ..Budget::default() });
        assert!(matches!(searched, Verdict::Unknown { .. }), "{searched}");

        let faults: [(_, Change); 4] = [
            ("lost", |parts| _ = parts.remove(4)),
            ("done twice", |parts| parts.push(parts[4])),
            ("stale", |parts| parts.truncate(4)),
            ("in another order", |parts| parts.swap(4, 5)),
        ];
        for (name, fault) in faults {
            let history = with_a_fault(&history, fault);
            let start = std::time::Instant::now();
            let Verdict::Violation(evidence) = check(&Text, &history, nothing) else { panic!("{name}") };
            println!("one Put in {puts} writes, {name}: after {:?}", start.elapsed());
            // A put, an append, a read that shows that the append came after the put, and the answer.
            assert!(evidence.minimal && evidence.core.len() <= 4, "{name}: {evidence}");
            assert_eq!(evidence.prefixes.len(), Evidence::PREFIXES, "{name}: {evidence}");
        }
    }
}

#[test]
fn the_evidence_of_a_long_text_tells_what_is_wrong_in_it() {
    let history = big_history(0);
    let shows = |fault: Change, sentence: &str| {
        let mut fifth = String::new();
        let history = with_a_fault(&history, |parts| {
            fifth = parts[4].to_owned();
            fault(parts);
        });
        let Verdict::Violation(evidence) = check(&Text, &history, Budget::default()) else {
            panic!("expected a violation");
        };
        let text = evidence.to_string();
        let sentence = sentence.replace("IT", &format!("{fifth:?}"));
        assert!(text.contains(&format!("\n      {sentence}\n")), "{sentence}: {text}");
    };
    shows(|parts| _ = parts.remove(4), "the answer does not contain IT");
    shows(|parts| parts.push(parts[4]), "the answer contains IT 2 times");
}

/// Operations one after the other, each by itself.
fn evidence(operations: &[(TextInput, TextOutput)]) -> String {
    let mut history = TextHistory::new();
    for (at, (input, output)) in (0..).zip(operations) {
        history.call(0, Duration::from_millis(2 * at + 1), input.clone()).unwrap();
        history.ret(0, Duration::from_millis(2 * at + 2), output.clone()).unwrap();
    }
    match check(&Text, &history, Budget::default()) {
        Verdict::Violation(evidence) => evidence.to_string(),
        other => panic!("{other}"),
    }
}

fn put(value: &str) -> (TextInput, TextOutput) {
    (TextInput::Put { key: "x".into(), value: value.into() }, TextOutput::Done)
}

fn append(value: &str) -> (TextInput, TextOutput) {
    (TextInput::Append { key: "x".into(), value: value.into() }, TextOutput::Done)
}

fn get(text: &str) -> (TextInput, TextOutput) {
    (TextInput::Get { key: "x".into() }, TextOutput::Value(text.into()))
}

const BEGINNING: &str = "expected the operations on key x to be linearizable: each takes effect at one \
                         moment between its call and its return; saw an answer that no order explains:\n";

#[test]
fn a_lost_append() {
    let text = evidence(&[append("a"), append("b"), append("c"), get("ac")]);
    assert_eq!(
        text,
        format!(
            "{BEGINNING}    client 0, 0.007 s to 0.008 s: Get(x) -> \"ac\"
these 2 contradict each other, whatever else happened:
    client 0, 0.003 s to 0.004 s: Append(x, \"b\") -> Ok
  > client 0, 0.007 s to 0.008 s: Get(x) -> \"ac\"
without it the operations so far (4) have an order:
    client 0, 0.001 s to 0.002 s: Append(x, \"a\") -> Ok
    client 0, 0.003 s to 0.004 s: Append(x, \"b\") -> Ok
    client 0, 0.005 s to 0.006 s: Append(x, \"c\") -> Ok
  which leaves x \"abc\"; there the answer would be \"abc\"
"
        )
    );
}

#[test]
fn an_append_that_is_done_twice() {
    let text = evidence(&[put("p"), append("a"), append("b"), get("paba")]);
    let contradiction = "these 2 contradict each other, whatever else happened:
    client 0, 0.003 s to 0.004 s: Append(x, \"a\") -> Ok
  > client 0, 0.007 s to 0.008 s: Get(x) -> \"paba\"
without it the operations so far (4) have an order:
";
    assert!(text.contains(contradiction), "{text}");
}

#[test]
fn a_stale_read() {
    let text = evidence(&[put("p"), append("a"), get("pa"), append("b"), append("c"), get("pa")]);
    // Without the put, the text could have been made again.
    let contradiction = "these 3 contradict each other, whatever else happened:
    client 0, 0.001 s to 0.002 s: Put(x, \"p\") -> Ok
    client 0, 0.009 s to 0.010 s: Append(x, \"c\") -> Ok
  > client 0, 0.011 s to 0.012 s: Get(x) -> \"pa\"
";
    assert!(text.contains(contradiction), "{text}");
}

#[test]
fn a_value_that_nobody_wrote() {
    let text = evidence(&[put("p"), get("pq")]);
    assert!(
        text.contains("whatever the other operations on x did, this answer is wrong at any time.\n"),
        "{text}"
    );
}

#[test]
fn a_value_that_was_appended_only_later() {
    let text = evidence(&[put("p"), get("pa"), append("a")]);
    assert!(text.contains("it could be right only with operations that were called later.\n"), "{text}");
}

/// Where texts can have been made in several ways, the search decides.
#[test]
fn texts_that_two_operations_can_have_made() {
    let twice = [append("a"), append("a"), get("aa"), put("a"), get("a")];
    let mut history = TextHistory::new();
    for (input, output) in &twice {
        history.call(0, Duration::ZERO, input.clone()).unwrap();
        history.ret(0, Duration::ZERO, output.clone()).unwrap();
    }
    assert!(Text.exact(&intervals(&history)).is_none());
    assert!(check(&Text, &history, Budget::default()).is_linearizable());
    let text = evidence(&[append("a"), append("a"), get("a")]);
    assert!(text.contains("this answer is wrong") || text.contains("contradict each other"), "{text}");
    // Values that nobody has read do not matter, nor do equal ones of different keys.
    let text = evidence(&[put("a"), put("a"), put("b"), get("c")]);
    assert!(text.contains("this answer is wrong at any time"), "{text}");
}
