//! [`Points`]: the points of a test, in hundredths, so that sums are exact.

use std::fmt;
use std::iter::Sum;
use std::ops::AddAssign;

use serde::{Deserialize, Serialize};

/// Points, to the hundredth: 0 to 42 million. As text `2`, `0.5`; in JSON and TOML a number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "f64", try_from = "f64")]
pub struct Points(u32);

/// An invalid number of points.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
#[error("points are 0 or more, at most 10000, with two digits behind the point: not {0}")]
pub struct PointsError(pub f64);

impl Points {
    /// No points.
    pub const ZERO: Self = Self(0);

    /// This many hundredths of a point.
    #[must_use]
    pub const fn hundredths(hundredths: u32) -> Self {
        Self(hundredths)
    }

    /// The share `passed / runs` of these points, rounded down, so that only a solution that passes all runs
    /// has all points. Zero if there were no runs.
    #[must_use]
    pub fn share(self, passed: u64, runs: u64) -> Self {
        let share = (u128::from(self.0) * u128::from(passed.min(runs))).checked_div(u128::from(runs));
        Self(share.and_then(|share| u32::try_from(share).ok()).unwrap_or(0))
    }
}

impl From<Points> for f64 {
    fn from(points: Points) -> Self {
        Self::from(points.0) / 100.0
    }
}

impl TryFrom<f64> for Points {
    type Error = PointsError;

    fn try_from(points: f64) -> Result<Self, PointsError> {
        let hundredths = (points * 100.0).round();
        // Decimal fractions such as 0.07 have no exact binary form.
        let is_exact = (points * 100.0 - hundredths).abs() < 1e-6;
        if !(0.0..=1_000_000.0).contains(&hundredths) || !is_exact || points < 0.0 {
            return Err(PointsError(points));
        }
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a whole number from 0 to 10^6"
        )]
        let hundredths = hundredths as u32;
        Ok(Self(hundredths))
    }
}

impl AddAssign for Points {
    fn add_assign(&mut self, other: Self) {
        self.0 = self.0.saturating_add(other.0);
    }
}

impl Sum for Points {
    fn sum<I: Iterator<Item = Self>>(points: I) -> Self {
        points.fold(Self::ZERO, |mut sum, points| {
            sum += points;
            sum
        })
    }
}

impl fmt::Display for Points {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", f64::from(*self))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn points_are_exact() {
        let sum: Points = (0..100).map(|_| Points::try_from(0.07).unwrap()).sum();
        assert_eq!(sum.to_string(), "7");
        assert_eq!(Points::hundredths(1050).to_string(), "10.5");
        assert_eq!(serde_json::to_string(&Points::hundredths(7)).unwrap(), "0.07");
        assert_eq!(serde_json::from_str::<Points>("0.29").unwrap(), Points::hundredths(29));
    }

    #[test]
    fn invalid_numbers_are_refused() {
        for points in [-1.0, -0.001, 0.001, 10_000.01, f64::NAN, f64::INFINITY] {
            assert!(Points::try_from(points).is_err(), "{points}");
        }
        assert_eq!(Points::try_from(10_000.0), Ok(Points::hundredths(1_000_000)));
    }

    #[test]
    fn a_share_is_rounded_down() {
        let points = Points::hundredths(100);
        for (passed, runs, share) in
            [(0, 3, 0), (2, 3, 66), (3, 3, 100), (999_999, 1_000_000, 99), (0, 0, 0), (5, 3, 100)]
        {
            assert_eq!(points.share(passed, runs), Points::hundredths(share), "{passed}/{runs}");
        }
    }
}
