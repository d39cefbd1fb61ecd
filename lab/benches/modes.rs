//! The cost of reporting a run's events, and a check that it does not affect the run: every test in each
//! detail.
//!
//! `cargo bench -p lab --bench modes -- [SEEDS] [FILTER]`, 10 seeds and all tests if not given.

use std::collections::BTreeMap;

use tester::{Case, Detail, Report, RunOptions, cases, run};

const DETAILS: [Detail; 4] = [Detail::Bare, Detail::Outlined, Detail::Watched, Detail::Recorded];

/// Milliseconds of processor time in each detail.
type Times = [f64; 4];

fn main() {
    let args: Vec<String> = std::env::args().skip(1).filter(|arg| !arg.starts_with('-')).collect();
    let seeds = args.first().map_or(10, |arg| arg.parse().expect("a number of seeds"));
    let filter = args.get(1).map_or("", String::as_str);
    let solution = &lab::COMPILED_IN[0];
    let (mut parts, mut different): (BTreeMap<&str, Times>, usize) = (BTreeMap::new(), 0);
    for case in cases().iter().filter(|case| case.name.contains(filter)) {
        let mut times = Times::default();
        for seed in 1..=seeds {
            let reports =
                DETAILS.map(|detail| run(case, solution, &RunOptions { detail, ..RunOptions::new(seed) }));
            for (time, report) in times.iter_mut().zip(&reports) {
                *time += report.cpu_seconds * 1e3;
            }
            different += usize::from(!are_the_same(case, seed, &reports));
        }
        print(case.name, times.map(|time| time / seeds as f64));
        let part = parts.entry(case.part).or_default();
        for (sum, time) in part.iter_mut().zip(times) {
            *sum += time / seeds as f64;
        }
    }
    println!();
    for (part, times) in parts {
        print(part, times);
    }
    println!("{different} runs were not the same in every detail");
    assert_eq!(different, 0);
}

fn are_the_same(case: &Case, seed: u64, reports: &[Report; 4]) -> bool {
    let verdict = |report: &Report| {
        (report.fingerprint, report.failure.as_ref().map(|failure| failure.message.clone()))
    };
    let same = reports.iter().all(|report| verdict(report) == verdict(&reports[0]));
    if !same {
        println!("{} with seed {seed}: {:?}", case.name, reports.each_ref().map(verdict));
    }
    same
}

fn print(name: &str, [bare, outlined, watched, recorded]: Times) {
    println!(
        "{name:62} bare {bare:8.2} ms  outlined {outlined:8.2} ms ({:.2})  watched {watched:8.2} ms ({:.2})  \
         recorded {recorded:8.2} ms ({:.2})",
        outlined / bare,
        watched / bare,
        recorded / bare
    );
}
