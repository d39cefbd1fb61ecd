//! Checks of `lab test --shard` and `lab merge`.

use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::process::ExitStatusExt;
use std::process::Stdio;
use std::time::Duration;

use serde_json::Value;

use crate::command::{FAIL_TO_START, Finished, Folder};

impl Folder {
    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.file(name)).unwrap_or_else(|cause| panic!("{name}: {cause}"))
    }

    /// Makes all shards of a command.
    fn shards(&self, command: &str, of: u32, out: &str) {
        for number in 1..=of {
            self.passes(&format!("{command} --shard {number}/{of} --out {out}"));
        }
    }

    fn passes(&self, command: &str) -> Finished {
        let finished = self.lab(command);
        assert_eq!(finished.status, Some(0), "{command}: {finished:?}");
        finished
    }

    /// Runs a command that is refused, and returns its one line.
    fn refused(&self, command: &str) -> String {
        let finished = self.lab(command);
        assert_eq!(finished.status, Some(2), "{command}: {finished:?}");
        assert_eq!(finished.err.lines().count(), 1, "{command}: {finished:?}");
        assert!(finished.err.starts_with("error: "), "{finished:?}");
        finished.err
    }
}

/// A command line that is short to make, and whose runs are counted, left out and explained in all ways.
const COMMANDS: [(&str, u32); 9] = [
    ("backup_3b re_election_3a --runs 101 --solution always_fails", 1),
    ("backup_3b re_election_3a --runs 101 --solution fails_late", 1),
    ("backup_3b re_election_3a --runs 200 --solution fails", 1),
    ("backup_3b re_election_3a --runs 45 --solution breaks_a_rule --policy sticky", 1),
    ("backup_3b re_election_3a --runs 45 --solution breaks_a_rule --strict", 1),
    ("3A backup_3b --runs 30 --solution fails --fail-fast", 1),
    ("3A backup_3b --runs 60 --solution always_fails --all-runs", 1),
    ("3A 3B --runs 1 --skip 3B", 0),
    ("3A 3B --runs 9 --solution aborts --coverage --no-shrink", 1),
];

pub fn merged_shards_are_what_one_process_writes() {
    for (command, status) in COMMANDS {
        let folder = Folder::new();
        let command = format!("test {command} --seed 1");
        let one = folder.lab(&format!("{command} --out one --json one.json --junit one.xml"));
        assert_eq!(one.status, Some(i32::try_from(status).expect("small")), "{command}: {one:?}");
        let failures = folder.file("lab/failures.jsonl");
        let saved = fs::read_to_string(&failures).ok();
        for of in [1, 2, 3, 7] {
            let out = format!("of-{of}");
            folder.shards(&command, of, &out);
            // Their failures are no failures of a command.
            let _ = fs::remove_file(&failures);
            let merged = folder.lab(&format!("merge {out} --json merged.json --junit merged.xml"));
            assert_eq!(merged.status, one.status, "{merged:?}");
            assert_eq!(folder.read("merged.json"), folder.read("one.json"), "{command}, {of} shards");
            assert_eq!(folder.read("merged.xml"), folder.read("one.xml"), "{command}, {of} shards");
            assert_eq!(fs::read_to_string(&failures).ok(), saved, "{command}, {of} shards");
            let times: Value =
                serde_json::from_str(&folder.read(&format!("{out}/times.json"))).expect("JSON");
            assert_eq!(times["machines"].as_array().map(Vec::len), Some(of as usize), "{times}");
        }
    }
}

/// Runs in the file of a shard.
fn runs_in(folder: &Folder, file: &str) -> usize {
    let shard: Value = serde_json::from_str(&folder.read(file)).expect("JSON");
    shard["items"].as_array().expect("runs").len()
}

pub fn a_test_that_looks_hopeless_to_a_shard_goes_on() {
    let folder = Folder::new();
    let command = "test backup_3b --runs 200 --seed 0 --solution fails_late";
    folder.shards(command, 4, "out");
    // Three runs of the first shard passed; the others know of none.
    assert_eq!(
        [1, 2, 3, 4].map(|it| runs_in(&folder, &format!("out/shards/{it}-of-4.json"))),
        [50, 20, 20, 20]
    );
    let merged = folder.lab("merge out --json merged.json");
    assert_eq!(merged.status, Some(1), "{merged:?}");
    let merged: Value = serde_json::from_str(&folder.read("merged.json")).expect("JSON");
    assert_eq!((&merged["total"]["runs"], &merged["total"]["not_made"]), (&200.into(), &0.into()));

    // Where the whole command ends early, so does the merged one, and no run is made for it.
    folder.shards(&command.replace("fails_late", "always_fails"), 4, "hopeless");
    let mut merge = folder.command("merge hopeless --json merged.json");
    assert_eq!(merge.output().expect("it runs").status.code(), Some(1));
    let merged: Value = serde_json::from_str(&folder.read("merged.json")).expect("JSON");
    assert_eq!((&merged["total"]["runs"], &merged["total"]["not_made"]), (&20.into(), &180.into()));
}

