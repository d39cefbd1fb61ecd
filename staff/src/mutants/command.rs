//! `lab mutants`: runs the tests on wrong solutions, which they must catch, and on right ones, which must
//! pass.

use std::path::{Path, PathBuf};
use std::time::Instant;

use clap::Args;
use lab::args::{at_least_one, policies};
use lab::error::CommandError;
use lab::report::files::ResultFile;
use lab::shard::Shard;
use lab::shard::times::{self, AllTimes, Machine};
use lab::{Verdict, interrupt};
use labrt::world::Policy;
use tester::filter::{Selection, select};
use tester::replay::build_id;
use tester::{Case, Lab};

use super::filter::{Chosen, choose, lab};
use super::matrix::{KillMatrix, LabMatrix, RightRow, Totals, WrongRow};
use super::rows::{Extent, of_right, of_wrong};
use super::side_by_side::side_by_side;
use super::times::take_times;
use super::trial::Trials;
use super::{Changes, Corpus, RightSolution, WrongSolution, page, shards, table};
use crate::build_env::default_cache;

/// The headings of options in the help texts.
mod heading {
    pub(super) const SELECTION: &str = "Selection";
    pub(super) const RUNS: &str = "Runs";
    pub(super) const OUTPUT: &str = "Output";
    pub(super) const BUILDING: &str = "Building";
}

/// The arguments of `lab mutants`.
#[derive(Args, Debug)]
pub(crate) struct MutantsArgs {
    /// Solutions to run: a lab (raft, 3), wrong, right, frozen, or a name or a piece of names; all if none is
    /// given. Filters of one kind are alternatives; those of different kinds must all match
    #[arg(value_name = "FILTER")]
    pub(super) filters: Vec<String>,
    /// Lab, by its crate or number: raft, 3; the same as that filter
    #[arg(long, value_name = "LAB", value_parser = lab, help_heading = heading::SELECTION)]
    pub(super) lab: Option<&'static Lab>,
    /// Tests to run, as for `lab test`; if not given, those of the solution's lab, and those that its file
    /// names
    #[arg(long, value_name = "TEST", num_args = 1.., value_delimiter = ',')]
    #[arg(help_heading = heading::SELECTION)]
    pub(super) tests: Vec<String>,
    /// Runs of each test, over N consecutive seeds from the first on
    #[arg(long, visible_alias = "count", value_name = "N", default_value = "10", value_parser = at_least_one)]
    #[arg(allow_negative_numbers = true, help_heading = heading::RUNS)]
    pub(super) runs: u32,
    /// First seed, decimal or 0x hexadecimal
    #[arg(long, value_name = "S", value_parser = tester::seed::parse, default_value = "1")]
    #[arg(allow_negative_numbers = true, help_heading = heading::RUNS)]
    pub(super) seed: u64,
    /// Make all runs, also when a wrong solution is caught or a right one has failed
    #[arg(long, help_heading = heading::RUNS)]
    pub(super) whole: bool,
    /// Fail runs that break a rule of the paper, in all tests
    #[arg(long, help_heading = heading::RUNS)]
    pub(super) strict: bool,
    /// The scheduling policy, by which the simulation chooses the next thread
    #[arg(long, visible_alias = "scheduler", value_name = "P", default_value_t = Policy::default())]
    #[arg(value_parser = policies(), help_heading = heading::RUNS)]
    pub(super) policy: Policy,
    /// Solutions at a time; if not given, one per core
    #[arg(long, short, value_name = "N", value_parser = at_least_one, allow_negative_numbers = true)]
    #[arg(help_heading = heading::RUNS)]
    pub(super) jobs: Option<u32>,
    /// Run only part I of N of the solutions, and write their results into --out, for `lab merge`
    #[arg(long, value_name = "I/N", allow_hyphen_values = true, requires = "out")]
    #[arg(conflicts_with_all = ["json", "markdown"], help_heading = heading::RUNS)]
    pub(super) shard: Option<Shard>,
    /// Folder for the results of shards; without --shard, for times.json with all times that were measured,
    /// which --json does not have then
    #[arg(long, value_name = "DIR", help_heading = heading::OUTPUT)]
    pub(super) out: Option<PathBuf>,
    /// Write the matrix as JSON
    #[arg(long, value_name = "FILE", help_heading = heading::OUTPUT)]
    pub(super) json: Option<PathBuf>,
    /// Print the page of the docs about the wrong solutions of one lab; needs all runs, as with --whole
    #[arg(long, help_heading = heading::OUTPUT)]
    pub(super) markdown: bool,
    /// Folder to build in, with a folder for each lab. It is kept, so that only changes are compiled again.
    /// If not given, one in the target folder
    #[arg(long, value_name = "DIR", help_heading = heading::BUILDING)]
    pub(super) folder: Option<PathBuf>,
    /// Folder to build the framework in, as for `grade`; if not given, one in the target folder
    #[arg(long, value_name = "DIR", help_heading = heading::BUILDING)]
    pub(super) cache: Option<PathBuf>,
}

