use tester::{RunOptions, cases, run};
fn main() {
    let args: Vec<String> = std::env::args().collect();
    for case in cases().iter().filter(|case| case.part == args[1].to_uppercase() || case.name == args[1]) {
        for seed in 1..=args[2].parse::<u64>().unwrap() { assert!(run(case, &lab::COMPILED_IN[0], &RunOptions::new(seed)).passed()); }
    }
}
