//! [`Wanted`]: the run that a replay repeats.

use labrt::world::Policy;
use tester::Case;
use tester::filter::Selection;
use tester::replay::{NoLastFailure, Replay, is_default_solution};

use crate::args::ReplayArgs;
use crate::error::CommandError;
use crate::{failures, near, test};

/// The run to repeat.
pub(super) struct Wanted {
    pub(super) case: &'static Case,
    pub(super) seed: u64,
    /// The solution's name; `None` for the default.
    pub(super) solution: Option<String>,
    pub(super) policy: Policy,
    /// Whether a broken rule fails the run.
    pub(super) strict: bool,
    /// The saved failure, if it is of this run.
    pub(super) recorded: Option<Replay>,
}

impl Wanted {
    pub(super) fn of(args: &ReplayArgs) -> Result<Self, CommandError> {
        if let Some(file) = &args.from {
            return Self::recorded(failures::load(file, args.number as usize)?, "the failure");
        }
        let recorded = Replay::load();
        let mut wanted = match (&args.test, args.seed) {
            (Some(test), Some(seed)) => Self {
                case: the_test(test)?,
                seed,
                solution: None,
                policy: Policy::default(),
                strict: false,
                recorded: recorded.ok(),
            },
            _ => Self::last(recorded)?,
        };
        wanted.solution = args.solution.clone().or(wanted.solution);
        wanted.policy = args.policy.unwrap_or(wanted.policy);
        wanted.strict |= args.strict;
        let strict = wanted.strict;
        let (case, seed, solution, policy) = (wanted.case, wanted.seed, &wanted.solution, wanted.policy);
        let same = |replay: &Replay| {
            (replay.test.as_str(), replay.seed) == (case.name, seed)
                && replay.policy == policy.name()
                && replay.strict == strict
                && (Some(&replay.solution) == solution.as_ref()
                    || is_default_solution(&replay.solution)
                        && solution.as_ref().is_none_or(|name| is_default_solution(name)))
        };
        wanted.recorded = wanted.recorded.filter(same);
        Ok(wanted)
    }

    /// The run of the last failure.
    fn last(recorded: Result<Replay, NoLastFailure>) -> Result<Self, CommandError> {
        let replay = recorded.map_err(|none| CommandError::new(format!("{none}{ADVICE}")))?;
        Self::recorded(replay, "the last failure")
    }

    /// The run of a saved failure.
    fn recorded(replay: Replay, what: &str) -> Result<Self, CommandError> {
        let policy = replay
            .policy
            .parse()
            .map_err(|cause| CommandError::new(format!("{what} cannot be replayed: {cause}{ADVICE}")))?;
        Ok(Self {
            case: the_test(&replay.test)?,
            seed: replay.seed,
            solution: Some(replay.solution.clone()),
            policy,
            strict: replay.strict,
            recorded: Some(replay),
        })
    }
}

/// The end of a refusal: the other way to replay.
const ADVICE: &str = "; give a test and its seed, such as `cargo lab replay backup_3b --seed 0x1f`";

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
