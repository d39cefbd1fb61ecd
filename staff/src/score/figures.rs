//! [`Figures`]: what the runs of a test took.

use serde::{Deserialize, Serialize};
use tester::Report;

/// Sums over the runs of a test that passed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Figures {
    /// The number of these runs.
    pub runs: u64,
    /// Virtual seconds from the moment when all servers had been started until the end of the test.
    pub virtual_seconds: f64,
    /// RPCs that were sent, those that did not arrive included.
    pub rpcs: u64,
    /// Commands that were committed.
    pub commands: u64,
}

impl Figures {
    /// Adds a run, if it passed: another one may have ended anywhere.
    pub fn add(&mut self, report: &Report) {
        if report.passed() {
            self.runs += 1;
            self.virtual_seconds += report.virtual_seconds;
            self.rpcs += report.rpcs;
            self.commands += report.commands;
        }
    }

    /// Virtual seconds for each command; `None` if there were no commands.
    #[must_use]
    pub fn seconds_per_command(&self) -> Option<f64> {
        self.per_command(self.virtual_seconds)
    }

    /// RPCs for each command; `None` if there were no commands.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "nobody sends 2^53 RPCs")]
    pub fn rpcs_per_command(&self) -> Option<f64> {
        self.per_command(self.rpcs as f64)
    }

    #[expect(clippy::cast_precision_loss, reason = "nobody commits 2^53 commands")]
    fn per_command(&self, sum: f64) -> Option<f64> {
        (self.commands > 0).then(|| sum / self.commands as f64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_means_over_all_commands() {
        let figures = Figures { runs: 2, virtual_seconds: 3.0, rpcs: 900, commands: 300 };
        assert_eq!((figures.seconds_per_command(), figures.rpcs_per_command()), (Some(0.01), Some(3.0)));
        assert_eq!(Figures::default().seconds_per_command(), None);
    }
}
