//! The tests let Bully algorithms pass that are right and do something otherwise, one a file of
//! `protocols/bully/right`.
//!
//! `cargo test -p grader --test right_bullies [NAME]`

mod trial;

use std::process::ExitCode;

use grader::Reference;

fn main() -> ExitCode {
    trial::right::run(&grader::page::BULLIES, &[Reference::Bully])
}
