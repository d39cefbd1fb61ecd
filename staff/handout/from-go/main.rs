//! The Rust code of `staff/handout/docs/from-go.md` is that of `idioms`, which is compiled and run here.

mod idioms;

use std::collections::BTreeSet;

/// The page.
const PAGE: &str = include_str!("../docs/from-go.md");
/// The source that contains all code of the page.
const IDIOMS: &str = include_str!("idioms.rs");

/// The code without its white space, which depends on the formatting.
fn without_space(code: &str) -> String {
    code.split_whitespace().collect()
}

/// The sections whose tables have Rust code on the right, without their headings.
fn tables() -> &'static str {
    let (_, rest) = PAGE.split_once("## Which Rust for which Go").expect("the page has the tables");
    rest.split_once("## Longer ones").expect("the page has longer examples").0
}

/// The cells of a row of a table; a `|` in code is written `\|`.
fn cells(row: &str) -> Vec<String> {
    let cells = row.replace("\\|", "\u{0}");
    cells.trim_matches('|').split('|').map(|cell| cell.trim().replace('\u{0}', "|")).collect()
}

/// The pieces of code between backticks.
fn codes(cell: &str) -> impl Iterator<Item = &str> {
    cell.split('`').skip(1).step_by(2)
}

fn rows() -> Vec<Vec<String>> {
    let rows = tables().lines().filter(|line| line.starts_with("| ") && !line.starts_with("| ---"));
    rows.filter(|line| !line.starts_with("| in Go")).map(cells).collect()
}

#[test]
fn the_rust_of_every_row_is_compiled() {
    let idioms = without_space(IDIOMS);
    let (mut looked_at, mut missing) = (0, Vec::new());
    for row in rows() {
        let [_, rust] = &row[..] else { panic!("a row has two cells: {row:?}") };
        assert!(rust.contains('`') || rust.starts_with("nothing"), "no Rust in {row:?}");
        for code in codes(rust) {
            looked_at += 1;
            if !idioms.contains(&without_space(code)) {
                missing.push(code.to_owned());
            }
        }
    }
    assert_eq!(missing, [""; 0], "this is not in idioms.rs");
    assert!(looked_at > 100, "the tables were looked for where they are not");
}

#[test]
fn the_longer_examples_are_compiled() {
    let idioms = without_space(IDIOMS);
    let blocks: Vec<&str> =
        PAGE.split("```rust\n").skip(1).filter_map(|rest| rest.split("```").next()).collect();
    assert!(blocks.len() > 3, "the examples were looked for where they are not");
    for block in blocks {
        assert!(idioms.contains(&without_space(block)), "this is not in idioms.rs:\n{block}");
    }
}

/// The idioms are those of lab solutions written in Go.
#[test]
fn every_idiom_has_a_row() {
    let left: Vec<String> = rows().iter().map(|row| row[0].clone()).collect();
    for idiom in [
        "go ",
        "WaitGroup",
        "once.Do",
        "defer",
        "RWMutex",
        "RLock",
        "NewCond(&rf.mu)",
        "NewCond(&rw)",
        "RLocker",
        "atomic.Int32",
        "LoadInt32",
        "CompareAndSwap",
        "make(chan",
        "chan struct{}",
        "close(ch)",
        "range ch",
        "default:",
        "time.After(d)",
        "NewTimer",
        "Reset",
        "Stop",
        "AfterFunc",
        "NewTicker",
        "time.Sleep",
        "time.Since",
        "rand.Intn",
        "WithCancel",
        "WithTimeout",
        "killed()",
        "DPrintf",
        "sort.Slice",
        "m[k]",
        "delete(",
        "append(",
        "interface{}",
        "labgob.Register",
        "Call(",
        "capital letters",
        "persister.Save",
        "SaveStateAndSnapshot",
        "fmt.Sprintf",
        "len(log)",
    ] {
        assert!(left.iter().any(|cell| cell.contains(idiom)), "no row for `{idiom}`");
    }
    for idiom in ["CondInstallSnapshot", "-race"] {
        assert!(PAGE.contains(idiom), "no row for `{idiom}`");
    }
}

/// A place on the page that a row leads to.
#[test]
fn what_the_page_leads_to_is_there() {
    let anchor = |heading: &str| heading.to_lowercase().replace(' ', "-");
    let headings: BTreeSet<String> =
        PAGE.lines().filter_map(|line| line.strip_prefix("### ")).map(anchor).collect();
    for link in PAGE.split("](#").skip(1).filter_map(|rest| rest.split(')').next()) {
        assert!(headings.contains(link), "nothing is called #{link}");
    }
}
