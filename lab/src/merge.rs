//! `lab merge`: makes of the results of all shards what one process would have written.
//!
//! The command itself is carried out, with the runs that shards have made in the place of new ones. So there
//! is one way in which runs are counted, left out, explained and reported.

use std::collections::HashMap;
use std::ffi::OsString;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Parser;
use tester::Case;
use tester::filter::Selection;
use tester::replay::build_id;

use crate::args::{MergeArgs, Stop, TestArgs, parse};
use crate::error::CommandError;
use crate::run::{Job, Plan, Run};
use crate::shard::Shard;
use crate::shard::file::Reader;
use crate::shard::folder::{Complete, Folder};
use crate::shard::stored_run::StoredRun;
use crate::shard::times::{Machine, Times};
use crate::shard::work::Work;
use crate::shard_of_tests::{COMMAND, TestSettings};
use crate::test::{MadeByShards, choose, plan, whole};
use crate::tested::Tested;
use crate::{Lab, Verdict, interrupt};

/// Merges the shards of a students' command: of `lab test`.
///
/// # Errors
///
/// Shards are missing, incomplete or of different commands, or the results cannot be written.
pub fn merge(lab: &Lab, args: &MergeArgs) -> Result<Verdict, CommandError> {
    let folder = Folder::to_read(&args.out)?;
    let complete = complete(&folder)?;
    match &*complete.work.command {
        COMMAND => tests(lab, args, &folder, &complete),
        other => Err(CommandError::new(format!(
            "{} has shards of `lab {other}`, which this command line does not have; merge them with the one \
             that made them",
            args.out.display()
        ))),
    }
}

/// All shards of one work, of this version of the sources.
///
/// # Errors
///
/// Shards are missing, incomplete or of different work, or of another version.
pub fn complete(folder: &Folder) -> Result<Complete, CommandError> {
    let complete = folder.complete()?;
    let here = build_id();
    if complete.work.build != here {
        return Err(CommandError::new(format!(
            "{} has shards of another version of the sources, build {}, and this is build {here}; merge them \
             with the version that made them",
            folder.out().display(),
            complete.work.build
        )));
    }
    Ok(complete)
}

/// The arguments of `lab test` alone.
#[derive(Parser)]
#[command(disable_help_flag = true)]
struct TestLine {
    #[command(flatten)]
    args: TestArgs,
}

/// Merges the shards of `lab test`.
///
/// # Errors
///
/// Those of [`merge`].
pub fn tests(
    lab: &Lab,
    args: &MergeArgs,
    folder: &Folder,
    complete: &Complete,
) -> Result<Verdict, CommandError> {
    let Work { settings, shards, .. } = &complete.work;
    let settings: TestSettings = serde_json::from_value(settings.clone())
        .map_err(|cause| CommandError::new(format!("the shards are of another version: {cause}")))?;
    let arguments = std::iter::once("test").chain(settings.arguments.iter().map(String::as_str));
    let line = match parse::<TestLine>(arguments.map(OsString::from)) {
        Ok(line) => line,
        Err(Stop::Refused(error)) => return Err(error),
        Err(Stop::Shown) => return Ok(Verdict::Passed),
    };
    let test = TestArgs {
        json: args.json.clone(),
        junit: args.junit.clone(),
        out: Some(args.out.clone()),
        ..line.args
    };
    let cases = choose(Selection { filters: &test.filters, skip: &test.skip, exact: test.exact })?;
    if !cases.iter().map(|case| case.name).eq(settings.tests.iter().map(String::as_str)) {
        return Err(CommandError::new("the shards are of other tests than this version has"));
    }
    let first_seed = test.seed.unwrap_or_default();
    let plan = plan(&test, &cases, first_seed);
    let index = Index::of(&plan, &cases, first_seed, *shards);
    let mut streams = Vec::new();
    let mut missing = Vec::new();
    let mut machines = Vec::new();
    for (shard, path) in index.shards.iter().zip(&complete.files) {
        let items = index.count(*shard, path, &mut missing)?;
        let times = Times::read(&folder.times(*shard), items);
        if let Some(times) = &times {
            machines.push(Machine { shard: Some(*shard), ..times.machine.clone() });
        }
        let cpu_seconds = times.map_or_else(Vec::new, |times| times.items);
        streams.push(Stream::open(path, cpu_seconds)?);
    }
    missing.sort_by_key(|range| range.start);
    let given = settings.plan.map(Arc::new);
    let played = given.clone();
    let made = move |position: u64| -> Result<Option<Run>, CommandError> {
        if interrupt::has_come() {
            return Ok(None);
        }
        let Some(shard) = index.shard_of(position) else { return Ok(None) };
        let Some((stored, cpu_seconds)) = streams[shard].at(position, &index)? else { return Ok(None) };
        let run = |job: Job| stored.into_run(job, played.clone(), cpu_seconds);
        Ok(index.plan.job(position).map(run))
    };
    let made = MadeByShards { plan: given, missing, made: Box::new(made), machines };
    let solution = test.solution.clone();
    whole(&test, Some(made), || Tested::compiled_in(lab, solution.as_deref()).map(Ok))
}

