//! The fixture of trials of wrong and of right solutions: one build, and trials one at a time.

use std::path::Path;
use std::process::ExitCode;
use std::sync::{Arc, OnceLock};

use libtest_mimic::{Arguments, Failed, Trial};
use staff::mutants::{Corpus, Family, Scratch};

/// A corpus that the first trial builds, so that `--list` builds nothing.
pub struct Fixture {
    corpus: Corpus,
    /// The folder to build in.
    folder: String,
    scratch: OnceLock<Result<Scratch, String>>,
}

impl Fixture {
    /// The corpus's command line. It is kept between test runs, and shared by all trials, so that only
    /// changes are compiled again.
    pub fn scratch(&self) -> Result<&Scratch, Failed> {
        let kept = Path::new(env!("CARGO_TARGET_TMPDIR"));
        let built = self.scratch.get_or_init(|| {
            let built = self.corpus.build(&kept.join("lab/grading"), &kept.join(&self.folder));
            built.map_err(|error| error.to_string())
        });
        built.as_ref().map_err(Failed::from)
    }

    /// The wrong and right solutions of a lab.
    pub fn family(&self, lab: &str) -> &Family {
        let family = self.corpus.families().iter().find(|family| family.lab.krate == lab);
        family.expect("every lab has a family")
    }
}

/// The body of a trial.
pub type Body = Box<dyn FnOnce(&Fixture) -> Result<(), Failed> + Send>;

/// A trial of a solution, or of several, of a lab.
pub struct OfLab {
    /// Its name, without the lab.
    pub name: String,
    /// Whether it runs only on request: `-- --ignored`.
    pub ignored: bool,
    /// What it does.
    pub body: Body,
}

impl OfLab {
    /// A trial that always runs.
    pub fn new(name: String, body: Body) -> Self {
        Self { name, ignored: false, body }
    }
}

/// Runs, for each lab, the trials that `trials` gives, named by the lab and their own name. They run one at a
/// time, because they share the command line's files and each uses all cores.
pub fn run(trials: fn(&Family) -> Vec<OfLab>) -> ExitCode {
    let arguments = Arguments { test_threads: Some(1), ..Arguments::from_args() };
    let mut corpus = Corpus::here().expect("files of the right form");
    let mut folder = "corpus".to_owned();
    // A filter that begins with a lab needs that lab's solutions alone.
    let lab = arguments.filter.as_deref().and_then(|filter| filter.split("::").next());
    if let Some(lab) = lab.filter(|lab| tester::labs().iter().any(|it| it.krate == *lab)) {
        corpus = corpus.of_lab(lab);
        folder += &format!("-{lab}");
    }
    let fixture = Arc::new(Fixture { corpus, folder, scratch: OnceLock::new() });
    let mut all = Vec::new();
    for family in fixture.corpus.families() {
        for OfLab { name, ignored, body } in trials(family) {
            let fixture = fixture.clone();
            let trial = Trial::test(format!("{}::{name}", family.lab.krate), move || body(&fixture));
            all.push(trial.with_ignored_flag(ignored));
        }
    }
    libtest_mimic::run(&arguments, all).exit_code()
}
