//! A process in the sandbox cannot start, harm, observe or leave other processes, or gain privileges.

use std::ffi::OsString;
use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use nix::sys::signal::Signal;
use staff::sandbox::{LAUNCH_FAILED, Profile};

use crate::stage::{Stage, copy_program, output, stages, word};

/// An idle process of the same user.
fn victim(stage: &Stage) -> (Child, String) {
    let mut child = stage.free().arg("stay").stdout(Stdio::piped()).spawn().unwrap();
    let mut number = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut number).unwrap();
    (child, number.trim().to_owned())
}

fn end(mut child: Child) {
    child.kill().unwrap();
    child.wait().unwrap();
}

/// Whether the process is still running after up to two seconds.
fn stays(number: &str) -> bool {
    let patience = Instant::now() + Duration::from_secs(2);
    let runs = || {
        let stat = fs::read_to_string(format!("/proc/{number}/stat")).unwrap_or_default();
        stat.rsplit_once(") ").is_some_and(|(_, fields)| !fields.starts_with('Z'))
    };
    while runs() && Instant::now() < patience {
        std::thread::sleep(Duration::from_millis(5));
    }
    runs()
}

#[test]
fn a_run_starts_no_other_program_nor_itself() {
    for stage in stages() {
        stage.refused(&stage.run(), &["start a program"]);
        stage.refused(&stage.run(), &["have many children", "1"]);
        stage.killed(&stage.run(), &["become a program"], Signal::SIGSYS);
        stage.killed(&stage.run(), &["become itself again"], Signal::SIGSYS);
        stage.done(stage.confined(&stage.build()), &["start a program"]);
    }
}

#[test]
fn a_build_starts_no_end_of_processes() {
    for stage in stages().into_iter().filter(|stage| stage.who != "root") {
        let profile = stage.build();
        stage.done(stage.confined(&profile), &["have many children", "10"]);
        stage.refused(&profile, &["have many children", "60"]);
    }
}

#[test]
fn others_are_neither_killed_nor_traced() {
    for stage in stages() {
        for profile in [stage.run(), stage.build()] {
            for action in ["kill", "trace"] {
                let (child, number) = victim(&stage);
                stage.done(stage.free(), &[action, &number]);
                end(child);
                let (mut child, number) = victim(&stage);
                let result = output(stage.confined(&profile), &[action, &number]);
                assert_eq!(result.status.code(), Some(3), "{}: {action}: {result:?}", stage.who);
                assert!(child.try_wait().unwrap().is_none(), "{}: the other was harmed", stage.who);
                end(child);
            }
        }
    }
}

#[test]
fn other_processes_cannot_be_observed() {
    for stage in stages() {
        let (child, number) = victim(&stage);
        for profile in [stage.run(), stage.build()] {
            for file in ["environ", "maps", "cmdline"] {
                stage.refused(&profile, &["read", &format!("/proc/{number}/{file}")]);
            }
            stage.refused(&profile, &["list", &format!("/proc/{number}/fd")]);
            let memory = format!("/proc/{number}/mem");
            stage.done(stage.free(), &["open", &memory]);
            let result = output(stage.confined(&profile), &["open", &memory]);
            assert_eq!(result.status.code(), Some(3), "{}: {result:?}", stage.who);
            stage.done(stage.confined(&profile), &["read", "/proc/self/maps"]);
        }
        end(child);
    }
}

/// Without namespaces, a build that root starts stays root, without capabilities.
fn remains_root(stage: &Stage, profile: &Profile) -> bool {
    stage.who == "root" && profile.children && !stage.sandbox.has_namespaces()
}

#[test]
fn no_process_gains_privileges() {
    for stage in stages() {
        for profile in [stage.run(), stage.build()] {
            stage.refused(&profile, &["have a user namespace"]);
            if stage.who == "root" {
                if !remains_root(&stage, &profile) {
                    stage.refused(&profile, &["be root"]);
                }
                stage.refused(&profile, &["have a mount namespace"]);
                let result = output(stage.confined(&profile), &["mount", word(&stage.scratch)]);
                assert_eq!(result.status.code(), Some(3), "{result:?}");
            }
        }
    }
}

