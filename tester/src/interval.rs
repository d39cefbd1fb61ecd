//! [`wilson`]: the confidence interval of a pass rate.

/// The bounds of a pass rate, as shares from 0 to 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Interval {
    /// The lower bound.
    pub low: f64,
    /// The upper bound.
    pub high: f64,
}

/// The normal distribution has 95 % of its mass within so many standard deviations.
const Z: f64 = 1.959_963_984_540_054;

/// The 95 % score interval of Wilson (1927) for `passed` of `runs`: 95 % of such intervals contain the true
/// pass rate, also for few runs, and where all passed or none. From 0 to 1 if there were no runs.
///
/// With `p = passed / n`, its middle is `(p + z²/2n) / (1 + z²/n)`, and it reaches `z √(p(1 - p)/n + z²/4n²)
/// / (1 + z²/n)` to either side.
#[must_use]
pub fn wilson(passed: u64, runs: u64) -> Interval {
    if runs == 0 {
        return Interval { low: 0.0, high: 1.0 };
    }
    #[expect(clippy::cast_precision_loss, reason = "nobody does 2^53 runs")]
    let (n, p) = (runs as f64, passed.min(runs) as f64 / runs as f64);
    let z2n = Z * Z / n;
    let middle = (p + z2n / 2.0) / (1.0 + z2n);
    let reach = (p * (1.0 - p) * z2n + z2n * z2n / 4.0).sqrt() / (1.0 + z2n);
    // At the ends the formula gives exactly 0 and 1, up to rounding.
    let low = if passed == 0 { 0.0 } else { (middle - reach).max(0.0) };
    let high = if passed >= runs { 1.0 } else { (middle + reach).min(1.0) };
    Interval { low, high }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Values from Newcombe, Statistics in Medicine 17 (1998), table I.
    #[test]
    fn the_interval_is_that_of_the_literature() {
        for (passed, runs, low, high) in [
            (81, 263, 0.2553, 0.3662),
            (15, 148, 0.0624, 0.1605),
            (0, 20, 0.0, 0.1611),
            (1, 29, 0.0061, 0.1718),
        ] {
            let interval = wilson(passed, runs);
            let round = |share: f64| (share * 10_000.0).round() / 10_000.0;
            assert_eq!((round(interval.low), round(interval.high)), (low, high), "{passed}/{runs}");
        }
        assert_eq!(wilson(20, 20).high, 1.0);
        assert_eq!(wilson(0, 0), Interval { low: 0.0, high: 1.0 });
    }
}
