//! Rubrics of instructors, and the points that runs earn by them.

use staff::rubric::{DEFAULT, KnownTest, Reveal, Rubric, RubricMistake};
use staff::score::{Column, ColumnRuns, GradedTest, PointsError, TestRuns, by_part};

fn tests() -> Vec<KnownTest> {
    let test = |name: &str, part: &str, points| KnownTest {
        name: name.to_owned(),
        part: part.to_owned(),
        title: name.to_uppercase(),
        points,
    };
    vec![test("a_3a", "3A", 4), test("b_3a", "3A", 6), test("c_3b", "3B", 10), test("d_4b", "4B", 10)]
}

fn runs(name: &str, columns: &[(Column, u64, u64)]) -> TestRuns {
    let column = |&(column, passed, runs)| ColumnRuns { column, runs, passed, causes: Vec::new() };
    TestRuns { name: name.to_owned(), columns: columns.iter().map(column).collect() }
}

fn grade(rubric: &str, runs: &[TestRuns]) -> Vec<GradedTest> {
    Rubric::parse(rubric, &tests()).unwrap().grade(runs)
}

/// The score of `a_3a`, of 4 points.
fn score(rubric: &str, passed: u64, of: u64) -> String {
    grade(rubric, &[runs("a_3a", &[(Column::Own, passed, of)])])[0].score.to_string()
}

#[test]
fn the_default_forgives_one_run_of_twenty() {
    assert_eq!([20, 19, 18].map(|passed| score(DEFAULT, passed, 20)), ["4", "4", "0"]);
    assert_eq!(score(DEFAULT, 0, 0), "0");
    assert_eq!(Rubric::parse(DEFAULT, &tests()).unwrap().max().to_string(), "30");
}

#[test]
fn the_pass_rate_is_compared_exactly() {
    for hundredths in 1..=100_u64 {
        let rubric = format!("pass_rate = {}.{:02}", hundredths / 100, hundredths % 100);
        assert_eq!(score(&rubric, hundredths, 100), "4", "{rubric}");
        assert_eq!(score(&rubric, hundredths - 1, 100), "0", "{rubric}");
    }
}

#[test]
fn points_in_proportion_are_rounded_down() {
    let rubric = "scoring = 'proportional'";
    assert_eq!(
        [(0, 3), (1, 3), (2, 3), (3, 3)].map(|(it, of)| score(rubric, it, of)),
        ["0", "1.33", "2.66", "4"]
    );
}

#[test]
fn settings_of_a_test_override_its_part_and_settings_of_a_part_override_all() {
    let rubric = "
        scoring = 'proportional'
        [part.3A]
        scoring = 'all_or_nothing'
        pass_rate = 0.5
        [test.b_3a]
        points = 2.5
        pass_rate = 0.75
    ";
    let half = |name| runs(name, &[(Column::Own, 1, 2)]);
    let graded = grade(rubric, &[half("b_3a"), half("a_3a"), half("c_3b")]);
    let scores: Vec<_> =
        graded.iter().map(|it| (&*it.name, it.score.to_string(), it.max.to_string())).collect();
    let expected = [("a_3a", "4", "4"), ("b_3a", "0", "2.5"), ("c_3b", "5", "10"), ("d_4b", "0", "10")];
    assert!(scores.iter().map(|(name, score, max)| (*name, &**score, &**max)).eq(expected), "{scores:?}");
    let parts: Vec<_> =
        by_part(&graded).into_iter().map(|it| (it.part, it.score.to_string(), it.runs, it.passed)).collect();
    let expected = [("3A", "4", 4, 2), ("3B", "5", 2, 1), ("4B", "0", 0, 0)];
    assert!(parts.iter().map(|it| (&*it.0, &*it.1, it.2, it.3)).eq(expected), "{parts:?}");
}

