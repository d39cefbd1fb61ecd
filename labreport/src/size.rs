//! [`within`]: files below a size limit, at the cost of detail.

/// The amount of detail in a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Detail {
    /// Characters of a message.
    pub message: usize,
    /// Characters of compiler output.
    pub log: usize,
    /// Causes of failure of a test, or failed runs of a test.
    pub causes: usize,
    /// Lines of any other list, such as broken rules.
    pub lines: usize,
}

/// The lower bounds of halving.
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

/// The output of `write` with as much detail as fits into `most` bytes: `full`, halved as often as necessary.
/// The output with the least detail is returned even if it does not fit.
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
    fn detail_is_halved_until_the_text_fits() {
        let write = |detail: &Detail| "x".repeat(detail.message * detail.causes);
        assert_eq!(within(1 << 20, FULL, write).len(), 80_000);
        let less = within(30_000, FULL, write).len();
        assert!(less <= 30_000 && less > 30_000 / 4, "{less}");
        assert_eq!(within(10, FULL, write).len(), LEAST.message * LEAST.causes);
    }

    #[test]
    fn detail_below_the_lower_bound_is_kept() {
        let short = Detail { message: 40, log: 10, causes: 0, lines: 3 };
        assert_eq!(short.half(), short);
    }
}
