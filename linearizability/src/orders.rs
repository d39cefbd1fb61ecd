//! [`orders`]: orders of the operations on a key of versioned puts, one for each state to which they can
//! lead.
//!
//! The walk keeps the moments at which each version can have begun. From the last version back to the first,
//! each version begins at the last one of its moments that agrees with the beginning of the next version.
//! When these moments are fixed, there is one for each operation.

use std::ops::Range;

use crate::moments::{NEVER, last_until};
use crate::versions::{Role, Row, Versions};
use crate::walk::{Others, Stop, Walk};

/// After all events.
const END: usize = NEVER - 1;

/// The versions that the walk has passed, from 0 on.
#[derive(Default)]
struct Passed<'r> {
    versions: Vec<Version<'r>>,
    /// The moments at which each version can have begun.
    spans: Vec<(usize, usize)>,
    /// The puts that can have begun each version.
    writers: Vec<Row>,
}

struct Version<'r> {
    spans: Range<usize>,
    writers: Range<usize>,
    refused: &'r [Row],
}

/// Orders of all of `rows` that must take effect, `wanted` at most, which lead to different states, and
/// whether there are no other states. The orders with the fewest changes come first.
///
/// `rows` are all those of `versions`.
pub(crate) fn orders(versions: &Versions<'_>, rows: &[Row], wanted: usize) -> (Vec<Vec<usize>>, bool) {
    let mut passed = Passed::default();
    let mut found = Vec::new();
    let mut all = true;
    let walked = Walk::new(versions, rows, END, Others::Absent).visit(|stop| {
        passed.add(&stop);
        if stop.can_end {
            for (writer, moment) in passed.last_changes(versions) {
                if found.len() == wanted {
                    all = false;
                    return true;
                }
                found.push(passed.order(rows, writer, moment));
            }
        }
        false
    });
    // It ends early, or because there is no further version.
    debug_assert_eq!(walked.is_ok(), !all);
    (found, all)
}

impl<'r> Passed<'r> {
    fn add(&mut self, stop: &Stop<'_, 'r>) {
        let (spans, writers) = (self.spans.len(), self.writers.len());
        self.spans.extend(stop.moments.spans());
        self.writers.extend(stop.writers);
        self.versions.push(Version {
            spans: spans..self.spans.len(),
            writers: writers..self.writers.len(),
            refused: stop.refused,
        });
    }

    /// For each value that the last version can have: a put that can have begun it, and when. Without any
    /// change there is no put.
    fn last_changes(&self, versions: &Versions<'_>) -> Vec<(Option<Row>, usize)> {
        let [.., last] = self.versions.as_slice() else { return Vec::new() };
        if self.versions.len() == 1 {
            return vec![(None, 0)];
        }
        // Without a later version, those that were refused saw an earlier one.
        let refused = last.refused.iter().filter(|row| row.returned(END));
        let after = refused.map(|row| row.call).max();
        let mut values = Vec::new();
        let mut changes = Vec::new();
        for writer in &self.writers[last.writers.clone()] {
            let (first, end) = writer.window(END);
            let moment = last_until(&self.spans[last.spans.clone()], end);
            let moment = moment.filter(|&moment| moment >= first && Some(moment) > after);
            let value = versions.written(writer);
            if let Some(moment) = moment
                && !values.contains(&value)
            {
                values.push(value);
                changes.push((Some(*writer), moment));
            }
        }
        changes
    }

    /// The order in which the last version begins with `writer` at `moment`.
    fn order(&self, rows: &[Row], writer: Option<Row>, moment: usize) -> Vec<usize> {
        let mut begins = vec![moment];
        let mut writers = vec![writer];
        for version in self.versions.iter().rev().skip(1) {
            let next = begins[begins.len() - 1];
            // An earlier moment is no better: it only lets more refused puts limit the next one.
            let begin = last_until(&self.spans[version.spans.clone()], next).unwrap_or_default();
            let contains = |put: &&Row| {
                let (first, last) = put.window(END);
                first <= begin && begin <= last
            };
            writers.push(self.writers[version.writers.clone()].iter().find(contains).copied());
            begins.push(begin);
        }
        begins.reverse();
        writers.reverse();
        // One list of writers, one of readers and one of those refused. The first two are in order mostly.
        let mut places: Vec<(usize, usize, bool, usize)> = Vec::with_capacity(rows.len());
        for (version, writer) in writers.iter().enumerate() {
            places.extend(writer.map(|writer| (begins[version], version, false, writer.op)));
        }
        for read in rows.iter().filter(|row| row.role == Role::Read && row.returned(END)) {
            let version = read.version as usize;
            places.push((begins[version].max(read.call + 1), version, true, read.op));
        }
        for row in rows.iter().filter(|row| row.role == Role::Refused && row.returned(END)) {
            let (moment, version) = place_of_refused(row, &begins);
            places.push((moment, version, true, row.op));
        }
        // Not the unstable sort: this one is quick where long parts are in order.
        places.sort();
        places.into_iter().map(|(.., op)| op).collect()
    }
}

/// A moment at which a put is refused, and the version that it sees then, if versions begin so.
fn place_of_refused(row: &Row, begins: &[usize]) -> (usize, usize) {
    let version_at = |moment| begins.partition_point(|&begin| begin <= moment) - 1;
    // A version beyond all others is as good as the last one.
    let version = usize::try_from(row.version).unwrap_or(usize::MAX).min(begins.len());
    let next = begins.get(version + 1).copied().filter(|&next| next <= row.ret);
    let moment = next.unwrap_or(begins[1]).max(row.call + 1);
    let seen = version_at(moment);
    (moment, if next.is_some() { seen } else { seen.min(version - 1) })
}
