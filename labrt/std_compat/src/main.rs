//! Prints the output of lab code that uses std, for some seeds, and the failures of unsupported calls.

use labrt::world::{Options, simulate};

fn main() {
    for seed in 0..3 {
        let run = simulate(Options::new(seed), |_| std_compat::works());
        let output = run.result.unwrap_or_else(|failure| failure.to_string());
        println!("seed {seed}: {:#018x} after {:?}\n{output}", run.fingerprint, run.virtual_time);
    }
    for (call, ..) in std_compat::FAILS {
        let run = simulate(Options::new(1), |_| call());
        let failure = run.result.expect_err("a call that fails the run");
        // The line number is not printed: it may differ in an optimised build.
        println!("{:#018x} {} {}", run.fingerprint, failure.kind, failure.message);
    }
}
