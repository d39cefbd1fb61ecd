//! `lab mutants --shard I/N`, and what `lab merge` makes of its results.
//!
//! A solution is run by one shard. A shard takes solutions that follow one another in the order of labs, so
//! that it builds few labs; right ones, which take longest, are spread among the wrong ones of their lab.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::time::Instant;

use lab::args::MergeArgs;
use lab::error::CommandError;
use lab::report::files::ResultFile;
use lab::shard::Shard;
use lab::shard::file::{Reader, Unreadable};
use lab::shard::folder::{Complete, Folder};
use lab::shard::times::{Machine, Times};
use lab::shard::work::Work;
use lab::{Verdict, interrupt};
use labreport::shell;
use labreport::text::visible;
use labrt::world::Policy;
use serde::{Deserialize, Serialize};
use tester::seed;

use super::command::{MutantsArgs, Tests, build_and_run, cannot, empty_matrix, finish};
use super::filter::Chosen;
use super::matrix::{KillMatrix, LabMatrix, RightRow, Totals, WrongRow};
use super::times::{SolutionTimes, of_right, of_wrong};
use super::{Corpus, table};

/// The name of the command in [`Work::command`].
pub(crate) const COMMAND: &str = "mutants";

/// What decides the results besides version and seed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct MutantsSettings {
    /// The chosen solutions.
    labs: Vec<LabSolutions>,
    /// The matrix without labs, as it is written.
    matrix: KillMatrix,
}

/// The chosen solutions of a lab, by name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct LabSolutions {
    lab: String,
    wrong: Vec<String>,
    right: Vec<String>,
}

/// A solution that was run, in the file of a shard.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Item {
    lab: String,
    row: ItemRow,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum ItemRow {
    Wrong(WrongRow),
    Right(RightRow),
}

/// Runs the solutions of a shard. It passes if the work is done, whatever came of the runs.
pub(super) fn run(
    args: &MutantsArgs,
    shard: Shard,
    corpus: &Corpus,
    mut chosen: Vec<Chosen<'_>>,
    tests: &Tests,
) -> Result<Verdict, CommandError> {
    let Some(out) = &args.out else {
        return Err(CommandError::new("--shard needs --out DIR, the same folder for all shards"));
    };
    interrupt::watch("stopping; this shard has no results, and the same command makes it again")?;
    let matrix = empty_matrix(args);
    let work = work(args, shard, &chosen, &matrix)?;
    let folder = Folder::of_work(out, &work)?;
    let shown = visible(&folder.results(shard).display().to_string());
    if folder.has(shard, &work)? {
        println!("shard {shard} is done: {shown} has its results");
        return Ok(Verdict::Passed);
    }
    let begin = Instant::now();
    keep_own(&mut chosen, shard);
    let mut writer = folder.begin(shard, &work)?;
    let mut times: Vec<SolutionTimes> = Vec::new();
    for chosen in &chosen {
        let Some(of_lab) = build_and_run(args, corpus, chosen, tests, &matrix)? else {
            // The draft is removed.
            return Ok(Verdict::Failed);
        };
        let lab = || of_lab.lab.clone();
        let mut items = Vec::new();
        for mut row in of_lab.wrong.iter().cloned() {
            times.push(of_wrong(&mut row));
            items.push(Item { lab: lab(), row: ItemRow::Wrong(row) });
        }
        for mut row in of_lab.right.iter().cloned() {
            times.push(of_right(&mut row));
            items.push(Item { lab: lab(), row: ItemRow::Right(row) });
        }
        items.iter().try_for_each(|item| writer.item(item)).map_err(|cause| folder.cannot_write(&cause))?;
    }
    let solutions = times.len();
    // First, so that complete results have their times.
    Times::new(Machine::this(Some(shard), matrix.jobs, begin.elapsed()), times)
        .write(&folder.times(shard))
        .and_then(|()| writer.finish())
        .map_err(|cause| folder.cannot_write(&cause))?;
    println!("shard {shard}: {solutions} solutions were run: {shown}");
    Ok(Verdict::Passed)
}

/// Creates the folder of --out.
pub(super) fn create(out: &Path) -> Result<(), CommandError> {
    fs::create_dir_all(out).map_err(|cause| {
        CommandError::new(format!("cannot create the folder --out {}: {cause}", out.display()))
    })
}

