//! A [matrix](super::matrix) as a table for the terminal.

use std::fmt::Write;

use super::matrix::{KillMatrix, LabMatrix, Share, Totals, WrongRow};

/// The table of a lab: a line for each wrong solution, a line for each right one that failed, and the totals.
#[must_use]
pub(super) fn of_lab(matrix: &KillMatrix, lab: &LabMatrix) -> String {
    let mut text = String::new();
    let mut line = |line: &str| writeln!(text, "{}", line.trim_end()).expect("a string takes any text");
    if !lab.wrong.is_empty() {
        let name = width("wrong solution", lab.wrong.iter().map(|row| row.name.as_str()));
        line(&format!("{:name$}  {:>8}  {:<5}  caught by", "wrong solution", "CPU ms", "rule"));
        for row in &lab.wrong {
            let rule = row.first.as_ref().and_then(|first| first.first_broken.as_deref()).unwrap_or("-");
            let cost =
                to_catch(row).map_or_else(|| "-".to_owned(), |seconds| format!("{:.1}", 1e3 * seconds));
            line(&format!("{:name$}  {cost:>8}  {rule:<5}  {}", row.name, caught_by(row)));
        }
        line("");
    }
    for row in lab.right.iter().filter(|row| !row.failed.is_empty()) {
        for failed in &row.failed {
            let message = failed.message.lines().next().unwrap_or_default();
            line(&format!("right solution {}: {} with seed {}:", row.name, failed.test, failed.seed));
            line(&format!("    {}: {message}", failed.kind.replace('_', " ")));
        }
    }
    if !lab.wrong.is_empty() {
        line(&format!("{}: {}", lab.lab, shares(&lab.totals)));
    }
    if !lab.right.is_empty() {
        let passed = lab.right.iter().filter(|row| row.failed.is_empty()).count();
        line(&format!("{}: {passed} of {} right solutions pass", lab.lab, lab.right.len()));
    }
    let runs = lab.wrong.iter().map(|row| row.runs).chain(lab.right.iter().map(|row| row.runs)).sum::<u64>();
    line(&format!(
        "{}: {runs} runs in {:.0} s with {} at a time, after {:.0} s of building",
        lab.lab, lab.test_seconds, matrix.jobs, lab.build_seconds
    ));
    text
}

/// What the columns say.
#[must_use]
pub(super) fn legend(matrix: &KillMatrix) -> String {
    let runs = matrix.runs;
    let seed = &matrix.first_seed;
    if matrix.labs.iter().all(|lab| lab.wrong.is_empty()) {
        return format!("{runs} seeds from {seed} on\n");
    }
    let cost = if matrix.whole {
        "CPU ms: median of the CPU time that running all tests with one seed after another takes up to the \
         first failure"
    } else {
        "CPU ms: median of the CPU time that running this test with one seed after another takes up to the \
         first failure"
    };
    format!(
        "{runs} seeds from {seed} on\n{cost}\nrule: broken first in the first failed run\ncaught by: the \
         test, and in how many of its runs\n"
    )
}

/// The totals of all labs, and the names of the solutions that make the command fail.
#[must_use]
pub(super) fn verdict(matrix: &KillMatrix) -> String {
    let mut text = String::new();
    let mut line = |line: &str| writeln!(text, "{line}").expect("a string takes any text");
    if matrix.labs.iter().filter(|lab| !lab.wrong.is_empty()).count() > 1 {
        let totals = Totals::of(matrix.labs.iter().flat_map(|lab| &lab.wrong));
        line(&format!("all: {}", shares(&totals)));
    }
    let (escaped, failing) = (matrix.escaped(), matrix.failing());
    if !escaped.is_empty() {
        line(&format!("escaped: {}", escaped.join(", ")));
    }
    if !failing.is_empty() {
        line(&format!("right, and failing: {}", failing.join(", ")));
    }
    text
}

/// `71 of 80 wrong solutions are caught (plain 30 of 35, reference 41 of 45; frozen 9 of 10)`.
fn shares(totals: &Totals) -> String {
    let share = |share: &Share| format!("{} of {}", share.caught, share.of);
    let mut apart = Vec::new();
    if totals.bases.len() > 1 {
        let bases = totals.bases.iter().map(|(name, of_base)| format!("{name} {}", share(of_base)));
        apart.push(bases.collect::<Vec<_>>().join(", "));
    }
    if totals.frozen.of > 0 {
        apart.push(format!("frozen {}", share(&totals.frozen)));
    }
    let apart = if apart.is_empty() { String::new() } else { format!(" ({})", apart.join("; ")) };
    format!("{} wrong solutions are caught{apart}", share(&totals.all))
}

/// The tests that caught it, each with the number of failed runs.
fn caught_by(row: &WrongRow) -> String {
    if row.tests.is_empty() {
        return format!("no test in {} runs: escaped", row.runs);
    }
    let tests = row.tests.iter().map(|test| format!("{} {}/{}", test.test, test.failed, test.runs));
    tests.collect::<Vec<_>>().join(", ")
}

/// The CPU time that the table shows: of the whole matrix, or of the one test that was run.
fn to_catch(row: &WrongRow) -> Option<f64> {
    row.cpu_seconds_to_catch.or_else(|| row.tests.first().map(|test| test.cpu_seconds_to_catch))
}

fn width<'a>(head: &str, names: impl Iterator<Item = &'a str>) -> usize {
    names.map(|name| name.chars().count()).chain([head.len()]).max().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::super::sample::{caught, escaped, matrix, right};
    use super::*;

    #[test]
    fn a_table_has_a_line_for_each_wrong_solution_and_the_totals() {
        let matrix = matrix(
            vec![caught("votes_twice"), escaped("b")],
            vec![right("slow", true), right("fast", false)],
        );
        let expected = "\
wrong solution    CPU ms  rule   caught by
votes_twice        250.0  RV3    fail_agree_3b 4/10
b                      -  -      no test in 280 runs: escaped

right solution fast: fail_agree_3b with seed 0x2:
    assertion: expected one value
raft: 1 of 2 wrong solutions are caught
raft: 1 of 2 right solutions pass
raft: 851 runs in 10 s with 2 at a time, after 60 s of building
";
        assert_eq!(of_lab(&matrix, &matrix.labs[0]), expected);
        assert_eq!(verdict(&matrix), "escaped: raft::b\nright, and failing: raft::fast\n");
    }

    #[test]
    fn bases_and_frozen_ones_are_shown_where_there_are_some() {
        let frozen = WrongRow { frozen: true, base: "plain".to_owned(), ..escaped("late") };
        let text = shares(&Totals::of(&[caught("a"), frozen]));
        assert_eq!(text, "1 of 2 wrong solutions are caught (plain 0 of 1, reference 1 of 1; frozen 0 of 1)");
    }

    #[test]
    fn columns_are_explained_where_there_are_some() {
        let both = legend(&matrix(vec![caught("a")], vec![right("slow", true)]));
        assert!(both.starts_with("10 seeds from 0x1 on\nCPU ms: "), "{both}");
        assert_eq!(legend(&matrix(vec![], vec![right("slow", true)])), "10 seeds from 0x1 on\n");
    }

    #[test]
    fn a_good_matrix_has_nothing_to_name() {
        assert_eq!(verdict(&matrix(vec![caught("a")], vec![right("slow", true)])), "");
    }
}
