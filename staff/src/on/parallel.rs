//! `lab on parallel`: the shards with GNU parallel, and then the merge.

use std::fs::{self, File};
use std::io;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;

use lab::error::CommandError;
use lab::{Verdict, interrupt};
use labreport::shell;
use labreport::text::one_line;
use rustix::process::{Pid, Signal, kill_process};

use super::args::ParallelArgs;
use super::ending;
use super::engine_folder::EngineFolder;
use super::progress::{INTERVAL, Progress};
use super::scripts::{self, MERGE, SHARD, STATUS};
use super::work::Work;

/// The file in which GNU parallel keeps which shards have succeeded.
const JOBLOG: &str = "parallel.joblog";

/// The file with what GNU parallel itself prints.
const PRINTED: &str = "parallel.txt";

/// Runs the shards, waits, and merges.
pub(super) fn run(args: &ParallelArgs) -> Result<Verdict, CommandError> {
    let work = Work::new(&args.work)?;
    work.check_submissions()?;
    check_version()?;
    let folder = EngineFolder::open(&args.work, &work)?;
    check_path(folder.out())?;
    scripts::write(&folder, &work, 1)?;
    folder.remove(STATUS)?;
    forget_lost_results(&folder, &work)?;
    interrupt::watch("stopping; the same command makes what is missing")?;
    let status = carry_out(args, &folder, &work)?;
    if interrupt::has_come() {
        return Ok(Verdict::Failed);
    }
    let missing = folder.missing(&work);
    if !missing.is_empty() {
        return Err(if folder.path(JOBLOG).exists() {
            folder.without_result(&work, &missing)
        } else {
            cannot_run(&folder, status)
        });
    }
    let merge = Command::new(folder.path(MERGE)).status();
    merge.map_err(|cause| {
        CommandError::new(format!("cannot start {}: {cause}", folder.path(MERGE).display()))
    })?;
    ending::of_merge(&folder).unwrap_or_else(|| {
        Err(CommandError::new("the merge was ended; the same command merges again".to_owned()))
    })
}

/// Runs GNU parallel until it ends or a signal comes.
fn carry_out(args: &ParallelArgs, folder: &EngineFolder, work: &Work) -> Result<ExitStatus, CommandError> {
    let path = folder.path(PRINTED);
    let cannot = |cause: io::Error| CommandError::new(format!("cannot start GNU parallel: {cause}"));
    let printed = File::create(&path).map_err(cannot)?;
    let mut command = Command::new("parallel");
    command.args(arguments(args, folder, work));
    // It takes the user's shell for its commands, which need not know the quotes.
    command.env("PARALLEL_SHELL", "/bin/sh");
    command.stdin(Stdio::null()).stdout(printed.try_clone().map_err(cannot)?).stderr(printed);
    let mut child = command.spawn().map_err(cannot)?;
    let progress = Progress::new(folder, work, "parallel");
    loop {
        progress.update();
        if let Some(status) = child.try_wait().map_err(cannot)? {
            return Ok(status);
        }
        if interrupt::has_come() {
            return end(&mut child).map_err(cannot);
        }
        thread::sleep(INTERVAL);
    }
}

/// Ends GNU parallel and its shards. Old versions only start no more shards at the first SIGTERM, and end the
/// running ones at the second.
fn end(child: &mut Child) -> io::Result<ExitStatus> {
    for _ in 0..2 {
        if let Some(pid) = i32::try_from(child.id()).ok().and_then(Pid::from_raw) {
            // It may have ended by itself.
            let _ = kill_process(pid, Signal::TERM);
        }
        thread::sleep(INTERVAL);
    }
    child.wait()
}

fn arguments(args: &ParallelArgs, folder: &EngineFolder, work: &Work) -> Vec<String> {
    let mut words = vec![
        "--joblog".to_owned(),
        folder.path(JOBLOG).display().to_string(),
        // Also starts the shards that are not in the joblog.
        "--resume-failed".to_owned(),
        "--retries".to_owned(),
        args.retries.to_string(),
    ];
    if let Some(jobs) = args.jobs {
        words.extend(["--jobs".to_owned(), jobs.to_string()]);
    }
    for hosts in &args.sshlogin {
        words.extend(["--sshlogin".to_owned(), hosts.clone()]);
    }
    words.push(format!("{} {{}}", shell::word(folder.path(SHARD))));
    words.push(":::".to_owned());
    words.extend((1..=work.shards).map(|shard| shard.to_string()));
    words
}

/// Removes the joblog if a shard has succeeded by it whose result is gone: GNU parallel would not make it
/// again. The shards that have a result notice that, and end at once.
fn forget_lost_results(folder: &EngineFolder, work: &Work) -> Result<(), CommandError> {
    let Ok(joblog) = fs::read_to_string(folder.path(JOBLOG)) else { return Ok(()) };
    if succeeded(&joblog).any(|shard| !folder.has_result(work, shard)) {
        folder.remove(JOBLOG)?;
    }
    Ok(())
}

