//! The table of all submissions.

use labreport::text::one_line;

use super::size::LINE;
use super::{Graded, Outcome};
use crate::score::by_part;

/// The table of all submissions, as CSV: name, outcome, score, possible score, the score of each part, the
/// reason why a submission was not graded, and its folder. One row for each submission, in the order given.
/// The columns of parts are those of any submission, in the order of first occurrence.
///
/// # Panics
///
/// Never: every row is as long as the first.
#[must_use]
pub fn scores_csv(graded: &[Graded]) -> String {
    let mut parts: Vec<String> = Vec::new();
    for part in graded.iter().flat_map(|graded| by_part(&graded.tests)).map(|part| part.part) {
        if !parts.contains(&part) {
            parts.push(part);
        }
    }
    let mut table = csv::Writer::from_writer(Vec::new());
    let head = ["name", "outcome", "score", "max_score"].map(str::to_owned);
    let head = head.into_iter().chain(parts.iter().cloned()).chain(["detail", "folder"].map(str::to_owned));
    let mut rows = vec![head.collect::<Vec<_>>()];
    for graded in graded {
        let of = by_part(&graded.tests);
        let score = |name: &String| {
            of.iter().find(|part| part.part == *name).map(|part| part.score.to_string()).unwrap_or_default()
        };
        let first = [
            graded.name.clone(),
            graded.outcome.name().to_owned(),
            graded.score().to_string(),
            graded.max().to_string(),
        ];
        rows.push(
            first
                .into_iter()
                .chain(parts.iter().map(score))
                .chain([detail(graded), graded.folder.clone()])
                .collect(),
        );
    }
    for row in rows {
        let row = row.iter().map(|cell| no_formula(&one_line(cell, LINE)));
        table.write_record(row).expect("every row is as long as the first, and memory takes it");
    }
    let table = table.into_inner().expect("memory takes it");
    String::from_utf8(table).expect("texts with commas between them are text")
}

fn detail(graded: &Graded) -> String {
    match &graded.outcome {
        Outcome::Graded | Outcome::DoesNotBuild => String::new(),
        Outcome::Refused(refusals) => refusals.first().map(ToString::to_string).unwrap_or_default(),
        Outcome::BreaksRules => {
            let violation = graded.findings.violations.first().map(ToString::to_string);
            violation.or_else(|| graded.objections.first().cloned()).unwrap_or_default()
        }
        Outcome::Unchecked => graded
            .findings
            .unparsed
            .first()
            .map(|it| format!("{}:{}:{} {}", it.file, it.line, it.column, it.message))
            .unwrap_or_default(),
        Outcome::Unfinished(why) | Outcome::Stopped(why) | Outcome::NotGraded(why) => why.clone(),
    }
}

/// Escapes a cell that a spreadsheet would take for a formula, quoted or not.
fn no_formula(cell: &str) -> String {
    if cell.starts_with(['=', '+', '-', '@']) { format!("'{cell}") } else { cell.to_owned() }
}
