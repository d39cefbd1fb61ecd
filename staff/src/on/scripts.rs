//! The scripts for one shard and for the merge, which every local engine starts.

use std::env;
use std::path::Path;

use lab::error::CommandError;
use labreport::shell;

use super::engine_folder::EngineFolder;
use super::work::Work;

/// The script that makes the shard whose number is its argument.
pub(super) const SHARD: &str = "shard.sh";

/// The script that merges, and keeps what is printed and the exit status.
pub(super) const MERGE: &str = "merge.sh";

/// The files in which the merge leaves its exit status, its output and its errors.
pub(super) const STATUS: &str = "merge.status";
pub(super) const OUTPUT: &str = "merge.out";
pub(super) const ERRORS: &str = "merge.err";

/// The variables that say where the workspace is: a machine of a cluster may be given others.
const VARIABLES: [&str; 2] = ["CARGO_MANIFEST_DIR", "CARGO_TARGET_DIR"];

/// Writes both scripts and the program that they start. A shard makes `jobs` runs at a time.
pub(super) fn write(folder: &EngineFolder, work: &Work, jobs: u32) -> Result<(), CommandError> {
    let program = folder.copy_program()?;
    let here = env::current_dir()
        .map_err(|cause| CommandError::new(format!("cannot determine the current folder: {cause}")))?;
    let place = place(&here);
    folder.write_script(SHARD, &shard(folder, work, &program, &place, jobs))?;
    folder.write_script(MERGE, &merge(folder, work, &program, &place))
}

/// Lines that bring a script where this command runs: relative paths of the command are seen from here.
fn place(here: &Path) -> String {
    let mut lines = format!("cd {}\n", shell::word(here));
    for name in VARIABLES {
        if let Some(value) = env::var_os(name).filter(|value| !value.is_empty()) {
            // One of them may be relative to the current folder.
            lines += &format!("export {name}={}\n", shell::word(here.join(value)));
        }
    }
    lines
}

fn shard(folder: &EngineFolder, work: &Work, program: &Path, place: &str, jobs: u32) -> String {
    format!(
        "#!/usr/bin/env bash\n\
         # Makes the shard whose number, from 1 to {shards}, is the argument. Written by `lab on`.\n\
         set -eu\n\
         {place}\
         # A shard that is started again adds to its log.\n\
         exec >>{logs}/\"$1\".txt 2>&1\n\
         exec {program} {line}\n",
        shards = work.shards,
        logs = shell::word(folder.path("logs")),
        program = shell::word(program),
        line = work.shard_line("\"$1\"", folder.out(), Some(jobs)),
    )
}

fn merge(folder: &EngineFolder, work: &Work, program: &Path, place: &str) -> String {
    let file = |name: &str| shell::word(folder.path(name));
    format!(
        "#!/usr/bin/env bash\n\
         # Merges the results of all shards. Written by `lab on`.\n\
         set -eu\n\
         {place}\
         status=0\n\
         {program} {line} >{output} 2>{errors} || status=$?\n\
         # The status comes last and at once: it says that the output is complete.\n\
         echo \"$status\" >{status}.draft\n\
         mv {status}.draft {status}\n\
         exit \"$status\"\n",
        program = shell::word(program),
        line = work.merge_line(folder.out()),
        output = file(OUTPUT),
        errors = file(ERRORS),
        status = file(STATUS),
    )
}

#[cfg(test)]
mod tests {
    use std::ffi::OsString;
    use std::fs;
    use std::os::unix::fs::PermissionsExt;
    use std::path::PathBuf;
    use std::process::Command;

    use super::super::args::WorkArgs;
    use super::super::work::tests::of_words;
    use super::*;

    /// A command with words that a shell would take apart.
    const GIVEN: [&str; 7] = ["test", "--solution", "a b", "--plan", "$(exit 9)", "--seed", "1"];

    /// A folder whose name a shell would take apart, and a program that prints its arguments.
    fn stage(parent: &Path) -> (EngineFolder, Work, PathBuf) {
        let out = parent.join("it's $HOME; {}");
        let command: Vec<OsString> = GIVEN.map(Into::into).into();
        let work = of_words(command).unwrap();
        let args = WorkArgs { shards: 3, out: Some(out), json: None, junit: None, command: Vec::new() };
        let folder = EngineFolder::open(&args, &work).unwrap();
        let program = folder.path("printer");
        fs::write(&program, "#!/bin/sh\nprintf '%s\\n' \"$PWD\" \"$@\"\necho oh >&2\nexit 3\n").unwrap();
        fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
        (folder, work, program)
    }

    fn run(script: &Path, argument: Option<&str>) -> Option<i32> {
        Command::new("bash").arg(script).args(argument).current_dir("/").status().unwrap().code()
    }

    #[test]
    fn a_shard_runs_the_command_in_the_same_folder_and_keeps_a_log() {
        let parent = tempfile::tempdir().unwrap();
        let here = fs::canonicalize(parent.path()).unwrap();
        let (folder, work, program) = stage(&here);
        folder.write_script(SHARD, &shard(&folder, &work, &program, &place(&here), 2)).unwrap();
        for _ in 0..2 {
            assert_eq!(run(&folder.path(SHARD), Some("3")), Some(3));
        }
        let out = folder.out().to_str().unwrap();
        let words = [&["test", "--shard", "3/3", "--out", out, "--jobs", "2"], &GIVEN[1..]].concat();
        let once = format!("{}\n{}\noh\n", here.display(), words.join("\n"));
        assert_eq!(fs::read_to_string(folder.path("logs/3.txt")).unwrap(), once.repeat(2));
    }

    #[test]
    fn the_merge_keeps_its_output_and_its_status() {
        let parent = tempfile::tempdir().unwrap();
        let here = fs::canonicalize(parent.path()).unwrap();
        let (folder, work, program) = stage(&here);
        folder.write_script(MERGE, &merge(&folder, &work, &program, &place(&here))).unwrap();
        assert_eq!(run(&folder.path(MERGE), None), Some(3));
        let read = |name: &str| fs::read_to_string(folder.path(name)).unwrap();
        let out = folder.out().display().to_string();
        assert_eq!(read(OUTPUT), format!("{}\nmerge\n{out}\n", here.display()));
        assert_eq!((read(ERRORS), read(STATUS)), ("oh\n".to_owned(), "3\n".to_owned()));
    }
}
