//! The tests notice key/value services that are wrong on purpose, one a file of `wrong-services`.
//!
//! `cargo test -p grader --test wrong_services [NAME]`

mod trial;

use std::process::ExitCode;

fn main() -> ExitCode {
    trial::wrong::run(&grader::page::SERVICES)
}
