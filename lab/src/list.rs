//! `lab list`: the tests, as a table or as JSON.

use std::io::Write;

use serde::Serialize;
use tester::Case;

use crate::Verdict;
use crate::args::ListArgs;
use crate::error::CommandError;
use crate::report::terminal::count;

#[derive(Serialize)]
struct Listing {
    schema: u32,
    tests: Vec<Row>,
}

#[derive(Serialize)]
struct Row {
    name: &'static str,
    part: &'static str,
    title: &'static str,
    points: u32,
}

impl From<&'static Case> for Row {
    fn from(case: &'static Case) -> Self {
        Self { name: case.name, part: case.part, title: case.title, points: case.points }
    }
}

/// Prints the list.
///
/// # Errors
///
/// None: it is a command like the others.
pub fn list(args: &ListArgs) -> Result<Verdict, CommandError> {
    let rows: Vec<Row> = tester::cases().iter().map(Row::from).collect();
    if args.json {
        let listing = Listing { schema: 1, tests: rows };
        print(&(serde_json::to_string_pretty(&listing).expect("names and numbers have a JSON form") + "\n"));
    } else {
        print(&table(&rows));
    }
    Ok(Verdict::Passed)
}

/// Prints the table of some tests.
pub(crate) fn print_table(cases: Vec<&'static Case>) {
    print(&table(&cases.into_iter().map(Row::from).collect::<Vec<_>>()));
}

fn print(text: &str) {
    // A reader who closed the pipe has seen enough.
    let _ = std::io::stdout().write_all(text.as_bytes());
}

/// A title without the words that the other columns have: "Test", and the part. The course's titles of
/// key/value tests end with a label in brackets, which begins with the part and repeats the name.
fn short_title<'a>(title: &'a str, part: &str) -> &'a str {
    let title = title.strip_prefix("Test").unwrap_or(title).trim_start();
    let title = title.strip_prefix(&format!("({part})")).unwrap_or(title);
    let title = title.strip_prefix(": ").unwrap_or(title);
    title.split_once(&format!(" ({part}")).map_or(title, |(title, _)| title)
}

fn table(rows: &[Row]) -> String {
    let width = rows.iter().map(|row| row.name.len()).max().unwrap_or(0).max("test".len());
    let mut text = format!("{:width$} part pts title\n", "test");
    for Row { name, part, title, points } in rows {
        let title = short_title(title, part);
        text += &format!("{name:width$} {part:4} {points:>3} {title}\n");
    }
    let points: u32 = rows.iter().map(|row| row.points).sum();
    text + &format!("{}, {}\n", count(rows.len() as u64, "test"), count(points.into(), "point"))
}
