//! `cargo lab`: the command line of teachers, with the workspace's own solutions.

use std::process::ExitCode;

fn main() -> ExitCode {
    staff::main(&lab::Lab { solutions: lab::COMPILED_IN, run: tester::run })
}
