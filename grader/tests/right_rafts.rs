//! The tests let Rafts pass that are right and do something otherwise, one a file of `right-rafts`.
//!
//! `cargo test -p grader --test right_rafts [NAME]`

mod trial;

use std::process::ExitCode;

use grader::Reference;

fn main() -> ExitCode {
    trial::right::run(&grader::page::RAFTS, &[Reference::Raft])
}
