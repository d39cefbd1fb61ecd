//! `lab on slurm`: an array job with a task for each shard, and a job that merges when all have succeeded.

use std::io;
use std::path::Path;
use std::process::{Command, Output};
use std::thread;
use std::time::{Duration, Instant};

use lab::error::CommandError;
use lab::{Verdict, interrupt};
use labreport::shell;
use labreport::text::one_line;

use super::args::{SlurmArgs, minutes};
use super::ending;
use super::engine_folder::EngineFolder;
use super::progress::{INTERVAL, Progress};
use super::scripts::{self, MERGE, SHARD, STATUS};
use super::work::Work;

/// The job of the shards.
const SHARDS_JOB: &str = "shards.sbatch";

/// The job that merges.
const MERGE_JOB: &str = "merge.sbatch";

/// The options that make a job wait for the shards, less their job's number. Without the second one it would
/// wait for ever once a shard has failed.
const AFTER: [&str; 2] = ["--dependency=afterok:", "--kill-on-invalid-dep=yes"];

/// The time between two questions to the controller, which serves a whole cluster.
const QUESTIONS: Duration = Duration::from_secs(5);

/// The answers in a row by which the jobs are gone. A result may show on this machine a little later than the
/// end of its job.
const ANSWERS: u32 = 2;

/// Attempts at a shard that has ended without results, besides the first. The command has been checked, so
/// its machine has failed.
const REQUEUES: u32 = 3;

/// Submits the jobs and waits for them, or writes their scripts.
pub(super) fn run(args: &SlurmArgs) -> Result<Verdict, CommandError> {
    let work = Work::new(&args.work)?;
    work.check_submissions()?;
    let folder = EngineFolder::open(&args.work, &work)?;
    scripts::write(&folder, &work, args.cpus)?;
    folder.write_script(SHARDS_JOB, &shards_job(args, &work, &folder.path(SHARD)))?;
    folder.write_script(MERGE_JOB, &merge_job(args, &folder.path(MERGE)))?;
    if args.write_only {
        println!("{}", by_hand(&folder));
        return Ok(Verdict::Passed);
    }
    folder.remove(STATUS)?;
    interrupt::watch("cancelling the jobs; the same command makes what is missing")?;
    let jobs = Jobs::submit(&folder)?;
    eprintln!("submitted the jobs {} (shards) and {} (merge)", jobs.shards, jobs.merge);
    let ended = wait(&folder, &work, &jobs);
    if !matches!(ended, Ok(Some(_))) {
        jobs.cancel();
    }
    match ended? {
        Some(verdict) => verdict,
        // The signal ends the process.
        None => Ok(Verdict::Failed),
    }
}

/// The script of the array job: tasks are numbered as shards are.
fn shards_job(args: &SlurmArgs, work: &Work, script: &Path) -> String {
    let limit = args.time.map(|time| format!("#SBATCH --time={}\n", minutes(time)));
    format!(
        include_str!("slurm/shards.sbatch"),
        shards = work.shards,
        cpus = args.cpus,
        options = limit.unwrap_or_default() + &options(args),
        script = shell::word(script),
        requeues = REQUEUES,
    )
}

/// The script of the job that merges.
fn merge_job(args: &SlurmArgs, script: &Path) -> String {
    format!(
        include_str!("slurm/merge.sbatch"),
        cpus = args.cpus,
        options = options(args),
        script = shell::word(script),
    )
}

/// The options of both jobs, a line each.
fn options(args: &SlurmArgs) -> String {
    let partition = args.partition.iter().map(|name| format!("--partition={name}"));
    let all = partition.chain(args.sbatch_arg.iter().cloned());
    all.map(|option| format!("#SBATCH {}\n", option_word(&option))).collect()
}

/// An option as `sbatch` reads it from a script, where a word in double quotes may have spaces.
fn option_word(option: &str) -> String {
    let is_plain = |c: char| c.is_alphanumeric() || "._/=,:@%+-[]".contains(c);
    if option.chars().all(is_plain) {
        return option.to_owned();
    }
    format!("\"{}\"", option.replace('\\', "\\\\").replace('"', "\\\""))
}

/// The commands that submit the jobs.
fn by_hand(folder: &EngineFolder) -> String {
    let [dependency, end] = AFTER;
    format!(
        "job=$(sbatch --parsable {shards}) &&\n    sbatch {dependency}\"${{job%%;*}}\" {end} {merge}",
        shards = shell::word(folder.path(SHARDS_JOB)),
        merge = shell::word(folder.path(MERGE_JOB)),
    )
}