/// Which shard has which run.
struct Index {
    plan: Plan,
    /// The numbers of the tests, by name.
    tests: HashMap<&'static str, u64>,
    runs: u64,
    first_seed: u64,
    shards: Vec<Shard>,
    /// The positions of all shards, ascending, with the number of the shard from 0.
    pieces: Vec<(Range<u64>, usize)>,
}

impl Index {
    fn of(plan: &Plan, cases: &[&'static Case], first_seed: u64, shards: u32) -> Self {
        let shards: Vec<Shard> = (1..=shards).filter_map(|number| Shard::new(number, shards)).collect();
        let of_shard = |(number, shard): (usize, &Shard)| {
            plan.of_shard(*shard).into_iter().map(move |piece| (piece, number)).collect::<Vec<_>>()
        };
        let mut pieces: Vec<(Range<u64>, usize)> = shards.iter().enumerate().flat_map(of_shard).collect();
        pieces.retain(|(piece, _)| !piece.is_empty());
        pieces.sort_by_key(|(piece, _)| piece.start);
        Self {
            plan: plan.clone(),
            tests: (0..).zip(cases).map(|(number, case)| (case.name, number)).collect(),
            runs: plan.runs().unwrap_or(0),
            first_seed,
            shards,
            pieces,
        }
    }

    /// The number from 0 of the shard that has the run at a position.
    fn shard_of(&self, position: u64) -> Option<usize> {
        let place = self.pieces.partition_point(|(piece, _)| piece.end <= position);
        self.pieces.get(place).map(|(_, shard)| *shard)
    }

    /// The position of a stored run; `None` if the plan does not have it.
    fn position(&self, run: &StoredRun) -> Option<u64> {
        let round = run.seed.wrapping_sub(self.first_seed);
        let test = self.tests.get(run.test.as_str()).filter(|_| round < self.runs)?;
        Some(test * self.runs + round)
    }

    /// The number of runs in a shard's file, which are the first ones of each of its pieces. Adds the others
    /// to `missing`.
    fn count(&self, shard: Shard, path: &Path, missing: &mut Vec<Range<u64>>) -> Result<usize, CommandError> {
        let mut pieces = self.plan.of_shard(shard);
        let mut items = 0;
        let mut are_others = false;
        let mut at = 0;
        let reader = Reader::open(path).map_err(|cause| cannot(path, &cause))?;
        let count = |run: StoredRun| {
            items += 1;
            let position = self.position(&run);
            let following = pieces[at..].iter().position(|piece| Some(piece.start) == position);
            match following {
                Some(following) => {
                    at += following;
                    pieces[at].start += 1;
                }
                None => are_others = true,
            }
        };
        reader.each(count).map_err(|cause| cannot(path, &cause))?;
        if are_others {
            return Err(cannot(path, &"it has runs that are not of its shard"));
        }
        missing.extend(pieces.into_iter().filter(|piece| !piece.is_empty()));
        Ok(items)
    }
}

/// The runs of a shard's file, one after the other: a file of a million runs takes no memory.
struct Stream {
    path: PathBuf,
    reader: Reader,
    /// The CPU seconds of each run; empty if they are not known.
    cpu_seconds: Vec<f64>,
    /// The number of runs that were read.
    read: usize,
    /// The run that was read last, and its position.
    peeked: Option<(u64, StoredRun)>,
    is_at_end: bool,
}

impl Stream {
    fn open(path: &Path, cpu_seconds: Vec<f64>) -> Result<Self, CommandError> {
        let reader = Reader::open(path).map_err(|cause| cannot(path, &cause))?;
        Ok(Self { path: path.to_owned(), reader, cpu_seconds, read: 0, peeked: None, is_at_end: false })
    }

    /// The run at a position, and its CPU seconds, if the file has it. Positions ascend.
    fn at(&mut self, position: u64, index: &Index) -> Result<Option<(StoredRun, f64)>, CommandError> {
        loop {
            match &self.peeked {
                Some((at, _)) if *at > position => return Ok(None),
                Some((at, _)) if *at == position => {
                    let cpu_seconds = self.cpu_seconds.get(self.read - 1).copied().unwrap_or(0.0);
                    return Ok(self.peeked.take().map(|(_, run)| (run, cpu_seconds)));
                }
                _ => {}
            }
            if self.is_at_end {
                return Ok(None);
            }
            let next: Option<StoredRun> = self.reader.item().map_err(|cause| cannot(&self.path, &cause))?;
            let Some(run) = next else {
                // The file is read to its end, and not beyond.
                self.peeked = None;
                self.is_at_end = true;
                return Ok(None);
            };
            self.read += 1;
            self.peeked = index.position(&run).map(|position| (position, run));
        }
    }
}

fn cannot(path: &Path, cause: &dyn std::fmt::Display) -> CommandError {
    CommandError::new(format!("cannot merge {}: {cause}; run its shard again", path.display()))
}
