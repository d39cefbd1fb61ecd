//! The reports of submissions, among them some with text chosen by an attacker.

use labreport::results::{Rule, RuleEvent};
use serde_json::Value;
use staff::report::{Graded, Outcome, junit_xml, report_html, results_json, scores_csv, write, write_scores};
use staff::rules;
use staff::score::{Cause, Column, ColumnRuns, GradedTest, NOT_RUN, Points};
use staff::submission::{Reason, Refusal, SourceFile};

const HOSTILE: &str =
    "<script>alert('x')</script> & \"q\" ]]> \u{1b}[31m\0\u{b}\u{ffff}\u{202e} <!-- --> ${x}";

fn empty(name: &str) -> Graded {
    Graded {
        name: name.to_owned(),
        folder: String::new(),
        outcome: Outcome::Graded,
        ignored: Vec::new(),
        ignored_besides: 0,
        findings: rules::Findings::default(),
        objections: Vec::new(),
        build_log: String::new(),
        notes: Vec::new(),
        tests: Vec::new(),
    }
}

fn cause(count: u64, message: &str) -> Cause {
    Cause {
        kind: "not_implemented".to_owned(),
        message: message.to_owned(),
        count,
        seed: "0x1f".to_owned(),
        fingerprint: "0xabc".to_owned(),
        replay: "cargo lab replay a_3a --seed 0x1f".to_owned(),
        ..Cause::default()
    }
}

/// A rule whose texts all say this.
fn rule(says: &str) -> Rule {
    let text = || says.to_owned();
    Rule {
        id: text(),
        text: text(),
        headline: text(),
        server: text(),
        at_seconds: 2.433,
        location: Some(text()),
        events: vec![RuleEvent { time: 2.433, server: text(), what: text() }],
    }
}

fn test(name: &str, part: &str, score: u32, columns: Vec<ColumnRuns>) -> GradedTest {
    GradedTest {
        name: name.to_owned(),
        part: part.to_owned(),
        title: format!("the test {name}"),
        score: Points::hundredths(score),
        max: Points::hundredths(1000),
        counted: columns.last().map(|column| column.column),
        columns,
    }
}

fn runs(column: Column, passed: u64, runs: u64, causes: Vec<Cause>) -> ColumnRuns {
    ColumnRuns { column, runs, passed, causes }
}

fn graded() -> Graded {
    let mut graded = empty("ann");
    graded.ignored = vec!["Cargo.toml".to_owned()];
    graded.notes = vec!["Part 4 was not handed in.".to_owned()];
    graded.tests = vec![
        test("a_3a", "3A", 1000, vec![runs(Column::Own, 20, 20, Vec::new())]),
        test(
            "b_3a",
            "3A",
            0,
            vec![runs(Column::Own, 17, 20, vec![cause(2, "expected 1, saw 2"), cause(1, "deadlock")])],
        ),
        test(
            "c_4b",
            "4B",
            550,
            vec![
                runs(Column::Own, 0, 0, Vec::new()),
                runs(Column::Reference, 11, 20, vec![cause(9, "lost")]),
            ],
        ),
        test("d_4b", "4B", 0, Vec::new()),
    ];
    graded
}

fn hostile() -> Graded {
    let mut graded = empty("eve");
    graded.ignored = vec![HOSTILE.to_owned()];
    graded.notes = vec![HOSTILE.to_owned()];
    graded.build_log = HOSTILE.to_owned();
    let mut column = runs(Column::Own, 0, 1, vec![cause(1, HOSTILE)]);
    column.causes[0].kind = HOSTILE.to_owned();
    column.causes[0].seed = HOSTILE.to_owned();
    column.causes[0].replay = HOSTILE.to_owned();
    column.causes[0].rule = Some(rule(HOSTILE));
    graded.tests = vec![test(HOSTILE, HOSTILE, 0, vec![column])];
    let source = "#[doc = \"<script>\"] #[path = \"<script>\"] mod a; m!(\"std::fs::<script>\");";
    let file = SourceFile { path: "raft/src/<script>.rs".to_owned(), text: source.to_owned() };
    graded.findings = rules::check(&[file]).unwrap();
    assert_eq!(graded.findings.violations.len(), 2);
    graded.objections = vec![HOSTILE.to_owned()];
    graded.outcome = Outcome::Refused(vec![Refusal {
        path: HOSTILE.to_owned(),
        reason: Reason::Unreadable(HOSTILE.to_owned()),
    }]);
    graded
}