/// Waits until the merge has ended; `None` if a signal has come.
///
/// # Errors
///
/// The jobs have ended, and results are missing.
fn wait(
    folder: &EngineFolder,
    work: &Work,
    jobs: &Jobs,
) -> Result<Option<Result<Verdict, CommandError>>, CommandError> {
    let progress = Progress::new(folder, work, "Slurm");
    let mut asked = Instant::now();
    let mut gone = 0;
    loop {
        progress.update();
        if folder.path(STATUS).exists() {
            drop(progress);
            if let Some(verdict) = ending::of_merge(folder) {
                return Ok(Some(verdict));
            }
            return Err(CommandError::new(format!("{} cannot be read", folder.path(STATUS).display())));
        }
        if interrupt::has_come() {
            return Ok(None);
        }
        if asked.elapsed() >= QUESTIONS {
            gone = if jobs.are_gone() { gone + 1 } else { 0 };
            asked = Instant::now();
        }
        if gone >= ANSWERS {
            let missing = folder.missing(work);
            return Err(if missing.is_empty() {
                CommandError::new(format!(
                    "all shards have results, and the job that merges has ended without one: run `{}`",
                    shell::word(folder.path(MERGE))
                ))
            } else {
                folder.without_result(work, &missing)
            });
        }
        thread::sleep(INTERVAL);
    }
}

/// The jobs of this command.
struct Jobs {
    shards: String,
    merge: String,
}

impl Jobs {
    fn submit(folder: &EngineFolder) -> Result<Self, CommandError> {
        let shards = sbatch(folder, &[], SHARDS_JOB)?;
        let [dependency, end] = AFTER;
        match sbatch(folder, &[&format!("{dependency}{shards}"), end], MERGE_JOB) {
            Ok(merge) => Ok(Self { shards, merge }),
            Err(cause) => {
                cancel(&[&shards]);
                Err(cause)
            }
        }
    }

    fn cancel(&self) {
        cancel(&[&self.shards, &self.merge]);
    }

    /// Whether the controller knows neither of the jobs as waiting or running. If it does not answer, they
    /// are not known to be gone.
    fn are_gone(&self) -> bool {
        let jobs = format!("--jobs={},{}", self.shards, self.merge);
        Command::new("squeue").args(["--noheader", &jobs]).output().is_ok_and(|output| is_empty(&output))
    }
}

fn is_empty(Output { status, stdout, stderr }: &Output) -> bool {
    let has_forgotten = || String::from_utf8_lossy(stderr).contains("Invalid job id");
    stdout.trim_ascii().is_empty() && (status.success() || has_forgotten())
}

/// Cancels jobs. Those that have ended, or that the controller cannot be told of, stay as they are.
fn cancel(jobs: &[&str]) {
    let _ = Command::new("scancel").args(jobs).output();
}

/// Submits a job, and returns its number.
fn sbatch(folder: &EngineFolder, options: &[&str], job: &str) -> Result<String, CommandError> {
    let mut command = Command::new("sbatch");
    command.arg("--parsable").args(options).arg(folder.path(job));
    let output = command.output().map_err(|cause| {
        CommandError::new(if cause.kind() == io::ErrorKind::NotFound {
            format!(
                "there is no `sbatch` here: run this where Slurm's commands are, or take `lab on parallel`; \
                 the job scripts are in {}",
                folder.path("").display()
            )
        } else {
            format!("cannot start sbatch: {cause}")
        })
    })?;
    number(&output).map_err(|why| {
        CommandError::new(format!(
            "Slurm does not take the job: {why}; nothing is lost, and the same command tries again"
        ))
    })
}

/// The number of the submitted job, or the reason why there is none.
fn number(Output { status, stdout, stderr }: &Output) -> Result<String, String> {
    let printed = String::from_utf8_lossy(stdout);
    // NUMBER, or NUMBER;CLUSTER.
    let number = printed.trim().split(';').next().unwrap_or_default();
    if status.success() && !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()) {
        return Ok(number.to_owned());
    }
    let reason = String::from_utf8_lossy(stderr);
    let last = reason.lines().rfind(|line| !line.trim().is_empty()).unwrap_or("it gives no number");
    Err(one_line(last.trim_start_matches("sbatch: error: "), 500))
}

#[cfg(test)]
mod tests {
    use std::os::unix::process::ExitStatusExt;
    use std::process::ExitStatus;

    use super::super::args::WorkArgs;
    use super::super::work::tests::work;
    use super::*;

