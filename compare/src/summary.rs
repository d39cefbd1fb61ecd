//! [`Summary`]: the measures of many runs in a few numbers.

use std::time::Duration;

use serde::Serialize;

use crate::measures::{Cost, Measures, Reads, Writes};

/// The measures of all runs of a protocol under a plan. `None` where the protocol has no such thing.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Summary {
    /// The longest time without a leader of each run.
    pub leaderless_longest_ms: Option<Spread>,
    /// All time without a leader of each run.
    pub leaderless_total_ms: Option<Spread>,
    /// The longest time between two acknowledged writes of each run.
    pub stalled_ms: Option<Spread>,
    /// What a change of leader costs, over all runs.
    pub election: Option<Mean>,
    /// What an acknowledged write costs, over all runs.
    pub write: Option<Mean>,
    /// Several leaders at once.
    pub doubled: Option<DoubledRuns>,
    /// What became of the writes of all runs.
    pub writes: Option<Writes>,
    /// What clients read in all runs.
    pub reads: Option<Reads>,
}

/// The middle and the end of a distribution of times, in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Spread {
    /// Half of the runs have no more.
    pub median: f64,
    /// Of a hundred runs 95 have no more.
    pub p95: f64,
}

/// Means of what was sent.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Mean {
    /// How often it happened in all runs.
    pub times: u64,
    /// Requests and replies each time.
    pub messages: f64,
    /// Their bytes each time.
    pub bytes: f64,
}

/// Runs with several leaders at once.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct DoubledRuns {
    /// Runs in which two servers said that they lead.
    pub runs: u64,
    /// Runs in which two did so in the same generation.
    pub runs_in_one_generation: u64,
    /// The time of each run in which two did so.
    pub ms: Spread,
    /// The time of each run in which two did so in the same generation.
    pub in_one_generation_ms: Spread,
}

impl Summary {
    /// The summary of runs of one protocol. There has to be one run at least.
    #[must_use]
    pub fn of(runs: &[Measures]) -> Self {
        let doubled: Option<Vec<_>> = runs.iter().map(|run| run.doubled).collect();
        Self {
            leaderless_longest_ms: spread(runs, |run| run.leaderless.map(|gaps| gaps.longest)),
            leaderless_total_ms: spread(runs, |run| run.leaderless.map(|gaps| gaps.total)),
            stalled_ms: spread(runs, |run| run.stalled),
            election: mean(runs, |run| run.elections),
            write: mean(runs, |run| run.commits),
            doubled: doubled.map(|runs| DoubledRuns {
                runs: count(&runs, |run| !run.total.is_zero()),
                runs_in_one_generation: count(&runs, |run| !run.in_one_generation.is_zero()),
                ms: Spread::of(runs.iter().map(|run| run.total).collect()),
                in_one_generation_ms: Spread::of(runs.iter().map(|run| run.in_one_generation).collect()),
            }),
            writes: sum(runs, |run| run.writes),
            reads: sum(runs, |run| run.reads),
        }
    }
}

fn spread(runs: &[Measures], of: impl Fn(&Measures) -> Option<Duration>) -> Option<Spread> {
    runs.iter().map(of).collect::<Option<Vec<_>>>().map(Spread::of)
}

fn mean(runs: &[Measures], of: impl Fn(&Measures) -> Option<Cost>) -> Option<Mean> {
    let all = sum(runs, of)?;
    let each = |sum: u64| (sum as f64 / all.times.max(1) as f64 * 10.0).round() / 10.0;
    Some(Mean { times: all.times, messages: each(all.messages), bytes: each(all.bytes) })
}

/// The sum over the runs that have one; `None` if none has.
fn sum<T: std::iter::Sum>(runs: &[Measures], of: impl Fn(&Measures) -> Option<T>) -> Option<T> {
    let mut some = runs.iter().filter_map(of).peekable();
    some.peek()?;
    Some(some.sum())
}

