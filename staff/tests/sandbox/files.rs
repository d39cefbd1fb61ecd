//! Access to files outside of the sandbox is refused.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::Command;

use crate::stage::{Stage, output, stages, word};

/// A neighbour's file that file modes let everyone read and write.
fn neighbour(stage: &Stage) -> PathBuf {
    let file = stage.outside.join("neighbour");
    fs::write(&file, "untouched").unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o666)).unwrap();
    file
}

fn refused_and_untouched(stage: &Stage, action: &str) {
    for profile in [stage.run(), stage.build()] {
        let file = neighbour(stage);
        stage.done(stage.free(), &[action, word(&file)]);
        let file = neighbour(stage);
        let result = output(stage.confined(&profile), &[action, word(&file)]);
        assert_eq!(result.status.code(), Some(3), "{}: {action:?}: {result:?}", stage.who);
        assert_eq!(fs::read_to_string(&file).unwrap(), "untouched", "{}: {action:?}", stage.who);
    }
}

#[test]
fn files_outside_can_be_neither_read_nor_changed() {
    for stage in stages() {
        for action in ["read", "write", "empty", "remove", "rename"] {
            refused_and_untouched(&stage, action);
        }
    }
}

#[test]
fn links_do_not_lead_outside() {
    for stage in stages() {
        for action in ["read through a link", "write through a link"] {
            refused_and_untouched(&stage, action);
        }
        let file = neighbour(&stage);
        let result = output(stage.confined(&stage.run()), &["write through a hard link", word(&file)]);
        assert_eq!(result.status.code(), Some(3), "{}: {result:?}", stage.who);
        assert_eq!(fs::read_to_string(&file).unwrap(), "untouched", "{}", stage.who);
    }
}

#[test]
fn folders_outside_can_be_neither_listed_nor_added_to() {
    for stage in stages() {
        for (profile, name) in [(stage.run(), "run"), (stage.build(), "build")] {
            let new = |what: &str| stage.outside.join(format!("{what} {name}"));
            stage.refused(&profile, &["list", word(&stage.outside)]);
            let file = new("file");
            stage.done(stage.free(), &["write", word(&file)]);
            fs::remove_file(&file).unwrap();
            let result = output(stage.confined(&profile), &["write", word(&file)]);
            assert!(result.status.code() == Some(3) && !file.exists(), "{}: {result:?}", stage.who);
            let result = output(stage.confined(&profile), &["make a folder", word(&new("folder"))]);
            assert!(result.status.code() == Some(3) && !new("folder").exists(), "{}: {result:?}", stage.who);
        }
    }
}

#[test]
fn its_own_folder_can_be_written_and_one_that_is_to_read_cannot() {
    for stage in stages() {
        let own = stage.scratch.join("own");
        stage.done(stage.confined(&stage.run()), &["write", word(&own)]);
        stage.done(stage.confined(&stage.run()), &["read", word(&own)]);
        let mut profile = stage.run();
        let to_read = neighbour(&stage);
        profile.readable.push(stage.outside.clone());
        stage.done(stage.confined(&profile), &["read", word(&to_read)]);
        stage.done(stage.confined(&profile), &["list", word(&stage.outside)]);
        for action in ["write", "empty", "remove", "rename"] {
            neighbour(&stage);
            stage.refused(&profile, &[action, word(&to_read)]);
        }
        stage.refused(&profile, &["make a folder", word(&stage.outside.join("new"))]);
    }
}

#[test]
fn no_mode_can_be_changed() {
    for stage in stages().into_iter().filter(|stage| stage.who == "root") {
        let file = neighbour(&stage);
        stage.refused(&stage.run(), &["change the mode", word(&file)]);
    }
}

#[test]
fn the_graders_files_are_out_of_sight() {
    for stage in stages() {
        stage.refused(&stage.run(), &["read", "/etc/passwd"]);
        for secret in ["/etc/shadow", "/root/.bashrc"] {
            if stage.who == "root" && PathBuf::from(secret).exists() {
                stage.refused(&stage.run(), &["read", secret]);
                stage.refused(&stage.build(), &["read", secret]);
            }
        }
    }
}

#[test]
fn no_file_without_a_name_can_be_made() {
    for stage in stages() {
        stage.refused(&stage.run(), &["make a file without a name"]);
    }
}

#[test]
fn what_the_grader_has_open_is_not_inherited() {
    for stage in stages() {
        let with_one_open = |command: Command| {
            let words = std::iter::once(command.get_program()).chain(command.get_args());
            let mut shell = Command::new("sh");
            shell.args(["-c", r#"exec 7</etc/passwd; exec "$@""#, "sh"]).args(words);
            output(shell, &["see", "/proc/self/fd/7"]).status.code()
        };
        assert_eq!(with_one_open(stage.free()), Some(0), "{}", stage.who);
        for profile in [stage.run(), stage.build()] {
            assert_eq!(with_one_open(stage.confined(&profile)), Some(3), "{}", stage.who);
        }
    }
}
