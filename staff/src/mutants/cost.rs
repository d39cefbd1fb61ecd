//! The CPU time until a mistake is noticed.

/// The verdict of a run, and what it cost.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Cost {
    /// CPU seconds of the run.
    pub(super) cpu_seconds: f64,
    /// Whether it failed.
    pub(super) failed: bool,
}

/// The median, over the `starts`, of the CPU seconds that runs take up to and including the first that fails.
/// `runs` are in the order in which they are made; after the last comes the first again, so that each start
/// meets all of them. `None` if no run failed, or there is no start.
pub(super) fn median_to_catch(runs: &[Cost], starts: &[usize]) -> Option<f64> {
    if !runs.iter().any(|run| run.failed) {
        return None;
    }
    let from = |start: &usize| -> f64 {
        let ring = runs.iter().cycle().skip(*start);
        let mut sum = 0.0;
        for run in ring {
            sum += run.cpu_seconds;
            if run.failed {
                break;
            }
        }
        sum
    };
    median(starts.iter().map(from).collect())
}

/// The median of some values; the mean of the middle two of an even number. `None` of none.
fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    match values.len() {
        0 => None,
        odd if odd % 2 == 1 => Some(values[middle]),
        _ => Some(f64::midpoint(values[middle - 1], values[middle])),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn runs(of: &[(f64, bool)]) -> Vec<Cost> {
        of.iter().map(|&(cpu_seconds, failed)| Cost { cpu_seconds, failed }).collect()
    }

    #[test]
    fn each_start_goes_on_to_the_next_failure_and_around_the_end() {
        let runs = runs(&[(1.0, false), (2.0, true), (4.0, false), (8.0, false)]);
        assert_eq!(median_to_catch(&runs, &[0]), Some(3.0));
        assert_eq!(median_to_catch(&runs, &[2]), Some(15.0));
        // 3, 2, 15 and 11.
        assert_eq!(median_to_catch(&runs, &[0, 1, 2, 3]), Some(7.0));
        assert_eq!(median_to_catch(&runs, &[0, 1, 2]), Some(3.0));
    }

    #[test]
    fn what_is_not_caught_has_no_time() {
        assert_eq!(median_to_catch(&runs(&[(1.0, false)]), &[0]), None);
        assert_eq!(median_to_catch(&[], &[]), None);
        assert_eq!(median_to_catch(&runs(&[(1.0, true)]), &[]), None);
    }
}
