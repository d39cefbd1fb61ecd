//! The tests notice Bully algorithms that are wrong on purpose, one a file of `protocols/bully/wrong`.
//!
//! `cargo test -p grader --test wrong_bullies [NAME]`

mod trial;

use std::process::ExitCode;

fn main() -> ExitCode {
    trial::wrong::run(&grader::page::BULLIES)
}