#[test]
fn the_column_that_counts_is_chosen() {
    let both = |own, reference| runs("d_4b", &[(Column::Own, own, 10), (Column::Reference, reference, 10)]);
    let counted = |column: &str, runs: TestRuns| {
        let graded = grade(&format!("column = '{column}'\nscoring = 'proportional'"), &[runs]).remove(3);
        (graded.counted, graded.score.to_string())
    };
    let (own, reference) = (Some(Column::Own), Some(Column::Reference));
    assert_eq!(counted("own", both(3, 7)), (own, "3".to_owned()));
    assert_eq!(counted("reference", both(7, 3)), (reference, "3".to_owned()));
    assert_eq!(counted("best", both(3, 7)), (reference, "7".to_owned()));
    assert_eq!(counted("best", both(7, 3)), (own, "7".to_owned()));
    assert_eq!(counted("best", both(5, 5)).0, own);
    // If neither earns points, the column with more passed runs is shown.
    assert_eq!(grade("column = 'best'", &[both(3, 7)])[3].counted, reference);
    // A missing column is replaced only for tests that have no reference to run on.
    let alone = |column| runs("d_4b", &[(column, 10, 10)]);
    assert_eq!(counted("own", alone(Column::Reference)), (None, "0".to_owned()));
    assert_eq!(counted("reference", alone(Column::Own)), (own, "10".to_owned()));
    assert_eq!(counted("best", alone(Column::Reference)), (reference, "10".to_owned()));
}

#[test]
fn a_rubric_says_what_reports_reveal() {
    let reveal = |text: &str| Rubric::parse(text, &tests()).map(|rubric| rubric.reveal());
    for (name, expected) in [("message", Reveal::Message), ("rule", Reveal::Rule), ("events", Reveal::Events)]
    {
        assert_eq!(reveal(&format!("reveal = '{name}'")), Ok(expected));
    }
    assert_eq!((reveal(""), reveal(DEFAULT)), (Ok(Reveal::Events), Ok(Reveal::Events)));
    let refusal = reveal("column = 'own'\nreveal = 'all'").expect_err("unknown").to_string();
    assert!(refusal.starts_with("line 2 of the rubric: ") && !refusal.contains('\n'), "{refusal}");
    assert!(refusal.contains("`message`") && refusal.contains("`events`"), "{refusal}");
}

#[test]
fn a_rubric_can_select_parts() {
    let rubric = Rubric::parse("parts = ['3B', '4B']", &tests()).unwrap();
    assert_eq!(rubric.tests().map(|test| &*test.name).collect::<Vec<_>>(), ["c_3b", "d_4b"]);
    assert_eq!(rubric.max().to_string(), "20");
}

#[test]
fn mistakes_are_reported_with_their_lines() {
    let unknown = |name: &str| RubricMistake::UnknownTest(name.to_owned());
    let part = |name: &str| RubricMistake::UnknownPart(name.to_owned());
    for (text, line, mistake) in [
        ("\n\n[test.a_3b]\npoints = 1", 3, unknown("a_3b")),
        ("[test]\na_3a = {}\n\nx.points = 1", 4, unknown("x")),
        ("[part.3C]", 1, part("3C")),
        ("\nparts = ['3A',\n '3C']", 3, part("3C")),
        ("[test.a_3a]\n\npoints = -1", 3, RubricMistake::Points(PointsError(-1.0))),
        ("[test.a_3a]\npoints = 0.001", 2, RubricMistake::Points(PointsError(0.001))),
        ("\npass_rate = 0.0", 2, RubricMistake::PassRate(0.0)),
        ("[part.3A]\npass_rate = 95", 2, RubricMistake::PassRate(95.0)),
        ("[test.a_3a]\n\npass_rate = -0.5", 3, RubricMistake::PassRate(-0.5)),
    ] {
        let error = Rubric::parse(text, &tests()).unwrap_err();
        assert_eq!((error.line, error.mistake), (line, mistake), "{text}");
    }
    for (text, line, words) in [
        ("\nscores = 1", 2, "scores"),
        ("[part.3A]\npoints = 1", 2, "points"),
        ("[test.a_3a]\n\nweight = 1", 3, "weight"),
        ("\nscoring = 'fair'", 2, "fair"),
        ("\n\npass_rate = 'all'", 3, "string"),
        ("column = 'own'\ncolumn = 'own'", 2, "duplicate"),
        ("\n= 1", 2, ""),
    ] {
        let error = Rubric::parse(text, &tests()).unwrap_err();
        let RubricMistake::Form(message) = &error.mistake else { panic!("{text}: {error}") };
        assert!(error.line == line && message.contains(words), "{text}: {error}");
    }
}
