//! Prints what lab code that uses std sees under some seeds, and how the runs end.

use labrt::world::{Options, simulate};

fn main() {
    for seed in 0..3 {
        let run = simulate(Options::new(seed), |_| habits::works());
        let seen = run.result.unwrap_or_else(|failure| failure.to_string());
        println!("seed {seed}: {:#018x} after {:?}\n{seen}", run.fingerprint, run.virtual_time);
    }
    for (habit, ..) in habits::FAILS {
        let run = simulate(Options::new(1), |_| habit());
        let failure = run.result.expect_err("a habit that fails");
        // The line may be another one: an optimised build knows them less well.
        println!("{:#018x} {} {}", run.fingerprint, failure.kind, failure.message);
    }
}
