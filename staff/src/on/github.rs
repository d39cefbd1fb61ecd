//! `lab on github`: a workflow of GitHub Actions with a job for each shard and a job that merges.

use std::path::Path;

use lab::Verdict;
use lab::error::CommandError;
use labreport::text::one_line;

use super::args::{GithubArgs, minutes};
use super::engine_folder::EngineFolder;
use super::work::Work;
use super::yaml::{quoted, text};

/// The file with the workflow.
const FILE: &str = "github.yml";

/// The folder of results in a job's workspace.
const RESULTS: &str = "results";

/// The shards of a matrix, which GitHub limits.
const MOST: u32 = 256;

/// Writes the workflow.
pub(super) fn write(args: &GithubArgs) -> Result<Verdict, CommandError> {
    let work = Work::new(&args.work)?;
    let text = workflow(args, &work)?;
    let folder = EngineFolder::open(&args.work, &work)?;
    folder.write(FILE, &text)?;
    println!(
        "the workflow is in {}; copy it to .github/workflows/shards.yml, and start it under Actions",
        folder.path(FILE).display()
    );
    Ok(Verdict::Passed)
}

fn workflow(args: &GithubArgs, work: &Work) -> Result<String, CommandError> {
    check(work)?;
    let shard = work.shard_line("${{ matrix.shard }}", Path::new(RESULTS), None);
    let merge = work.merge_line(Path::new(RESULTS));
    let numbers = (1..=work.shards).map(|shard| shard.to_string()).collect::<Vec<_>>().join(", ");
    Ok(format!(
        include_str!("github/workflow.yml"),
        title = one_line(&work.title(), 1_000),
        minutes = minutes(args.time),
        numbers = numbers,
        shard = quoted(&format!("cargo lab {shard}")),
        merge = quoted(&format!("cargo lab {merge}")),
        results = RESULTS,
        files = quoted(&files(work)?),
    ))
}

/// The paths of the merged results, one a line.
fn files(work: &Work) -> Result<String, CommandError> {
    let mut files = vec![RESULTS];
    for file in [&work.json, &work.junit].into_iter().flatten() {
        files.push(text(file.as_os_str())?);
    }
    Ok(files.join("\n"))
}

/// Refuses what a workflow cannot express.
fn check(work: &Work) -> Result<(), CommandError> {
    if work.shards > MOST {
        return Err(CommandError::new(format!(
            "GitHub takes at most {MOST} jobs of a matrix; give --shards {MOST} or fewer"
        )));
    }
    let files = [&work.json, &work.junit].into_iter().flatten().map(|file| file.as_os_str());
    for word in work.words().chain(files) {
        if text(word)?.contains("${{") {
            return Err(CommandError::new(format!(
                "GitHub would replace a part of `{}`: give a word without `${{{{`",
                word.display()
            )));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::ffi::OsString;
    use std::time::Duration;

    use serde_json::{Value, json};

    use super::super::args::WorkArgs;
    use super::super::work::tests::{of_words, work};
    use super::*;

    fn args() -> GithubArgs {
        let work = WorkArgs { shards: 3, out: None, json: None, junit: None, command: Vec::new() };
        GithubArgs { work, time: Duration::from_secs(3600) }
    }

    fn read(work: &Work) -> Value {
        yaml_serde::from_str(&workflow(&args(), work).unwrap()).expect("YAML")
    }

    /// The commands of a job.
    fn commands(job: &Value) -> Vec<&str> {
        let steps = job["steps"].as_array().expect("steps");
        steps.iter().filter_map(|step| step["run"].as_str()).collect()
    }

    #[test]
    fn the_workflow_has_a_job_for_each_shard_and_one_that_merges() {
        let mut with_files = work("test 3 --runs 9 --seed 1").unwrap();
        with_files.json = Some("all.json".into());
        with_files.junit = Some("my tests.xml".into());
        let workflow = read(&with_files);
        assert_eq!(workflow["on"], "workflow_dispatch");
        let (shard, merge) = (&workflow["jobs"]["shard"], &workflow["jobs"]["merge"]);
        assert_eq!(shard["strategy"], json!({ "fail-fast": false, "matrix": { "shard": [1, 2, 3] } }));
        assert_eq!(shard["timeout-minutes"], 60);
        assert_eq!(
            commands(shard)[1..],
            ["cargo lab test --shard ${{ matrix.shard }}/3 --out results 3 --runs 9 --seed 1"]
        );
        assert_eq!(merge["needs"], "shard");
        let merging = "cargo lab merge results --json all.json --junit 'my tests.xml'";
        assert_eq!(commands(merge)[1..], [merging]);
        let steps = merge["steps"].as_array().unwrap();
        let last = steps.last().unwrap();
        assert_eq!(last["with"]["path"], "results\nall.json\nmy tests.xml");
        assert_eq!(last["if"], "${{ !cancelled() }}");
        // What one job uploads is what the other one downloads, into the same folder.
        let with = |job: &Value, uses: &str| {
            let steps = job["steps"].as_array().unwrap();
            steps.iter().find(|step| step["uses"] == uses).unwrap()["with"].clone()
        };
        let (up, down) =
            (with(shard, "actions/upload-artifact@v4"), with(merge, "actions/download-artifact@v4"));
        assert_eq!((&up["name"], &down["pattern"]), (&json!("shard-${{ matrix.shard }}"), &json!("shard-*")));
        assert_eq!(up["path"], down["path"]);
    }

    #[test]
    fn what_a_workflow_cannot_express_is_refused() {
        let words = ["test", "--seed", "1", "--solution", "${{ secrets.X }}"].map(OsString::from);
        let error = workflow(&args(), &of_words(words.to_vec()).unwrap()).unwrap_err().to_string();
        assert!(error.contains("`${{ secrets.X }}`"), "{error}");
        let mut many = work("test --seed 1").unwrap();
        many.shards = 257;
        assert!(workflow(&args(), &many).unwrap_err().to_string().contains("256"));
    }
}
