//! Filters: the choice of tests on the command line.

use crate::{Case, cases};

/// A filter that matches no part and no test.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{filter}` is neither a part nor a piece of a test's name")]
pub struct UnknownFilter {
    /// The filter as it was given.
    pub filter: String,
}

/// The tests that any of `filters` chooses, in the course's order and each once; all tests if
/// there is no filter.
///
/// A filter is one of these, tried in this order, in upper or lower case:
/// - a part (`3A`), or a lab, which is all of its parts (`3`);
/// - a test's whole name (`backup_3b`), also as the course writes it (`TestBackup3B`);
/// - a piece of names (`backup`, `unreliable`).
///
/// # Errors
///
/// [`UnknownFilter`] for the first filter that chooses nothing.
pub fn select(filters: &[String]) -> Result<Vec<&'static Case>, UnknownFilter> {
    select_from(cases(), filters)
}

fn select_from<'a>(cases: &'a [Case], filters: &[String]) -> Result<Vec<&'a Case>, UnknownFilter> {
    let mut chosen = vec![filters.is_empty(); cases.len()];
    for filter in filters {
        let matches = matches(cases, filter);
        if matches.is_empty() {
            return Err(UnknownFilter { filter: filter.clone() });
        }
        for position in matches {
            chosen[position] = true;
        }
    }
    Ok(cases.iter().zip(chosen).filter_map(|(case, chosen)| chosen.then_some(case)).collect())
}

/// The positions of the cases that `filter` matches.
fn matches(cases: &[Case], filter: &str) -> Vec<usize> {
    let wanted = plain(filter);
    if wanted.is_empty() {
        return Vec::new();
    }
    let positions = |accepts: &dyn Fn(&Case) -> bool| -> Vec<usize> {
        (0..cases.len()).filter(|&position| accepts(&cases[position])).collect()
    };
    let lab = |case: &Case| case.part.trim_end_matches(|c: char| c.is_ascii_alphabetic()).to_owned();
    let by_part = positions(&|case| case.part.eq_ignore_ascii_case(filter) || lab(case) == filter);
    if !by_part.is_empty() {
        return by_part;
    }
    // The course's Go names differ from ours by this prefix and the underscores.
    let name = wanted.strip_prefix("test").unwrap_or(&wanted);
    let by_name = positions(&|case| plain(case.name) == name);
    if !by_name.is_empty() {
        return by_name;
    }
    positions(&|case| plain(case.name).contains(&wanted))
}

/// A name without case, underscores and dashes.
fn plain(name: &str) -> String {
    name.chars().filter(|c| !matches!(c, '_' | '-')).map(|c| c.to_ascii_lowercase()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(filters: &[&str]) -> Result<Vec<&'static str>, UnknownFilter> {
        let filters: Vec<String> = filters.iter().map(ToString::to_string).collect();
        Ok(select(&filters)?.into_iter().map(|case| case.name).collect())
    }

    #[test]
    fn no_filter_chooses_all_in_order() {
        let all: Vec<&str> = cases().iter().map(|case| case.name).collect();
        assert_eq!(chosen(&[]), Ok(all));
    }

    #[test]
    fn parts_in_either_case_and_whole_labs() {
        for filter in ["3A", "3a"] {
            let names = chosen(&[filter]).unwrap();
            assert_eq!(names[0], "initial_election_3a");
            assert!(names.iter().all(|name| name.ends_with("_3a")), "{names:?}");
        }
        let lab: Vec<&str> =
            cases().iter().filter(|case| case.part.starts_with('3')).map(|case| case.name).collect();
        assert_eq!(chosen(&["3"]), Ok(lab));
    }

    #[test]
    fn names_pieces_and_the_courses_spelling() {
        for filter in ["backup_3b", "backup", "BACKUP-3B", "TestBackup3B"] {
            assert_eq!(chosen(&[filter]), Ok(vec!["backup_3b"]), "{filter}");
        }
        assert!(chosen(&["unreliable"]).unwrap().len() > 1);
    }

    #[test]
    fn a_union_keeps_the_courses_order_and_takes_each_test_once() {
        assert_eq!(
            chosen(&["backup", "initial_election", "backup_3b"]),
            Ok(vec!["initial_election_3a", "backup_3b"])
        );
    }

    #[test]
    fn a_filter_without_matches_is_an_error() {
        for filter in ["", "_", "3X", "bakcup", "test"] {
            assert_eq!(
                chosen(&["3A", filter]),
                Err(UnknownFilter { filter: filter.to_owned() }),
                "{filter:?} chose something"
            );
        }
    }
}
