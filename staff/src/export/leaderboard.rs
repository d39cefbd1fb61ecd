//! `lab export leaderboard`: a page that compares how fast and how thrifty submissions are.
//!
//! The figures are those of the runs that were graded; nothing is run. The page is one file that loads and
//! runs nothing.

use std::cmp::Ordering;
use std::path::Path;

use lab::Verdict;
use lab::error::CommandError;
use labreport::text::one_line;
use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::args::LeaderboardArgs;
use super::write as write_file;
use crate::grade::stored::Stored;
use crate::report::{Graded, Outcome, POLICY, STYLE};
use crate::score::{Column, Figures};

/// The tests in which one command follows the other, so that their time says how long a command takes.
const TESTS: [&str; 4] = ["basic_agree_3b", "rpc_bytes_3b", "speed_4b", "speed_4c"];

/// Characters of a name.
const LINE: usize = 200;

/// A submission that passed all runs of a test.
#[derive(Debug, Clone, PartialEq)]
struct Place {
    name: String,
    /// Virtual seconds for each command.
    latency: f64,
    /// RPCs for each command.
    rpcs: f64,
}

/// The table of a test.
#[derive(Debug, Clone, PartialEq)]
struct Table {
    test: &'static str,
    title: &'static str,
    /// Runs of each submission.
    runs: u64,
    /// The quickest first.
    places: Vec<Place>,
}

/// Writes the page.
pub(super) fn write(args: &LeaderboardArgs) -> Result<Verdict, CommandError> {
    let results = &args.of.results;
    let stored = Stored::open(results)?;
    let mut all = Vec::new();
    for row in stored.rows()? {
        let figures = stored.figures(&row.name)?;
        all.push((row, figures));
    }
    let tables = tables(&all);
    let file = args.html.clone().unwrap_or_else(|| results.join("leaderboard.html"));
    write_file(&file, page(&tables, all.len()).as_bytes())?;
    println!("{}", summary(&tables, &file));
    Ok(Verdict::Passed)
}

fn summary(tables: &[Table], file: &Path) -> String {
    if tables.is_empty() {
        return format!(
            "{}: no submission has figures of these tests: {}; results of an earlier version have none, and \
             `lab grade --again` makes them",
            file.display(),
            TESTS.join(", ")
        );
    }
    let places = |table: &Table| format!("{} in {}", table.places.len(), table.test);
    format!("{}: {}", file.display(), tables.iter().map(places).collect::<Vec<_>>().join(", "))
}

/// The tables of the tests that some submission has passed in all runs.
fn tables(all: &[(Graded, Vec<(String, Figures)>)]) -> Vec<Table> {
    let cases = TESTS.iter().filter_map(|name| tester::cases().iter().find(|case| case.name == *name));
    let tables = cases.map(|case| {
        let passed = all.iter().filter_map(|(row, figures)| {
            let (_, figures) = figures.iter().find(|(name, _)| name == case.name)?;
            passed_all(row, case.name, figures).then_some((row, figures))
        });
        let passed: Vec<_> = passed.collect();
        let mut places: Vec<Place> = passed.iter().filter_map(|(row, figures)| place(row, figures)).collect();
        places.sort_by(order);
        let runs = passed.iter().map(|(_, figures)| figures.runs).max().unwrap_or(0);
        Table { test: case.name, title: case.title, runs, places }
    });
    tables.filter(|table| !table.places.is_empty()).collect()
}

/// Whether the submission was graded, and all runs of the test passed on its own Raft.
fn passed_all(row: &Graded, test: &str, figures: &Figures) -> bool {
    let columns = row.tests.iter().filter(|it| it.name == test).flat_map(|it| &it.columns);
    let own = columns.filter(|runs| runs.column == Column::Own);
    matches!(row.outcome, Outcome::Graded | Outcome::Unfinished(_))
        && own.into_iter().any(|runs| runs.runs > 0 && runs.passed == runs.runs && figures.runs == runs.runs)
}

fn place(row: &Graded, figures: &Figures) -> Option<Place> {
    Some(Place {
        name: row.name.clone(),
        latency: figures.seconds_per_command()?,
        rpcs: figures.rpcs_per_command()?,
    })
}

/// The lower latency first, then fewer RPCs, then by name.
fn order(one: &Place, other: &Place) -> Ordering {
    one.latency
        .total_cmp(&other.latency)
        .then(one.rpcs.total_cmp(&other.rpcs))
        .then_with(|| one.name.cmp(&other.name))
}

fn page(tables: &[Table], submissions: usize) -> String {
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta http-equiv="Content-Security-Policy" content=(POLICY);
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { "Leaderboard" }
                style { (PreEscaped(STYLE)) }
            }
            body {
                h1 { "Leaderboard" }
                p {
                    "Submissions that pass all graded runs of a test, on their own Raft. "
                    "All have the same seeds. " (submissions) " were graded."
                }
                (definitions())
                @for table in tables { (of_test(table)) }
                @if tables.is_empty() { p.faint { "No submission passes one of these tests." } }
            }
        }
    };
    page.into_string() + "\n"
}

