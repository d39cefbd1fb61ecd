//! The number of messages of an election, by form and number of nodes: the table of the lab's page.

use std::fs;
use std::path::Path;
use std::time::Duration;

use ::bully_extended::SOLUTION as REFERENCE;
use labapi::{Solution, VOTE_LOCK};
use labrpc::Step;
use tester::{
    BullyForm, BullyNodes, Case, Cluster, CuredBullyNodes, Detail, FollowsLeader, RecordedKind, Report,
    RunOptions, Stage, run,
};

use crate::expect::expect_pass;

/// The number of seeds over which the number of messages is the mean.
const RUNS: u64 = 20;

/// Long enough for an election.
const SETTLED: Duration = Duration::from_secs(4);

/// The leader crashes after a while, and the others elect another one.
fn crash_leader<P: FollowsLeader>(cluster: &Cluster<P>, after: Duration) {
    let servers = cluster.n_servers();
    cluster.sleep(after);
    let leader = cluster.leader_of(0).expect("there is a leader");
    cluster.shutdown(leader);
    cluster.sleep(SETTLED);
    let next = if leader == 0 { 1 } else { 0 };
    let elected = cluster.leader_of(next).expect("there is another leader");
    let follow = (0..servers).filter(|&server| server != leader);
    assert!(follow.map(|server| cluster.leader_of(server)).all(|it| it == Some(elected)));
}

/// The requests that are sent after the crash, without heartbeats.
fn count(report: &Report) -> u64 {
    let events = report.recording.as_ref().expect("the run was recorded").events();
    let crashed =
        |event: &&tester::Recorded| matches!(event.kind, RecordedKind::Described { name: "crashed", .. });
    let crash = events.iter().find(crashed).expect("a crash").at;
    let is_election = |event: &&tester::Recorded| match &event.kind {
        RecordedKind::Message { step: Step::RequestSent { .. }, method, .. } => {
            event.at >= crash && !method.ends_with("heartbeat") && !method.ends_with("pulse")
        }
        _ => false,
    };
    events.iter().filter(is_election).count() as u64
}

/// The mean number of messages of an election among so many nodes of this form, rounded; `None`: the plain
/// form.
fn messages(form: Option<BullyForm>, servers: usize) -> u64 {
    let play = move |stage: &Stage<'_>| match form {
        None => stage.play(BullyNodes::new(::bully::make), |cluster| crash_leader(cluster, SETTLED)),
        Some(form) => {
            // The highest node leads, and then the next one.
            let priorities = (1..).take(servers).collect();
            // Votes have to be free.
            let after = if form == BullyForm::Priorities { VOTE_LOCK + SETTLED } else { SETTLED };
            let nodes = CuredBullyNodes::new(REFERENCE, form, priorities);
            stage.play(nodes, |cluster| crash_leader(cluster, after));
        }
    };
    let case = Case::new("messages", "B2", "an election", &["bully_extended"], play).servers(servers);
    // A case lives as long as the process.
    let case: &'static Case = Box::leak(Box::new(case));
    let total: u64 = (0..RUNS)
        .map(|seed| {
            let options = RunOptions { detail: Detail::Recorded, ..RunOptions::new(seed) };
            let report = run(case, &Solution::new("reference"), &options);
            // Nothing is published, and an invariant that has nothing to judge fails the run.
            if form != Some(BullyForm::Publishes) {
                expect_pass(&report);
            }
            count(&report)
        })
        .sum();
    (total + RUNS / 2) / RUNS
}

#[test]
fn the_page_has_the_number_of_messages_of_an_election() {
    let forms = [
        ("plain (B1)", None),
        ("generations (B2)", Some(BullyForm::Generations)),
        ("asks others (B3)", Some(BullyForm::Inquiries)),
        ("quorum (B4)", Some(BullyForm::Quorum)),
        ("publishes (B5)", Some(BullyForm::Publishes)),
        ("priorities (B6)", Some(BullyForm::Priorities)),
    ];
    let row = |(name, form)| {
        let [three, five, seven] = [3, 5, 7].map(|servers| messages(form, servers));
        format!("| {name} | {three} | {five} | {seven} |")
    };
    let table: Vec<String> = forms.into_iter().map(row).collect();
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../protocols/bully_extended/page.md");
    let page = fs::read_to_string(page).expect("the lab's page");
    let missing: Vec<&String> = table.iter().filter(|row| !page.lines().any(|line| line == **row)).collect();
    assert!(missing.is_empty(), "the page lacks\n{}", table.join("\n"));
}
