//! The list of tests, and the `#[test]`s that stand for it.

use std::collections::{BTreeMap, HashSet};
use std::fs;
use std::path::Path;

use tester::cases;

/// Each part: how many tests it has, what they are worth together, and where its `#[test]`s are.
const PARTS: [(&str, usize, u32, &str); 10] = [
    ("2A", 4, 15, "kvsrv"),
    ("2B", 4, 15, "kvsrv"),
    ("3A", 3, 20, "raft"),
    ("3B", 10, 30, "raft"),
    ("3C", 8, 25, "raft"),
    ("3D", 7, 25, "raft"),
    ("4A", 7, 30, "kvraft"),
    ("4B", 13, 40, "kvraft"),
    ("4C", 10, 30, "kvraft"),
    ("B1", 6, 30, "protocols/bully"),
];

#[test]
fn there_are_the_courses_tests() {
    let mut of_part: BTreeMap<&str, (usize, u32)> = BTreeMap::new();
    for case in cases() {
        let (count, points) = of_part.entry(case.part).or_default();
        *count += 1;
        *points += case.points;
        let suffix = format!("_{}", case.part.to_lowercase());
        assert!(case.name.ends_with(&suffix), "{} is in part {}", case.name, case.part);
        if case.part.starts_with('3') {
            assert!(case.title.starts_with(&format!("Test ({}): ", case.part)), "{}", case.title);
        }
    }
    let expected: BTreeMap<&str, (usize, u32)> =
        PARTS.iter().map(|&(part, count, points, _)| (part, (count, points))).collect();
    assert_eq!(of_part, expected);
}

#[test]
fn no_two_tests_have_the_same_name() {
    let names: HashSet<&str> = cases().iter().map(|case| case.name).collect();
    assert_eq!(names.len(), cases().len());
}

/// The course's titles of key/value tests do not say whether the network is reliable; the line that is
/// printed does.
#[test]
fn no_two_tests_print_the_same_line() {
    let lines: HashSet<(&str, bool)> = cases().iter().map(|case| (case.title, case.reliable)).collect();
    assert_eq!(lines.len(), cases().len());
}

/// Every test of the list is a `#[test]` in its crate, in its part's file, and in the same order.
#[test]
fn every_test_is_a_test_of_its_crate() {
    for (part, _, _, krate) in PARTS {
        let name = krate.trim_start_matches("protocols/");
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../{krate}/tests/{name}"));
        let file = folder.join(format!("part_{}.rs", part.to_lowercase()));
        let text = fs::read_to_string(&file).expect("the part's file");
        let lines: Vec<&str> = text.lines().collect();
        let mut functions = Vec::new();
        for pair in lines.windows(2) {
            if let Some(function) = pair[1].strip_prefix("fn ") {
                assert_eq!(pair[0], "#[test]", "{function} in {}", file.display());
                functions.push(function.trim_end_matches("() {"));
            }
        }
        let expected: Vec<&str> =
            cases().iter().filter(|case| case.part == part).map(|case| case.name).collect();
        assert_eq!(functions, expected, "{}", file.display());
        let solution =
            if krate.starts_with("kv") { "SOLUTION".to_owned() } else { format!("{name}::SOLUTION") };
        for name in expected {
            let call = format!("    tester::cargo_test(\"{name}\", &{solution});");
            assert!(text.contains(&call), "{name} does not call its test in {}", file.display());
        }
    }
}
