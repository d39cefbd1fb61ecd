//! `lab on kubernetes`: the manifests of an Indexed Job with an index for each shard, of a Job that merges,
//! and of the claim for their results.
//!
//! The two Jobs are created together. Kubernetes has no dependency between Jobs: the merge waits in an init
//! container until all result files are there. That needs no permission to ask the cluster for the state of
//! Jobs, and the files are written atomically. If a shard fails for good, the time limit of the merge ends
//! its waiting.

use std::path::Path;

use lab::Verdict;
use lab::error::CommandError;
use labreport::shell;

use super::args::KubernetesArgs;
use super::engine_folder::EngineFolder;
use super::work::Work;
use super::yaml::{quoted, text};

/// The file with all manifests.
const FILE: &str = "kubernetes.yaml";

/// The folder of results in the containers.
const RESULTS: &str = "/results";

/// Attempts at a shard whose machine failed, besides the first.
const RETRIES: u32 = 3;

/// The exit statuses with which another attempt would end, too: the image has no such program.
const NO_PROGRAM: &str = "126, 127";

/// Writes the manifests.
pub(super) fn write(args: &KubernetesArgs) -> Result<Verdict, CommandError> {
    let work = Work::new(&args.work)?;
    let text = manifests(args, &work)?;
    let folder = EngineFolder::open(&args.work, &work)?;
    folder.write(FILE, &text)?;
    println!(
        "the manifests are in {file}; start with `kubectl apply -f {word}`, and read the result with \
         `kubectl logs job/{name}-merge`",
        file = folder.path(FILE).display(),
        word = shell::word(folder.path(FILE)),
        name = args.name,
    );
    Ok(Verdict::Passed)
}

fn manifests(args: &KubernetesArgs, work: &Work) -> Result<String, CommandError> {
    let mut documents = vec![shards(args, work)?, merge(args, work)?];
    if args.claim.is_none() {
        documents.insert(0, claim(args));
    }
    Ok(format!("# Written by `lab on`: {}\n{}", comment(&work.title()), documents.join("---\n")))
}

/// A text on one line, for a comment.
fn comment(text: &str) -> String {
    labreport::text::one_line(text, 1_000)
}

fn claim_name(args: &KubernetesArgs) -> String {
    args.claim.clone().unwrap_or_else(|| format!("{}-results", args.name))
}

fn claim(args: &KubernetesArgs) -> String {
    format!(include_str!("kubernetes/claim.yaml"), name = quoted(&claim_name(args)))
}

fn shards(args: &KubernetesArgs, work: &Work) -> Result<String, CommandError> {
    work.words().try_for_each(|word| text(word).map(drop))?;
    let line = work.shard_line("$((JOB_COMPLETION_INDEX + 1))", Path::new(RESULTS), Some(args.cpus));
    Ok(format!(
        include_str!("kubernetes/shards.yaml"),
        name = quoted(&format!("{}-shards", args.name)),
        shards = work.shards,
        parallelism = args.parallelism.unwrap_or(work.shards).min(work.shards),
        seconds = seconds(args),
        retries = RETRIES,
        no_program = NO_PROGRAM,
        image = quoted(&args.image),
        script = quoted(&literal(&format!("exec {} {line}", shell::word(&args.program)))),
        cpus = quoted(&args.cpus.to_string()),
        results = RESULTS,
        claim = quoted(&claim_name(args)),
    ))
}

fn merge(args: &KubernetesArgs, work: &Work) -> Result<String, CommandError> {
    for file in [&work.json, &work.junit].into_iter().flatten() {
        text(file.as_os_str())?;
    }
    let line = work.merge_line(Path::new(RESULTS));
    let wait = format!(
        "i=1; while [ \"$i\" -le {shards} ]; do \
         until [ -e \"{RESULTS}/shards/$i-of-{shards}.json\" ]; do sleep 5; done; i=$((i + 1)); done",
        shards = work.shards
    );
    Ok(format!(
        include_str!("kubernetes/merge.yaml"),
        name = quoted(&format!("{}-merge", args.name)),
        seconds = seconds(args),
        retries = RETRIES,
        no_program = NO_PROGRAM,
        image = quoted(&args.image),
        wait = quoted(&literal(&wait)),
        script = quoted(&literal(&format!("exec {} {line}", shell::word(&args.program)))),
        cpus = quoted(&args.cpus.to_string()),
        results = RESULTS,
        claim = quoted(&claim_name(args)),
    ))
}

fn seconds(args: &KubernetesArgs) -> u64 {
    args.time.as_secs().max(1)
}

/// A text in which Kubernetes replaces nothing: in a command `$(NAME)` stands for a variable, and `$$` for
/// `$`.
fn literal(text: &str) -> String {
    text.replace('$', "$$")
}

#[cfg(test)]
mod tests {
    use std::ffi::OsString;
    use std::process::Command;
    use std::time::Duration;

    use serde::Deserialize;
    use serde_json::{Value, json};

    use super::super::args::WorkArgs;
    use super::super::work::tests::{of_words, work};
    use super::*;

    fn args() -> KubernetesArgs {
        KubernetesArgs {
            work: WorkArgs { shards: 3, out: None, json: None, junit: None, command: Vec::new() },
            image: "registry.example:5000/labs@sha256:0".to_owned(),
            program: "lab".to_owned(),
            name: "lab-3".to_owned(),
            claim: None,
            parallelism: Some(2),
            cpus: 2,
            time: Duration::from_secs(7200),
        }
    }

