//! What the trials of wrong and of right solutions have in common: one build, and one after the other.

// Each test has one of the two.
#[allow(dead_code)]
pub mod right;
#[allow(dead_code)]
pub mod wrong;

use std::path::Path;
use std::process::ExitCode;
use std::sync::OnceLock;

use grader::{Corpus, Scratch};
use libtest_mimic::{Arguments, Failed, Trial};

/// A corpus that the first trial builds, so that `--list` builds nothing.
pub struct Built {
    corpus: Corpus,
    scratch: OnceLock<Result<Scratch, String>>,
}

impl Built {
    pub fn new(corpus: Corpus) -> Self {
        Self { corpus, scratch: OnceLock::new() }
    }

    pub fn corpus(&self) -> &Corpus {
        &self.corpus
    }

    /// The corpus's command line. It is kept from one test run to the next, and shared by all, so that
    /// only what has changed is compiled again.
    pub fn scratch(&self) -> Result<&Scratch, Failed> {
        let kept = Path::new(env!("CARGO_TARGET_TMPDIR"));
        let built = self.scratch.get_or_init(|| {
            let built = self.corpus.build(&kept.join("lab/grading"), &kept.join("corpus"));
            built.map_err(|error| error.to_string())
        });
        built.as_ref().map_err(Failed::from)
    }
}

/// Runs the trials one after the other: they share the command line's files, and each uses all cores.
pub fn run(trials: Vec<Trial>) -> ExitCode {
    let arguments = Arguments { test_threads: Some(1), ..Arguments::from_args() };
    libtest_mimic::run(&arguments, trials).exit_code()
}
