//! `lab` with solutions that abort, hang, print garbage or fail in a known way.
//!
//! This program has two roles. With `test`, `merge`, `replay`, `page` or `worker` as its first argument it is
//! the command line of `lab`, with the solutions of [`solutions`] compiled in. Otherwise it tests that command
//! line: it runs itself and checks the output. It has no libtest, whose arguments and output would interfere
//! with the workers.

mod checks;
mod command;
mod shards;
mod solutions;

use std::process::ExitCode;

fn main() -> ExitCode {
    let first = std::env::args().nth(1).unwrap_or_default();
    match first.as_str() {
        "worker" if std::env::var_os(command::FAIL_TO_START).is_some() => ExitCode::from(3),
        "test" | "merge" | "replay" | "page" | "worker" => {
            lab::Lab { solutions: solutions::ALL, run: solutions::run }.main()
        }
        _ => checks(&first),
    }
}

/// Runs the checks whose names contain `filter`; all checks if it is an option of libtest.
fn checks(filter: &str) -> ExitCode {
    let chosen = checks::ALL.iter().filter(|(name, _)| filter.starts_with('-') || name.contains(filter));
    let mut failed = 0;
    for (name, check) in chosen {
        let passed = std::panic::catch_unwind(check).is_ok();
        println!("check {name} ... {}", if passed { "ok" } else { "FAILED" });
        failed += u32::from(!passed);
    }
    if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
