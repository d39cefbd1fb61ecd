//! `lab mutants`: runs the tests of a lab on wrong and on right solutions.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use lab::Verdict;
use lab::error::CommandError;
use tester::Lab;

use super::{Corpus, Family, Scratch, page};
use crate::build_env::default_cache;

/// The arguments of `lab mutants`.
#[derive(Args, Debug)]
pub(crate) struct MutantsArgs {
    /// Solutions to run: wrong ones, with a page of the docs as output, or right ones, which must pass
    kind: Kind,
    /// Lab, by the name of its crate: raft
    #[arg(value_parser = lab_of_name)]
    lab: &'static Lab,
    /// Names of the solutions to run; all if none is given
    #[arg(value_name = "NAME")]
    names: Vec<String>,
    /// Runs of each test, over N seeds from 1 on
    #[arg(long, visible_alias = "count", value_name = "N", default_value_t = 20, help_heading = "Runs")]
    runs: u64,
    /// Folder to build the solutions in; it is kept, so that only changes are compiled again. If not given, a
    /// folder for the lab in the target folder
    #[arg(long, value_name = "DIR", help_heading = "Building")]
    folder: Option<PathBuf>,
    /// Folder to build the framework in, as for `grade`; if not given, one in the target folder
    #[arg(long, value_name = "DIR", help_heading = "Building")]
    cache: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Kind {
    /// Solutions with a mistake
    Wrong,
    /// Correct solutions that differ from the reference
    Right,
}

fn lab_of_name(name: &str) -> Result<&'static Lab, String> {
    tester::labs().iter().find(|lab| lab.krate == name).ok_or_else(|| {
        let names: Vec<&str> = tester::labs().iter().map(|lab| lab.krate).collect();
        format!("the labs are {}", names.join(", "))
    })
}

/// Runs the tests of a lab on wrong solutions, and prints the page; or on right ones, which must pass.
pub(crate) fn mutants(args: &MutantsArgs) -> Result<Verdict, CommandError> {
    let corpus = Corpus::here().map_err(cannot)?.of_lab(args.lab.krate);
    let family = corpus.families().first().expect("every lab has a family");
    let names = family.wrong.iter().map(|it| &it.name).chain(family.right.iter().map(|it| &it.name));
    let names: Vec<&str> = names.map(String::as_str).collect();
    if let Some(unknown) = args.names.iter().find(|name| !names.contains(&name.as_str())) {
        return Err(CommandError::new(format!("there is no `{unknown}`; there are: {}", names.join(", "))));
    }
    let cache = args.cache.clone().map_or_else(default_cache, Ok)?;
    let folder = match &args.folder {
        Some(folder) => folder.clone(),
        None => tester::workspace::target().map_err(cannot)?.join("mutants").join(args.lab.krate),
    };
    let scratch = corpus.build(&cache, &folder).map_err(cannot)?;
    match args.kind {
        Kind::Wrong => wrong(args, &corpus, family, &scratch),
        Kind::Right => right(args, family, &scratch),
    }
}

impl MutantsArgs {
    fn chooses(&self, name: &str) -> bool {
        self.names.is_empty() || self.names.iter().any(|chosen| chosen == name)
    }
}

fn wrong(
    args: &MutantsArgs,
    corpus: &Corpus,
    family: &Family,
    scratch: &Scratch,
) -> Result<Verdict, CommandError> {
    let mut measured = Vec::new();
    for wrong in family.wrong.iter().filter(|wrong| args.chooses(&wrong.name)) {
        family.edited(&wrong.edits).map_err(cannot)?;
        let (results, _) = scratch.test(&wrong.name, &family.lab.part_names(), args.runs).map_err(cannot)?;
        eprintln!("{}: {} of {} tests notice", wrong.name, results.failed_tests(), results.tests.len());
        measured.push((wrong, results));
    }
    print!("{}", page::text(family, corpus.workspace(), &measured, args.runs).map_err(cannot)?);
    Ok(Verdict::Passed)
}

fn right(args: &MutantsArgs, family: &Family, scratch: &Scratch) -> Result<Verdict, CommandError> {
    let mut verdict = Verdict::Passed;
    for right in family.right.iter().filter(|right| args.chooses(&right.name)) {
        family.edited(&right.edits).map_err(cannot)?;
        let (results, printed) =
            scratch.test(&right.name, &family.lab.part_names(), args.runs).map_err(cannot)?;
        println!("{}: {}", right.name, printed.lines().last().unwrap_or_default());
        if results.failed_tests() > 0 {
            verdict = Verdict::Failed;
            println!("{printed}");
        }
    }
    Ok(verdict)
}

fn cannot(cause: impl std::fmt::Display) -> CommandError {
    CommandError::new(cause.to_string())
}
