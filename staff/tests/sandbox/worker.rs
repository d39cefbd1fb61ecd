//! A worker and a build work in their profiles.

use std::fs;
use std::io::{Read, Write};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::{Value, json};
use staff::sandbox::{Build, Profile};

use crate::stage::{Stage, copy_program, stages, word};

/// A worker with the workspace's own solutions, where everyone can execute it.
fn workspace_worker(stage: &Stage) -> PathBuf {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["build", "--quiet", "--offline", "--package", "worker", "--example", "workspace_worker"]);
    assert!(cargo.current_dir(workspace).status().unwrap().success(), "the worker does not build");
    let built = Path::new(env!("CARGO_BIN_EXE_hostile")).with_file_name("examples/workspace_worker");
    let worker = stage.outside.join("worker");
    copy_program(&built, &worker);
    worker
}

fn send(mut worker: &UnixStream, instruction: &Value) {
    let text = instruction.to_string();
    worker.write_all(&u32::try_from(text.len()).unwrap().to_le_bytes()).unwrap();
    worker.write_all(text.as_bytes()).unwrap();
}

/// The reports of a worker for these tests.
fn work(mut worker: Command, backend: &str, batched: bool, tests: &[&str]) -> Vec<Value> {
    let (mut near, far) = UnixStream::pair().unwrap();
    worker.stdin(Stdio::from(OwnedFd::from(far)));
    let mut child = worker.spawn().unwrap();
    drop(worker);
    for test in tests {
        let request = json!({
            "test": test, "backend": backend, "seed": 7, "solution": "reference", "policy": "random",
            "plan": null, "shrink": false,
            "record": true, "watch": true, "strict": false,
            "lines": false, "events": false, "outlines": false,
            "patience_seconds": 60.0, "cpu_seconds": 600.0, "mark_output": false, "batched": batched,
        });
        send(&near, &json!({ "Runs": [request] }));
    }
    near.set_read_timeout(Some(std::time::Duration::from_secs(120))).unwrap();
    let mut reports = Vec::new();
    while reports.len() < tests.len() {
        let mut length = [0; 4];
        near.read_exact(&mut length).expect("an answer of the worker");
        let mut answer = vec![0; u32::from_le_bytes(length) as usize];
        near.read_exact(&mut answer).expect("an answer of the worker");
        let mut answer: Value = serde_json::from_slice(&answer).unwrap();
        if answer.get("Ended").is_some() {
            send(&near, &json!({ "Key": format!("key {}", reports.len()) }));
        }
        if answer.get("Finished").is_some() {
            assert_eq!(answer["Finished"][0], format!("key {}", reports.len()));
            reports.push(answer["Finished"][1].take());
        }
        if let Some(batch) = answer.get_mut("Reports").and_then(Value::as_array_mut) {
            reports.append(batch);
        }
    }
    drop(near);
    assert!(child.wait().unwrap().success());
    reports
}

#[test]
fn a_worker_does_the_same_in_the_sandbox() {
    for stage in stages() {
        let program = workspace_worker(&stage);
        let free = || {
            let mut free = Command::new(&program);
            free.arg("worker");
            free
        };
        let confined = || {
            let mut confined = stage.sandbox.command(&Profile::run(&program), &program).unwrap();
            confined.arg("confined-worker");
            confined
        };
        let tests = ["many_elections_3a", "backup_3b", "figure8_unreliable_3c", "snapshot_all_crash_3d"];
        let free = work(free(), "sim", false, &tests);
        for batched in [false, true] {
            let inside = work(confined(), "sim", batched, &tests);
            for (free, inside) in free.iter().zip(&inside) {
                assert!(free["fingerprint"].is_u64(), "{free}");
                for field in ["test", "failure", "fingerprint", "virtual_seconds", "log", "warnings"] {
                    assert_eq!(free[field], inside[field], "{}: {field}, batched: {batched}", stage.who);
                }
            }
        }
        let threads = work(confined(), "threads", false, &["initial_election_3a"]);
        assert_eq!(threads[0]["failure"], Value::Null, "{}: {}", stage.who, threads[0]);
    }
}

fn stdout_of(command: &mut Command) -> PathBuf {
    let output = command.output().unwrap();
    PathBuf::from(String::from_utf8(output.stdout).unwrap().trim())
}

/// A crate that is built offline, with a dependency from the registry that has a build script.
#[test]
fn a_build_works_and_reads_nothing_else() {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let toolchain = stdout_of(Command::new("rustc").args(["--print", "sysroot"]).current_dir(workspace));
    let home = std::env::var_os("HOME").map(|home| Path::new(&home).join(".cargo"));
    let cargo_home = std::env::var_os("CARGO_HOME").map(PathBuf::from).or(home).expect("a folder of cargo");
    // Only a user who can read the toolchain can build with it.
    for stage in stages().into_iter().take(1) {
        let crate_folder = stage.outside.join("crate");
        fs::create_dir_all(crate_folder.join("src")).unwrap();
        let manifest =
            "[package]\nname = \"it\"\nedition = \"2024\"\n[dependencies]\nlibc = \"0.2\"\n[workspace]\n";
        fs::write(crate_folder.join("Cargo.toml"), manifest).unwrap();
        fs::copy(workspace.join("Cargo.lock"), crate_folder.join("Cargo.lock")).unwrap();
        let main = crate_folder.join("src/main.rs");
        fs::write(&main, "fn main() { println!(\"{}\", libc::EPERM) }").unwrap();
        let locked =
            Command::new(env!("CARGO")).args(["metadata", "--offline"]).current_dir(&crate_folder).output();
        assert!(locked.unwrap().status.success(), "the crate cannot be locked");

        let build = Build {
            toolchain: toolchain.clone(),
            cargo_home: cargo_home.clone(),
            workspace: crate_folder.clone(),
            target: stage.scratch.clone(),
        };
        let cargo = toolchain.join("bin/cargo");
        let run = || {
            let mut command = stage.sandbox.command(&Profile::build(&build), &cargo).unwrap();
            command.args(["build", "--offline", "--locked", "--target-dir", word(&stage.scratch)]);
            command.env("CARGO_HOME", &cargo_home).env("RUSTC", toolchain.join("bin/rustc"));
            command.output().unwrap()
        };
        let good = run();
        assert!(good.status.success(), "{}", String::from_utf8_lossy(&good.stderr));
        assert_eq!(stdout_of(&mut Command::new(stage.scratch.join("debug/it"))), Path::new("1"));

        let secret = stage.outside.join("secret");
        fs::write(&secret, "a secret").unwrap();
        fs::write(&main, format!("fn main() {{ println!(\"{{}}\", include_str!({secret:?})) }}")).unwrap();
        let bad = run();
        let text = String::from_utf8_lossy(&bad.stderr);
        assert!(!bad.status.success() && text.contains("Permission denied"), "{text}");
    }
}
