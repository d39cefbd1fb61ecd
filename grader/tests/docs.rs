//! The docs list every wrong solution as its file describes it, and those that the tests do not see, and no others.

use std::collections::BTreeSet;
use std::fs;

use grader::page;
use grader::{Corpus, Reference};

fn read(corpus: &Corpus, name: &str) -> String {
    fs::read_to_string(corpus.workspace().join("docs").join(name)).expect("a page of the docs")
}

#[test]
fn the_pages_describe_every_wrong_solution_as_its_file_does() {
    let corpus = Corpus::here().expect("files of the right form");
    for page in page::ALL {
        let text = read(&corpus, page.file);
        let (wrong_ones, _) = text.split_once("\n## Right ").expect("a part on the right ones");
        let rows: Vec<&str> = wrong_ones.lines().filter(|line| line.starts_with("| `")).collect();
        let wrong = &page.family(&corpus).wrong;
        for wrong in wrong {
            let row = page::row(wrong);
            assert!(rows.iter().any(|line| line.starts_with(&row)), "no row begins with\n{row}");
        }
        assert_eq!(rows.len(), wrong.len(), "each has one row, and nothing else has");
        assert!(text.starts_with(page.introduction), "{} begins with the grader's introduction", page.file);
    }
}

#[test]
fn what_is_not_seen_is_named_where_the_tests_are_described() {
    let corpus = Corpus::here().expect("files of the right form");
    let page = read(&corpus, "differences.md");
    let section = page.split("\n## ").find(|section| section.starts_with("What the tests do not see\n"));
    let section = section.expect("a section on what the tests do not see");
    // Names in backticks stand at the odd places.
    let named: BTreeSet<&str> = section.split('`').skip(1).step_by(2).collect();
    for wrong in page::ALL.iter().flat_map(|page| &page.family(&corpus).wrong) {
        let not_seen = wrong.caught_by.is_empty();
        assert_eq!(named.contains(wrong.name.as_str()), not_seen, "{}", wrong.name);
    }
}

#[test]
fn every_right_solution_is_named() {
    let corpus = Corpus::here().expect("files of the right form");
    for page in page::ALL {
        let rows: String = page.family(&corpus).right.iter().map(page::right_row).collect();
        let end = page.right.to_owned() + &rows;
        assert!(read(&corpus, page.file).ends_with(&end), "{} does not end with\n{end}", page.file);
    }
}

/// All are built side by side, and chosen by name.
#[test]
fn no_two_solutions_have_the_same_name() {
    let corpus = Corpus::here().expect("files of the right form");
    let mut names = BTreeSet::from(["raft"]);
    let families = page::ALL.map(|page| page.family(&corpus));
    let wrong = families.iter().flat_map(|family| &family.wrong).map(|wrong| wrong.name.as_str());
    let right = families.iter().flat_map(|family| &family.right).map(|right| right.name.as_str());
    for name in wrong.chain(right).chain(Reference::ALL.map(Reference::copy)) {
        assert!(names.insert(name), "two are called {name}");
    }
}
