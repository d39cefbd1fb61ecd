//! The list of tests, and the `#[test]`s that stand for it.

use std::collections::{HashMap, HashSet};
use std::fs;
use std::path::Path;

use tester::cases;

#[test]
fn there_are_the_courses_28_tests() {
    let mut of_part: HashMap<&str, (usize, u32)> = HashMap::new();
    for case in cases() {
        let (count, points) = of_part.entry(case.part).or_default();
        *count += 1;
        *points += case.points;
        let suffix = format!("_{}", case.part.to_lowercase());
        assert!(case.name.ends_with(&suffix), "{} is in part {}", case.name, case.part);
        assert!(case.title.starts_with(&format!("Test ({}): ", case.part)), "{}", case.title);
    }
    let parts = [("3A", 3, 20), ("3B", 10, 30), ("3C", 8, 25), ("3D", 7, 25)];
    for (part, count, points) in parts {
        assert_eq!(of_part[part], (count, points), "{part}");
    }
    assert_eq!(of_part.len(), parts.len());
}

#[test]
fn no_two_tests_have_the_same_name_or_title() {
    let names: HashSet<&str> = cases().iter().map(|case| case.name).collect();
    let titles: HashSet<&str> = cases().iter().map(|case| case.title).collect();
    assert_eq!((names.len(), titles.len()), (cases().len(), cases().len()));
}

/// Every test of the list is a `#[test]` in `raft/tests/raft`, in its part's file, and in the same order.
#[test]
fn every_test_is_a_test_of_raft() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../raft/tests/raft");
    for part in ["3A", "3B", "3C", "3D"] {
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
        for name in expected {
            let call = format!("    tester::cargo_test(\"{name}\", &raft::SOLUTION);");
            assert!(text.contains(&call), "{name} does not call its test in {}", file.display());
        }
    }
}
