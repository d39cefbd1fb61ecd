//! [`causes`]: failures that are the same failure again.

use serde::{Deserialize, Serialize};

use super::NOT_RUN;
use labreport::likeness;
use labreport::results::FailedRun;

/// A cause of failures of one test.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cause {
    /// The kind of failure, such as `assertion`.
    pub kind: String,
    /// What was expected and what was seen, in the run of the smallest seed.
    pub message: String,
    /// How many runs failed of it.
    pub count: u64,
    /// The smallest seed of these runs.
    pub seed: String,
    /// What tells the run of that seed from every other.
    pub fingerprint: String,
    /// The command that does that run again.
    pub replay: String,
}

/// The causes of a test's failures, which are in the order of seeds: the most frequent first, then by seed.
/// Runs that were not made ([`NOT_RUN`]) come last, however many they are: they say nothing of the solution.
///
/// Two failures have the same cause if their kinds are equal, and what their messages have in common by
/// [`likeness`].
/// `replay` gives the command that does a failed run again.
#[must_use]
pub fn causes(failures: &[FailedRun], replay: &dyn Fn(&FailedRun) -> String) -> Vec<Cause> {
    let mut causes: Vec<(String, Cause)> = Vec::new();
    for failure in failures {
        let message = likeness(&failure.kind, &failure.message);
        let same =
            |(likeness, cause): &&mut (String, Cause)| cause.kind == failure.kind && *likeness == message;
        if let Some((_, cause)) = causes.iter_mut().find(same) {
            cause.count += 1;
            continue;
        }
        let cause = Cause {
            kind: failure.kind.clone(),
            message: failure.message.clone(),
            count: 1,
            seed: failure.seed.clone(),
            fingerprint: failure.fingerprint.clone(),
            replay: replay(failure),
        };
        causes.push((message, cause));
    }
    let mut causes: Vec<_> = causes.into_iter().map(|(_, cause)| cause).collect();
    // Stable, so those of equal count stay in the order of seeds.
    causes.sort_by_key(|cause| (cause.kind == NOT_RUN, std::cmp::Reverse(cause.count)));
    causes
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failure(seed: u64, kind: &str, message: &str) -> FailedRun {
        FailedRun {
            seed: format!("{seed:#x}"),
            kind: kind.to_owned(),
            message: message.to_owned(),
            fingerprint: "0x0".to_owned(),
            ..FailedRun::default()
        }
    }

    #[test]
    fn numbers_do_not_make_a_difference_and_words_do() {
        let failures = [
            failure(1, "assertion", "lost 3"),
            failure(2, "assertion", "saw {1, 2} at 0.5 s"),
            failure(3, "panic", "saw {1} at 12 s"),
            failure(4, "assertion", "saw {0} at 12 s"),
        ];
        let causes = causes(&failures, &|failure| format!("replay {}", failure.seed));
        let told: Vec<_> = causes.iter().map(|it| (&*it.kind, it.count, &*it.replay, &*it.message)).collect();
        assert_eq!(
            told,
            [
                ("assertion", 2, "replay 0x2", "saw {1, 2} at 0.5 s"),
                ("assertion", 1, "replay 0x1", "lost 3"),
                ("panic", 1, "replay 0x3", "saw {1} at 12 s"),
            ]
        );
        let not_run = |seed| failure(seed, NOT_RUN, "3 runs before it had hung");
        let failures = [failure(1, "timeout", "hung"), not_run(2), not_run(3)];
        let causes = super::causes(&failures, &|_| String::new());
        let kinds: Vec<&str> = causes.iter().map(|cause| &*cause.kind).collect();
        assert_eq!(kinds, ["timeout", NOT_RUN], "the first is what a reader looks into");
    }
}