/// Leaves the solutions of a shard, and the labs that have some of them.
fn keep_own(chosen: &mut Vec<Chosen<'_>>, shard: Shard) {
    let of_lab = |chosen: &Chosen<'_>| chosen.wrong.len() + chosen.right.len();
    let all: usize = chosen.iter().map(of_lab).sum();
    let piece = shard.piece(u32::try_from(all).unwrap_or(u32::MAX), 0);
    let mut before = 0_u64;
    for chosen in chosen.iter_mut() {
        let (wrong, right) = (chosen.wrong.len(), chosen.right.len());
        let is_own: Vec<(bool, usize)> = (before..)
            .zip(spread(right, wrong))
            .filter_map(|(place, solution)| piece.contains(&place).then_some(solution))
            .collect();
        before += (wrong + right) as u64;
        let has = |is_right: bool, number: usize| is_own.contains(&(is_right, number));
        let mut number = 0..;
        chosen.wrong.retain(|_| number.next().is_some_and(|number| has(false, number)));
        let mut number = 0..;
        chosen.right.retain(|_| number.next().is_some_and(|number| has(true, number)));
    }
    chosen.retain(|chosen| of_lab(chosen) > 0);
}

/// An order of right and wrong solutions in which the right ones are at equal distances. Each is given by
/// whether it is right, and its number.
fn spread(right: usize, wrong: usize) -> Vec<(bool, usize)> {
    let rights = (0..right).map(|number| ((2 * number + 1) * wrong.max(1), true, number));
    let wrongs = (0..wrong).map(|number| ((2 * number + 1) * right.max(1), false, number));
    let mut all: Vec<_> = rights.chain(wrongs).collect();
    all.sort_unstable();
    all.into_iter().map(|(_, is_right, number)| (is_right, number)).collect()
}

/// The work that is divided.
fn work(
    args: &MutantsArgs,
    shard: Shard,
    chosen: &[Chosen<'_>],
    matrix: &KillMatrix,
) -> Result<Work, CommandError> {
    let names = |chosen: &Chosen<'_>| LabSolutions {
        lab: chosen.family.lab.krate.to_owned(),
        wrong: chosen.wrong.iter().map(|wrong| wrong.name.clone()).collect(),
        right: chosen.right.iter().map(|right| right.name.clone()).collect(),
    };
    // The number of jobs affects no result.
    let matrix = KillMatrix { jobs: 0, ..matrix.clone() };
    let build = matrix.build.clone();
    let settings = MutantsSettings { labs: chosen.iter().map(names).collect(), matrix };
    Ok(Work {
        command: COMMAND.to_owned(),
        line: line(args),
        build,
        first_seed: seed::format(args.seed),
        shards: shard.of(),
        settings: serde_json::to_value(settings).map_err(cannot)?,
    })
}

/// The arguments that decide the results, as a line for a shell.
fn line(args: &MutantsArgs) -> String {
    // Every option is named, so that a new one is not forgotten here.
    let MutantsArgs {
        filters,
        lab,
        tests,
        runs,
        seed,
        whole,
        strict,
        policy,
        jobs: _,
        shard: _,
        out: _,
        json: _,
        markdown: _,
        folder: _,
        cache: _,
    } = args;
    let mut words: Vec<String> = filters.iter().map(shell::word).collect();
    words.extend(lab.iter().map(|lab| format!("--lab {}", lab.krate)));
    if !tests.is_empty() {
        words.push(format!("--tests {}", shell::word(tests.join(","))));
    }
    words.push(format!("--seed {} --runs {runs}", seed::format(*seed)));
    words.extend(whole.then(|| "--whole".to_owned()));
    words.extend(strict.then(|| "--strict".to_owned()));
    if *policy != Policy::default() {
        words.push(format!("--policy {}", policy.name()));
    }
    words.join(" ")
}