/// Runs the tests on the chosen solutions, and prints which tests catch the wrong ones. It passes if all
/// wrong ones are caught and no right one fails.
pub(crate) fn mutants(args: &MutantsArgs) -> Result<Verdict, CommandError> {
    let corpus = Corpus::here().map_err(cannot)?;
    let mut chosen = choose(&corpus, &args.filters, args.lab).map_err(cannot)?;
    let tests = Tests::of(&args.tests)?;
    chosen.retain(|chosen| tests.has_some_of(chosen.family.lab));
    if chosen.is_empty() {
        return Err(CommandError::new("none of these tests runs one of these solutions; give other --tests"));
    }
    check_markdown(args, &chosen)?;
    chosen.iter().try_for_each(edits_fit)?;
    if let Some(shard) = args.shard {
        return shards::run(args, shard, &corpus, chosen, &tests);
    }
    let json = ResultFile::open("--json", args.json.as_deref())?;
    if let Some(out) = &args.out {
        shards::create(out)?;
    }
    interrupt::watch("stopping; there is no result")?;
    let begin = Instant::now();
    let mut matrix = empty_matrix(args);
    for chosen in &chosen {
        let Some(of_lab) = build_and_run(args, &corpus, chosen, &tests, &matrix)? else {
            return Ok(Verdict::Failed);
        };
        if args.markdown {
            let measured: Vec<_> = chosen.wrong.iter().copied().zip(&of_lab.wrong).collect();
            let text = page::text(chosen.family, corpus.workspace(), &measured, args.runs);
            print!("{}", text.map_err(cannot)?);
        } else {
            println!("{}", table::of_lab(&matrix, &of_lab));
        }
        matrix.labs.push(of_lab);
    }
    let machine = Machine::this(None, matrix.jobs, begin.elapsed());
    finish(matrix, args.markdown, json, args.out.as_deref(), vec![machine])
}

/// The matrix of a command, without labs.
pub(super) fn empty_matrix(args: &MutantsArgs) -> KillMatrix {
    let cores = || std::thread::available_parallelism().map_or(1, |it| u32::try_from(it.get()).unwrap_or(1));
    let jobs = args.jobs.unwrap_or_else(cores);
    KillMatrix {
        whole: args.whole || args.markdown,
        strict: args.strict,
        policy: args.policy.name().to_owned(),
        ..KillMatrix::new(build_id(), args.seed, args.runs, jobs)
    }
}

/// Builds all solutions of a lab, and runs the chosen ones. `None` if the command was interrupted.
pub(super) fn build_and_run(
    args: &MutantsArgs,
    corpus: &Corpus,
    chosen: &Chosen<'_>,
    tests: &Tests,
    matrix: &KillMatrix,
) -> Result<Option<LabMatrix>, CommandError> {
    let cache = args.cache.clone().map_or_else(default_cache, Ok)?;
    let folder = match &args.folder {
        Some(folder) => folder.clone(),
        None => tester::workspace::target().map_err(cannot)?.join("mutants"),
    };
    let krate = chosen.family.lab.krate;
    eprintln!("{krate}: building all of its solutions");
    let begin = Instant::now();
    let of_lab = corpus.clone().of_lab(krate);
    let scratch = of_lab.build(&cache, &folder.join(krate)).map_err(cannot)?;
    let built = begin.elapsed().as_secs_f64();
    let trials = Trials::new(&scratch, args.strict, args.policy);
    let (wrong, right) = run(&trials, chosen, tests, matrix, args.seed)?;
    if interrupt::has_come() {
        return Ok(None);
    }
    Ok(Some(LabMatrix {
        lab: krate.to_owned(),
        build_seconds: built,
        test_seconds: begin.elapsed().as_secs_f64() - built,
        totals: Totals::of(&wrong),
        wrong,
        right,
    }))
}

