//! [`Work`]: the command that is divided into shards.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use lab::args::{Stop, TestArgs, parse};
use lab::error::CommandError;
use labreport::shell;
use labrt::world::Backend;
use tester::filter::{Selection, select};

use super::args::WorkArgs;
use crate::args::{Command, CommandLine, OnSubmission};
use crate::hash::Fnv;

/// The options that are added to the command.
const ADDED: [&str; 2] = ["--shard", "--out"];

/// A command of which each shard is a command of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Work {
    /// The words up to the name of the command, that name included.
    name: Vec<OsString>,
    /// The words after the name.
    rest: Vec<OsString>,
    pub(super) shards: u32,
    /// The files of merged results that are asked for.
    pub(super) json: Option<PathBuf>,
    pub(super) junit: Option<PathBuf>,
    pub(super) kind: Kind,
    /// The folders of submissions that are graded.
    submissions: Vec<PathBuf>,
    /// Whether the command says itself how many runs it makes at a time.
    has_jobs: bool,
}

/// The command that is divided.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Test,
    Grade,
    Mutants,
}

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Self::Test => "test",
            Self::Grade => "grade",
            Self::Mutants => "mutants",
        }
    }
}

impl Work {
    /// The work that the arguments give, checked as each of its shards will be.
    ///
    /// # Errors
    ///
    /// The command cannot be divided, has no seed, or would be refused.
    pub(super) fn new(args: &WorkArgs) -> Result<Self, CommandError> {
        let words = &args.command;
        let options = words.iter().take_while(|word| *word != "--");
        if let Some(added) = options.filter_map(|word| added(word)).next() {
            return Err(CommandError::new(format!(
                "`lab on` adds {added} to the command itself; leave it out there, and give --shards N and \
                 --out DIR before the `--`"
            )));
        }
        let at = global_options(words);
        let name = words.get(at).map(OsString::as_os_str).unwrap_or_default();
        let Some(kind) = kind_named(name) else {
            return Err(CommandError::new(format!(
                "`{}` cannot be divided into shards; `lab on` takes test, grade and mutants",
                name.display()
            )));
        };
        let (name, rest) = words.split_at(at + 1);
        let mut work = Self {
            name: name.to_vec(),
            rest: rest.to_vec(),
            shards: args.shards,
            json: args.json.clone(),
            junit: args.junit.clone(),
            kind,
            submissions: Vec::new(),
            has_jobs: false,
        };
        work.check()?;
        Ok(work)
    }

    /// Parses a shard of the command.
    fn check(&mut self) -> Result<(), CommandError> {
        let shard = self.of_shard("1", Path::new("out"), None);
        let line: CommandLine = match parse(std::iter::once("lab".into()).chain(shard)) {
            Ok(line) => line,
            Err(Stop::Shown) => return Err(CommandError::new("give a command that runs something")),
            Err(Stop::Refused(error)) => {
                return Err(CommandError::new(format!("`lab {}`: {error}", self.kind.name())));
            }
        };
        let (seed, jobs) = match &line.command {
            Command::Test(args) => {
                check_test(args)?;
                (args.command.seed, args.command.jobs)
            }
            Command::Grade(args) => {
                self.submissions.clone_from(&args.submissions);
                (args.seed, args.jobs)
            }
            // It has a first seed by default.
            Command::Mutants(args) => (Some(args.seed), args.jobs),
            _ => (None, None),
        };
        if seed.is_none() {
            return Err(CommandError::new(format!(
                "all shards take the same seeds, so the command needs one: add --seed S after `{}`",
                self.kind.name()
            )));
        }
        if self.kind == Kind::Grade && (self.json.is_some() || self.junit.is_some()) {
            let text = "--json and --junit are for test and mutants: a grading writes its results into --out";
            return Err(CommandError::new(text));
        }
        self.has_jobs = jobs.is_some();
        Ok(())
    }

    /// Refuses folders of submissions that are not on this machine: they would not be on others.
    ///
    /// # Errors
    ///
    /// A folder is not there.
    pub(super) fn check_submissions(&self) -> Result<(), CommandError> {
        match self.submissions.iter().find(|folder| !folder.is_dir()) {
            None => Ok(()),
            Some(folder) => Err(CommandError::new(format!("there is no folder {}", folder.display()))),
        }
    }

