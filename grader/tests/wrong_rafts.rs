//! The tests notice Rafts that are wrong on purpose, one a file of `wrong-rafts`.
//!
//! `cargo test -p grader --test wrong_rafts [NAME]`

mod trial;

use std::process::ExitCode;

fn main() -> ExitCode {
    trial::wrong::run(&grader::page::RAFTS)
}
