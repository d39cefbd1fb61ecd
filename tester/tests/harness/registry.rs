//! The list of tests, and the test targets of the labs' crates.

use std::collections::{BTreeMap, HashSet};
use std::fs;
use std::path::Path;

use tester::{Case, cases, labs};

/// The parts of the course: the number of their tests, and the points of these. They are the course's, so
/// they stand here a second time.
const COURSE: [(&str, usize, u32); 14] = [
    ("2A", 4, 15),
    ("2B", 4, 15),
    ("3A", 3, 20),
    ("3B", 10, 30),
    ("3C", 8, 25),
    ("3D", 7, 25),
    ("4A", 7, 30),
    ("4B", 13, 40),
    ("4C", 10, 30),
    ("5A", 14, 40),
    ("5B", 2, 20),
    ("5C", 7, 40),
    // Lab 4 before 2025.
    ("4P", 14, 40),
    ("4Q", 9, 30),
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
    for (part, count, points) in COURSE {
        assert_eq!(of_part.get(part), Some(&(count, points)), "{part}");
    }
    for part in labs().iter().flat_map(|lab| lab.parts) {
        assert!(of_part.contains_key(part.name), "part {} has no test", part.name);
    }
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
    for lab in labs() {
        let of_lab = (lab.cases)();
        let names = |all: &[Case]| -> Vec<&str> {
            all.iter().filter(|case| lab.has_part(case.part)).map(|case| case.name).collect()
        };
        assert_eq!(names(&of_lab), names(cases()), "{}", lab.krate);

        let (krate, folder) = (lab.krate, workspace.join(lab.folder));
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
