//! How large files may become, and how much they tell.

use labreport::Detail;

/// Bytes of `results.json`. Gradescope refuses what is large, and shows what is long in full.
pub(super) const RESULTS: usize = 1 << 20;

/// Bytes of `junit.xml` and of `report.html`, which are to be mailed and opened on a phone.
pub(super) const REPORT: usize = 2 << 20;

/// Characters of a name, a title, or a line of the table.
pub(super) const LINE: usize = 4_000;

/// All that is told where there is room for it, with so many causes of failure of a test.
pub(super) const fn full(causes: usize) -> Detail {
    Detail { message: 4_000, log: 40_000, causes, lines: 1_000 }
}

/// The first of a list's lines, and one that says how many there are besides.
pub(super) fn first_lines(lines: impl IntoIterator<Item = String>, most: usize) -> Vec<String> {
    let mut lines = lines.into_iter();
    let mut first: Vec<String> = lines.by_ref().take(most).collect();
    let besides = lines.count();
    if besides > 0 {
        first.push(format!("and {besides} more"));
    }
    first
}
