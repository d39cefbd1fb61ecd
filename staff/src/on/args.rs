//! The arguments of `lab on`.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Subcommand};
use lab::args::{at_least_one, some_time};

/// The headings of options in the help texts.
mod heading {
    pub(super) const ENGINE: &str = "Engine";
    pub(super) const RESULTS: &str = "Results";
}

/// The arguments of `lab on`.
#[derive(Args, Debug)]
pub(crate) struct OnArgs {
    #[command(subcommand)]
    pub(super) engine: Engine,
}

/// What starts the shards.
#[derive(Subcommand, Debug)]
pub(super) enum Engine {
    /// Submit an array job to Slurm, and a job that merges; wait for both
    Slurm(SlurmArgs),
    /// Run the shards with GNU parallel, on this machine or several, and merge
    Parallel(ParallelArgs),
    /// Write the manifests of an Indexed Job and of a Job that merges
    Kubernetes(KubernetesArgs),
    /// Write a workflow of GitHub Actions: a matrix of shards, and a job that merges
    Github(GithubArgs),
}

/// The work, and where its results go.
#[derive(Args, Debug)]
pub(super) struct WorkArgs {
    /// Parts that the command is divided into
    #[arg(long, value_name = "N", default_value = "8", value_parser = at_least_one)]
    #[arg(allow_negative_numbers = true, help_heading = heading::RESULTS)]
    pub(super) shards: u32,

    /// Folder for the results, which all machines see; if not given, one in the target folder, named after
    /// the command
    #[arg(long, value_name = "DIR", help_heading = heading::RESULTS)]
    pub(super) out: Option<PathBuf>,

    /// Write the merged results as JSON
    #[arg(long, value_name = "FILE", help_heading = heading::RESULTS)]
    pub(super) json: Option<PathBuf>,

    /// Write the merged results as JUnit XML
    #[arg(long, value_name = "FILE", help_heading = heading::RESULTS)]
    pub(super) junit: Option<PathBuf>,

    /// The command: `test`, `grade` or `mutants` with its arguments, a --seed among them, and without
    /// --shard and --out
    #[arg(last = true, required = true, value_name = "COMMAND")]
    pub(super) command: Vec<OsString>,
}

/// The arguments of `lab on slurm`.
#[derive(Args, Debug)]
pub(super) struct SlurmArgs {
    #[command(flatten)]
    pub(super) work: WorkArgs,

    /// Write the job scripts, and submit nothing
    #[arg(long, help_heading = heading::ENGINE)]
    pub(super) write_only: bool,

    /// Partition; if not given, the cluster's default
    #[arg(long, value_name = "NAME", value_parser = one_word, help_heading = heading::ENGINE)]
    pub(super) partition: Option<String>,

    /// Limit on the real time of a shard, in whole minutes: 30m, 2h; if not given, the partition's
    #[arg(long, value_name = "TIME", value_parser = some_time, allow_negative_numbers = true)]
    #[arg(help_heading = heading::ENGINE)]
    pub(super) time: Option<Duration>,

    /// Cores of a shard, each for one run at a time
    #[arg(long, value_name = "N", default_value = "1", value_parser = at_least_one)]
    #[arg(allow_negative_numbers = true, help_heading = heading::ENGINE)]
    pub(super) cpus: u32,

    /// Further option of `sbatch`, such as --sbatch-arg=--account=course; may be given several times
    #[arg(long, value_name = "OPTION", value_parser = sbatch_option, allow_hyphen_values = true)]
    #[arg(help_heading = heading::ENGINE)]
    pub(super) sbatch_arg: Vec<String>,
}

/// The arguments of `lab on parallel`.
#[derive(Args, Debug)]
pub(super) struct ParallelArgs {
    #[command(flatten)]
    pub(super) work: WorkArgs,

    /// Shards at a time on each machine, each with one run at a time; if not given, one per core
    #[arg(long, short, value_name = "N", value_parser = at_least_one, allow_negative_numbers = true)]
    #[arg(help_heading = heading::ENGINE)]
    pub(super) jobs: Option<u32>,

    /// Attempts at a shard
    #[arg(long, value_name = "N", default_value = "3", value_parser = at_least_one)]
    #[arg(allow_negative_numbers = true, help_heading = heading::ENGINE)]
    pub(super) retries: u32,

    /// Machines, as GNU parallel takes them: HOST or CORES/HOST, with commas between, and `:` for this one.
    /// They see DIR and the current folder under the same paths
    #[arg(long, value_name = "HOSTS", value_parser = one_word, help_heading = heading::ENGINE)]
    pub(super) sshlogin: Vec<String>,
}

/// The arguments of `lab on kubernetes`.
#[derive(Args, Debug)]
pub(super) struct KubernetesArgs {
    #[command(flatten)]
    pub(super) work: WorkArgs,

