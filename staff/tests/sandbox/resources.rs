//! Resource limits hold, for root too.

use std::process::Stdio;

use nix::sys::signal::Signal;
use staff::sandbox::read_bounded;

use crate::stage::{output, stages};

#[test]
fn memory_is_limited() {
    for stage in stages() {
        stage.refused(&stage.run(), &["take much memory"]);
    }
}

#[test]
fn threads_are_limited() {
    for stage in stages() {
        stage.refused(&stage.run(), &["start many threads"]);
    }
}

#[test]
fn processor_time_is_limited() {
    for stage in stages() {
        stage.killed(&stage.run(), &["take much time"], Signal::SIGXCPU);
        // The first process of a namespace ignores `SIGXCPU`, which has no handler.
        let last = if stage.sandbox.has_namespaces() { Signal::SIGKILL } else { Signal::SIGXCPU };
        stage.killed(&stage.build(), &["take much time"], last);
    }
}

#[test]
fn files_are_limited_in_size_and_number() {
    for stage in stages() {
        for profile in [stage.run(), stage.build()] {
            stage.done(stage.free(), &["write a large file"]);
            let file = stage.scratch.join("large");
            std::fs::remove_file(&file).unwrap();
            let result = output(stage.confined(&profile), &["write a large file"]);
            assert!(!result.status.success(), "{}: {result:?}", stage.who);
            assert_eq!(
                std::fs::metadata(&file).unwrap().len(),
                profile.limits.file,
                "{}: {result:?}",
                stage.who
            );
            std::fs::remove_file(&file).unwrap();
            stage.refused(&profile, &["open many files"]);
        }
    }
}

#[test]
fn no_limit_can_be_raised() {
    for stage in stages() {
        for profile in [stage.run(), stage.build()] {
            stage.refused(&profile, &["raise a limit"]);
        }
    }
}

#[test]
fn endless_output_is_bounded_by_the_limit_of_time() {
    for stage in stages() {
        let mut child =
            stage.confined(&stage.run()).arg("print for ever").stdout(Stdio::piped()).spawn().unwrap();
        let printed = read_bounded(child.stdout.take().unwrap(), 1000).unwrap();
        assert_eq!(printed.bytes, [b'x'; 1000], "{}", stage.who);
        assert!(printed.lost > 0, "{}", stage.who);
        assert!(!child.wait().unwrap().success(), "{}", stage.who);
    }
}
