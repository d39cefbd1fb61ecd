//! Filters: choosing tests by what a person would type.

use crate::{Case, Lab, cases, labs};

/// A choice of tests, as a command line makes it.
#[derive(Debug, Clone, Copy, Default)]
pub struct Selection<'a> {
    /// The filters of the tests to take, combined with OR; all tests if there is none.
    pub filters: &'a [String],
    /// The filters of the tests to leave out, combined with OR.
    pub skip: &'a [String],
    /// Whether a filter is a part, a lab or a whole name, and never a piece of a name.
    pub exact: bool,
}

/// A selection that chooses no test.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SelectionError {
    /// No test, part or lab matches a filter.
    #[error("`{filter}` is neither a part nor a piece of a test's name")]
    Unknown {
        /// The filter as it was given.
        filter: String,
    },
    /// No test, part or lab has exactly this name, and only whole names were asked for.
    #[error("`{filter}` is neither a part nor the whole name of a test")]
    UnknownName {
        /// The filter as it was given.
        filter: String,
    },
    /// Every test that was chosen is left out again.
    #[error("no test is left: all that are chosen are skipped")]
    NothingLeft,
}

/// The tests of a selection, in the course's order and each once.
///
/// A filter is one of these, tried in this order, in upper or lower case:
/// - a part (`3A`), or a lab, which is all of its parts (`3`; `3+` is the lab that goes on from it);
/// - a test's whole name (`backup_3b`), also as the course writes it (`TestBackup3B`);
/// - a piece of names (`backup`, `unreliable`), unless the selection is exact.
///
/// # Errors
///
/// [`SelectionError`]: the first filter that matches nothing, or that nothing is left.
pub fn select(selection: Selection<'_>) -> Result<Vec<&'static Case>, SelectionError> {
    select_from(cases(), selection)
}

fn select_from<'a>(cases: &'a [Case], selection: Selection<'_>) -> Result<Vec<&'a Case>, SelectionError> {
    let Selection { filters, skip, exact } = selection;
    let mut chosen = vec![filters.is_empty(); cases.len()];
    for (filter, taken) in filters.iter().map(|it| (it, true)).chain(skip.iter().map(|it| (it, false))) {
        let matches = matches(cases, filter, exact);
        if matches.is_empty() {
            let filter = filter.clone();
            return Err(match exact {
                true => SelectionError::UnknownName { filter },
                false => SelectionError::Unknown { filter },
            });
        }
        for position in matches {
            chosen[position] = taken;
        }
    }
    let chosen: Vec<_> =
        cases.iter().zip(chosen).filter_map(|(case, chosen)| chosen.then_some(case)).collect();
    if chosen.is_empty() { Err(SelectionError::NothingLeft) } else { Ok(chosen) }
}

/// Positions of the cases that `filter` matches.
fn matches(cases: &[Case], filter: &str, exact: bool) -> Vec<usize> {
    let wanted = plain(filter);
    if wanted.is_empty() {
        return Vec::new();
    }
    let positions = |accepts: &dyn Fn(&Case) -> bool| -> Vec<usize> {
        (0..cases.len()).filter(|&position| accepts(&cases[position])).collect()
    };
    let lab = labs().iter().find(|lab| lab.number == filter);
    let is_of_lab = |case: &Case| lab.is_some_and(|lab: &Lab| lab.has_part(case.part));
    let by_part = positions(&|case| case.part.eq_ignore_ascii_case(filter) || is_of_lab(case));
    if !by_part.is_empty() {
        return by_part;
    }
    // The course's Go names differ from ours by this prefix and the underscores.
    let name = wanted.strip_prefix("test").unwrap_or(&wanted);
    let by_name = positions(&|case| plain(case.name) == name);
    if exact || !by_name.is_empty() {
        return by_name;
    }
    positions(&|case| plain(case.name).contains(&wanted))
}

/// A name without the characters that people write in different ways.
fn plain(name: &str) -> String {
    name.chars().filter(|c| !matches!(c, '_' | '-')).map(|c| c.to_ascii_lowercase()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::registry::all_cases;

    fn names(filters: &[&str], skip: &[&str], exact: bool) -> Result<Vec<&'static str>, SelectionError> {
        let owned = |filters: &[&str]| -> Vec<String> { filters.iter().map(ToString::to_string).collect() };
        let (filters, skip) = (owned(filters), owned(skip));
        let cases = select_from(all_cases(), Selection { filters: &filters, skip: &skip, exact })?;
        Ok(cases.into_iter().map(|case| case.name).collect())
    }

    fn chosen(filters: &[&str]) -> Result<Vec<&'static str>, SelectionError> {
        names(filters, &[], false)
    }

    #[test]
    fn skipped_tests_are_left_out_whatever_chose_them() {
        let all = chosen(&["3B"]).unwrap();
        let rest = names(&["3B", "backup_3b"], &["backup", "rejoin"], false).unwrap();
        let expected: Vec<_> =
            all.into_iter().filter(|name| !["backup_3b", "rejoin_3b"].contains(name)).collect();
        assert_eq!(rest, expected);
        let without_3a = names(&[], &["3A"], false).unwrap();
        assert!(without_3a.iter().all(|name| !name.ends_with("_3a")), "{without_3a:?}");
        assert_eq!(names(&[], &["3A", "3B"], false).unwrap(), {
            let all = chosen(&[]).unwrap().into_iter();
            all.filter(|name| !["_3a", "_3b"].iter().any(|part| name.ends_with(part))).collect::<Vec<_>>()
        });
        // A test that was not chosen anyhow.
        assert_eq!(names(&["backup_3b"], &["3A"], false), Ok(vec!["backup_3b"]));
        assert_eq!(names(&["backup_3b"], &["3B"], false), Err(SelectionError::NothingLeft));
        let unknown = SelectionError::Unknown { filter: "bakcup".to_owned() };
        assert_eq!(names(&["3B"], &["bakcup"], false), Err(unknown));
    }

    #[test]
    fn an_exact_filter_is_a_part_or_a_whole_name() {
        for filter in ["backup_3b", "TestBackup3B"] {
            assert_eq!(names(&[filter], &[], true), Ok(vec!["backup_3b"]), "{filter}");
        }
        assert_eq!(names(&["3a"], &[], true), chosen(&["3A"]));
        assert_eq!(names(&["3"], &["3A"], true), names(&["3"], &["3A"], false));
        for (filters, skip) in [(["backup"], vec![]), (["3B"], vec!["backup"])] {
            let unknown = SelectionError::UnknownName { filter: "backup".to_owned() };
            assert_eq!(names(&filters, &skip, true), Err(unknown));
        }
    }

    #[test]
    fn no_filter_chooses_all_in_order() {
        let all: Vec<&str> = all_cases().iter().map(|case| case.name).collect();
        assert_eq!(chosen(&[]), Ok(all));
    }

    #[test]
    fn parts_in_either_case_and_whole_labs() {
        for filter in ["3A", "3a"] {
            let names = chosen(&[filter]).unwrap();
            assert_eq!(names[0], "initial_election_3a");
            assert!(names.iter().all(|name| name.ends_with("_3a")), "{names:?}");
        }
        let of_crate = |krate: &str| -> Vec<&str> {
            all_cases().iter().filter(|case| case.needs.ends_with(&[krate])).map(|case| case.name).collect()
        };
        assert_eq!(chosen(&["3"]), Ok(of_crate("raft")));
        assert_eq!(chosen(&["3+"]), Ok(of_crate("raft_extended")));
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
    fn a_filter_that_matches_nothing_is_an_error() {
        for filter in ["", "_", "3Z", "bakcup", "test"] {
            assert_eq!(
                chosen(&["3A", filter]),
                Err(SelectionError::Unknown { filter: filter.to_owned() }),
                "{filter:?} chose something"
            );
        }
    }
}