    /// Image of the containers, with this command line in it
    #[arg(long, value_name = "IMAGE", value_parser = one_word, help_heading = heading::ENGINE)]
    pub(super) image: String,

    /// This command line in the image
    #[arg(long, value_name = "PATH", default_value = "lab", help_heading = heading::ENGINE)]
    pub(super) program: String,

    /// Name of the jobs, and the beginning of the claim's
    #[arg(long, value_name = "NAME", default_value = "lab", value_parser = kubernetes_name)]
    #[arg(help_heading = heading::ENGINE)]
    pub(super) name: String,

    /// Existing claim for the results, which several nodes can mount to write; if not given, a claim is
    /// among the manifests
    #[arg(long, value_name = "NAME", value_parser = kubernetes_name, help_heading = heading::ENGINE)]
    pub(super) claim: Option<String>,

    /// Shards at a time; if not given, all
    #[arg(long, value_name = "N", value_parser = at_least_one, allow_negative_numbers = true)]
    #[arg(help_heading = heading::ENGINE)]
    pub(super) parallelism: Option<u32>,

    /// Cores of a shard, each for one run at a time
    #[arg(long, value_name = "N", default_value = "1", value_parser = at_least_one)]
    #[arg(allow_negative_numbers = true, help_heading = heading::ENGINE)]
    pub(super) cpus: u32,

    /// Limit on the real time of the whole: 30m, 2h
    #[arg(long, value_name = "TIME", default_value = "24h", value_parser = some_time)]
    #[arg(allow_negative_numbers = true, help_heading = heading::ENGINE)]
    pub(super) time: Duration,
}

/// The arguments of `lab on github`.
#[derive(Args, Debug)]
pub(super) struct GithubArgs {
    #[command(flatten)]
    pub(super) work: WorkArgs,

    /// Limit on the real time of a shard, its build included, in whole minutes: 30m, 2h
    #[arg(long, value_name = "TIME", default_value = "1h", value_parser = some_time)]
    #[arg(allow_negative_numbers = true, help_heading = heading::ENGINE)]
    pub(super) time: Duration,
}

/// A time in whole minutes, rounded up: engines take no less.
pub(super) fn minutes(time: Duration) -> u64 {
    time.as_secs().saturating_add(u64::from(time.subsec_nanos() > 0)).div_ceil(60)
}

/// A text without spaces and invisible characters, which is no option.
fn one_word(text: &str) -> Result<String, String> {
    let is_word = !text.is_empty()
        && !text.starts_with('-')
        && text.chars().all(|c| !c.is_whitespace() && !c.is_control());
    if is_word { Ok(text.to_owned()) } else { Err("give one word without spaces".to_owned()) }
}

/// An option of `sbatch`, which stands on a line of the job script.
fn sbatch_option(text: &str) -> Result<String, String> {
    let is_option = text.len() > 1 && text.starts_with('-') && !text.chars().any(char::is_control);
    if is_option { Ok(text.to_owned()) } else { Err("give an option, such as --account=course".to_owned()) }
}

/// Characters of a name in Kubernetes, less those of the suffixes that the jobs and the claim get.
const LONGEST_NAME: usize = 50;

/// A name that Kubernetes takes: a label of the domain name system.
fn kubernetes_name(text: &str) -> Result<String, String> {
    let is_name = (1..=LONGEST_NAME).contains(&text.len())
        && text.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-'))
        && text.starts_with(|c: char| c.is_ascii_lowercase())
        && !text.ends_with('-');
    if is_name {
        Ok(text.to_owned())
    } else {
        Err(format!("give a name of at most {LONGEST_NAME} small letters, digits and `-`, such as lab-3"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn minutes_are_rounded_up() {
        for (time, expected) in [
            (Duration::from_secs(1), 1),
            (Duration::from_secs(60), 1),
            (Duration::from_millis(60_001), 2),
            (Duration::from_secs(7200), 120),
        ] {
            assert_eq!(minutes(time), expected, "{time:?}");
        }
    }

    #[test]
    fn names_and_words_are_checked() {
        for name in ["lab", "lab-3", "a"] {
            assert_eq!(kubernetes_name(name).as_deref(), Ok(name));
        }
        for name in ["", "Lab", "3", "lab_3", "lab-", "-lab", "a.b", &"a".repeat(51)] {
            assert!(kubernetes_name(name).is_err(), "{name}");
        }
        assert!(one_word("a b").is_err() && one_word("").is_err() && one_word("-p").is_err());
        assert_eq!(one_word("4/node1").as_deref(), Ok("4/node1"));
        assert!(sbatch_option("--comment=a b").is_ok() && sbatch_option("-p").is_ok());
        assert!(sbatch_option("x").is_err() && sbatch_option("--a\n#SBATCH --b").is_err());
    }
}