/// All reports of a submission.
fn all(graded: &Graded) -> [String; 4] {
    [results_json(graded), junit_xml(graded), report_html(graded), scores_csv(std::slice::from_ref(graded))]
}

#[test]
fn gradescope_gets_every_test() {
    let json: Value = serde_json::from_str(&results_json(&graded())).unwrap();
    assert_eq!(json["score"], 15.5);
    assert_eq!(json["stdout_visibility"], "hidden");
    let output = json["output"].as_str().unwrap();
    assert!(
        output.contains("Part 4 was not handed in.\n3A: 10 of 20 points\n4B: 5.5 of 20 points"),
        "{output}"
    );
    let tests = json["tests"].as_array().unwrap();
    let statuses: Vec<_> =
        tests.iter().map(|it| (it["number"].as_str().unwrap(), it["status"].as_str().unwrap())).collect();
    assert_eq!(statuses, [("3A.1", "passed"), ("3A.2", "failed"), ("4B.1", "failed"), ("4B.2", "failed")]);
    assert_eq!((&tests[2]["score"], &tests[2]["max_score"]), (&Value::from(5.5), &Value::from(10.0)));
    assert_eq!(tests[0]["name"], "a_3a: the test a_3a");
    assert_eq!(
        tests[1]["output"],
        "own: 17 of 20 runs passed (95 % interval of the pass rate: 64.0 to 94.8 %)\n\n\
         2 times not_implemented: expected 1, saw 2\n  cargo lab replay a_3a --seed 0x1f\n\n\
         1 times not_implemented: deadlock\n  cargo lab replay a_3a --seed 0x1f"
    );
    assert!(
        tests[2]["output"].as_str().unwrap().starts_with("own: not run\non the reference's Raft: 11 of 20")
    );
    assert_eq!(tests[3]["output"], "not run");
}

#[test]
fn reports_have_the_rule_that_explains_a_failure() {
    let mut graded = graded();
    let explained = Rule { id: "AE1".to_owned(), text: "reply false".to_owned(), ..rule("server 2 did it") };
    graded.tests[1].columns[0].causes[0].rule = Some(explained.clone());
    graded.tests[1].columns[0].causes[1].before = Some(explained);
    for report in [results_json(&graded), junit_xml(&graded), report_html(&graded)] {
        for line in ["broken rule [AE1]: server 2 did it", " 1  2.433  server 2 did it", "rule: reply false"]
        {
            assert_eq!(report.matches(line).count(), 2, "{line}: {report}");
        }
    }
}

