//! [`choose`]: the solutions that a command line names.

use tester::Lab;

use super::{Corpus, Family, RightSolution, WrongSolution};

/// The chosen solutions of a lab: at least one.
#[derive(Debug)]
pub(super) struct Chosen<'a> {
    /// All solutions of the lab.
    pub(super) family: &'a Family,
    /// The wrong ones that are chosen, by name.
    pub(super) wrong: Vec<&'a WrongSolution>,
    /// The right ones that are chosen, by name.
    pub(super) right: Vec<&'a RightSolution>,
}

/// Filters that choose nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum FilterError {
    /// A filter matches nothing.
    #[error(
        "`{filter}` is neither a lab, nor `wrong`, `right` or `frozen`, nor a piece of a solution's name; \
         the labs are {labs}"
    )]
    Unknown {
        /// The filter as it was given.
        filter: String,
        /// The names of the labs.
        labs: String,
    },
    /// Each filter matches something, and no solution matches all.
    #[error("no solution matches all of these filters; give fewer")]
    NothingLeft,
}

/// A filter, once it is known what it stands for.
enum Filter {
    Lab(&'static str),
    Wrong,
    Right,
    Frozen,
    /// Names of solutions.
    Names(Vec<String>),
}

/// The solutions that match the filters, in the order of the labs; all if there is no filter.
///
/// A filter is one of these, tried in this order:
/// - a lab, by its crate or its number: `raft`, `3`;
/// - `wrong` or `right`;
/// - `frozen`: wrong solutions that are marked so;
/// - the name of a solution, or a piece of names.
///
/// Filters of the same kind are alternatives, and filters of different kinds must all match:
/// `raft kvraft wrong` are the wrong solutions of two labs.
///
/// # Errors
///
/// [`FilterError`]: a filter matches nothing, or no solution matches all of them.
pub(super) fn choose<'a>(
    corpus: &'a Corpus,
    filters: &[String],
    lab: Option<&'static Lab>,
) -> Result<Vec<Chosen<'a>>, FilterError> {
    let mut labs: Vec<&str> = lab.iter().map(|lab| lab.krate).collect();
    let (mut wrong, mut right, mut frozen) = (false, false, false);
    let mut names: Option<Vec<String>> = None;
    for filter in filters {
        match meaning(corpus, filter)? {
            Filter::Lab(krate) => labs.push(krate),
            Filter::Wrong => wrong = true,
            Filter::Right => right = true,
            Filter::Frozen => frozen = true,
            Filter::Names(more) => names.get_or_insert_default().extend(more),
        }
    }
    let any_kind = !wrong && !right;
    let is_named =
        |name: &String| names.as_ref().is_none_or(|names| names.iter().any(|chosen| chosen == name));
    let takes_wrong = |it: &&WrongSolution| (!frozen || it.frozen) && is_named(&it.name);
    let of_family = |family: &'a Family| Chosen {
        family,
        wrong: family.wrong.iter().filter(|_| wrong || any_kind).filter(takes_wrong).collect(),
        right: family
            .right
            .iter()
            .filter(|it| (right || any_kind) && !frozen && is_named(&it.name))
            .collect(),
    };
    let of_labs =
        corpus.families().iter().filter(|family| labs.is_empty() || labs.contains(&family.lab.krate));
    let mut chosen: Vec<Chosen<'_>> = of_labs.map(of_family).collect();
    chosen.retain(|chosen| !chosen.wrong.is_empty() || !chosen.right.is_empty());
    if chosen.is_empty() { Err(FilterError::NothingLeft) } else { Ok(chosen) }
}

/// The lab of this crate or number.
///
/// # Errors
///
/// There is none. The text names all labs.
pub(super) fn lab(name: &str) -> Result<&'static Lab, String> {
    let is_called = |lab: &&Lab| lab.krate == name || lab.number.eq_ignore_ascii_case(name);
    tester::labs().iter().find(is_called).ok_or_else(|| format!("the labs are {}", labs()))
}

fn labs() -> String {
    let names: Vec<String> =
        tester::labs().iter().map(|lab| format!("{} ({})", lab.krate, lab.number)).collect();
    names.join(", ")
}

