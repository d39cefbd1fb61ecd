//! Lab 4 on another log than Raft: the reference's state machine on the log of the Paxos lab.

use lab::COMPILED_IN;
use tester::{Case, RunOptions, run};

#[test]
fn lab_4_runs_on_paxos() {
    let solution = COMPILED_IN.iter().find(|solution| solution.name == "paxos").expect("it is compiled in");
    let parts = ["4A", "4B", "4C"];
    let cases: Vec<&Case> = tester::cases().iter().filter(|case| parts.contains(&case.part)).collect();
    assert_eq!(cases.len(), 30);
    for case in cases {
        for seed in 1..=2 {
            let report = run(case, solution, &RunOptions::new(seed));
            assert!(report.passed(), "{} with seed {seed}: {:?}", case.name, report.failure);
        }
    }
}
