//! [`Wanted`]: the run that a replay repeats.

use std::path::Path;
use std::sync::Arc;

use labrt::world::Policy;
use tester::Case;
use tester::filter::Selection;
use tester::nemesis::FaultPlan;
use tester::replay::{NoLastFailure, Replay, is_default_solution};

use crate::args::ReplayArgs;
use crate::error::CommandError;
use crate::{failures, given_plan, near, test};

/// The run to repeat.
pub(crate) struct Wanted {
    pub(crate) case: &'static Case,
    pub(crate) seed: u64,
    /// The solution's name; `None` for the default.
    pub(crate) solution: Option<String>,
    pub(crate) policy: Policy,
    /// Whether a broken rule fails the run.
    pub(crate) strict: bool,
    /// The fault plan, if it is not the one that the seed draws.
    pub(crate) plan: Option<Arc<FaultPlan>>,
    /// The saved failure, if it is of this run.
    pub(crate) recorded: Option<Replay>,
}

/// The arguments that name a run.
pub(crate) struct Choices<'a> {
    /// The command, for advice.
    pub(crate) command: &'static str,
    pub(crate) test: Option<&'a str>,
    pub(crate) seed: Option<u64>,
    /// A file of failures, and the number of one of them.
    pub(crate) from: Option<(&'a Path, u32)>,
    pub(crate) solution: Option<&'a str>,
    pub(crate) policy: Option<Policy>,
    pub(crate) strict: bool,
    /// The file of a fault plan.
    pub(crate) plan: Option<&'a Path>,
}

impl Wanted {
    pub(super) fn of(args: &ReplayArgs) -> Result<Self, CommandError> {
        Self::chosen(&Choices {
            command: "replay",
            test: args.test.as_deref(),
            seed: args.seed,
            from: args.from.as_deref().map(|file| (file, args.number)),
            solution: args.solution.as_deref(),
            policy: args.policy,
            strict: args.strict,
            plan: args.plan.as_deref(),
        })
    }

    /// The run that the arguments name, or that of the last failure.
    pub(crate) fn chosen(choices: &Choices<'_>) -> Result<Self, CommandError> {
        if let Some((file, number)) = choices.from {
            return Self::recorded(failures::load(file, number as usize)?, "the failure", choices.command);
        }
        let recorded = Replay::load();
        let mut wanted = match (choices.test, choices.seed) {
            (Some(test), Some(seed)) => Self {
                case: the_test(test)?,
                seed,
                solution: None,
                policy: Policy::default(),
                strict: false,
                plan: None,
                recorded: recorded.ok(),
            },
            _ => Self::last(recorded, choices.command)?,
        };
        wanted.solution = choices.solution.map(str::to_owned).or(wanted.solution);
        wanted.policy = choices.policy.unwrap_or(wanted.policy);
        wanted.strict |= choices.strict;
        if let Some(file) = choices.plan {
            wanted.plan = Some(given_plan::load(file, wanted.case)?);
        }
        let (strict, plan) = (wanted.strict, &wanted.plan);
        let (case, seed, solution, policy) = (wanted.case, wanted.seed, &wanted.solution, wanted.policy);
        let same = |replay: &Replay| {
            (replay.test.as_str(), replay.seed) == (case.name, seed)
                && replay.policy == policy.name()
                && replay.strict == strict
                && replay.plan.as_ref() == plan.as_deref()
                && (Some(&replay.solution) == solution.as_ref()
                    || is_default_solution(&replay.solution)
                        && solution.as_ref().is_none_or(|name| is_default_solution(name)))
        };
        wanted.recorded = wanted.recorded.filter(same);
        Ok(wanted)
    }

    /// The run of the last failure.
    fn last(recorded: Result<Replay, NoLastFailure>, command: &str) -> Result<Self, CommandError> {
        let replay = recorded.map_err(|none| CommandError::new(format!("{none}{}", advice(command))))?;
        Self::recorded(replay, "the last failure", command)
    }

    /// The run of a saved failure.
    fn recorded(replay: Replay, what: &str, command: &str) -> Result<Self, CommandError> {
        let policy = replay.policy.parse().map_err(|cause| {
            CommandError::new(format!("{what} cannot be replayed: {cause}{}", advice(command)))
        })?;
        Ok(Self {
            case: the_test(&replay.test)?,
            seed: replay.seed,
            solution: Some(replay.solution.clone()),
            policy,
            strict: replay.strict,
            plan: replay.plan.clone().map(Arc::new),
            recorded: Some(replay),
        })
    }
}

/// The end of a refusal: the other way to name a run.
fn advice(command: &str) -> String {
    format!("; give a test and its seed, such as `cargo lab {command} backup_3b --seed 0x1f`")
}

/// The only test that the filter `name` matches.
fn the_test(name: &str) -> Result<&'static Case, CommandError> {
    let cases = test::choose(Selection { filters: &[name.to_owned()], ..Selection::default() })?;
    match cases[..] {
        [case] => Ok(case),
        _ => {
            let names: Vec<&str> = cases.iter().map(|case| case.name).collect();
            let choice = near::either(&names);
            Err(CommandError::new(format!("`{name}` is more than one test; give {choice}")))
        }
    }
}
