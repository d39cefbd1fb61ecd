//! The labs' solutions under faults: what is known of each protocol is really seen.

use compare::{
    CONTESTANTS, Contestant, Happening, Measures, NOT_COMPARED, PLANS, Plan, Setup, compare, html, text,
    trial,
};
use labapi::Solution;

/// The reference.
const REFERENCE: Solution = lab::COMPILED_IN[0];

fn measures(contestant: &str, plan: &str, seed: u64) -> Measures {
    let contestant = Contestant::named(contestant).expect("it takes part");
    let plan = Plan::named(plan).expect("there is such a plan");
    let timeline = trial(contestant, &REFERENCE, plan, 5, seed).expect("the reference has it");
    Measures::of(contestant, &timeline.expect("no run fails"))
}

#[test]
fn every_lab_takes_part_or_there_is_a_reason() {
    for lab in tester::labs() {
        let takes_part = CONTESTANTS.iter().any(|it| it.lab == Some(lab.krate));
        let reason = NOT_COMPARED.iter().any(|(krate, _)| *krate == lab.krate);
        assert!(
            takes_part != reason,
            "lab {} ({}) takes part, or stands in NOT_COMPARED with a reason",
            lab.number,
            lab.krate
        );
    }
}

#[test]
fn in_a_partition_bully_has_two_leaders_that_nothing_tells_apart() {
    let bully = measures("bully", "partition", 1).doubled.expect("it has leaders");
    assert!(bully.in_one_generation.as_millis() > 1000, "{bully:?}");

    // The old leader in the minority goes on in Raft, too, but in an older term. With check quorum it soon
    // gives up.
    let raft = measures("raft", "partition", 1).doubled.expect("it has leaders");
    assert!(raft.total.as_millis() > 1000 && raft.in_one_generation.is_zero(), "{raft:?}");
    let extended = measures("raft-extended", "partition", 1).doubled.expect("it has leaders");
    assert!(extended.total < raft.total / 4 && extended.in_one_generation.is_zero(), "{extended:?}");
}

#[test]
fn an_unstable_best_node_troubles_only_those_that_prefer_it() {
    let total = |name| measures(name, "unstable-best", 2).leaderless.expect("it has leaders").total;
    assert!(total("bully").as_millis() > 2000, "it leads whenever it is there");
    assert!(total("raft").as_millis() < 1000, "it led once at most");
}

#[test]
fn logs_lose_nothing() {
    for name in ["raft", "raft-extended", "paxos", "zab", "bully-publishes"] {
        for plan in PLANS {
            let writes = measures(name, plan.name, 3).writes.expect("it takes writes");
            assert!(writes.acknowledged > 50, "{name}, {}: {writes:?}", plan.name);
            let bad = writes.lost + writes.not_everywhere + writes.reappeared;
            assert_eq!(bad, 0, "{name}, {}: {writes:?}", plan.name);
        }
    }
}

#[test]
fn a_leader_in_the_minority_tells_its_client_that_its_writes_have_failed() {
    for name in ["raft", "raft-extended", "paxos", "zab", "kafka"] {
        let contestant = Contestant::named(name).expect("it takes part");
        let plan = Plan::named("partition").expect("there is such a plan");
        let failed = (1..=3).any(|seed| {
            let timeline = trial(contestant, &REFERENCE, plan, 3, seed).expect("the reference has it");
            let entries = timeline.expect("no run fails").entries;
            entries.iter().any(|entry| matches!(entry.what, Happening::Failed(_)))
        });
        assert!(failed, "{name}: the new leader has put other writes in their place");
    }
}

#[test]
fn reads_by_a_lease_are_fresh_and_reads_of_any_server_are_not() {
    let reads = |name| measures(name, "partition", 4).reads;
    let stale = |name| reads(name).map(|reads| (reads.answered > 50, reads.stale > 0));
    assert_eq!(stale("raft-extended"), Some((true, false)));
    assert_eq!(stale("zab"), Some((true, true)));
    assert_eq!(stale("kafka"), Some((true, true)), "a deposed leader answers");
    assert_eq!(stale("raft"), None, "it reads through the log");
}

#[test]
fn each_cure_of_bully_ends_what_it_is_for() {
    let doubled = |name, plan| measures(name, plan, 1).doubled.expect("it has leaders");
    let generations = doubled("bully-generations", "partition");
    assert!(generations.total.as_millis() > 1000 && generations.in_one_generation.is_zero());
    assert!(doubled("bully-asks", "leader-crashes").total.is_zero(), "it asks before it claims");
    assert!(!doubled("bully-generations", "leader-crashes").total.is_zero());
    assert!(doubled("bully-quorum", "partition").total.as_millis() < 100, "a moment at most");
    let locked = measures("bully-votes", "leader-crashes", 1).leaderless.expect("it has leaders");
    assert!(locked.longest.as_millis() > 1400, "until the winner itself returns");
}

