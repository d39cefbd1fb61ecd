//! [`text`]: the results as aligned tables, one a plan.

use std::fmt::Write;

use crate::comparison::{Comparison, OfPlan, OfProtocol};

/// The text of a cell that does not apply.
pub(crate) const NOTHING: &str = "-";

/// A column: its group, its heading, and its cell of a protocol.
pub(crate) struct Column {
    /// The heading over this column and those after it of the same group.
    pub group: &'static str,
    /// The heading of the column alone.
    pub heading: &'static str,
    /// The text of a cell. `None` if the protocol has no such thing.
    pub cell: fn(&OfProtocol) -> Option<String>,
}

/// The columns after the protocol's title.
pub(crate) const COLUMNS: &[Column] = &[
    Column {
        group: "no leader, ms",
        heading: "median",
        cell: |it| it.summary.leaderless_longest_ms.map(|it| whole(it.median)),
    },
    Column {
        group: "no leader, ms",
        heading: "95 %",
        cell: |it| it.summary.leaderless_longest_ms.map(|it| whole(it.p95)),
    },
    Column {
        group: "no leader, ms",
        heading: "in all",
        cell: |it| it.summary.leaderless_total_ms.map(|it| whole(it.median)),
    },
    Column {
        group: "no progress, ms",
        heading: "median",
        cell: |it| it.summary.stalled_ms.map(|it| whole(it.median)),
    },
    Column {
        group: "no progress, ms",
        heading: "95 %",
        cell: |it| it.summary.stalled_ms.map(|it| whole(it.p95)),
    },
    Column {
        group: "two leaders",
        heading: "runs",
        cell: |it| it.summary.doubled.map(|it| it.runs.to_string()),
    },
    Column {
        group: "two leaders",
        heading: "ms",
        cell: |it| it.summary.doubled.map(|it| whole(it.ms.median)),
    },
    Column {
        group: "two leaders",
        heading: "same gen.",
        cell: |it| it.summary.doubled.map(|it| it.runs_in_one_generation.to_string()),
    },
    Column {
        group: "an election",
        heading: "msgs",
        cell: |it| it.summary.election.map(|it| whole(it.messages)),
    },
    Column {
        group: "an election",
        heading: "bytes",
        cell: |it| it.summary.election.map(|it| whole(it.bytes)),
    },
    Column { group: "a write", heading: "msgs", cell: |it| it.summary.write.map(|it| tenth(it.messages)) },
    Column { group: "a write", heading: "bytes", cell: |it| it.summary.write.map(|it| whole(it.bytes)) },
    Column {
        group: "writes",
        heading: "done",
        cell: |it| it.summary.writes.map(|it| it.acknowledged.to_string()),
    },
    Column { group: "writes", heading: "lost", cell: |it| it.summary.writes.map(|it| it.lost.to_string()) },
    Column {
        group: "writes",
        heading: "uneven",
        cell: |it| it.summary.writes.map(|it| it.not_everywhere.to_string()),
    },
    Column {
        group: "writes",
        heading: "back",
        cell: |it| it.summary.writes.map(|it| it.reappeared.to_string()),
    },
    Column {
        group: "stale",
        heading: "reads",
        cell: |it| it.summary.reads.map(|it| percent(it.stale, it.answered)),
    },
];

fn whole(number: f64) -> String {
    format!("{number:.0}")
}

fn tenth(number: f64) -> String {
    format!("{number:.1}")
}

/// A share in percent. What is not nothing is not shown as nothing.
fn percent(part: u64, of: u64) -> String {
    match part as f64 * 100.0 / of.max(1) as f64 {
        share if part > 0 && share < 0.1 => "<0.1 %".to_owned(),
        share => format!("{share:.1} %"),
    }
}

/// What the columns mean, in a few lines.
const LEGEND: &str = "\
no leader    longest time of a run in which no server leads in the view of a majority; all such time
no progress  longest time of a run between two acknowledged writes
two leaders  runs in which two servers say that they lead, for how long (median), and in one generation
an election  requests and replies while nobody leads, for each time that somebody does again
a write      requests and replies while somebody leads, for each acknowledged write
writes       acknowledged; of these on no server at the end, on some only; failed for good and yet there
stale reads  reads that a server answers by itself and that miss a write acknowledged before
";

/// The tables of all plans, with a legend.
#[must_use]
pub fn text(comparison: &Comparison) -> String {
    let Comparison { seed, runs, servers, plans, .. } = comparison;
    let s = if *runs == 1 { "" } else { "s" };
    let mut text =
        format!("{servers} servers, {runs} run{s} of each protocol under each plan, from seed {seed}\n");
    for plan in plans {
        text += "\n";
        text += &of_plan(plan);
    }
    text + "\n" + LEGEND
}

fn of_plan(plan: &OfPlan) -> String {
    let rows: Vec<Vec<String>> = plan.protocols.iter().map(row).collect();
    let names = plan.protocols.iter().map(|it| it.title.chars().count());
    let first = names.max().unwrap_or(0);
    let widths: Vec<usize> = COLUMNS
        .iter()
        .enumerate()
        .map(|(at, column)| {
            let cells = rows.iter().map(|row| row[at].chars().count());
            cells.chain([column.heading.chars().count()]).max().unwrap_or(0)
        })
        .collect();
    let mut text = format!("{} ({})\n{:first$}", plan.title, plan.name, "");
    let mut at = 0;
    while at < COLUMNS.len() {
        let group = COLUMNS[at].group;
        let columns = COLUMNS[at..].iter().take_while(|column| column.group == group).count();
        let width = widths[at..at + columns].iter().sum::<usize>() + columns - 1;
        write!(text, "  {group:<width$}").expect("a string takes any text");
        at += columns;
    }
    let headings: Vec<String> = COLUMNS.iter().map(|column| column.heading.to_owned()).collect();
    let titled = plan.protocols.iter().map(|it| it.title).zip(&rows);
    for (title, cells) in [("", &headings)].into_iter().chain(titled) {
        text.truncate(text.trim_end().len());
        write!(text, "\n{title:first$}").expect("a string takes any text");
        for (at, (cell, width)) in cells.iter().zip(&widths).enumerate() {
            let begins_group = at == 0 || COLUMNS[at - 1].group != COLUMNS[at].group;
            let gap = if begins_group { "  " } else { " " };
            write!(text, "{gap}{cell:>width$}").expect("a string takes any text");
        }
    }
    text + "\n"
}

fn row(protocol: &OfProtocol) -> Vec<String> {
    COLUMNS.iter().map(|column| (column.cell)(protocol).unwrap_or_else(|| NOTHING.to_owned())).collect()
}
