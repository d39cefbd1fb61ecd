//! The hand-out is a workspace that a student can work in.

use std::collections::BTreeSet;

use crate::part_3a;
use crate::students::Students;

/// The kinds of outcomes.
fn kinds(outcomes: &std::collections::BTreeMap<String, String>) -> BTreeSet<&str> {
    outcomes.values().map(String::as_str).collect()
}

#[test]
fn nothing_in_it_is_remarked_on() {
    for parts in ["", "3A", "2", "4", "B1"] {
        let students = Students::new(parts);
        students.cargo_succeeds(&["fmt", "--all", "--check"]);
        // The tests of all are compiled with all parts, and those of one part below.
        let targets: &[&str] = if parts.is_empty() { &["--all-targets"] } else { &[] };
        let arguments = [&["clippy", "--workspace"], targets, &["--", "-D", "warnings"]].concat();
        students.cargo_succeeds(&arguments);
    }
}

/// The framework's unit tests are handed out too. All tests pass but those of labs that are not implemented.
#[test]
fn only_tests_of_labs_that_are_not_implemented_fail() {
    // With few parts, for no test may count on others.
    let students = Students::new("B1");
    let output = students.cargo(&["test", "--workspace", "--no-fail-fast"]);
    let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    // From the list at the end: the lines `test … FAILED` may be mixed with what tests beside them print.
    let failed = said.lines().filter_map(|line| {
        let name = line.strip_prefix("---- ")?.strip_suffix(" ----")?;
        Some(name.strip_suffix(" stdout").unwrap_or(name))
    });
    let released = tester::cases().iter().filter(|case| case.part == "B1").map(|case| case.name);
    assert_eq!(failed.collect::<BTreeSet<_>>(), released.collect(), "{said}");
    assert_eq!(said.matches("not_implemented: not yet implemented").count(), 6, "{said}");
    assert!(said.matches(" ... ok").count() > 200, "few tests:\n{said}");
}

#[test]
fn what_only_works_on_real_threads_is_remarked_on() {
    let students = Students::new("");
    students.edit(
        "kvsrv/src/server.rs",
        r#"todo!("kvsrv::get, part 2A")"#,
        "std::thread::sleep(std::time::Duration::from_millis(1)); None",
    );
    students.edit("kvsrv/src/server.rs", "use labrt::sync::Mutex;", "use std::sync::Mutex;");
    let output = students.cargo(&["clippy", "-p", "kvsrv", "--", "-D", "warnings"]);
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success());
    for replacement in ["labrt::thread::sleep", "labrt::sync::Mutex"] {
        assert!(said.contains(replacement), "{said}");
    }
}

#[test]
fn every_test_is_not_implemented() {
    let students = Students::new("");
    let outcomes = students.outcomes(&[], 1);
    assert!(outcomes.len() == tester::cases().len(), "{outcomes:?}");
    assert_eq!(kinds(&outcomes), BTreeSet::from(["not_implemented"]), "{outcomes:?}");
    // The same from the students' other command.
    let output = students.cargo(&["test", "--no-fail-fast"]);
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8_lossy(&said);
    assert!(said.contains("not_implemented") && !said.contains(" ... ok"), "{said}");
}

#[test]
fn bully_can_be_handed_out_alone() {
    let students = Students::new("B1");
    let outcomes = students.outcomes(&[], 1);
    assert_eq!(outcomes.len(), 6, "{outcomes:?}");
    assert_eq!(kinds(&outcomes), BTreeSet::from(["not_implemented"]), "{outcomes:?}");
    // With other packages chosen, cargo would build them all anew.
    for filter in ["b1", "first_election_b1"] {
        let output = students.cargo(&["test", "--no-fail-fast", filter]);
        let said = [output.stdout, output.stderr].concat();
        let said = String::from_utf8_lossy(&said);
        assert!(said.contains("not_implemented: not yet implemented: bully::"), "{said}");
        assert!(said.contains(", part B1") && !said.contains(" ... ok"), "{said}");
    }
    students.solve("protocols/bully");
    let outcomes = students.outcomes(&["b1"], 3);
    assert_eq!(kinds(&outcomes), BTreeSet::from(["passed"]), "{outcomes:?}");
}

#[test]
fn a_part_can_be_done_while_the_next_is_untouched() {
    let students = Students::new("");
    part_3a::solve(&students);
    let outcomes = students.outcomes(&["3a"], 10);
    assert_eq!(kinds(&outcomes), BTreeSet::from(["passed"]), "{outcomes:?}");
    let outcomes = students.outcomes(&["3b"], 1);
    assert_eq!(kinds(&outcomes), BTreeSet::from(["not_implemented"]), "{outcomes:?}");
}

#[test]
fn with_the_solutions_in_it_everything_passes() {
    let students = Students::new("");
    for lab in tester::labs() {
        students.solve(lab.folder);
    }
    let outcomes = students.outcomes(&[], 1);
    assert!(outcomes.len() == tester::cases().len(), "{outcomes:?}");
    assert_eq!(kinds(&outcomes), BTreeSet::from(["passed"]), "{outcomes:?}");
}

#[test]
fn a_lab_that_does_not_compile_is_not_in_the_way_of_another() {
    let students = Students::new("");
    students.solve("raft");
    students.edit("kvraft/src/lib.rs", "mod clerk;", "mod clerk");
    students.cargo_succeeds(&["test", "-p", "raft", "3a"]);
    assert!(!students.cargo(&["build", "-p", "kvraft"]).status.success());
}