pub fn a_shard_is_a_function_of_its_command() {
    let folder = Folder::new();
    let command = "test backup_3b re_election_3a --runs 150 --seed 1 --solution fails_late --shard 2/3";
    folder.passes(&format!("{command} --out a --jobs 1"));
    folder.passes(&format!("{command} --out b --jobs 5"));
    let file = "shards/2-of-3.json";
    assert_eq!(folder.read(&format!("a/{file}")), folder.read(&format!("b/{file}")));
    let times: Value = serde_json::from_str(&folder.read("b/shards/2-of-3.times.json")).expect("JSON");
    assert_eq!(times["machine"]["jobs"], 5);
    assert_eq!(times["items"].as_array().map(Vec::len), Some(runs_in(&folder, &format!("b/{file}"))));
}

pub fn a_shard_that_is_done_is_kept() {
    let folder = Folder::new();
    let command = "test 3A --runs 4 --seed 1 --shard 1/2 --out out";
    folder.passes(command);
    let file = folder.file("out/shards/1-of-2.json");
    let written = fs::metadata(&file).and_then(|about| about.modified()).expect("a file");
    folder.passes(command).says("shard 1/2 is done: out/shards/1-of-2.json has its results");
    assert_eq!(fs::metadata(&file).and_then(|about| about.modified()).expect("a file"), written);
}

pub fn shards_that_are_missing_are_named() {
    let folder = Folder::new();
    for number in [1, 3, 4] {
        folder.passes(&format!("test 3A --runs 4 --seed 1 --shard {number}/5 --out out"));
    }
    let refusal = folder.refused("merge out --json merged.json");
    let expected = "error: shards 2 and 5 of 5 are missing in out; run `cargo lab test 3A --seed 0x1 --runs \
                    4 --shard 2/5 --out out`, and likewise the others\n";
    assert_eq!(refusal, expected);
    folder.passes("test 3A --runs 4 --seed 1 --shard 5/5 --out out");
    assert!(folder.refused("merge out").contains("shard 2 of 5 is missing in out; run `cargo lab test 3A "));
    assert!(folder.refused("merge nowhere").contains("nowhere is no folder"));
    fs::create_dir_all(folder.file("empty/shards")).expect("a folder");
    assert!(folder.refused("merge empty").contains("no results of shards"));
    assert!(folder.refused("merge .").contains(". has no folder `shards`"));
    assert!(!folder.file("merged.json").exists(), "a refused command made a file");
}

pub fn results_of_other_work_are_refused() {
    let folder = Folder::new();
    let file = |name: &str| folder.file(&format!("out/shards/{name}"));
    folder.passes("test 3A --runs 4 --seed 1 --shard 1/2 --out out");
    let kept = folder.read("out/shards/1-of-2.json");
    for (command, says) in [
        ("test 3A --runs 4 --seed 2 --shard 1/2 --out out", "another seed, 0x1"),
        ("test 3A --runs 4 --seed 1 --shard 1/3 --out out", "another number of shards, 2"),
        ("test 3A --runs 5 --seed 1 --shard 1/2 --out out", "another command, `lab test 3A --seed 0x1"),
        ("test 3B --runs 4 --seed 1 --shard 2/2 --out out", "another command, `lab test 3A --seed 0x1"),
        ("test 3A --runs 4 --shard 1/2 --out out", "--shard needs --seed"),
        ("test 3A --shard 1/2 --seed 1 --backend threads --out out", "leave out `--backend threads`"),
        ("test 3A --shard 3/2 --seed 1 --out out", "I from 1 to N"),
        ("test 3A --shard 1/2 --seed 1 --out /dev/null/out", "cannot write into /dev/null/out"),
    ] {
        let refusal = folder.refused(command);
        assert!(refusal.contains(says), "{command}: {refusal}");
    }
    assert_eq!(folder.read("out/shards/1-of-2.json"), kept, "nothing is lost");

    // Files that somebody has put there.
    folder.shards("test 3A --runs 4 --seed 9", 2, "other");
    fs::copy(folder.file("other/shards/2-of-2.json"), file("2-of-2.json")).expect("copied");
    assert!(folder.refused("merge out").contains("2-of-2.json is of another seed, 0x9, in contrast to "));
    let refusal = folder.refused("test 3A --runs 4 --seed 1 --shard 2/2 --out out");
    assert!(refusal.contains("results of another command or shard"), "{refusal}");
    fs::remove_file(file("2-of-2.json")).expect("removed");
    folder.passes("test 3A --runs 4 --seed 1 --shard 2/2 --out out");
    fs::copy(file("2-of-2.json"), file("copy.json")).expect("copied");
    folder.passes("merge out");
    fs::remove_file(file("copy.json")).expect("removed");
    // Two shards that claim the same part, of a solution whose runs the seed does not decide.
    let command = "test backup_3b --runs 20 --seed 1 --solution nondeterministic";
    folder.shards(command, 2, "one");
    folder.shards(command, 2, "two");
    let (from, to) = ("two/shards/1-of-2.json", "one/shards/1-of-2-again.json");
    assert_ne!(folder.read("one/shards/1-of-2.json"), folder.read(from));
    fs::copy(folder.file(from), folder.file(to)).expect("copied");
    let refusal = folder.refused("merge one");
    let says = "1-of-2-again.json and one/shards/1-of-2.json have different results of the same shard 1/2";
    assert!(refusal.contains(says), "{refusal}");

    // Another version of the sources.
    for name in ["1-of-2.json", "2-of-2.json", "work.json"] {
        let path = format!("out/shards/{name}");
        let text = folder.read(&path);
        let build = text.split("\"build\"").nth(1).and_then(|it| it.split('"').nth(1)).expect("a build");
        fs::write(folder.file(&path), text.replace(build, "0xbad")).expect("written");
    }
    assert!(folder.refused("merge out").contains("damaged"));
    let refusal = folder.refused("test 3A --runs 4 --seed 1 --shard 1/2 --out out");
    assert!(refusal.contains("another version of the sources, build 0xbad"), "{refusal}");
}