fn meaning(corpus: &Corpus, filter: &str) -> Result<Filter, FilterError> {
    if let Ok(lab) = lab(filter) {
        return Ok(Filter::Lab(lab.krate));
    }
    match filter {
        "wrong" => return Ok(Filter::Wrong),
        "right" => return Ok(Filter::Right),
        "frozen" => return Ok(Filter::Frozen),
        _ => {}
    }
    let all = corpus.families().iter().flat_map(|family| {
        let wrong = family.wrong.iter().map(|it| &it.name);
        wrong.chain(family.right.iter().map(|it| &it.name))
    });
    let mut names: Vec<String> = all.filter(|name| name.contains(filter)).cloned().collect();
    if names.iter().any(|name| name == filter) {
        names.retain(|name| name == filter);
    }
    if filter.is_empty() || names.is_empty() {
        return Err(FilterError::Unknown { filter: filter.to_owned(), labs: labs() });
    }
    Ok(Filter::Names(names))
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use super::*;

    /// A corpus in a folder: two wrong solutions and a right one of Raft, one wrong of Bully.
    fn corpus(workspace: &Path) -> Corpus {
        let write = |path: &str, text: &str| {
            let path = workspace.join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        };
        for lab in tester::labs() {
            for file in ["Cargo.toml", "src/lib.rs", "wrong/README.md", "right/README.md"] {
                write(&format!("{}/{file}", lab.folder), "");
            }
        }
        let wrong = |name: &str, more: &str| {
            format!("name = '{name}'\nthought = ''\nrule = ''\ncaught_by = []\n{more}\nedit = []\n")
        };
        write("raft/wrong/votes_twice.toml", &wrong("votes_twice", ""));
        write("raft/wrong/votes_twice_late.toml", &wrong("votes_twice_late", "frozen = true"));
        write("raft/right/slow.toml", "name = 'slow'\ndifference = ''\nwhy_right = ''\nedit = []\n");
        write("protocols/bully/wrong/votes_never.toml", &wrong("votes_never", ""));
        Corpus::load(workspace).unwrap()
    }

    fn names(filters: &[&str], of: Option<&str>) -> Result<Vec<String>, FilterError> {
        let folder = tempfile::tempdir().unwrap();
        let corpus = corpus(folder.path());
        let filters: Vec<String> = filters.iter().map(ToString::to_string).collect();
        let chosen = choose(&corpus, &filters, of.map(|name| lab(name).unwrap()))?;
        let mut names = Vec::new();
        for Chosen { wrong, right, .. } in chosen {
            names.extend(wrong.iter().map(|it| it.name.clone()));
            names.extend(right.iter().map(|it| it.name.clone()));
        }
        Ok(names)
    }

    #[test]
    fn filters_of_one_kind_are_alternatives_and_kinds_must_all_match() {
        for (filters, lab, expected) in [
            (&[][..], None, &["votes_twice", "votes_twice_late", "slow", "votes_never"][..]),
            (&["raft"], None, &["votes_twice", "votes_twice_late", "slow"]),
            (&["3"], None, &["votes_twice", "votes_twice_late", "slow"]),
            (&["wrong"], Some("3"), &["votes_twice", "votes_twice_late"]),
            (&["wrong", "right"], Some("raft"), &["votes_twice", "votes_twice_late", "slow"]),
            (&["right"], None, &["slow"]),
            (&["frozen"], None, &["votes_twice_late"]),
            (&["wrong", "frozen"], None, &["votes_twice_late"]),
            (&["votes"], None, &["votes_twice", "votes_twice_late", "votes_never"]),
            (&["votes", "bully"], None, &["votes_never"]),
            (&["votes_twice"], None, &["votes_twice"]),
            (&["late", "never"], None, &["votes_twice_late", "votes_never"]),
        ] {
            assert_eq!(names(filters, lab).unwrap(), expected, "{filters:?} {lab:?}");
        }
    }

    #[test]
    fn filters_that_choose_nothing_are_refused() {
        for (filters, lab) in [(&["right", "frozen"][..], None), (&["slow"], Some("bully"))] {
            assert_eq!(names(filters, lab), Err(FilterError::NothingLeft), "{filters:?}");
        }
        for filter in ["", "rfat", "votes_thrice"] {
            let error = names(&["raft", filter], None).unwrap_err();
            assert!(error.to_string().starts_with(&format!("`{filter}` is neither")), "{error}");
        }
    }
}