fn definitions() -> Markup {
    html! {
        p {
            strong { "Virtual commit latency" }
            " is the virtual time of a run, from the moment when all servers have been started until the end "
            "of the test, divided by the number of commands that were committed. Virtual time is that of the "
            "simulated network and of the solution's own waiting, and is the same on every machine. In these "
            "tests each command waits for the one before. The first election is part of the time: where "
            "there are few commands, it is most of it."
        }
        p {
            strong { "RPCs per command" }
            " are all RPCs that were sent in a run, divided by the same number: of servers and clients, with "
            "heartbeats, elections, and those that were lost."
        }
        p { "Both are quotients of sums over all runs of the test. Equal figures share a place." }
    }
}

fn of_test(table: &Table) -> Markup {
    html! {
        h2 { code { (table.test) } }
        p.faint { (table.title) "; " (table.runs) @if table.runs == 1 { " run" } @else { " runs" } }
        table {
            thead {
                tr {
                    th.number { "place" } th { "submission" }
                    th.number { "latency" } th.number { "RPCs per command" }
                }
            }
            tbody {
                @for (at, place) in table.places.iter().enumerate() {
                    tr {
                        td.number { (number(&table.places, at)) }
                        td { (one_line(&place.name, LINE)) }
                        td.number { (milliseconds(place.latency)) }
                        td.number { (rpcs(place.rpcs)) }
                    }
                }
            }
        }
    }
}

/// The place of the submission at this position, from 1 on. Those that the page shows as equal share one.
fn number(places: &[Place], at: usize) -> usize {
    let shown = |place: &Place| (milliseconds(place.latency), rpcs(place.rpcs));
    let equal = places[..at].iter().rev().take_while(|before| shown(before) == shown(&places[at])).count();
    at - equal + 1
}

fn milliseconds(seconds: f64) -> String {
    format!("{:.2} ms", seconds * 1000.0)
}

fn rpcs(rpcs: f64) -> String {
    format!("{rpcs:.2}")
}

#[cfg(test)]
mod tests {
    use super::super::classroom::tests::graded;
    use super::*;
    use crate::score::{ColumnRuns, GradedTest, Points};

    /// A submission that passed this many of two runs of a test.
    fn submission(name: &str, test: &str, passed: u64, figures: Figures) -> (Graded, Vec<(String, Figures)>) {
        let column = ColumnRuns { column: Column::Own, runs: 2, passed, causes: Vec::new() };
        let of_test = GradedTest {
            name: test.to_owned(),
            part: "4B".to_owned(),
            title: String::new(),
            score: Points::ZERO,
            max: Points::ZERO,
            counted: Some(Column::Own),
            columns: vec![column],
        };
        let row = Graded { name: name.to_owned(), tests: vec![of_test], ..graded() };
        (row, vec![(test.to_owned(), figures)])
    }

    fn figures(virtual_seconds: f64, rpcs: u64) -> Figures {
        Figures { runs: 2, virtual_seconds, rpcs, commands: 2000 }
    }

    #[test]
    fn every_test_of_the_leaderboard_exists() {
        for name in TESTS {
            assert!(tester::cases().iter().any(|case| case.name == name), "{name}");
        }
    }

    #[test]
    fn only_those_that_pass_all_runs_have_a_place() {
        let mut does_not_count = submission("dan", "speed_4b", 2, figures(1.0, 1));
        does_not_count.0.outcome = Outcome::Unchecked;
        let all = [
            submission("ann", "speed_4b", 2, figures(30.0, 9000)),
            submission("bob", "speed_4b", 1, Figures { runs: 1, ..figures(1.0, 1) }),
            submission("cat", "speed_4b", 2, figures(20.0, 12_000)),
            does_not_count,
            // No test of the leaderboard.
            submission("eve", "snapshots_4c", 2, figures(1.0, 1)),
            submission("fay", "speed_4b", 2, Figures { commands: 0, ..figures(1.0, 1) }),
        ];
        let tables = tables(&all);
        assert_eq!(tables.len(), 1);
        assert_eq!((tables[0].test, tables[0].runs), ("speed_4b", 2));
        let place = |name: &str, latency, rpcs| Place { name: name.to_owned(), latency, rpcs };
        assert_eq!(tables[0].places, [place("cat", 0.01, 6.0), place("ann", 0.015, 4.5)]);
    }

    #[test]
    fn the_page_defines_its_figures_and_shows_names_as_text() {
        let all = [
            submission("<b>ann", "speed_4b", 2, figures(30.0, 9000)),
            submission("bob", "speed_4b", 2, figures(30.0, 9000)),
            submission("cat", "speed_4b", 2, figures(40.0, 9000)),
        ];
        let page = page(&tables(&all), 3);
        for part in [
            "Virtual commit latency</strong> is the virtual time",
            "RPCs per command</strong> are all RPCs",
            "<td class=\"number\">1</td><td>&lt;b&gt;ann</td><td class=\"number\">15.00 ms</td>\
             <td class=\"number\">4.50</td>",
            "<td class=\"number\">1</td><td>bob</td>",
            "<td class=\"number\">3</td><td>cat</td>",
        ] {
            assert!(page.contains(part), "{part}\n{page}");
        }
        assert!(!page.contains("<script") && !page.contains("http:") && !page.contains("https:"), "{page}");
    }

    #[test]
    fn a_page_without_places_says_so() {
        assert!(page(&[], 2).contains("No submission passes one of these tests."));
        assert!(summary(&[], Path::new("x.html")).contains("speed_4b"));
    }
}