pub fn damaged_results_are_refused_and_replaced() {
    let folder = Folder::new();
    let command = "test 3A --runs 4 --seed 1";
    folder.shards(command, 2, "out");
    let path = folder.file("out/shards/2-of-2.json");
    let whole = folder.read("out/shards/2-of-2.json");
    let lines: Vec<&str> = whole.split_inclusive('\n').collect();
    let without_a_run = [&lines[..2], &lines[3..]].concat().concat();
    let damaged: [&[u8]; 7] = [
        b"",
        b"{}",
        b"\xff\xfe\n",
        &whole.as_bytes()[..whole.len() / 2],
        &whole.as_bytes()[..whole.len() - 1],
        without_a_run.as_bytes(),
        whole.replacen("\"rpcs\":", "\"rpcs\":1", 1).leak().as_bytes(),
    ];
    for text in damaged {
        fs::write(&path, text).expect("written");
        let refusal = folder.refused("merge out");
        assert!(refusal.contains("cannot merge out/shards/2-of-2.json"), "{refusal}");
        assert!(refusal.contains("half-written or damaged"), "{refusal}");
        assert!(refusal.contains("run its shard again, which replaces it"), "{refusal}");
        folder.passes(&format!("{command} --shard 2/2 --out out"));
        assert_eq!(folder.read("out/shards/2-of-2.json"), whole);
    }
    // Of another version, which is not replaced.
    fs::write(&path, whole.replacen("\"schema\":1", "\"schema\":2", 1)).expect("written");
    assert!(folder.refused("merge out").contains("it has schema 2, of another version"));
    let refusal = folder.refused(&format!("{command} --shard 2/2 --out out"));
    assert!(refusal.contains("was written by another version"), "{refusal}");
    // Times are not needed, and drafts are no results.
    fs::write(&path, &whole).expect("written");
    fs::remove_file(folder.file("out/shards/1-of-2.times.json")).expect("removed");
    fs::write(folder.file("out/shards/2-of-2.times.json"), "{").expect("written");
    fs::write(folder.file("out/shards/.1-of-2.json.x.draft"), "{").expect("written");
    folder.passes("merge out");
}

pub fn an_interrupted_shard_has_no_results() {
    let folder = Folder::new();
    let mut command =
        folder.command("test backup_3b --runs 30 --seed 0 --solution hangs --shard 1/2 --out out");
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("started");
    let mut line = String::new();
    let out = child.stdout.take().expect("its output");
    BufReader::new(out).read_line(&mut line).expect("a line");
    assert!(line.starts_with("shard 1/2: 15 runs of 1 test"), "{line}");
    std::thread::sleep(Duration::from_millis(300));
    let ended = std::process::Command::new("kill").args(["-s", "INT", &child.id().to_string()]).status();
    assert!(ended.expect("it runs").success());
    let ended = child.wait_with_output().expect("it ends");
    assert_eq!(ended.status.signal(), Some(2), "{ended:?}");
    let left: Vec<_> = fs::read_dir(folder.file("out/shards")).expect("a folder").collect();
    assert_eq!(left.len(), 1, "only work.json: {left:?}");
}

pub fn a_machine_that_fails_is_no_result() {
    let folder = Folder::new();
    let command = "test 3A --runs 4 --seed 1 --shard 1/2 --out out";
    let ended = folder.command(command).env(FAIL_TO_START, "1").output().expect("it runs");
    assert_eq!(ended.status.code(), Some(2), "{ended:?}");
    assert!(!folder.file("out/shards/1-of-2.json").exists());
    // The batch system starts it again.
    folder.passes(command);
    // Failed runs are results.
    folder.passes("test backup_3b --runs 4 --seed 5 --solution fails --shard 1/1 --out failed");
}
