//! The tools of teachers: everything that students do not have.
//!
//! - [`mutants`]: solutions that are wrong on purpose, and which tests notice;
//! - [`handout`]: the workspace that students are given;
//! - [`submission`]: the files that are taken from what students hand in;
//! - [`rules`]: checks of a submission's source;
//! - [`sandbox`]: confined processes;
//! - [`build`]: a submission's crates and a command line, built in a sandbox;
//! - [`score`] and [`rubric`]: points for runs;
//! - [`report`]: the reports of a graded submission;
//! - `grade`: `lab grade`, which does all of this for many submissions;
//! - `compare`: `lab compare`, protocols under the same faults;
//! - `on`: `lab on`, large commands on a cluster;
//! - `export`: `lab export`, an autograder and results for other systems;
//! - [`manifest`]: the only writer of manifests;
//! - `args`: the command line, with the students' commands.
//!
//! The list of labs, and the locations of their files, come from [`tester::labs`] alone.

#![warn(missing_docs)]

mod args;
pub mod build;
mod build_env;
mod compare;
mod copy;
mod export;
mod framework;
mod grade;
pub mod handout;
mod hash;
pub mod manifest;
pub mod mutants;
mod on;
pub mod report;
pub mod rubric;
pub mod rules;
pub mod sandbox;
pub mod score;
pub mod submission;
mod tested;

use std::process::ExitCode;

use lab::args::{Stop, parse};
use lab::error::CommandError;
use lab::tested::Tested;
use lab::{Lab, finish, interrupt, not_for_another, set_color, warn_of_unseeded_hash_maps};

use args::{Command, CommandLine, SubmissionArgs};
pub use copy::copy_workspace;

/// Runs the command in the process's arguments; see [`finish`] for the exit status.
#[must_use]
pub fn main(lab: &Lab) -> ExitCode {
    build_env::confine_if_launcher();
    interrupt::on_signal(build::stop_all);
    finish(parse::<CommandLine>(std::env::args_os()).and_then(|line| {
        set_color(line.global.color);
        let outcome = match line.command {
            Command::Test(args) => not_for_another().and_then(|()| {
                warn_of_unseeded_hash_maps();
                refuse_shards_of_a_submission(&args.submission, args.command.shard.is_some())?;
                lab::test(&args.command, || choose(lab, &args.submission, args.command.solution.as_deref()))
            }),
            Command::Merge(args) => not_for_another().and_then(|()| {
                warn_of_unseeded_hash_maps();
                merge(lab, &args)
            }),
            Command::Replay(args) => replay(lab, &args),
            Command::Explain(args) => lab::explain(&args),
            Command::Page(args) => page(lab, &args),
            Command::List(args) => lab::list(&args),
            Command::Completions(args) => lab::completions::<CommandLine>(&args),
            Command::Handout(args) => handout::command::hand_out(&args),
            Command::Grade(args) => {
                warn_of_shared_hash_keys();
                grade::grade(&args)
            }
            Command::Mutants(args) => mutants::command::mutants(&args),
            Command::Compare(args) => compare::compare(lab, &args),
            Command::Export(args) => export::export(&args),
            Command::On(args) => not_for_another().and_then(|()| on::on(&args)),
            Command::Worker => lab::run::worker::serve(lab),
        };
        outcome.map_err(Stop::Refused)
    }))
}

fn replay(lab: &Lab, args: &args::OnSubmission<lab::args::ReplayArgs>) -> Result<lab::Verdict, CommandError> {
    not_for_another()?;
    names_a_run(&args.submission, args.command.test.as_ref())?;
    lab::replay(&args.command, |name| choose(lab, &args.submission, name))
}

fn page(lab: &Lab, args: &args::OnSubmission<lab::args::PageArgs>) -> Result<lab::Verdict, CommandError> {
    not_for_another()?;
    names_a_run(&args.submission, args.command.test.as_ref())?;
    lab::page(&args.command, |name| choose(lab, &args.submission, name))
}

/// Refuses to take the last failure for one of a submission.
fn names_a_run(submission: &SubmissionArgs, test: Option<&String>) -> Result<(), CommandError> {
    if submission.submission.is_some() && test.is_none() {
        let text = "failures of submissions are not recorded: give a test and its seed";
        return Err(CommandError::new(text));
    }
    Ok(())
}

/// Merges the shards of any command that can be divided.
fn merge(lab: &Lab, args: &lab::args::MergeArgs) -> Result<lab::Verdict, CommandError> {
    let folder = lab::shard::folder::Folder::to_read(&args.out)?;
    let complete = lab::merge::complete(&folder)?;
    match &*complete.work.command {
        grade::shards::COMMAND => grade::shards::merge(args, &folder, &complete),
        mutants::shards::COMMAND => mutants::shards::merge(args, &folder, &complete),
        _ => lab::merge::tests(lab, args, &folder, &complete),
    }
}

/// A shard's results are merged without the submission, which may not be there then.
fn refuse_shards_of_a_submission(submission: &SubmissionArgs, is_shard: bool) -> Result<(), CommandError> {
    if submission.submission.is_some() && is_shard {
        let text = "--submission cannot be used with --shard; `lab grade --shard` divides submissions";
        return Err(CommandError::new(text));
    }
    Ok(())
}

/// The submission named on the command line, or a compiled-in solution.
fn choose(
    lab: &Lab,
    submission: &SubmissionArgs,
    name: Option<&str>,
) -> Result<lab::tested::Choice, CommandError> {
    match &submission.submission {
        Some(folder) => tested::choose(folder, submission),
        None => Tested::compiled_in(lab, name).map(Ok),
    }
}

/// Warns if servers of a submission share a counter in std, which they can use as shared memory. On systems
/// other than Linux they always do; submissions are not graded there.
fn warn_of_shared_hash_keys() {
    if cfg!(target_os = "linux") && !labrt::world::hash_keys_are_separate() {
        eprintln!(
            "warning: the keys of std's hash maps were not found, so all servers of a simulation share one \
             counter: a submission may use it as memory that its servers share. See \"Threat model\" in \
             docs/instructors.md"
        );
    }
}
