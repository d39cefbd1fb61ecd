//! What was measured of solutions, apart from the results: it differs from machine to machine.

use serde::{Deserialize, Serialize};

use super::matrix::{KillMatrix, RightRow, WrongRow};

/// The times of a matrix, in `times.json`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct MatrixTimes {
    labs: Vec<LabTimes>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct LabTimes {
    lab: String,
    build_seconds: f64,
    test_seconds: f64,
    wrong: Vec<SolutionTimes>,
    right: Vec<SolutionTimes>,
}

/// The times of a solution.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct SolutionTimes {
    name: String,
    /// CPU seconds of all runs.
    cpu_seconds: f64,
    /// As in the row.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    cpu_seconds_to_catch: Option<f64>,
    /// The tests that caught it, and the CPU seconds up to the first failed run.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    tests: Vec<(String, f64)>,
}

/// Moves the times out of a matrix: they are 0 there, and so is the number of jobs.
pub(super) fn take_times(matrix: &mut KillMatrix) -> MatrixTimes {
    matrix.jobs = 0;
    let labs = matrix.labs.iter_mut().map(|lab| LabTimes {
        lab: lab.lab.clone(),
        build_seconds: std::mem::take(&mut lab.build_seconds),
        test_seconds: std::mem::take(&mut lab.test_seconds),
        wrong: lab.wrong.iter_mut().map(of_wrong).collect(),
        right: lab.right.iter_mut().map(of_right).collect(),
    });
    MatrixTimes { labs: labs.collect() }
}

/// Moves the times out of a row.
pub(super) fn of_wrong(row: &mut WrongRow) -> SolutionTimes {
    let of_test = |test: &mut super::matrix::CatchingTest| {
        (test.test.clone(), std::mem::take(&mut test.cpu_seconds_to_catch))
    };
    SolutionTimes {
        name: row.name.clone(),
        cpu_seconds: std::mem::take(&mut row.cpu_seconds),
        cpu_seconds_to_catch: row.cpu_seconds_to_catch.as_mut().map(std::mem::take),
        tests: row.tests.iter_mut().map(of_test).collect(),
    }
}

/// Moves the times out of a row.
pub(super) fn of_right(row: &mut RightRow) -> SolutionTimes {
    SolutionTimes {
        name: row.name.clone(),
        cpu_seconds: std::mem::take(&mut row.cpu_seconds),
        cpu_seconds_to_catch: None,
        tests: Vec::new(),
    }
}

impl SolutionTimes {
    /// Moves the times into a row.
    pub(super) fn put_into_wrong(&self, row: &mut WrongRow) {
        row.cpu_seconds = self.cpu_seconds;
        if let (Some(to), Some(seconds)) = (&mut row.cpu_seconds_to_catch, self.cpu_seconds_to_catch) {
            *to = seconds;
        }
        for test in &mut row.tests {
            let seconds = self.tests.iter().find(|(name, _)| *name == test.test);
            test.cpu_seconds_to_catch = seconds.map_or(0.0, |(_, seconds)| *seconds);
        }
    }

    /// Moves the times into a row.
    pub(super) fn put_into_right(&self, row: &mut RightRow) {
        row.cpu_seconds = self.cpu_seconds;
    }
}

#[cfg(test)]
mod tests {
    use super::super::sample::{caught, escaped, matrix, right};
    use super::*;

    #[test]
    fn times_are_taken_out_and_put_back() {
        let timed = WrongRow { cpu_seconds_to_catch: Some(0.5), ..caught("a") };
        let whole = matrix(vec![timed, escaped("b")], vec![right("fast", false)]);
        let mut bare = whole.clone();
        let times = take_times(&mut bare);
        let slower = {
            let mut slower = whole.clone();
            slower.jobs = 7;
            slower.labs[0].build_seconds = 1e3;
            slower.labs[0].wrong[0].cpu_seconds_to_catch = Some(9.0);
            slower.labs[0].wrong[0].tests[0].cpu_seconds_to_catch = 9.0;
            slower.labs[0].right[0].cpu_seconds = 9.0;
            take_times(&mut slower);
            slower
        };
        assert_eq!(bare, slower, "nothing that is measured is left");
        assert_ne!(bare, whole);
        let lab = &mut bare.labs[0];
        for (row, times) in lab.wrong.iter_mut().zip(&times.labs[0].wrong) {
            times.put_into_wrong(row);
        }
        for (row, times) in lab.right.iter_mut().zip(&times.labs[0].right) {
            times.put_into_right(row);
        }
        assert_eq!((&lab.wrong, &lab.right), (&whole.labs[0].wrong, &whole.labs[0].right));
    }
}