fn count<T>(runs: &[T], is_counted: impl Fn(&T) -> bool) -> u64 {
    runs.iter().filter(|run| is_counted(run)).count() as u64
}

impl Spread {
    /// The spread of these times, by the nearest rank: each number is the time of some run. There has to be
    /// one at least.
    #[must_use]
    pub fn of(mut times: Vec<Duration>) -> Self {
        times.sort_unstable();
        let rank = |percent: usize| (times.len() * percent).div_ceil(100).max(1) - 1;
        Self { median: ms(times[rank(50)]), p95: ms(times[rank(95)]) }
    }
}

/// Milliseconds with three places.
fn ms(time: Duration) -> f64 {
    time.as_micros() as f64 / 1000.0
}

impl std::iter::Sum for Cost {
    fn sum<I: Iterator<Item = Self>>(all: I) -> Self {
        all.fold(Self::default(), |sum, it| Self {
            times: sum.times + it.times,
            messages: sum.messages + it.messages,
            bytes: sum.bytes + it.bytes,
        })
    }
}

impl std::iter::Sum for Writes {
    fn sum<I: Iterator<Item = Self>>(all: I) -> Self {
        all.fold(Self::default(), |sum, it| Self {
            acknowledged: sum.acknowledged + it.acknowledged,
            lost: sum.lost + it.lost,
            not_everywhere: sum.not_everywhere + it.not_everywhere,
            reappeared: sum.reappeared + it.reappeared,
        })
    }
}

impl std::iter::Sum for Reads {
    fn sum<I: Iterator<Item = Self>>(all: I) -> Self {
        all.fold(Self::default(), |sum, it| Self {
            answered: sum.answered + it.answered,
            stale: sum.stale + it.stale,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measures::{Doubled, Gaps};

    fn times(ms: impl IntoIterator<Item = u64>) -> Vec<Duration> {
        ms.into_iter().map(Duration::from_millis).collect()
    }

    #[test]
    fn spreads_are_of_the_nearest_rank() {
        assert_eq!(Spread::of(times([7])), Spread { median: 7.0, p95: 7.0 });
        assert_eq!(Spread::of(times([3, 1, 2])), Spread { median: 2.0, p95: 3.0 });
        assert_eq!(Spread::of(times((1..=100).rev())), Spread { median: 50.0, p95: 95.0 });
        assert_eq!(Spread::of(vec![Duration::from_nanos(1_234_567)]).median, 1.234);
    }

    #[test]
    fn runs_are_counted_and_summed() {
        let run = |doubled_ms: u64, lost: u64| Measures {
            leaderless: Some(Gaps { longest: Duration::from_millis(doubled_ms), ..Gaps::default() }),
            elections: Some(Cost { times: 2, messages: 25, bytes: 7 }),
            doubled: Some(Doubled { total: Duration::from_millis(doubled_ms), ..Doubled::default() }),
            writes: Some(Writes { acknowledged: 100, lost, ..Writes::default() }),
            ..Measures::default()
        };
        let summary = Summary::of(&[run(0, 0), run(10, 3), run(20, 0)]);
        assert_eq!(summary.leaderless_longest_ms, Some(Spread { median: 10.0, p95: 20.0 }));
        assert_eq!(summary.election, Some(Mean { times: 6, messages: 12.5, bytes: 3.5 }));
        assert_eq!(summary.doubled.map(|it| (it.runs, it.runs_in_one_generation)), Some((2, 0)));
        assert_eq!(summary.writes.map(|it| (it.acknowledged, it.lost)), Some((300, 3)));
        assert_eq!((summary.stalled_ms, summary.write, summary.reads), (None, None, None));
    }

    #[test]
    fn reads_count_in_the_runs_that_have_some() {
        let run = |reads| Measures { reads, ..Measures::default() };
        let some = Reads { answered: 5, stale: 1 };
        assert_eq!(Summary::of(&[run(None), run(Some(some))]).reads, Some(some));
    }
}