/// Prints and writes the matrix of all shards.
pub(crate) fn merge(args: &MergeArgs, folder: &Folder, complete: &Complete) -> Result<Verdict, CommandError> {
    if args.junit.is_some() {
        return Err(CommandError::new("--junit is for `lab test`; the shards are of `lab mutants`"));
    }
    let MutantsSettings { labs, mut matrix } = serde_json::from_value(complete.work.settings.clone())
        .map_err(|cause| CommandError::new(format!("the shards are of another version: {cause}")))?;
    let json = ResultFile::open("--json", args.json.as_deref())?;
    interrupt::watch("stopping; `lab merge` can be repeated")?;
    let mut machines = Vec::new();
    let mut wrong: BTreeMap<(String, String), WrongRow> = BTreeMap::new();
    let mut right: BTreeMap<(String, String), RightRow> = BTreeMap::new();
    let shards = (1..=complete.work.shards).filter_map(|number| Shard::new(number, complete.work.shards));
    for (shard, path) in shards.zip(&complete.files) {
        let unreadable = |cause: Unreadable| {
            CommandError::new(format!("cannot merge {}: {cause}; run its shard again", path.display()))
        };
        let mut items: Vec<Item> = Vec::new();
        Reader::open(path).and_then(|reader| reader.each(|item| items.push(item))).map_err(unreadable)?;
        let times = Times::<SolutionTimes>::read(&folder.times(shard), items.len());
        let of = |place: usize| times.as_ref().and_then(|times| times.items.get(place));
        for (place, Item { lab, row }) in items.into_iter().enumerate() {
            match row {
                ItemRow::Wrong(mut row) => {
                    of(place).into_iter().for_each(|times| times.put_into_wrong(&mut row));
                    wrong.insert((lab, row.name.clone()), row);
                }
                ItemRow::Right(mut row) => {
                    of(place).into_iter().for_each(|times| times.put_into_right(&mut row));
                    right.insert((lab, row.name.clone()), row);
                }
            }
        }
        if let Some(times) = times {
            matrix.jobs += times.machine.jobs;
            machines.push(Machine { shard: Some(shard), ..times.machine });
        }
    }
    for of_lab in labs {
        let is_missing =
            |name: &str| CommandError::new(format!("the shards have no results of {}::{name}", of_lab.lab));
        let key = |name: &String| (of_lab.lab.clone(), name.clone());
        let wrong: Result<Vec<WrongRow>, CommandError> = of_lab
            .wrong
            .iter()
            .map(|name| wrong.remove(&key(name)).ok_or_else(|| is_missing(name)))
            .collect();
        let right: Result<Vec<RightRow>, CommandError> = of_lab
            .right
            .iter()
            .map(|name| right.remove(&key(name)).ok_or_else(|| is_missing(name)))
            .collect();
        let (wrong, right) = (wrong?, right?);
        let of_lab = LabMatrix {
            lab: of_lab.lab,
            build_seconds: 0.0,
            test_seconds: 0.0,
            totals: Totals::of(&wrong),
            wrong,
            right,
        };
        println!("{}", table::of_lab(&matrix, &of_lab));
        matrix.labs.push(of_lab);
    }
    finish(matrix, false, json, Some(folder.out()), machines)
}

#[cfg(test)]
mod tests {
    use super::super::filter::choose;
    use super::*;

    #[test]
    fn right_solutions_are_spread_among_wrong_ones() {
        let order: String = spread(2, 6).iter().map(|(right, _)| if *right { 'r' } else { 'w' }).collect();
        let between: Vec<usize> = order.split('r').map(str::len).collect();
        assert!(between.len() == 3 && between.iter().all(|&wrong| wrong <= 3), "{order}");
        assert_eq!(spread(0, 2), [(false, 0), (false, 1)]);
        assert_eq!(spread(2, 0), [(true, 0), (true, 1)]);
    }

    #[test]
    fn every_solution_is_run_by_one_shard_and_shards_are_equal() {
        let corpus = Corpus::here().expect("all solutions");
        let names = |chosen: &[Chosen<'_>]| {
            let of_lab = |chosen: &Chosen<'_>| {
                let lab = chosen.family.lab.krate;
                let wrong = chosen.wrong.iter().map(move |it| (lab, false, it.name.clone()));
                let right = chosen.right.iter().map(move |it| (lab, true, it.name.clone()));
                wrong.chain(right).collect::<Vec<_>>()
            };
            chosen.iter().flat_map(of_lab).collect::<Vec<_>>()
        };
        let all = || choose(&corpus, &[], None).expect("all");
        let mut expected = names(&all());
        expected.sort();
        for of in [1, 2, 3, 7, 40, 2000] {
            let mut found = Vec::new();
            for number in 1..=of {
                let mut own = all();
                keep_own(&mut own, Shard::new(number, of).expect("a shard"));
                let own = names(&own);
                let share = expected.len() / of as usize;
                assert!(own.len() == share || own.len() == share + 1, "{} of {}", own.len(), expected.len());
                found.extend(own);
            }
            found.sort();
            assert_eq!(found, expected, "{of} shards");
        }
    }
}