    /// The words of a shard's command. `jobs` are its runs at a time, unless the command has them.
    fn of_shard(&self, number: &str, out: &Path, jobs: Option<u32>) -> Vec<OsString> {
        let mut words = self.name.clone();
        // Right after the name, since the rest may end with `--` and names of files.
        words.extend(["--shard".into(), format!("{number}/{}", self.shards).into()]);
        words.extend(["--out".into(), out.into()]);
        if let Some(jobs) = jobs.filter(|_| !self.has_jobs) {
            words.extend(["--jobs".into(), jobs.to_string().into()]);
        }
        words.extend_from_slice(&self.rest);
        words
    }

    /// The arguments of a shard in a shell's command; `number` is the shell's own expression for its number,
    /// from 1 on.
    pub(super) fn shard_line(&self, number: &str, out: &Path, jobs: Option<u32>) -> String {
        // A word that no command has, as it is not quoted.
        const NUMBER: &str = "SHARD-NUMBER";
        let words = self.of_shard(NUMBER, out, jobs);
        let shard = format!("{NUMBER}/{}", self.shards);
        let quoted = words.iter().enumerate().map(|(at, word)| {
            if at == self.name.len() + 1 && *word == *shard {
                format!("{number}/{}", self.shards)
            } else {
                shell::word(word)
            }
        });
        quoted.collect::<Vec<_>>().join(" ")
    }

    /// The words of the command that merges.
    pub(super) fn merge(&self, out: &Path) -> Vec<OsString> {
        let mut words = vec!["merge".into(), out.into()];
        for (option, file) in [("--json", &self.json), ("--junit", &self.junit)] {
            if let Some(file) = file {
                words.extend([option.into(), file.into()]);
            }
        }
        words
    }

    /// The arguments of the command that merges, in a shell's command.
    pub(super) fn merge_line(&self, out: &Path) -> String {
        self.merge(out).iter().map(shell::word).collect::<Vec<_>>().join(" ")
    }

    /// All words that come from the user.
    pub(super) fn words(&self) -> impl Iterator<Item = &OsStr> {
        self.name.iter().chain(&self.rest).map(OsString::as_os_str)
    }

    /// The command as it was given, for people.
    pub(super) fn title(&self) -> String {
        self.words().map(shell::word).collect::<Vec<_>>().join(" ")
    }

    /// A name for the work: equal commands with equally many shards have the same.
    pub(super) fn id(&self) -> String {
        let mut hash = Fnv::new();
        hash.field(&self.shards.to_le_bytes());
        self.words().for_each(|word| hash.field(word.as_encoded_bytes()));
        hash.to_string()
    }

    /// The name of a shard's result in the folder `shards` of the results.
    pub(super) fn result_name(&self, shard: u32) -> String {
        format!("{shard}-of-{}.json", self.shards)
    }
}

/// Refuses what a shard of `lab test` would refuse when it starts.
fn check_test(args: &OnSubmission<TestArgs>) -> Result<(), CommandError> {
    crate::refuse_shards_of_a_submission(&args.submission, true)?;
    let OnSubmission { command: TestArgs { filters, skip, exact, backend, .. }, .. } = args;
    if backend.backend == Backend::Threads {
        return Err(CommandError::new(
            "shards are of simulated runs, which are equal on all machines; leave out `--backend threads`",
        ));
    }
    select(Selection { filters, skip, exact: *exact })
        .map(drop)
        .map_err(|error| CommandError::new(format!("{error}; `cargo lab list` shows all tests")))
}

/// The option among [`ADDED`] that the word gives.
fn added(word: &OsStr) -> Option<&'static str> {
    let word = word.to_str()?;
    ADDED
        .into_iter()
        .find(|option| word.strip_prefix(option).is_some_and(|rest| rest.is_empty() || rest.starts_with('=')))
}

/// The number of words before the name of the command: the options that every command takes.
fn global_options(words: &[OsString]) -> usize {
    match words {
        [color, _, rest @ ..] if color == "--color" => 2 + global_options(rest),
        [color, rest @ ..] if color.to_str().is_some_and(|word| word.starts_with("--color=")) => {
            1 + global_options(rest)
        }
        _ => 0,
    }
}