#[test]
fn a_setuid_program_of_root_gives_no_privileges() {
    for stage in stages().into_iter().filter(|_| rustix::process::geteuid().is_root()) {
        let of_root = stage.outside.join("of root");
        copy_program(&stage.hostile, &of_root);
        fs::set_permissions(&of_root, fs::Permissions::from_mode(0o4755)).unwrap();
        let mut free = Command::new("setpriv");
        free.args(["--reuid", "61235", "--regid", "61235", "--clear-groups", "--"]).arg(&of_root);
        stage.done(free, &["be root"]);
        let profiles = [stage.run(), stage.build()].into_iter();
        for mut profile in profiles.filter(|profile| !remains_root(&stage, profile)) {
            profile.executable.push(of_root.clone());
            let command = stage.sandbox.command(&profile, &of_root).unwrap();
            let result = output(command, &["be root"]);
            assert_eq!(result.status.code(), Some(3), "{}: {result:?}", stage.who);
        }
    }
}

#[test]
fn a_build_leaves_nothing_behind() {
    for stage in stages().into_iter().filter(|stage| stage.sandbox.has_namespaces()) {
        let left = |command: Command| {
            let result = output(command, &["leave a child behind"]);
            assert!(result.status.success(), "{}: {result:?}", stage.who);
            let text = String::from_utf8(result.stdout).unwrap();
            text.split_whitespace().next().expect("a number").to_owned()
        };
        let number = left(stage.free());
        assert!(stays(&number), "{}: no child is left even without the sandbox", stage.who);
        Command::new("kill").args(["-9", &number]).status().unwrap();
        assert!(!stays(&left(stage.confined(&stage.build()))), "{}", stage.who);
    }
}

/// Whether a process survives when its grader is killed.
fn survives_its_grader(stage: &Stage, profile: &Profile, launcher: &[OsString]) -> bool {
    let mut grader = Command::new(&stage.hostile);
    grader.arg("grade").arg(serde_json::to_string(profile).unwrap()).args(launcher);
    let mut grader = grader.stdout(Stdio::piped()).spawn().unwrap();
    let mut number = String::new();
    BufReader::new(grader.stdout.take().unwrap()).read_line(&mut number).unwrap();
    let number = number.trim();
    assert!(number.parse::<u32>().unwrap() > 2, "{number} is nobody's number");
    assert!(Path::new("/proc").join(number).exists(), "it has gone before");
    grader.kill().unwrap();
    grader.wait().unwrap();
    let survives = stays(number);
    if survives {
        Command::new("kill").args(["-9", number]).status().unwrap();
    }
    survives
}

#[test]
fn a_process_dies_with_its_grader() {
    for stage in stages() {
        assert!(survives_its_grader(&stage, &stage.run(), &[]), "it dies even without the sandbox");
        for profile in [stage.run(), stage.build()] {
            assert!(!survives_its_grader(&stage, &profile, &stage.launcher), "{}", stage.who);
        }
    }
}

#[test]
fn the_exit_signal_is_reported() {
    for stage in stages() {
        for profile in [stage.run(), stage.build()] {
            let result = output(stage.confined(&profile), &["abort"]);
            assert!(!result.status.success(), "{}: {result:?}", stage.who);
        }
        let result = output(stage.confined(&stage.run()), &["abort"]);
        assert_eq!(result.status.signal(), Some(Signal::SIGABRT as i32), "{}: {result:?}", stage.who);
    }
}

#[test]
fn a_launcher_that_fails_says_so_in_one_line() {
    for stage in stages() {
        let nowhere = Path::new("/there/is/no/such/program");
        let (mut no_file, mut no_folder, mut not_allowed) = (stage.run(), stage.run(), stage.run());
        no_file.readable.push(nowhere.to_owned());
        no_folder.directory = nowhere.to_owned();
        not_allowed.executable.clear();
        let commands = [
            stage.confined(&no_file),
            stage.confined(&no_folder),
            stage.confined(&not_allowed),
            stage.sandbox.command(&stage.run(), nowhere).unwrap(),
        ];
        for command in commands {
            let result = output(command, &["do nothing"]);
            let text = String::from_utf8(result.stderr).unwrap();
            assert_eq!(result.status.code(), Some(LAUNCH_FAILED), "{}: {text}", stage.who);
            assert!(text.starts_with("sandbox: ") && text.lines().count() == 1, "{}: {text}", stage.who);
        }
    }
}
