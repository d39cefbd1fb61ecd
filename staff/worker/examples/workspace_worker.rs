//! A worker with this workspace's own solutions, for the tests of the sandbox.

use std::process::ExitCode;

fn main() -> ExitCode {
    worker::main(lab::COMPILED_IN)
}
