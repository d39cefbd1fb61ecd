//! The references of the key/value labs break no rule of theirs, and their messages are understood.

use lab::COMPILED_IN;
use tester::{Case, Detail, RunOptions, labs, run};

#[test]
fn the_references_break_no_rule() {
    let labs = labs().iter().filter(|lab| ["kvsrv", "kvraft"].contains(&lab.krate));
    let cases = labs.flat_map(|lab| (lab.cases)()).map(|case| case.name).collect::<Vec<_>>();
    let slow = |case: &Case| case.name.starts_with("mem_put");
    for case in tester::cases().iter().filter(|case| cases.contains(&case.name) && !slow(case)) {
        let options = RunOptions { detail: Detail::Watched, ..RunOptions::new(3) };
        let report = run(case, &COMPILED_IN[0], &options);
        assert!(report.passed(), "{}: {:?}", case.name, report.failure);
        assert_eq!(report.broken, [], "{}", case.name);
        assert_eq!(report.unseen, Vec::<String>::new(), "{}", case.name);
    }
}
