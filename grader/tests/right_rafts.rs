//! The tests let Rafts pass that are right and do something otherwise: each file of `right-rafts`, and the reference when
//! it is built as they are, which must then do exactly what it always does.
//!
//! `cargo test -p grader --test right_rafts [NAME]`

mod trial;

use std::process::ExitCode;
use std::sync::Arc;

use grader::{Corpus, RightRaft, Scratch};
use libtest_mimic::{Failed, Trial};
use trial::Built;

/// Runs of each test.
const RUNS: u64 = 5;

fn main() -> ExitCode {
    let corpus = Corpus::here().expect("files of the right form");
    assert!(!corpus.right.is_empty(), "there are right Rafts to try");
    let built = Arc::new(Built::new(corpus));
    let copy = Trial::test(Corpus::COPY, {
        let built = built.clone();
        move || does_the_same(built.scratch()?)
    });
    let trials = built.corpus().right.iter().map(|right| {
        let (built, right) = (built.clone(), right.clone());
        Trial::test(right.name.clone(), move || passes(&built, &right))
    });
    trial::run([copy].into_iter().chain(trials).collect())
}

fn passes(built: &Built, right: &RightRaft) -> Result<(), Failed> {
    built.corpus().edited(&right.edits)?;
    let (results, printed) = built.scratch()?.test(&right.name, &[], RUNS)?;
    if results.noticed() > 0 {
        return Err(printed.into());
    }
    Ok(())
}

/// What is tried here is what is tried where people work: to be a crate of its own, compiled with other options, makes no
/// difference to any run.
fn does_the_same(scratch: &Scratch) -> Result<(), Failed> {
    let fingerprints = |solution| -> Result<Vec<_>, Failed> {
        let (results, printed) = scratch.test(solution, &[], 3)?;
        if results.noticed() > 0 || results.tests.is_empty() {
            return Err(printed.into());
        }
        Ok(results.tests.into_iter().map(|test| (test.name, test.fingerprint)).collect())
    };
    let (original, copy) = (fingerprints("raft")?, fingerprints(Corpus::COPY)?);
    if original != copy {
        return Err(format!("expected the same runs; saw {original:?} and {copy:?}").into());
    }
    Ok(())
}
