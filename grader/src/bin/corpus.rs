//! `corpus`: what the tests say of the wrong and of the right solutions, over as many seeds as one likes.

use std::error::Error;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, ValueEnum};
use grader::page::{self, Page};
use grader::{Corpus, Scratch};

/// Runs all tests against the wrong solutions, or against the right ones.
#[derive(Parser)]
#[command(name = "corpus", max_term_width = 100)]
enum CommandLine {
    /// Measure which tests notice which wrong solutions, and print the page of the docs
    Wrong(Args),
    /// Say which right solutions pass
    Right(Args),
}

/// Of which labs.
#[derive(Clone, Copy, ValueEnum)]
enum Which {
    /// Lab 3
    Rafts,
    /// Labs 2 and 4
    Services,
    /// The Bully algorithm
    Bully,
}

#[derive(clap::Args)]
struct Args {
    /// Of which labs
    which: Which,
    /// Which, by name; all if none is given
    #[arg(value_name = "NAME")]
    names: Vec<String>,
    /// Runs of each test, over the seeds from 1 on
    #[arg(long, value_name = "N", default_value_t = 20)]
    runs: u64,
    /// Where they are built; kept, so that only what has changed is compiled again
    #[arg(long, value_name = "FOLDER", default_value = "target/corpus")]
    folder: PathBuf,
}

impl Args {
    fn page(&self) -> Page {
        match self.which {
            Which::Rafts => page::RAFTS,
            Which::Services => page::SERVICES,
            Which::Bully => page::BULLIES,
        }
    }

    fn chooses(&self, name: &str) -> bool {
        self.names.is_empty() || self.names.iter().any(|chosen| chosen == name)
    }

    fn build(&self, corpus: &Corpus) -> Result<Scratch, Box<dyn Error>> {
        let workspace = corpus.workspace();
        Ok(corpus.build(&workspace.join("target/lab/grading"), &workspace.join(&self.folder))?)
    }
}

fn main() -> ExitCode {
    let done = match CommandLine::parse() {
        CommandLine::Wrong(args) => wrong(&args),
        CommandLine::Right(args) => right(&args),
    };
    match done {
        Ok(verdict) => verdict,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::from(2)
        }
    }
}

fn wrong(args: &Args) -> Result<ExitCode, Box<dyn Error>> {
    let (corpus, page) = (Corpus::here()?, args.page());
    let scratch = args.build(&corpus)?;
    let family = page.family(&corpus);
    let mut measured = Vec::new();
    for wrong in family.wrong.iter().filter(|wrong| args.chooses(&wrong.name)) {
        corpus.edited(wrong.reference, &wrong.edits)?;
        let (results, _) = scratch.test(&wrong.name, wrong.reference.parts(), args.runs)?;
        eprintln!("{}: {} of {} tests notice", wrong.name, results.noticed(), results.tests.len());
        measured.push((wrong, results));
    }
    print!("{}", page.text(&measured, args.runs, &family.right));
    Ok(ExitCode::SUCCESS)
}

fn right(args: &Args) -> Result<ExitCode, Box<dyn Error>> {
    let (corpus, page) = (Corpus::here()?, args.page());
    let scratch = args.build(&corpus)?;
    let mut failed = 0;
    for right in page.family(&corpus).right.iter().filter(|right| args.chooses(&right.name)) {
        corpus.edited(right.reference, &right.edits)?;
        let (results, printed) = scratch.test(&right.name, right.reference.parts(), args.runs)?;
        println!("{}: {}", right.name, printed.lines().last().unwrap_or_default());
        if results.noticed() > 0 {
            failed += 1;
            println!("{printed}");
        }
    }
    Ok(if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
