//! [`Comparison`]: all protocols under all plans, over many seeds.

use std::sync::atomic::{AtomicUsize, Ordering};

use labapi::Solution;
use parking_lot::Mutex;
use serde::Serialize;

use crate::contestant::Contestant;
use crate::measures::Measures;
use crate::plan::Plan;
use crate::summary::Summary;
use crate::trial::trial;

/// What is to be compared.
#[derive(Clone, Debug)]
pub struct Setup {
    /// The protocols.
    pub contestants: Vec<&'static Contestant>,
    /// The fault plans.
    pub plans: Vec<&'static Plan>,
    /// The number of servers of each protocol, besides controllers: 3 or 5.
    pub servers: usize,
    /// The number of runs of each protocol under each plan, over consecutive seeds: 1 or more.
    pub runs: u32,
    /// The first seed.
    pub seed: u64,
}

/// The results. As JSON they are the same for the same seeds, on any machine.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Comparison {
    /// The version of the form of the JSON: 1.
    pub schema: u32,
    /// The first seed, as `0x…`.
    pub seed: String,
    /// The number of runs of each protocol under each plan.
    pub runs: u32,
    /// The number of servers of each protocol.
    pub servers: usize,
    /// The plans, with the protocols under each.
    pub plans: Vec<OfPlan>,
}

/// The protocols under one plan.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct OfPlan {
    /// The plan's name.
    pub name: &'static str,
    /// The plan's title.
    pub title: &'static str,
    /// What happens in it.
    pub story: &'static str,
    /// The protocols.
    pub protocols: Vec<OfProtocol>,
}

/// One protocol under one plan.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct OfProtocol {
    /// The protocol's name.
    pub name: &'static str,
    /// The protocol's title.
    pub title: &'static str,
    /// What was measured.
    #[serde(flatten)]
    pub summary: Summary,
}

/// The reason why there is no comparison.
#[derive(Debug, thiserror::Error)]
pub enum CompareError {
    /// The solution does not have a protocol.
    #[error("the solution `{solution}` has no {protocol}")]
    Missing {
        /// The solution's name.
        solution: &'static str,
        /// The protocol's title.
        protocol: &'static str,
    },
    /// A run failed.
    #[error("{protocol} failed under {plan} with seed {seed}: {message}")]
    Failed {
        /// The protocol's name.
        protocol: &'static str,
        /// The plan's name.
        plan: &'static str,
        /// The seed, as `0x…`.
        seed: String,
        /// The failure.
        message: String,
    },
    /// It was told to stop.
    #[error("it was stopped")]
    Stopped,
}

/// Runs `jobs` simulations at a time. `goes_on` is called before each run and says whether to go on.
///
/// # Errors
///
/// [`CompareError`]: the first one, in the order of plans, protocols and seeds, of those that occurred.
pub fn compare(
    setup: &Setup,
    solution: &Solution,
    jobs: usize,
    goes_on: &(dyn Fn() -> bool + Sync),
) -> Result<Comparison, CompareError> {
    let pairs: Vec<_> =
        setup.plans.iter().flat_map(|plan| setup.contestants.iter().map(move |it| (*plan, *it))).collect();
    let runs = setup.runs as usize;
    let mut measured = side_by_side(pairs.len() * runs, jobs, &|number| {
        let (plan, contestant) = pairs[number / runs];
        let seed = setup.seed.wrapping_add((number % runs) as u64);
        if goes_on() {
            measure(contestant, solution, plan, setup.servers, seed)
        } else {
            Err(CompareError::Stopped)
        }
    })?
    .into_iter();
    let of_plan = |plan: &&'static Plan| OfPlan {
        name: plan.name,
        title: plan.title,
        story: plan.story,
        protocols: setup
            .contestants
            .iter()
            .map(|contestant| OfProtocol {
                name: contestant.name,
                title: contestant.title,
                summary: Summary::of(&measured.by_ref().take(runs).collect::<Vec<_>>()),
            })
            .collect(),
    };
    let plans = setup.plans.iter().map(of_plan).collect();
    let seed = tester::seed::format(setup.seed);
    Ok(Comparison { schema: 1, seed, runs: setup.runs, servers: setup.servers, plans })
}

fn measure(
    contestant: &'static Contestant,
    solution: &Solution,
    plan: &Plan,
    servers: usize,
    seed: u64,
) -> Result<Measures, CompareError> {
    let missing = || CompareError::Missing { solution: solution.name, protocol: contestant.title };
    let timeline = trial(contestant, solution, plan, servers, seed).ok_or_else(missing)?;
    let failed = |failure: Box<tester::ReportedFailure>| CompareError::Failed {
        protocol: contestant.name,
        plan: plan.name,
        seed: tester::seed::format(seed),
        message: failure.message,
    };
    timeline.map(|timeline| Measures::of(contestant, &timeline)).map_err(failed)
}

/// Does the tasks of numbers below `tasks`, `jobs` at a time, begun in their order. Returns the results in
/// the same order, or the first error. After an error no more tasks begin.
fn side_by_side<T: Send, E: Send>(
    tasks: usize,
    jobs: usize,
    work: &(dyn Fn(usize) -> Result<T, E> + Sync),
) -> Result<Vec<T>, E> {
    let (next, results) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    let run = || {
        loop {
            let number = next.fetch_add(1, Ordering::Relaxed);
            if number >= tasks {
                return;
            }
            let result = work(number);
            if result.is_err() {
                next.store(tasks, Ordering::Relaxed);
            }
            results.lock().push((number, result));
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..jobs.clamp(1, tasks.max(1)) {
            scope.spawn(run);
        }
    });
    let mut results = results.into_inner();
    results.sort_by_key(|(number, _)| *number);
    results.into_iter().map(|(_, result)| result).collect()
}

impl Comparison {
    /// The results as JSON, with a line feed at the end.
    #[must_use]
    pub fn to_json(&self) -> String {
        serde_json::to_string_pretty(self).expect("numbers and texts are JSON") + "\n"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_are_in_the_order_of_tasks_and_an_error_ends_them() {
        for jobs in [1, 2, 50] {
            let squares = side_by_side(20, jobs, &|number| Ok::<_, usize>(number * number));
            assert_eq!(squares, Ok((0..20).map(|number| number * number).collect::<Vec<_>>()));
        }
        let fails = |number| if number >= 2 { Err(number) } else { Ok(()) };
        assert_eq!(side_by_side(20, 1, &fails), Err(2));
        assert_eq!(side_by_side(0, 2, &fails), Ok(Vec::new()));
    }
}
