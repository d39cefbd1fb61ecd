#!/usr/bin/env bash
# Runs once, when Gradescope makes the image: builds the framework, and grades the reference.
set -euo pipefail
. "$(dirname "${{BASH_SOURCE[0]}}")/environment.sh"

# A linker and the Rust toolchain are the only things that are fetched.
if ! command -v cc >/dev/null; then
    apt-get update
    apt-get install -y --no-install-recommends gcc libc6-dev
fi
if ! command -v cargo >/dev/null; then
    command -v curl >/dev/null || {{ apt-get update && apt-get install -y ca-certificates curl; }}
    curl --proto '=https' --tlsv1.2 -sSf https://sh.rustup.rs |
        CARGO_HOME=/opt/cargo sh -s -- -y --no-modify-path --profile minimal --default-toolchain {toolchain}
fi
chmod +x "$source/bin/lab"
lab --version || {{
    echo "error: the command line in this zip does not run here: it was built for {platform}" >&2
    exit 1
}}

# The workspace has the reference in it. All points show that the autograder works.
reference=$(mktemp -d)
# Builds and runs in the sandbox have another user.
chmod 711 "$reference"
trap 'rm -rf "$reference"' EXIT
lab grade . --out "$reference" --runs 1 {options}
cat "$reference/scores.csv"