    fn args() -> SlurmArgs {
        SlurmArgs {
            work: WorkArgs { shards: 3, out: None, json: None, junit: None, command: Vec::new() },
            write_only: true,
            partition: Some("short".to_owned()),
            time: Some(Duration::from_secs(5400)),
            cpus: 4,
            sbatch_arg: vec!["--account=course".to_owned(), "--comment=a b".to_owned()],
        }
    }

    #[test]
    fn the_array_has_a_task_for_each_shard() {
        let job = shards_job(&args(), &work("test --seed 1").unwrap(), Path::new("/a b/shard.sh"));
        let expected = "\
#!/usr/bin/env bash
#SBATCH --job-name=lab-shards
#SBATCH --array=1-3
#SBATCH --cpus-per-task=4
#SBATCH --time=90
#SBATCH --partition=short
#SBATCH --account=course
#SBATCH \"--comment=a b\"
# A task whose node fails starts again on another one.
#SBATCH --requeue
# The script of the shard keeps a log.
#SBATCH --output=/dev/null
'/a b/shard.sh' \"$SLURM_ARRAY_TASK_ID\" && exit
status=$?
# The machine failed, whatever became of the runs: another attempt, up to 3 times.
if [ \"${SLURM_RESTART_COUNT:-0}\" -lt 3 ]; then
    scontrol requeue \"$SLURM_JOB_ID\" && sleep 60
fi
exit \"$status\"
";
        assert_eq!(job, expected);
    }

    #[test]
    fn the_merge_has_no_array_and_the_same_options() {
        let job = merge_job(&args(), Path::new("/out/merge.sh"));
        assert!(job.contains("#SBATCH --partition=short\n") && !job.contains("--array"), "{job}");
        assert!(job.ends_with("exec /out/merge.sh\n") && !job.contains("--time"), "{job}");
    }

    #[test]
    fn the_number_of_a_job_is_read_and_a_refusal_is_one_line() {
        let output = |status: i32, stdout: &str, stderr: &str| Output {
            status: ExitStatus::from_raw(status << 8),
            stdout: stdout.into(),
            stderr: stderr.into(),
        };
        assert_eq!(number(&output(0, "17\n", "")).as_deref(), Ok("17"));
        assert_eq!(number(&output(0, "17;big\n", "warning")).as_deref(), Ok("17"));
        let refused = "sbatch: error: x\nsbatch: error: Batch job submission failed: Invalid partition\n";
        assert_eq!(
            number(&output(1, "", refused)).unwrap_err(),
            "Batch job submission failed: Invalid partition"
        );
        assert!(number(&output(0, "", "")).is_err());
        assert!(is_empty(&output(0, "\n", "")));
        assert!(is_empty(&output(1, "", "slurm_load_jobs error: Invalid job id specified\n")));
        assert!(!is_empty(&output(0, "17_[2-3] short lab PD\n", "")));
        assert!(!is_empty(&output(1, "", "Unable to contact slurm controller (connect failure)\n")));
    }

    #[test]
    fn a_shard_without_results_is_tried_again_and_not_for_ever() {
        // The tasks of an array, with stand-ins for the shard and for Slurm.
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        let write = |name: &str, text: &str| {
            std::fs::write(path(name), text).unwrap();
            let executable = std::os::unix::fs::PermissionsExt::from_mode(0o755);
            std::fs::set_permissions(path(name), executable).unwrap();
        };
        write("shard", "#!/bin/sh\nexit \"$STATUS\"\n");
        write("scontrol", "#!/bin/sh\necho \"$@\"\nexit 1\n");
        write("job", &shards_job(&args(), &work("test --seed 1").unwrap(), &path("shard")));
        let run = |status: &str, restarts: &str| {
            let search = std::env::var("PATH").unwrap();
            let output = Command::new("bash")
                .arg(path("job"))
                .env("PATH", format!("{}:{search}", folder.path().display()))
                .envs([("STATUS", status), ("SLURM_ARRAY_TASK_ID", "2"), ("SLURM_JOB_ID", "17")])
                .env("SLURM_RESTART_COUNT", restarts)
                .output()
                .unwrap();
            (output.status.code(), String::from_utf8(output.stdout).unwrap())
        };
        assert_eq!(run("0", "0"), (Some(0), String::new()));
        assert_eq!(run("2", "0"), (Some(2), "requeue 17\n".to_owned()));
        assert_eq!(run("137", "2"), (Some(137), "requeue 17\n".to_owned()));
        assert_eq!(run("2", "3"), (Some(2), String::new()));
    }
}