#[test]
fn junit_has_a_suite_for_each_part() {
    let xml = junit_xml(&graded());
    for piece in [
        r#"<testsuites name="ann" tests="5" failures="2" errors="0""#,
        r#"<testsuite name="3A" tests="2" disabled="0" errors="0" failures="1""#,
        r#"<testcase name="c_4b on the reference's Raft" classname="4B""#,
        "3 of 20 runs failed",
        "cargo lab replay a_3a --seed 0x1f",
    ] {
        assert!(xml.replace("&apos;", "'").contains(piece), "{piece}: {xml}");
    }
    let failed = Graded { outcome: Outcome::DoesNotBuild, build_log: "error: x".to_owned(), ..empty("bob") };
    let xml = junit_xml(&failed);
    assert!(xml.contains(r#"type="does_not_build""#) && xml.contains("error: x"), "{xml}");
}

#[test]
fn the_page_shows_scores_rates_and_each_cause_once() {
    let page = report_html(&graded());
    for piece in [
        "15.5 of 40 points",
        "85.0 %",
        "64.0 to 94.8 %",
        "expected 1, saw 2",
        "not implemented</strong> in 2 of 20 runs",
        "<code>0x1f</code>",
        "cargo lab replay a_3a --seed 0x1f",
        "<strong>on the reference's Raft</strong>",
        "Cargo.toml",
    ] {
        assert!(page.contains(piece), "{piece}: {page}");
    }
    assert_eq!(page.matches("expected 1, saw 2").count(), 1);
    assert!(!page.contains("http://") && !page.contains("https://") && !page.contains("src="), "{page}");
}

#[test]
fn untrusted_text_is_never_markup() {
    let [json, xml, page, csv] = all(&hostile());
    let value: Value = serde_json::from_str(&json).unwrap();
    assert!(value["tests"][0]["output"].as_str().unwrap().contains("<script>"));
    for text in [&xml, &page] {
        assert!(
            !text.contains("<script") && !text.contains("<!--") && !text.contains("alert('x')</"),
            "{text}"
        );
        assert!(text.contains("&lt;script"), "{text}");
    }
    for text in [&json, &xml, &page, &csv] {
        let bad = |c: char| c.is_control() && c != '\n' || matches!(c, '\u{ffff}' | '\u{202e}');
        assert!(!text.contains(bad), "{text:?}");
        // JSON escapes the backslash.
        assert!(text.contains(r"\u{1b}[31m") && text.contains(r"\u{202e}"), "{text}");
    }
}

#[test]
fn long_messages_are_cut() {
    let mut graded = graded();
    graded.tests[1].columns[0].causes = (0..1000).map(|_| cause(1, &"x".repeat(1 << 20))).collect();
    graded.build_log = "y".repeat(1 << 20) + "the end";
    let [json, _, page, _] = all(&graded);
    assert!(page.contains("the end") && json.contains("the end"));
    assert!(page.len() < 300_000 && json.len() < 300_000, "{} {}", page.len(), json.len());
    assert!(page.contains("And 980 causes more."));
}

/// The most causes, each of maximum length, of characters with the longest escapes.
#[test]
fn no_file_exceeds_its_size_limit() {
    let mut graded = hostile();
    let long = "\u{e000}\"&<\n".repeat(1_000);
    let causes: Vec<Cause> = (0..30).map(|_| cause(1, &long)).collect();
    graded.tests = (0..12)
        .map(|number| {
            test(&format!("t{number}"), "3A", 0, vec![runs(Column::Own, 0, 1000, causes[..30].to_vec())])
        })
        .collect();
    graded.notes = vec![long.clone(); 100];
    graded.build_log = long;
    graded.findings.violations = vec![graded.findings.violations[0].clone(); 5_000];
    let [json, xml, page, _] = all(&graded);
    assert!(json.len() <= 1 << 20 && xml.len() <= 2 << 20 && page.len() <= 2 << 20);
    let json: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["tests"].as_array().unwrap().len(), 12);
    // Each test has its reason, regardless of their number.
    for test in json["tests"].as_array().unwrap() {
        assert!(test["output"].as_str().unwrap().contains(r#"\u{e000}"&<"#), "{test}");
    }
    assert_eq!(xml.matches("<failure").count(), 13);
}

/// The quoted value after each occurrence of `before`.
fn after<'a>(page: &'a str, before: &str) -> Vec<&'a str> {
    page.split(before).skip(1).filter_map(|rest| rest.split('"').next()).collect()
}

#[test]
fn tests_and_their_failures_are_linked() {
    let page = report_html(&graded());
    let ids = after(&page, "id=\"");
    for link in after(&page, "href=\"#") {
        assert!(ids.contains(&link), "{link} leads nowhere: {ids:?}");
    }
    for piece in [
        "<a href=\"#failures-1-own\"><code>b_3a</code></a>",
        "<a href=\"#failures-2-reference\">11 of 20</a>",
        "<h3 id=\"failures-1-own\"><a href=\"#test-1\">b_3a</a>",
    ] {
        assert!(page.contains(piece), "{piece}: {page}");
    }
    assert!(!page.contains("failures-0"), "a passed test has no failures");
    let mut distinct = ids.clone();
    distinct.sort_unstable();
    distinct.dedup();
    assert_eq!(distinct.len(), ids.len(), "{ids:?}");
    // Names come from submissions.
    let page = report_html(&hostile());
    assert!(after(&page, "id=\"").iter().all(|id| id.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')));
}

#[test]
fn tests_that_did_not_run_are_folded() {
    let mut graded = graded();
    graded.tests.push(test("e_5a", "5A", 0, Vec::new()));
    graded.tests.push(test("f_5b", "5B", 0, Vec::new()));
    let page = report_html(&graded);
    // One row for all parts that did not run, with the sum of their points.
    assert!(page.contains("<td>5A, 5B</td><td class=\"number failed\">0 of 20</td>"), "{page}");
    let (before, folded) = page.split_once("<details>").expect("a part that is folded");
    let (folded, after) = folded.split_once("</details>").unwrap();
    for name in ["d_4b", "e_5a", "f_5b"] {
        assert!(folded.contains(name) && !before.contains(name) && !after.contains(name), "{name}");
    }
    for name in ["a_3a", "b_3a", "c_4b"] {
        assert!(before.contains(name) && !folded.contains(name), "{name}");
    }
    assert!(folded.contains("3 tests were not run"), "{folded}");
    // If all tests ran, nothing is folded.
    graded.tests.truncate(3);
    assert!(!report_html(&graded).contains("<details>"));
}

/// A table's row becomes a block on a phone, and a number is never broken over lines.
#[test]
fn tables_fit_on_a_phone() {
    let page = report_html(&graded());
    for table in page.split("<table").skip(1) {
        let table = table.split_once("</table>").unwrap().0;
        if table.matches("<th").count() <= 1 + 3 {
            // The head counts too: three short columns have room.
            continue;
        }
        assert!(table.starts_with(" class=\"rows"), "{table}");
        for row in table.split_once("<tbody>").unwrap().1.split("<tr").skip(1) {
            // All cells but the first have labels, unless they are empty or span columns.
            for cell in row.split("<td").skip(2) {
                let says = ["data-head=", "colspan="].iter().any(|it| cell.contains(it));
                assert!(says || cell.starts_with("></td>"), "{cell}");
            }
        }
        for cell in table.split("<td").filter(|cell| cell.contains(" %<")) {
            assert!(cell.contains("class=\"number\""), "{cell}");
        }
    }
    for rule in
        ["td.number, th.number { text-align: right; white-space: nowrap;", ".rows td[data-head]::before"]
    {
        assert!(page.contains(rule), "{rule}");
    }
}

#[test]
fn a_pass_rate_never_exceeds_100_percent() {
    let column = runs(Column::Own, 7, 5, Vec::new());
    let graded = Graded { tests: vec![test("a_3a", "3A", 0, vec![column])], ..empty("ann") };
    let page = report_html(&graded);
    assert!(page.contains("100.0 %") && !page.contains("140.0 %") && !page.contains("NaN"), "{page}");
}

#[test]
fn the_table_has_a_row_for_each_submission() {
    let failed = Graded { outcome: Outcome::Stopped("it ate\nall, \"memory\"".to_owned()), ..empty("=1+1") };
    let table = scores_csv(&[Graded { folder: "/handed/in/张三".to_owned(), ..graded() }, failed, hostile()]);
    let lines: Vec<_> = table.lines().collect();
    assert!(lines[0].starts_with("name,outcome,score,max_score,3A,4B,"), "{table}");
    assert_eq!(lines[1], "ann,graded,15.5,40,10,5.5,,,/handed/in/张三");
    assert_eq!(lines[2], "'=1+1,stopped,0,0,,,,\"it ate all, \"\"memory\"\"\",");
    assert!(lines[3].starts_with("eve,refused,0,10,,,0,"), "{table}");
    assert_eq!(lines.len(), 4);
    assert_eq!(scores_csv(&[]), "name,outcome,score,max_score,detail,folder\n");
}

#[test]
fn missing_runs_suppress_the_interval() {
    let mut column = runs(Column::Own, 1, 20, vec![cause(3, "hung"), cause(16, "3 runs before it had hung")]);
    column.causes[1].kind = NOT_RUN.to_owned();
    let graded = Graded { tests: vec![test("a_3a", "3A", 0, vec![column])], ..empty("ann") };
    let [json, _, page, _] = all(&graded);
    assert!(json.contains("1 of 20 runs passed (16 were not made, and count as failed)"), "{json}");
    assert!(page.contains("not run</strong> in 16 of 20 runs"), "{page}");
    // The interval that 1 of 20 would have.
    for text in [&json, &page] {
        assert!(!text.contains("0.9 to 23.6 %"), "{text}");
    }
}

#[test]
fn an_unchecked_submission_is_reported_as_such() {
    let findings =
        rules::check(&[SourceFile { path: "raft/src/a.rs".to_owned(), text: "fn f( { }".to_owned() }]);
    let graded = Graded { outcome: Outcome::Unchecked, findings: findings.unwrap(), ..empty("ann") };
    let [json, xml, page, csv] = all(&graded);
    for text in [&json, &xml, &page] {
        assert!(text.contains("a person has looked at it") && !text.contains("nothing was built"), "{text}");
    }
    assert!(csv.contains("ann,unchecked,0,0,raft/src/a.rs:1:"), "{csv}");
}

#[test]
fn objections_to_artifacts_are_reported() {
    let objections = vec!["raft: 8 bytes".to_owned(), "raft: 9 bytes".to_owned()];
    let graded = Graded { outcome: Outcome::BreaksRules, objections, ..empty("ann") };
    let [json, xml, page, csv] = all(&graded);
    for text in [&json, &xml, &page] {
        assert!(text.contains("raft: 8 bytes") && text.contains("raft: 9 bytes"), "{text}");
    }
    assert!(csv.contains("ann,breaks_rules,0,0,raft: 8 bytes"), "{csv}");
}

#[test]
fn every_outcome_has_a_report() {
    for outcome in [
        Outcome::Graded,
        Outcome::Unfinished("its time was up".to_owned()),
        Outcome::BreaksRules,
        Outcome::Unchecked,
        Outcome::DoesNotBuild,
        Outcome::Refused(Vec::new()),
        Outcome::NotGraded("no disk".to_owned()),
    ] {
        let graded = Graded { outcome, ..empty("bob") };
        let sentence = graded.outcome.sentence();
        let [json, xml, page, _] = all(&graded);
        let json: Value = serde_json::from_str(&json).unwrap();
        assert!(json["score"] == 0.0 && json["output"].as_str().unwrap().starts_with(&sentence), "{json}");
        assert!(page.contains(&sentence), "{page}");
        assert_eq!(xml.contains(&sentence), graded.outcome != Outcome::Graded, "{xml}");
    }
}

#[test]
fn a_stored_result_gives_the_same_bytes() {
    for graded in [graded(), hostile(), empty("x")] {
        let stored: Graded = serde_json::from_str(&serde_json::to_string(&graded).unwrap()).unwrap();
        assert_eq!(stored, graded);
        assert_eq!(all(&stored), all(&graded));
    }
}

#[test]
fn files_are_replaced_atomically() {
    let folder = tempfile::TempDir::new().unwrap();
    for graded in [hostile(), graded()] {
        write(&graded, folder.path()).unwrap();
        write_scores(std::slice::from_ref(&graded), &folder.path().join("scores.csv")).unwrap();
        let read = |name| std::fs::read_to_string(folder.path().join(name)).unwrap();
        assert_eq!(
            all(&graded),
            [read("results.json"), read("junit.xml"), read("report.html"), read("scores.csv")]
        );
    }
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 4);
    // The draft of a killed writer is replaced by the next one.
    std::fs::write(folder.path().join(".results.json.draft"), "half of it").unwrap();
    write(&graded(), folder.path()).unwrap();
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 4);
    assert!(write(&graded(), &folder.path().join("none")).is_err());
}
