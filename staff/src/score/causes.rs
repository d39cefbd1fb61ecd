//! [`causes`]: failures grouped by cause.

use serde::{Deserialize, Serialize};

use super::NOT_RUN;
use labreport::likeness;
use labreport::results::FailedRun;

/// A cause of failures of one test.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cause {
    /// The kind of failure, such as `assertion`.
    pub kind: String,
    /// The violated expectation in the run with the smallest seed.
    pub message: String,
    /// The number of runs that failed for this cause.
    pub count: u64,
    /// The smallest seed of these runs.
    pub seed: String,
    /// The fingerprint of the run with that seed.
    pub fingerprint: String,
    /// The command that replays that run.
    pub replay: String,
}

/// The causes of a test's failures, which must be in the order of seeds: the most frequent first, then by
/// seed. Runs that were not made ([`NOT_RUN`]) come last, regardless of their number, because they say
/// nothing about the solution.
///
/// Two failures have the same cause if their kinds and their [`likeness`] are equal. `replay` gives the
/// command that replays a failed run.
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
    fn messages_that_differ_in_numbers_only_have_the_same_cause() {
        let failures = [
            failure(1, "assertion", "lost 3"),
            failure(2, "assertion", "saw {1, 2} at 0.5 s"),
            failure(3, "panic", "saw {1} at 12 s"),
            failure(4, "assertion", "saw {0} at 12 s"),
        ];
        let causes = causes(&failures, &|failure| format!("replay {}", failure.seed));
        let summary: Vec<_> =
            causes.iter().map(|it| (&*it.kind, it.count, &*it.replay, &*it.message)).collect();
        assert_eq!(
            summary,
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
