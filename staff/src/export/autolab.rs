//! The scores of a submission as Autolab takes them from an autograder.
//!
//! The form is documented at <https://docs.autolabproject.com/lab/>: one line with a score for each problem,
//! and the entries of the scoreboard. The problems are the parts.

use serde::Serialize;
use serde_json::{Map, Value};

use crate::report::Graded;
use crate::score::{Points, by_part};

#[derive(Serialize)]
struct Autoresult {
    scores: Map<String, Value>,
    /// The parts in their order, and the sum.
    scoreboard: Vec<Points>,
}

/// The line that an autograder prints last.
///
/// # Panics
///
/// Never: texts and numbers have a JSON form.
pub(super) fn text(graded: &Graded) -> String {
    let parts = by_part(&graded.tests);
    let result = Autoresult {
        scores: parts.iter().map(|part| (part.part.clone(), f64::from(part.score).into())).collect(),
        scoreboard: parts.iter().map(|part| part.score).chain([graded.score()]).collect(),
    };
    serde_json::to_string(&result).expect("texts and numbers have a JSON form") + "\n"
}

#[cfg(test)]
mod tests {
    use super::super::classroom::tests::graded;
    use super::*;

    #[test]
    fn each_part_is_a_problem_and_the_sum_stands_last() {
        let expected = "{\"scores\":{\"3A\":2.5,\"4B\":0.0},\"scoreboard\":[2.5,0.0,2.5]}\n";
        assert_eq!(text(&graded()), expected);
    }
}