/// The shards that have succeeded by a joblog. Its columns are the number, host, start, run time, bytes sent
/// and received, exit status, signal, and command.
fn succeeded(joblog: &str) -> impl Iterator<Item = u32> {
    joblog.lines().skip(1).filter_map(|line| {
        let columns: Vec<&str> = line.split('\t').collect();
        match columns[..] {
            [number, _, _, _, _, _, "0", "0", ..] => number.trim().parse().ok(),
            _ => None,
        }
    })
}

/// Refuses to go on without GNU parallel. Another program of the same name takes other options.
fn check_version() -> Result<(), CommandError> {
    let version = Command::new("parallel").arg("--version").stdin(Stdio::null()).output();
    let is_gnu = version.is_ok_and(|output| String::from_utf8_lossy(&output.stdout).contains("GNU parallel"));
    if is_gnu {
        return Ok(());
    }
    Err(CommandError::new(
        "there is no GNU parallel here: install it, on Debian and Ubuntu by `apt-get install parallel`",
    ))
}

/// Refuses a path in which GNU parallel would replace something.
fn check_path(out: &Path) -> Result<(), CommandError> {
    let text = out.to_str().filter(|text| !text.contains('{'));
    text.map(drop).ok_or_else(|| {
        CommandError::new(format!(
            "GNU parallel would change the path {}: give an --out of Unicode and without `{{`",
            out.display()
        ))
    })
}

fn cannot_run(folder: &EngineFolder, status: ExitStatus) -> CommandError {
    let printed = fs::read(folder.path(PRINTED)).unwrap_or_default();
    let printed = String::from_utf8_lossy(&printed);
    let first = printed.lines().find(|line| !line.trim().is_empty()).unwrap_or("it says nothing");
    CommandError::new(format!("GNU parallel runs no shard ({status}): {}", one_line(first, 500)))
}

#[cfg(test)]
mod tests {
    use super::super::args::WorkArgs;
    use super::super::work::tests::work;
    use super::*;

    fn args(out: &Path) -> ParallelArgs {
        ParallelArgs {
            work: WorkArgs {
                shards: 3,
                out: Some(out.to_owned()),
                json: None,
                junit: None,
                command: Vec::new(),
            },
            jobs: Some(2),
            retries: 4,
            sshlogin: vec!["4/node1,:".to_owned()],
        }
    }

    #[test]
    fn the_arguments_name_every_shard() {
        let parent = tempfile::tempdir().unwrap();
        let args = args(&parent.path().join("my out"));
        let work = work("test --seed 1").unwrap();
        let folder = EngineFolder::open(&args.work, &work).unwrap();
        let out = folder.path("").display().to_string();
        let expected = format!(
            "--joblog|{out}parallel.joblog|--resume-failed|--retries|4|--jobs|2|--sshlogin|4/node1,:|\
             '{out}shard.sh' {{}}|:::|1|2|3"
        );
        assert_eq!(arguments(&args, &folder, &work).join("|"), expected);
    }

    #[test]
    fn a_joblog_without_its_results_is_removed() {
        let parent = tempfile::tempdir().unwrap();
        let work = work("test --seed 1").unwrap();
        let folder = EngineFolder::open(&args(parent.path()).work, &work).unwrap();
        let joblog = "Seq\tHost\tStarttime\tJobRuntime\tSend\tReceive\tExitval\tSignal\tCommand\n\
                      2\t:\t1790000000.1\t     1.034\t0\t0\t0\t0\tshard.sh 2\n\
                      1\t:\t1790000000.2\t     2.034\t0\t0\t4\t0\tshard.sh 1\n\
                      3\t:\t1790000000.2\t     2.034\t0\t0\t0\t15\tshard.sh 3\n";
        assert_eq!(succeeded(joblog).collect::<Vec<_>>(), [2]);
        fs::write(folder.path(JOBLOG), joblog).unwrap();
        fs::create_dir_all(parent.path().join("shards")).unwrap();
        fs::write(parent.path().join("shards/2-of-3.json"), "").unwrap();
        forget_lost_results(&folder, &work).unwrap();
        assert!(folder.path(JOBLOG).exists());
        fs::remove_file(parent.path().join("shards/2-of-3.json")).unwrap();
        forget_lost_results(&folder, &work).unwrap();
        assert!(!folder.path(JOBLOG).exists());
    }

    #[test]
    fn a_path_that_would_be_changed_is_refused() {
        assert!(check_path(Path::new("/a b/it's")).is_ok());
        let error = check_path(Path::new("/a/{#}")).unwrap_err().to_string();
        assert!(error.contains("/a/{#}"), "{error}");
    }
}