/// Writes the matrix, and prints its totals. With a folder `out`, its times are written there instead.
pub(super) fn finish(
    mut matrix: KillMatrix,
    markdown: bool,
    json: Option<ResultFile>,
    out: Option<&Path>,
    machines: Vec<Machine>,
) -> Result<Verdict, CommandError> {
    if let Some(out) = out {
        let times = take_times(&mut matrix);
        AllTimes::new(machines, times).write(out).map_err(|cause| {
            CommandError::new(format!("cannot write {} into {}: {cause}", times::NAME, out.display()))
        })?;
    }
    if let Some(json) = json {
        json.write(&matrix.to_json())?;
    }
    let verdict = table::verdict(&matrix);
    if markdown {
        eprint!("{verdict}");
    } else {
        print!("{}{verdict}", table::legend(&matrix));
    }
    let good = matrix.escaped().is_empty() && matrix.failing().is_empty();
    Ok(if good { Verdict::Passed } else { Verdict::Failed })
}

/// Runs the chosen solutions of a lab, several at a time. Right ones come first: they take longest.
fn run(
    trials: &Trials,
    chosen: &Chosen<'_>,
    tests: &Tests,
    matrix: &KillMatrix,
    first_seed: u64,
) -> Result<(Vec<WrongRow>, Vec<RightRow>), CommandError> {
    let extent = Extent { runs: matrix.runs, first_seed, whole: matrix.whole };
    let lab = chosen.family.lab;
    let right = chosen.right.iter().map(|right| Task::Right(right));
    let tasks: Vec<Task<'_>> = right.chain(chosen.wrong.iter().map(|wrong| Task::Wrong(wrong))).collect();
    let rows = side_by_side(&tasks, matrix.jobs as usize, |task| {
        let row = match task {
            Task::Right(right) => {
                of_right(trials, right, &tests.of_right(lab, right), extent).map(Row::Right)
            }
            Task::Wrong(wrong) => {
                of_wrong(trials, wrong, &tests.of_wrong(lab, wrong), extent).map(Row::Wrong)
            }
        }?;
        if !interrupt::has_come() {
            eprintln!("{}: {row}", lab.krate);
        }
        Ok(row)
    })?;
    let (mut wrong, mut right) = (Vec::new(), Vec::new());
    for row in rows {
        match row {
            Row::Wrong(row) => wrong.push(row),
            Row::Right(row) => right.push(row),
        }
    }
    Ok((wrong, right))
}

/// A solution to run.
enum Task<'a> {
    Wrong(&'a WrongSolution),
    Right(&'a RightSolution),
}

/// A solution that was run.
enum Row {
    Wrong(WrongRow),
    Right(RightRow),
}

impl std::fmt::Display for Row {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (name, first, otherwise) = match self {
            Self::Wrong(row) => (&row.name, row.first.as_ref(), "escaped"),
            Self::Right(row) => (&row.name, row.failed.first(), "passed"),
        };
        match first {
            Some(failed) => write!(f, "{name}: {} failed with seed {}", failed.test, failed.seed),
            None => write!(f, "{name}: {otherwise}"),
        }
    }
}

