//! The size limits of reports, and their full detail.

use labreport::Detail;

/// Bytes of `results.json`. Gradescope refuses large files, and shows long text in full.
pub(super) const RESULTS: usize = 1 << 20;

/// Bytes of `junit.xml` and of `report.html`, which are mailed and opened on phones.
pub(super) const REPORT: usize = 2 << 20;

/// Characters of a name, a title, or a line of the table.
pub(super) const LINE: usize = 4_000;

/// The full detail, with at most `causes` causes of failure of a test.
pub(super) const fn full(causes: usize) -> Detail {
    Detail { message: 4_000, log: 40_000, causes, lines: 1_000 }
}

/// The first lines of a list, and a line with the number of further ones.
pub(super) fn first_lines(lines: impl IntoIterator<Item = String>, most: usize) -> Vec<String> {
    let mut lines = lines.into_iter();
    let mut first: Vec<String> = lines.by_ref().take(most).collect();
    let besides = lines.count();
    if besides > 0 {
        first.push(format!("and {besides} more"));
    }
    first
}
