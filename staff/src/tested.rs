//! `--submission DIR`: a submission's crates in place of this workspace's, for one command.

use std::fs::{self, File};
use std::path::Path;

use crate::build::{Built, Missing, ON_REFERENCE, OWN, Workspace};
use crate::rules::{certain, check};
use crate::submission::{Limits, SourceFile, names, read};
use labreport::shell;
use labreport::text::{one_line, visible};
use rustix::fs::{FlockOperation, flock};

use crate::args::{SubmissionArgs, WhichRaft};
use crate::build_env::{BuildEnv, default_cache};
use lab::Verdict;
use lab::error::CommandError;
use lab::interrupt;
use lab::tested::{Choice, Tested};

/// Builds the submission in `folder`, with this workspace's crates in place of those that it lacks.
///
/// Violations of the rules, in its source and in its artifacts, are printed and otherwise ignored.
pub(crate) fn choose(folder: &Path, args: &SubmissionArgs) -> Result<Choice, CommandError> {
    let text = |error: &dyn std::fmt::Display| CommandError::new(error.to_string());
    let name = names(&[folder.to_owned()], &[]).map_err(|error| text(&error))?.remove(0);
    let mut staged = read(folder, &Limits::default()).map_err(|refusals| {
        let first = refusals.first().map_or_else(String::new, ToString::to_string);
        CommandError::new(format!("{} cannot be read as a submission: {first}", folder.display()))
    })?;
    let violations =
        |files: &[SourceFile]| check(files).map(|found| found.violations).map_err(|error| text(&error));
    let certain = violations(&certain(&staged.files).map_err(|error| text(&error))?)?;
    for finding in &certain {
        eprintln!("violation of the rules: {}", one_line(&finding.to_string(), usize::MAX));
    }
    let build_env = BuildEnv::open(None, args.no_sandbox)?;
    // Submissions of one name share a folder; only differences are compiled again.
    let build_folder = default_cache()?.join("submissions").join(name);
    let lock = lock(&build_folder).map_err(|cause| {
        CommandError::new(format!("cannot build the submission in {}: {cause}", build_folder.display()))
    })?;
    let title = one_line(&folder.to_string_lossy(), usize::MAX);
    eprintln!("building {title}");
    let base = build_env.base();
    let mut workspace =
        Workspace::write(base, &build_folder.join("built"), &staged.files, Missing::Reference)
            .map_err(|error| text(&error))?;
    let cores = std::thread::available_parallelism().map_or(1, |it| u32::try_from(it.get()).unwrap_or(1));
    let errors = match workspace.build(base, build_env.confined(), cores).map_err(|error| text(&error))? {
        Built::Without(errors) if errors.is_empty() => None,
        Built::Without(errors) | Built::Nothing(errors) => Some(errors.into_values().collect()),
        Built::Stopped(why) => Some(why),
    };
    if interrupt::has_come() {
        return Ok(Err(Verdict::Failed));
    }
    if let Some(errors) = errors {
        eprintln!("{}\nerror: {title} does not build", visible(errors.trim_end()));
        return Ok(Err(Verdict::DoesNotBuild));
    }
    let inspection = workspace.inspect().map_err(|error| text(&error))?;
    staged.files.retain(|file| inspection.read.contains(&file.path));
    let more = violations(&staged.files)?.into_iter().filter(|it| !certain.contains(it));
    for breach in more.map(|finding| finding.to_string()).chain(inspection.objections()) {
        eprintln!("violation of the rules: {}", one_line(&breach, usize::MAX));
    }
    let on_reference = args.raft == Some(WhichRaft::Reference);
    let mut options = format!(" --submission {}", shell::word(folder));
    if on_reference {
        options += " --raft reference";
    }
    if args.no_sandbox {
        options += " --no-sandbox";
    }
    let tested = Tested {
        solution: if on_reference { ON_REFERENCE } else { OWN },
        title,
        starter: build_env.starter(&workspace.program())?,
        options,
        held: Some(Box::new((build_env, lock))),
    };
    Ok(Ok(tested))
}

/// Locks the folder for this build, until the file is closed.
fn lock(folder: &Path) -> std::io::Result<File> {
    fs::create_dir_all(folder)?;
    let lock = File::create(folder.join("lock"))?;
    flock(&lock, FlockOperation::LockExclusive)?;
    Ok(lock)
}
