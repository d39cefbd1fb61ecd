//! `lab`: the command line with the workspace's own solutions.

use std::process::ExitCode;

fn main() -> ExitCode {
    lab::Lab { solutions: lab::COMPILED_IN, run: tester::run }.main()
}
