//! `lab on`: a large command, divided into shards that an existing engine runs: Slurm, GNU parallel,
//! Kubernetes or GitHub Actions.
//!
//! There is no scheduler here. An engine starts `lab … --shard I/N --out DIR` for each I, and `lab merge DIR`
//! when all are done; which shard runs where and when, and what is tried again, is the engine's business.
//!
//! - `args`: the arguments;
//! - [`work`]: the command that is divided, checked by the real parser;
//! - [`engine_folder`]: the folder with everything that an engine needs;
//! - [`scripts`]: the scripts for one shard and for the merge;
//! - [`slurm`], [`parallel`], [`kubernetes`], [`github`]: the engines;
//! - [`progress`]: counts results while an engine works;
//! - [`ending`]: what the merge printed, and its exit status;
//! - [`yaml`]: text as a value in YAML.

pub(crate) mod args;
mod ending;
mod engine_folder;
mod github;
mod kubernetes;
mod parallel;
mod progress;
mod scripts;
mod slurm;
mod work;
mod yaml;

use lab::Verdict;
use lab::error::CommandError;

use args::{Engine, OnArgs};
pub(crate) use engine_folder::FOLDER;

/// Runs the shards of a command on an engine, or writes what the engine takes.
pub(crate) fn on(args: &OnArgs) -> Result<Verdict, CommandError> {
    match &args.engine {
        Engine::Slurm(args) => slurm::run(args),
        Engine::Parallel(args) => parallel::run(args),
        Engine::Kubernetes(args) => kubernetes::write(args),
        Engine::Github(args) => github::write(args),
    }
}