#[test]
fn the_last_replica_in_sync_takes_writes_with_it() {
    let lost = |name| -> u64 {
        let lost = |seed| measures(name, "left-alone", seed).writes.expect("it takes writes").lost;
        (1..=5).map(lost).sum()
    };
    assert!(lost("kafka-min-isr-1") > 0);
    assert_eq!(lost("kafka"), 0);
}

#[test]
fn without_a_leader_there_is_always_progress_and_reads_are_stale() {
    let Measures { leaderless, stalled, writes, reads, .. } = measures("eureka", "partition", 1);
    assert_eq!(leaderless, None);
    assert!(stalled.expect("it takes writes").as_millis() < 100);
    let (writes, reads) = (writes.expect("it takes writes"), reads.expect("any peer answers"));
    assert!(reads.stale > 100 && reads.stale < reads.answered, "{reads:?}");
    assert_eq!((writes.lost, writes.not_everywhere), (0, 0), "renewals bring all to everybody in the end");
}

fn setup(runs: u32) -> Setup {
    let plans = ["leader-crashes", "left-alone"].map(|name| Plan::named(name).expect("there is one"));
    Setup { contestants: CONTESTANTS.to_vec(), plans: plans.to_vec(), servers: 3, runs, seed: 7 }
}

#[test]
fn the_same_seeds_give_the_same_json_however_many_run_at_a_time() {
    let json = |jobs| compare(&setup(2), &REFERENCE, jobs, &|| true).expect("no run fails").to_json();
    let one = json(1);
    assert_eq!(one, json(2));
    let other = Setup { seed: 8, ..setup(2) };
    assert_ne!(one, compare(&other, &REFERENCE, 2, &|| true).expect("no run fails").to_json());
}

#[test]
fn results_have_all_protocols_and_every_form_shows_them() {
    let comparison = compare(&setup(1), &REFERENCE, 2, &|| true).expect("no run fails");
    let json: serde_json::Value = serde_json::from_str(&comparison.to_json()).expect("JSON");
    assert_eq!((&json["schema"], &json["runs"], &json["servers"]), (&1.into(), &1.into(), &3.into()));
    assert_eq!(json["seed"], "0x7");
    let protocols = json["plans"][0]["protocols"].as_array().expect("a list");
    let of_bully = protocols.iter().find(|it| it["name"] == "bully").expect("it takes part");
    assert_eq!((&of_bully["name"], &of_bully["writes"]), (&"bully".into(), &serde_json::Value::Null));
    assert!(of_bully["leaderless_longest_ms"]["median"].as_f64().is_some_and(|ms| ms > 100.0), "{of_bully}");

    let (text, page) = (text(&comparison), html(&comparison, "cargo lab compare --runs 1"));
    for contestant in CONTESTANTS {
        assert!(text.contains(contestant.title));
        assert!(page.contains(&format!("<h3>{}</h3>", contestant.title)));
        assert!(contestant.why.len() > 200, "{} has no paragraph", contestant.name);
    }
    for plan in &comparison.plans {
        assert!(text.contains(plan.title) && page.contains(plan.title) && page.contains(plan.story));
    }
}

#[test]
fn the_page_needs_no_network_no_script_and_no_second_look() {
    let comparison = compare(&setup(1), &REFERENCE, 2, &|| true).expect("no run fails");
    let page = html(&comparison, "cargo lab compare <script>");
    for forbidden in ["<script", "src=", "href=", "style=\"", "url("] {
        assert!(!page.contains(forbidden), "{forbidden}");
    }
    assert!(page.contains("default-src 'none'; style-src 'sha256-"));
    assert_eq!(page.matches("<svg ").count(), 2 * comparison.plans.len());
    assert_eq!(page.matches("viewBox").count(), 2 * comparison.plans.len(), "once in each");
}

#[test]
fn whoever_stops_it_gets_no_result() {
    let error = compare(&setup(1), &REFERENCE, 1, &|| false).expect_err("stopped");
    assert_eq!(error.to_string(), "it was stopped");
    let none = Solution::new("none");
    let error = compare(&setup(1), &none, 1, &|| true).expect_err("it has no Raft");
    assert_eq!(error.to_string(), "the solution `none` has no Raft");
}
