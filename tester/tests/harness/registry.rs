//! The list of tests, and the test targets of the labs' crates.

use std::collections::{BTreeMap, HashSet};
use std::fs;
use std::path::Path;

use tester::{Case, cases, labs};

/// Each part: how many tests it has, what they are worth together, and the folder of its lab.
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

/// Every test of the list belongs to the lab of its part, in the same order, and the lab's crate has a test
/// target without a harness that runs the lab's tests on its solution.
#[test]
fn every_test_is_a_test_of_its_crate() {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    for (part, _, _, folder) in PARTS {
        let of_part: Vec<_> = labs().iter().filter(|lab| lab.has_part(part)).collect();
        let [lab] = of_part[..] else { panic!("{part} is a part of {} labs", of_part.len()) };
        assert_eq!(lab.folder, folder, "{part}");
        let of_lab = (lab.cases)();
        let names = |all: &[Case]| -> Vec<&str> {
            all.iter().filter(|case| case.part == part).map(|case| case.name).collect()
        };
        assert_eq!(names(&of_lab), names(cases()), "{part}");

        let (krate, folder) = (lab.krate, workspace.join(folder));
        let read = |name: &str| fs::read_to_string(folder.join(name)).expect("a file of the lab's crate");
        // However the call is broken into lines.
        let target: String = read(&format!("tests/{krate}.rs")).split_whitespace().collect();
        for piece in
            [format!("tester::cargo_tests(\"{krate}\","), format!("(\"{krate}\",&{krate}::SOLUTION)")]
        {
            assert!(target.contains(&piece), "the tests of {krate} lack `{piece}`");
        }
        let declared = format!("[[test]]\nname = \"{krate}\"\nharness = false\n");
        assert!(read("Cargo.toml").contains(&declared), "{krate} declares no target for its tests");
    }
}
