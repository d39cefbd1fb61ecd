//! [`within`]: files that stay below a size, at the cost of detail.

/// How much is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Detail {
    /// Characters of a message.
    pub message: usize,
    /// Characters of what a compiler said.
    pub log: usize,
    /// Causes of failure of a test, or its failed runs.
    pub causes: usize,
    /// Lines of any other list, such as of broken rules.
    pub lines: usize,
}

/// Nothing is halved below this.
const LEAST: Detail = Detail { message: 100, log: 1_000, causes: 1, lines: 10 };

impl Detail {
    fn half(self) -> Self {
        let half = |of: usize, least: usize| (of / 2).max(of.min(least));
        Self {
            message: half(self.message, LEAST.message),
            log: half(self.log, LEAST.log),
            causes: half(self.causes, LEAST.causes),
            lines: half(self.lines, LEAST.lines),
        }
    }
}

/// What `write` makes with as much detail as `most` bytes have room for: `full`, or as often halved as it
/// takes. If the least detail has no room either, that is what comes.
pub fn within(most: usize, full: Detail, write: impl Fn(&Detail) -> String) -> String {
    let mut detail = full;
    loop {
        let text = write(&detail);
        let less = detail.half();
        if text.len() <= most || less == detail {
            return text;
        }
        detail = less;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FULL: Detail = Detail { message: 4_000, log: 40_000, causes: 20, lines: 200 };

    #[test]
    fn what_fits_is_told_in_full_and_the_rest_as_far_as_it_fits() {
        let write = |detail: &Detail| "x".repeat(detail.message * detail.causes);
        assert_eq!(within(1 << 20, FULL, write).len(), 80_000);
        let less = within(30_000, FULL, write).len();
        assert!(less <= 30_000 && less > 30_000 / 4, "{less}");
        assert_eq!(within(10, FULL, write).len(), LEAST.message * LEAST.causes);
    }

    #[test]
    fn what_was_short_from_the_beginning_stays() {
        let short = Detail { message: 40, log: 10, causes: 0, lines: 3 };
        assert_eq!(short.half(), short);
    }
}
