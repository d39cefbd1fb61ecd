//! One fault in a history that is otherwise right: it is found where it is, with the fewest operations that
//! show it.

use std::ops::RangeInclusive;

use linearizability::KeyValueOutput::{self, Done, NoKey, WrongVersion};
use linearizability::{Budget, Evidence, KeyValue, KeyValueInput, Model, Verdict, check};

use crate::random::{self, KeyValueHistory, Random, Workload};
use crate::searched::Searched;

/// Right histories, and what each is with operation `position` answered something else, if `fault` says so.
fn corrupted(
    fault: impl Fn(&KeyValueHistory, usize) -> Option<KeyValueOutput>,
) -> Vec<(KeyValueHistory, usize)> {
    let mut random = Random(11);
    let mut all = Vec::new();
    for _ in 0..200 {
        let workload =
            Workload { clients: 4, operations: 60, keys: 1, losses: false, guesses: false, values: 0 };
        let history = random::key_value(&mut random, workload);
        assert!(check(&KeyValue, &history, Budget::default()).is_linearizable());
        assert!(check(&Searched(KeyValue), &history, Budget::default()).is_linearizable());
        let first = 20 + random.below(20) as usize;
        let place = (first..60).find_map(|position| Some((position, fault(&history, position)?)));
        if let Some((place, output)) = place {
            let corrupted =
                random::corrupt(
                    &history,
                    |position, _, right| {
                        if position == place { output.clone() } else { right.clone() }
                    },
                );
            all.push((corrupted, place));
        }
    }
    assert!(all.len() > 100, "only {} histories could be corrupted", all.len());
    all
}

fn evidence<M>(model: &M, history: &KeyValueHistory) -> Box<Evidence>
where
    M: Model<Input = KeyValueInput, Output = KeyValueOutput>,
{
    match check(model, history, Budget::default()) {
        Verdict::Violation(evidence) => evidence,
        other => panic!("{other}"),
    }
}

/// The fault is in the core, which has so many operations. By the search alone it may have one more: none
/// that can be left out, but others would be fewer.
fn found(all: Vec<(KeyValueHistory, usize)>, core: RangeInclusive<usize>) {
    for (history, place) in all {
        let by_versions = evidence(&KeyValue, &history);
        assert!(core.contains(&by_versions.core.len()), "operation {place}: {by_versions}");
        let searched = evidence(&Searched(KeyValue), &history);
        assert!(
            (*core.start()..=core.end() + 1).contains(&searched.core.len()),
            "operation {place}: {searched}"
        );
        for evidence in [by_versions, searched] {
            assert!(evidence.minimal, "{evidence}");
            assert!(
                evidence.core.iter().any(|shown| shown.position == place),
                "operation {place}: {evidence}"
            );
        }
    }
}

/// The version of a `Get`'s answer.
fn version(output: &KeyValueOutput) -> Option<u64> {
    match output {
        KeyValueOutput::Value { version, .. } => Some(*version),
        _ => None,
    }
}

/// The highest version that was known to anybody when operation `position` was called.
fn known(history: &KeyValueHistory, position: usize) -> u64 {
    let call = history.operations()[position].call_event();
    let earlier = history.operations().iter().filter(|op| op.return_event().is_some_and(|ret| ret < call));
    let versions = earlier.filter_map(|op| match (&op.input, op.output.as_ref()?) {
        (KeyValueInput::Put { version, .. }, Done) => Some(version + 1),
        (_, output) => version(output),
    });
    versions.max().unwrap_or_default()
}

#[test]
fn a_value_that_nobody_put() {
    found(
        corrupted(|history, position| {
            let version = version(history.operations()[position].output.as_ref()?)?;
            Some(KeyValueOutput::Value { value: "phantom".into(), version })
        }),
        1..=1,
    );
}

#[test]
fn a_stale_get() {
    found(
        corrupted(|history, position| {
            version(history.operations()[position].output.as_ref()?)?;
            let known = known(history, position);
            let old = history.operations()[..position]
                .iter()
                .find(|op| op.output.as_ref().and_then(version).is_some_and(|version| version < known))?;
            old.output.clone()
        }),
        2..=2,
    );
}

#[test]
fn a_key_that_is_gone() {
    found(
        corrupted(|history, position| {
            version(history.operations()[position].output.as_ref()?)?;
            (known(history, position) > 0).then_some(NoKey)
        }),
        2..=2,
    );
}

#[test]
fn two_puts_that_succeed_at_one_version() {
    found(
        corrupted(|history, position| {
            let operation = &history.operations()[position];
            let KeyValueInput::Put { version, .. } = operation.input else { return None };
            let another = history.operations().iter().any(|other| {
                matches!(other.input, KeyValueInput::Put { version: at, .. } if at == version)
                    && other.output == Some(Done)
            });
            (operation.output == Some(WrongVersion) && another).then_some(Done)
        }),
        // Three where the other put has not returned yet: then a wrong version is the witness.
        2..=3,
    );
}
