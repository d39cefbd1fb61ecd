# The environment of setup.sh and run_autograder.
root=${AUTOGRADER_ROOT:-/autograder}
source=$root/source
if ! command -v cargo >/dev/null; then
    export RUSTUP_HOME=/opt/rustup PATH=/opt/cargo/bin:$PATH
fi
# The crates of the registry are in this folder, and nothing is fetched.
export CARGO_HOME=$source/cargo CARGO_NET_OFFLINE=true
unset CARGO_TARGET_DIR CARGO_MANIFEST_DIR

# lab ARGUMENT...: the command line, in the workspace.
lab() {
    (cd "$source/labs" && ../bin/lab "$@")
}
