//! [`changes()`]: the differences of two values, so that a value that is saved again and again, such as a
//! log, is told once.

use serde_json::{Value as Json, json};

use crate::meaning::left_out;

/// A save shows at most so many values that were added to a list.
const ADDED_SHOWN: usize = 200;

/// The differences between the earlier and the later value, one for each place that changed.
///
/// A place has a `path` such as `log` or `servers.2`. Of a list, `kept` elements at its begin are the same,
/// `removed` elements were there instead of those in `added`, and `kept_after` elements at its end are the
/// same; of `added`, the first ones are given, and `more` counts the others. Of another value, `from` and
/// `to` are given.
pub(crate) fn changes(earlier: &Json, later: &Json) -> Vec<Json> {
    let mut found = Vec::new();
    compare(String::new(), earlier, later, &mut found);
    found
}

fn compare(path: String, earlier: &Json, later: &Json, found: &mut Vec<Json>) {
    match (earlier, later) {
        _ if earlier == later => {}
        (Json::Object(before), Json::Object(after)) => {
            for (key, value) in after {
                compare(below(&path, key), before.get(key).unwrap_or(&Json::Null), value, found);
            }
            for (key, value) in before.iter().filter(|(key, _)| !after.contains_key(*key)) {
                compare(below(&path, key), value, &Json::Null, found);
            }
        }
        (Json::Array(before), Json::Array(after)) => lists(path, before, after, found),
        _ => found.push(json!({ "path": path, "from": earlier, "to": later })),
    }
}

fn lists(path: String, before: &[Json], after: &[Json], found: &mut Vec<Json>) {
    let (before, after) = (expanded(before), expanded(after));
    let shorter = before.len().min(after.len());
    let kept = before.iter().zip(&after).take_while(|(one, other)| may_equal(one, other)).count();
    let from_end = before.iter().rev().zip(after.iter().rev());
    let same_at_end = from_end.take_while(|(one, other)| may_equal(one, other)).count();
    let kept_after = same_at_end.min(shorter - kept);
    let (removed, added) = (&before[kept..before.len() - kept_after], &after[kept..after.len() - kept_after]);
    if let ([Some(one @ Json::Object(_))], [Some(other @ Json::Object(_))]) = (removed, added) {
        // One element changed in itself: a record that holds more than the list.
        return compare(below(&path, &kept.to_string()), one, other, found);
    }
    if removed.is_empty() && added.is_empty() {
        return;
    }
    let shown: Vec<&Json> = added.iter().copied().flatten().take(ADDED_SHOWN).collect();
    found.push(json!({
        "path": path,
        "kept": kept,
        "removed": removed.len(),
        "added": shown,
        "more": added.len() - shown.len(),
        "kept_after": kept_after,
    }));
}

/// The elements of a list that may have been shortened: `None` for each that is left out.
fn expanded(list: &[Json]) -> Vec<Option<&Json>> {
    let elements = |element| match left_out(element) {
        Some(number) => vec![None; number],
        None => vec![Some(element)],
    };
    list.iter().flat_map(elements).collect()
}

/// Whether two elements are the same, or one of them is not known.
fn may_equal(one: &Option<&Json>, other: &Option<&Json>) -> bool {
    one.is_none() || other.is_none() || one == other
}

fn below(path: &str, key: &str) -> String {
    if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_appended_entry_is_told_alone() {
        let earlier = json!({ "term": 3, "log": [1, 2, 3] });
        let later = json!({ "term": 4, "log": [1, 2, 3, 4] });
        let list = json!({
            "path": "log", "kept": 3, "removed": 0, "added": [4], "more": 0, "kept_after": 0,
        });
        assert_eq!(changes(&earlier, &later), [list, json!({ "path": "term", "from": 3, "to": 4 })]);
        assert!(changes(&later, &later).is_empty());
    }

    #[test]
    fn a_list_may_change_in_its_middle_and_lose_its_begin_or_its_end() {
        let list = |before: &[u32], after: &[u32]| {
            let found = changes(&json!(before), &json!(after));
            let [change] = &found[..] else { panic!("one change: {found:?}") };
            ["kept", "removed", "kept_after"].map(|key| change[key].as_u64().expect("a number"))
        };
        assert_eq!(list(&[1, 2, 3, 9], &[1, 2, 3, 4, 9]), [3, 0, 1]);
        assert_eq!(list(&[1, 2, 3, 4], &[3, 4]), [0, 2, 2]);
        assert_eq!(list(&[1, 2, 3, 4], &[1, 2]), [2, 2, 0]);
        // The same element at both ends is counted once.
        assert_eq!(list(&[1, 1], &[1, 1, 1]), [2, 0, 0]);
    }

    #[test]
    fn a_record_in_a_list_is_compared_by_its_fields() {
        let earlier = json!([7, { "term": 1, "voted_for": null }]);
        let later = json!([7, { "term": 2, "voted_for": null }]);
        assert_eq!(changes(&earlier, &later), [json!({ "path": "1.term", "from": 1, "to": 2 })]);
        let other_shape = json!([7, "text"]);
        assert_eq!(changes(&earlier, &other_shape)[0]["removed"], 1);
    }

    #[test]
    fn lists_that_were_shortened_are_compared_where_they_are_known() {
        let earlier = json!([1, 2, "… 4 more", 7, 8]);
        let later = json!([1, 2, "… 5 more", 8, 9]);
        let list = json!({ "path": "", "kept": 8, "removed": 0, "added": [9], "more": 0, "kept_after": 0 });
        assert_eq!(changes(&earlier, &later), [list]);
    }

    #[test]
    fn what_is_added_is_bounded() {
        let many: Vec<usize> = (0..1000).collect();
        let change = &changes(&json!([]), &json!(many))[0];
        assert_eq!(change["added"].as_array().map(Vec::len), Some(ADDED_SHOWN));
        assert_eq!(change["more"], 1000 - ADDED_SHOWN);
    }
}
