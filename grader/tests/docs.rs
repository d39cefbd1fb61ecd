//! The docs list every wrong Raft as its file describes it, and those that the tests do not see, and no others.

use std::collections::BTreeSet;
use std::fs;

use grader::{Corpus, page};

fn read(corpus: &Corpus, name: &str) -> String {
    fs::read_to_string(corpus.workspace().join("docs").join(name)).expect("a page of the docs")
}

#[test]
fn the_page_describes_every_wrong_raft_as_its_file_does() {
    let corpus = Corpus::here().expect("files of the right form");
    let page = read(&corpus, "wrong-rafts.md");
    let (wrong_ones, _) = page.split_once("## Right Rafts").expect("a part on the right ones");
    let rows: Vec<&str> = wrong_ones.lines().filter(|line| line.starts_with("| `")).collect();
    for wrong in &corpus.wrong {
        let row = page::row(wrong);
        assert!(rows.iter().any(|line| line.starts_with(&row)), "no row begins with\n{row}");
    }
    assert_eq!(rows.len(), corpus.wrong.len(), "each has one row, and nothing else has");
    assert!(page.starts_with(page::INTRODUCTION), "the page begins with the grader's introduction");
}

#[test]
fn what_is_not_seen_is_named_where_the_tests_are_described() {
    let corpus = Corpus::here().expect("files of the right form");
    let page = read(&corpus, "differences.md");
    let section = page.split("\n## ").find(|section| section.starts_with("What the tests do not see\n"));
    let section = section.expect("a section on what the tests do not see");
    // Names in backticks stand at the odd places.
    let named: BTreeSet<&str> = section.split('`').skip(1).step_by(2).collect();
    for wrong in &corpus.wrong {
        let not_seen = wrong.caught_by.is_empty();
        assert_eq!(named.contains(wrong.name.as_str()), not_seen, "{}", wrong.name);
    }
}

#[test]
fn every_right_raft_is_named() {
    let corpus = Corpus::here().expect("files of the right form");
    let page = read(&corpus, "wrong-rafts.md");
    let rows: String = corpus.right.iter().map(page::right_row).collect();
    assert!(page.ends_with(&rows), "the page does not end with\n{rows}");
}