    fn read(text: &str) -> Vec<Value> {
        let documents = yaml_serde::Deserializer::from_str(text);
        documents.map(|document| Value::deserialize(document).expect("YAML")).collect()
    }

    /// The command of the first container, as the kubelet passes it on.
    fn script(job: &Value) -> String {
        let command = &job["spec"]["template"]["spec"]["containers"][0]["command"];
        assert_eq!((&command[0], &command[1]), (&json!("/bin/bash"), &json!("-c")));
        command[2].as_str().expect("a script").replace("$$", "$")
    }

    #[test]
    fn the_manifests_have_the_fields_that_kubernetes_requires() {
        let all = read(&manifests(&args(), &work("test 3 --runs 9 --seed 1").unwrap()).unwrap());
        let [claim, shards, merge] = &all[..] else { panic!("three documents: {all:?}") };
        assert_eq!(
            *claim,
            json!({
                "apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": { "name": "lab-3-results" },
                "spec": {
                    "accessModes": ["ReadWriteMany"],
                    "resources": { "requests": { "storage": "1Gi" } }
                }
            })
        );
        for (job, name) in [(shards, "lab-3-shards"), (merge, "lab-3-merge")] {
            assert_eq!((&job["apiVersion"], &job["kind"]), (&json!("batch/v1"), &json!("Job")));
            assert_eq!(job["metadata"]["name"], name);
            let pod = &job["spec"]["template"]["spec"];
            // A policy for failures requires it.
            assert_eq!(pod["restartPolicy"], "Never");
            let mounted = json!([{ "name": "results", "mountPath": "/results" }]);
            assert_eq!(pod["containers"][0]["volumeMounts"], mounted);
            let claimed = json!({ "claimName": "lab-3-results" });
            assert_eq!(pod["volumes"], json!([{ "name": "results", "persistentVolumeClaim": claimed }]));
            for rule in job["spec"]["podFailurePolicy"]["rules"].as_array().expect("rules") {
                if let Some(codes) = rule.get("onExitCodes") {
                    assert_eq!(codes["containerName"], pod["containers"][0]["name"]);
                    assert!(!codes["values"].as_array().expect("statuses").contains(&json!(0)));
                }
            }
        }
        let spec = &shards["spec"];
        assert_eq!(
            (&spec["completionMode"], &spec["completions"], &spec["parallelism"]),
            (&json!("Indexed"), &json!(3), &json!(2))
        );
        // `FailIndex` requires it.
        assert_eq!(spec["backoffLimitPerIndex"], 3);
        assert_eq!(spec["podFailurePolicy"]["rules"][1]["action"], "FailIndex");
        assert_eq!(merge["spec"]["template"]["spec"]["initContainers"][0]["name"], "wait-for-shards");
    }

    #[test]
    fn index_0_is_shard_1_and_no_word_is_expanded() {
        let given = ["--plan", "$(HOME) a b", "--solution", "$$x", "--seed", "1"];
        let words = [&["test"], &given[..]].concat().into_iter().map(OsString::from).collect();
        let all = read(&manifests(&args(), &of_words(words).unwrap()).unwrap());
        let script = script(&all[1]).replacen("exec lab ", "printf '%s\n' ", 1);
        let output = Command::new("bash").arg("-c").arg(&script).env("JOB_COMPLETION_INDEX", "0").output();
        let printed = String::from_utf8(output.unwrap().stdout).unwrap();
        let added = ["test", "--shard", "1/3", "--out", "/results", "--jobs", "2"];
        let expected = [&added[..], &given].concat();
        assert_eq!(printed.lines().collect::<Vec<_>>(), expected, "{script}");
    }

    #[test]
    fn an_existing_claim_is_used() {
        let args = KubernetesArgs { claim: Some("shared".to_owned()), ..args() };
        let all = read(&manifests(&args, &work("test --seed 1").unwrap()).unwrap());
        assert_eq!(all.len(), 2);
        let volume = &all[0]["spec"]["template"]["spec"]["volumes"][0];
        assert_eq!(volume["persistentVolumeClaim"]["claimName"], "shared");
    }

    #[test]
    fn the_merge_waits_for_every_result() {
        let folder = tempfile::tempdir().unwrap();
        let all = read(&manifests(&args(), &work("test --seed 1").unwrap()).unwrap());
        let wait = &all[2]["spec"]["template"]["spec"]["initContainers"][0]["command"][2];
        let wait = wait.as_str().expect("a script").replace("$$", "$");
        let here = folder.path().display().to_string();
        // It would sleep where it waits.
        let wait = wait.replace("/results", &here).replace("sleep 5", "exit 7");
        let run = || Command::new("bash").arg("-c").arg(&wait).status().unwrap().code();
        std::fs::create_dir(folder.path().join("shards")).unwrap();
        for shard in 1..=3 {
            assert_eq!(run(), Some(7), "before shard {shard}");
            std::fs::write(folder.path().join(format!("shards/{shard}-of-3.json")), "").unwrap();
        }
        assert_eq!(run(), Some(0));
        assert_eq!(script(&all[2]), "exec lab merge /results");
    }
}