fn kind_named(word: &OsStr) -> Option<Kind> {
    [Kind::Test, Kind::Grade, Kind::Mutants].into_iter().find(|kind| word == kind.name())
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// The work of `words`, in three shards.
    pub(in super::super) fn work(words: &str) -> Result<Work, CommandError> {
        of_words(words.split_whitespace().map(OsString::from).collect())
    }

    /// The same, of words that may have spaces.
    pub(in super::super) fn of_words(command: Vec<OsString>) -> Result<Work, CommandError> {
        Work::new(&WorkArgs { shards: 3, out: None, json: None, junit: None, command })
    }

    #[test]
    fn the_options_of_a_shard_stand_after_the_name_of_the_command() {
        let line = |words: &str| work(words).unwrap().shard_line("\"$1\"", Path::new("/my out"), Some(2));
        assert_eq!(
            line("test 3 --runs 15000 --seed 1"),
            "test --shard \"$1\"/3 --out '/my out' --jobs 2 3 --runs 15000 --seed 1"
        );
        assert_eq!(
            line("--color never grade --seed 7 -j 4 -- ann --out"),
            "--color never grade --shard \"$1\"/3 --out '/my out' --seed 7 -j 4 -- ann --out"
        );
        assert_eq!(line("mutants raft"), "mutants --shard \"$1\"/3 --out '/my out' --jobs 2 raft");
    }

    #[test]
    fn no_word_of_the_command_means_something_to_the_shell() {
        let plan = "$(touch x) a b";
        let words = ["test", "--seed", "1", "--plan", plan, "--solution", "SHARD-NUMBER/3"];
        let work = of_words(words.iter().map(OsString::from).collect()).unwrap();
        let line = work.shard_line("$1", Path::new("o"), None);
        let expected =
            format!("test --shard $1/3 --out o --seed 1 --plan '{plan}' --solution SHARD-NUMBER/3");
        assert_eq!(line, expected);
        assert_eq!(shlex::split(&line).unwrap()[5..], words[1..]);
    }

    #[test]
    fn the_merge_takes_the_files_of_results() {
        let mut work = work("test --seed 1").unwrap();
        assert_eq!(work.merge_line(Path::new("o")), "merge o");
        work.json = Some("a b.json".into());
        work.junit = Some("j.xml".into());
        assert_eq!(work.merge_line(Path::new("o")), "merge o --json 'a b.json' --junit j.xml");
    }

    #[test]
    fn a_command_that_cannot_be_divided_is_refused_in_one_line() {
        for (command, says) in [
            ("test 3 --runs 10", "add --seed S after `test`"),
            ("grade ann", "add --seed S after `grade`"),
            ("test --seed 1 --shard 1/2", "adds --shard"),
            ("test --seed 1 --shard=1/2", "adds --shard"),
            ("grade ann --seed 1 --out o", "adds --out"),
            ("replay", "`replay` cannot be divided into shards; `lab on` takes test, grade and mutants"),
            ("list", "`list` cannot be divided"),
            ("tset 3 --seed 1", "`tset` cannot be divided"),
            ("handout test", "`handout` cannot be divided"),
            ("--color never", "`` cannot be divided"),
            ("test --seed 1 --runs 0", "from 1 to 4294967295"),
            ("test --seed 1 --until-failure", "--until-failure"),
            ("test --seed 1 --list", "--list"),
            ("test 3Z --seed 1", "3Z"),
            ("test --seed 1 --backend threads", "--backend threads"),
            ("test --seed 1 --submission ann", "--submission"),
            ("grade --seed 1", "DIR"),
        ] {
            let error = work(command).expect_err(command).to_string();
            assert!(error.contains(says) && !error.contains('\n'), "{command}: {error}");
        }
    }

    #[test]
    fn submissions_that_are_not_there_are_named() {
        let folder = tempfile::tempdir().unwrap();
        let grade = |name: &str| {
            let submission = folder.path().join(name).display().to_string();
            of_words(["grade", "--seed", "1", &submission].map(OsString::from).into()).unwrap()
        };
        assert_eq!(grade("").check_submissions(), Ok(()));
        let error = grade("ann").check_submissions().unwrap_err().to_string();
        assert!(error.starts_with("there is no folder ") && error.ends_with("/ann"), "{error}");
    }

    #[test]
    fn equal_commands_have_equal_names() {
        let id = |words: &str| work(words).unwrap().id();
        assert_eq!(id("test 3 --seed 1"), id("test  3 --seed 1"));
        assert_ne!(id("test 3 --seed 1"), id("test 3 --seed 2"));
        let more = Work { shards: 4, ..work("test 3 --seed 1").unwrap() };
        assert_ne!(more.id(), id("test 3 --seed 1"));
    }
}