/// The tests that were asked for; `None`: those of each lab.
pub(super) struct Tests(Option<Vec<&'static Case>>);

impl Tests {
    fn of(filters: &[String]) -> Result<Self, CommandError> {
        if filters.is_empty() {
            return Ok(Self(None));
        }
        let selection = Selection { filters, ..Selection::default() };
        let chosen = select(selection)
            .map_err(|error| CommandError::new(format!("{error}; `cargo lab list` shows all tests")))?;
        Ok(Self(Some(chosen)))
    }

    /// Those that run the crate of this lab: its own, and some of labs that stand on it. `named` are tests
    /// that a solution's file names.
    fn of_lab(&self, lab: &Lab, named: impl Fn(&Case) -> bool) -> Vec<&'static Case> {
        let all = self.0.clone().unwrap_or_else(|| tester::cases().iter().collect());
        let is_wanted = |case: &Case| self.0.is_some() || lab.has_part(case.part) || named(case);
        let runs_it = |case: &Case| case.needs.contains(&lab.krate);
        all.into_iter().filter(|case| runs_it(case) && is_wanted(case)).collect()
    }

    fn has_some_of(&self, lab: &Lab) -> bool {
        !self.of_lab(lab, |_| false).is_empty()
    }

    fn of_wrong(&self, lab: &Lab, wrong: &WrongSolution) -> Vec<&'static Case> {
        self.of_lab(lab, |case| wrong.caught_by.iter().any(|it| it.test == case.name))
    }

    fn of_right(&self, lab: &Lab, right: &RightSolution) -> Vec<&'static Case> {
        let mut tests = self.of_lab(lab, |_| false);
        tests.retain(|case| right.too_slow_for.iter().all(|name| name != case.name));
        tests
    }
}

/// A page is about one lab.
fn check_markdown(args: &MutantsArgs, chosen: &[Chosen<'_>]) -> Result<(), CommandError> {
    if !args.markdown {
        return Ok(());
    }
    match chosen {
        [one] if !one.wrong.is_empty() => Ok(()),
        [_] => Err(CommandError::new("--markdown prints a page of wrong solutions; choose some")),
        _ => Err(CommandError::new("--markdown prints the page of one lab; choose it with --lab")),
    }
}

/// All edits of the chosen solutions fit.
fn edits_fit(chosen: &Chosen<'_>) -> Result<(), CommandError> {
    let fit = |name: &str, edits: &Changes| {
        let error = |cause| CommandError::new(format!("{}::{name}: {cause}", chosen.family.lab.krate));
        chosen.family.edited(edits).map(drop).map_err(error)
    };
    chosen.wrong.iter().try_for_each(|wrong| fit(&wrong.name, &wrong.edits))?;
    chosen.right.iter().try_for_each(|right| fit(&right.name, &right.edits))
}

pub(super) fn cannot(cause: impl std::fmt::Display) -> CommandError {
    CommandError::new(cause.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(tests: &[&Case]) -> Vec<&'static str> {
        tests.iter().map(|case| case.name).collect()
    }

    #[test]
    fn a_solution_runs_its_lab_s_tests_and_those_that_its_file_names() {
        let raft = lab("raft").unwrap();
        let wrong: WrongSolution = toml_edit::de::from_str(
            "name = ''\nthought = ''\nrule = ''\nedit = []\n\
             caught_by = [{ test = 'speed_4b', kind = 'timeout', within = 10, says = '' }]",
        )
        .unwrap();
        let all = Tests::of(&[]).unwrap();
        let tests = names(&all.of_wrong(raft, &wrong));
        assert!(tests.iter().all(|name| name.contains("_3") || *name == "speed_4b"), "{tests:?}");
        assert!(tests.contains(&"speed_4b") && tests.contains(&"backup_3b"));

        // Tests that are asked for may be of a lab that stands on it, and never of another.
        let some = Tests::of(&["backup_3b".to_owned(), "4A".to_owned(), "2A".to_owned()]).unwrap();
        let tests = names(&some.of_wrong(raft, &wrong));
        assert!(tests[0] == "backup_3b" && tests[1..].iter().all(|name| name.ends_with("_4a")), "{tests:?}");
        assert!(some.has_some_of(raft) && !some.has_some_of(lab("bully").unwrap()));
        assert!(Tests::of(&["bakcup".to_owned()]).is_err_and(|error| error.to_string().contains("bakcup")));
    }

    #[test]
    fn a_right_solution_is_spared_what_it_is_too_slow_for() {
        let right: RightSolution = toml_edit::de::from_str(
            "name = ''\ndifference = ''\nwhy_right = ''\nedit = []\ntoo_slow_for = ['backup_3b']",
        )
        .unwrap();
        let tests = names(&Tests(None).of_right(lab("3").unwrap(), &right));
        assert!(tests.contains(&"rejoin_3b") && !tests.contains(&"backup_3b"), "{tests:?}");
    }
}
