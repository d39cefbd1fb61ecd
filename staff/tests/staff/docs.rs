//! The docs list every wrong solution as its file describes it, and exactly those that no test notices in the
//! section on them.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use staff::mutants::{Corpus, page};

fn read(corpus: &Corpus, path: &Path) -> String {
    fs::read_to_string(corpus.workspace().join(path)).expect("a page of the docs")
}

#[test]
fn the_pages_describe_every_wrong_solution_as_its_file_does() {
    let corpus = Corpus::here().expect("files of the right form");
    for family in corpus.families() {
        let text = read(&corpus, &page::path(family));
        let (wrong_ones, _) = text.split_once("\n## Right ").expect("a part on the right ones");
        let rows: Vec<&str> = wrong_ones.lines().filter(|line| line.starts_with("| `")).collect();
        for wrong in &family.wrong {
            let row = page::row(wrong);
            assert!(rows.iter().any(|line| line.starts_with(&row)), "no row begins with\n{row}");
        }
        assert_eq!(rows.len(), family.wrong.len(), "each has one row, and nothing else has");
        let introduction = page::introduction(family, corpus.workspace()).expect("an introduction");
        assert!(text.starts_with(&introduction), "{}: the introduction", page::path(family).display());
        let end = page::end(family, corpus.workspace()).expect("an end");
        assert!(text.ends_with(&end), "{} does not end with\n{end}", page::path(family).display());
    }
}

#[test]
fn wrong_solutions_that_no_test_notices_are_listed_in_the_docs() {
    let corpus = Corpus::here().expect("files of the right form");
    let page = read(&corpus, Path::new("docs/differences.md"));
    let section = page.split("\n## ").find(|section| section.starts_with("What the tests do not see\n"));
    let section = section.expect("a section on what the tests do not see");
    // Names in backticks stand at the odd places.
    let named: BTreeSet<&str> = section.split('`').skip(1).step_by(2).collect();
    for wrong in corpus.families().iter().flat_map(|family| &family.wrong) {
        let not_seen = wrong.caught_by.is_empty();
        assert_eq!(named.contains(wrong.name.as_str()), not_seen, "{}", wrong.name);
    }
}

/// All are built together, and chosen by name.
#[test]
fn no_two_solutions_have_the_same_name() {
    let corpus = Corpus::here().expect("files of the right form");
    let mut names = BTreeSet::from(["reference".to_owned()]);
    for family in corpus.families() {
        let wrong = family.wrong.iter().map(|wrong| wrong.name.clone());
        let right = family.right.iter().map(|right| right.name.clone());
        for name in wrong.chain(right).chain([family.copy()]) {
            assert!(names.insert(name.clone()), "two are called {name}");
        }
        assert!(
            !family.wrong.is_empty() && !family.right.is_empty(),
            "{} has some of both",
            family.lab.krate
        );
    }
}
