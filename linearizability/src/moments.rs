//! [`Moments`]: a set of moments, as intervals.

/// The end of an interval that goes on for ever.
pub(crate) const NEVER: usize = usize::MAX;

/// A set of moments.
///
/// Moment `m` is the time before event `m` and after the event before it, so an operation takes effect at a
/// moment after its call's and up to its return's. The order of what happens at one moment is free.
#[derive(Debug)]
pub(crate) struct Moments {
    /// First and last moments of intervals that are disjoint, in ascending order.
    spans: Vec<(usize, usize)>,
    /// The memory of the last set, to be used for the next one.
    spare: Vec<(usize, usize)>,
}

impl Moments {
    /// The set of the moment before all events.
    pub fn beginning() -> Self {
        Self { spans: vec![(0, 0)], spare: Vec::new() }
    }

    pub fn is_empty(&self) -> bool {
        self.spans.is_empty()
    }

    pub fn last(&self) -> Option<usize> {
        self.spans.last().map(|&(_, last)| last)
    }

    /// The intervals: their first and last moments.
    pub fn spans(&self) -> &[(usize, usize)] {
        &self.spans
    }

    /// Removes the moments before `first`.
    pub fn not_before(&mut self, first: usize) {
        self.spans.retain_mut(|(begin, end)| {
            *begin = first.max(*begin);
            *begin <= *end
        });
    }

    /// Removes the moments after `last`.
    pub fn not_after(&mut self, last: usize) {
        while let Some((begin, end)) = self.spans.last_mut() {
            if *begin <= last {
                *end = last.min(*end);
                return;
            }
            self.spans.pop();
        }
    }

    /// Adds, to each interval, the moments from its end to `limit(end)`, which is not before the end. A later
    /// end has no earlier limit. The last interval comes first.
    pub fn extend_to(&mut self, mut limit: impl FnMut(usize) -> usize) {
        for (_, end) in self.spans.iter_mut().rev() {
            *end = limit(*end);
        }
        self.spans.dedup_by(|(begin, end), (_, previous)| {
            let overlaps = *begin <= *previous;
            if overlaps {
                *previous = *end;
            }
            overlaps
        });
    }

    /// Keeps the moments that are in one of the `windows`, which are in the order of their first moments.
    pub fn keep(&mut self, windows: impl IntoIterator<Item = (usize, usize)>) {
        std::mem::swap(&mut self.spans, &mut self.spare);
        self.spans.clear();
        // Windows may overlap. What is before this has been treated.
        let (mut span, mut from) = (0, 0);
        for (first, last) in windows {
            let first = first.max(from);
            while let Some(&(begin, end)) = self.spare.get(span)
                && begin <= last
            {
                let (begin, kept) = (begin.max(first), end.min(last));
                if begin <= kept {
                    self.spans.push((begin, kept));
                }
                if end > last {
                    break;
                }
                span += 1;
            }
            from = from.max(last.saturating_add(1));
        }
    }
}

/// The last moment in `spans`, which are in ascending order, that is not after `end`.
pub(crate) fn last_until(spans: &[(usize, usize)], end: usize) -> Option<usize> {
    let after = spans.partition_point(|&(begin, _)| begin <= end);
    spans[..after].last().map(|&(_, last)| last.min(end))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(spans: &[(usize, usize)]) -> Moments {
        Moments { spans: spans.to_vec(), spare: vec![(7, 9)] }
    }

    #[test]
    fn kept_are_those_in_a_window() {
        let mut moments = set(&[(0, 2), (4, 9), (12, NEVER)]);
        moments.keep([(1, 4), (2, 3), (3, 6), (8, 8), (9, 13), (20, 21), (20, NEVER)]);
        assert_eq!(moments.spans, [(1, 2), (4, 4), (5, 6), (8, 8), (9, 9), (12, 13), (20, 21), (22, NEVER)]);
        moments.keep([]);
        assert!(moments.is_empty());
    }

    #[test]
    fn intervals_that_grow_into_each_other_become_one() {
        let mut moments = set(&[(0, 2), (4, 5), (8, 9)]);
        moments.extend_to(|end| if end < 9 { end.max(4) } else { NEVER });
        assert_eq!(moments.spans, [(0, 5), (8, NEVER)]);
    }

    #[test]
    fn what_is_too_early_or_too_late_is_removed() {
        let mut moments = set(&[(0, 2), (4, 5), (8, 9)]);
        moments.not_before(5);
        assert_eq!(moments.spans, [(5, 5), (8, 9)]);
        moments.not_after(7);
        assert_eq!((moments.spans.as_slice(), moments.last()), ([(5, 5)].as_slice(), Some(5)));
        moments.not_after(4);
        assert!(moments.is_empty());
    }
}
