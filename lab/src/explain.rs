//! `lab explain`: the page of a rule, or of a kind of failure.

mod diagnoses;

use std::io::Write;

use tester::Rule;

use crate::Verdict;
use crate::args::ExplainArgs;
use crate::error::CommandError;
use crate::near;
use diagnoses::{DIAGNOSES, Diagnosis};

/// Columns of a page.
const WIDTH: usize = 80;

/// Prints the page of the rule or the kind of failure that the arguments name, or the list of all.
///
/// # Errors
///
/// There is no such page.
pub fn explain(args: &ExplainArgs) -> Result<Verdict, CommandError> {
    let text = match &args.name {
        None => list(&pages()),
        Some(name) => find(name)?.text(),
    };
    // A reader who closed the pipe has seen enough.
    let _ = std::io::stdout().write_all(text.as_bytes());
    Ok(Verdict::Passed)
}

/// A page.
#[derive(Clone, Copy)]
enum Page {
    Rule(&'static Rule),
    Diagnosis(&'static Diagnosis),
}

fn pages() -> Vec<Page> {
    tester::rules().map(Page::Rule).chain(DIAGNOSES.iter().map(Page::Diagnosis)).collect()
}

/// The names of all pages.
pub(crate) fn names() -> Vec<&'static str> {
    pages().iter().map(|page| page.name()).collect()
}

/// The page of a name, whose case plays no role.
fn find(name: &str) -> Result<Page, CommandError> {
    let found = pages().into_iter().find(|page| page.name().eq_ignore_ascii_case(name));
    found.ok_or_else(|| {
        let near = nearest(name);
        let advice = match near.is_empty() {
            true => "`cargo lab explain` lists all".to_owned(),
            false => format!("did you mean {}?", near::either(&near)),
        };
        CommandError::new(format!("there is no rule or kind of failure `{name}`; {advice}"))
    })
}

/// The names that are nearest to a mistyped one. Names of rules are too short to be compared by their
/// spelling: of these, the ones with the same letters are near.
fn nearest(name: &str) -> Vec<&'static str> {
    let all = names();
    let near = near::names(name, &all);
    if !near.is_empty() {
        return near;
    }
    let letters = |name: &str| name.trim_end_matches(|c: char| c.is_ascii_digit()).to_ascii_lowercase();
    let wanted = letters(name);
    all.into_iter().filter(|name| name.len() > letters(name).len() && letters(name) == wanted).collect()
}

impl Page {
    fn name(self) -> &'static str {
        match self {
            Self::Rule(rule) => rule.id,
            Self::Diagnosis(diagnosis) => diagnosis.name,
        }
    }

    fn title(self) -> &'static str {
        match self {
            Self::Rule(rule) => rule.title,
            Self::Diagnosis(diagnosis) => diagnosis.title,
        }
    }

    /// The sections, each with its heading.
    fn sections(self) -> Vec<(&'static str, String)> {
        match self {
            Self::Rule(rule) => vec![
                ("The paper", rule.citation()),
                ("Why", rule.why.to_owned()),
                ("The usual mistake", rule.mistake.to_owned()),
                ("How to mend it", rule.cure.to_owned()),
            ],
            Self::Diagnosis(diagnosis) => vec![
                ("What it means", diagnosis.meaning.to_owned()),
                ("How it is noticed", diagnosis.noticed.to_owned()),
                ("The usual mistake", diagnosis.mistake.to_owned()),
                ("How to mend it", diagnosis.cure.to_owned()),
            ],
        }
    }

    fn text(self) -> String {
        let mut text = wrapped(&format!("{}: {}", self.name(), self.title()), "");
        for (heading, section) in self.sections() {
            text += &format!("\n{heading}\n{}", wrapped(&section, "  "));
        }
        text
    }
}

/// The list of pages, and the command that shows one.
fn list(pages: &[Page]) -> String {
    let width = pages.iter().map(|page| page.name().len()).max().unwrap_or(0);
    let row = |page: &Page| {
        let row = wrapped(page.title(), &" ".repeat(width + 2));
        row.replacen(&" ".repeat(width), &format!("{:width$}", page.name()), 1)
    };
    let part = |title: &str, is_of_part: fn(&&Page) -> bool| {
        let rows: String = pages.iter().filter(is_of_part).map(row).collect();
        if rows.is_empty() { rows } else { format!("{title}\n{rows}\n") }
    };
    part("Rules of the papers", |page| matches!(page, Page::Rule(_)))
        + &part("Kinds of failures", |page| matches!(page, Page::Diagnosis(_)))
        + "`cargo lab explain NAME` shows one of them.\n"
}

/// The words of a text in lines of at most [`WIDTH`] columns, each after `indent`.
fn wrapped(text: &str, indent: &str) -> String {
    let mut lines = vec![indent.to_owned()];
    for word in text.split_whitespace() {
        let line = lines.last_mut().expect("there is always one");
        let is_empty = line.len() == indent.len();
        if is_empty {
            line.push_str(word);
        } else if line.chars().count() + 1 + word.chars().count() <= WIDTH {
            line.push(' ');
            line.push_str(word);
        } else {
            lines.push(format!("{indent}{word}"));
        }
    }
    lines.join("\n") + "\n"
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use labrt::world::FailureKind;

    use super::*;

    #[test]
    fn every_rule_and_every_kind_of_failure_has_a_page() {
        for name in tester::rules().map(|rule| rule.id).chain(FailureKind::ALL.map(FailureKind::name)) {
            assert_eq!(find(name).map(Page::name).ok(), Some(name));
        }
        let all = names();
        assert_eq!(all.iter().collect::<BTreeSet<_>>().len(), all.len(), "a name is one page's: {all:?}");
        assert_eq!(find("LINEARIZABILITY").map(Page::name).ok(), Some("linearizability"));
    }

    #[test]
    fn no_section_is_empty_and_all_lines_fit() {
        for page in pages() {
            for (heading, section) in page.sections() {
                assert!(section.split_whitespace().count() > 2, "{}: {heading}", page.name());
            }
            assert!(page.title().split_whitespace().count() > 1, "{}", page.name());
            let text = page.text();
            assert!(text.lines().all(|line| line.chars().count() <= WIDTH), "{text}");
        }
        let list = list(&pages());
        assert!(list.lines().all(|line| line.chars().count() <= WIDTH), "{list}");
        for name in names() {
            assert!(list.lines().any(|line| line.split(' ').next() == Some(name)), "{name}: {list}");
        }
    }

    #[test]
    fn a_page_has_the_papers_sentence_and_its_place() {
        let text = find("ae1").map(Page::text).expect("a rule");
        let begin = "AE1: an AppendEntries of an older term is refused\n\nThe paper\n  Figure 2, \
                     AppendEntries RPC, 1: reply false if term < currentTerm\n\nWhy\n  ";
        assert!(text.starts_with(begin), "{text}");
    }

    #[test]
    fn an_unknown_name_is_refused_in_one_line() {
        for (name, says) in [
            ("deadlok", "did you mean `deadlock`?"),
            ("AE99", "did you mean `AE1`"),
            ("paxos", "`cargo lab explain` lists all"),
            ("7", "`cargo lab explain` lists all"),
        ] {
            let refusal = find(name).map(Page::name).expect_err("no page").to_string();
            assert!(refusal.contains(&format!("`{name}`")) && refusal.contains(says), "{refusal}");
            assert!(!refusal.contains('\n'), "{refusal}");
        }
    }

    #[test]
    fn words_are_wrapped() {
        let words = "word ".repeat(20);
        let text = wrapped(&words, "  ");
        assert_eq!(text.lines().map(str::len).collect::<Vec<_>>(), [76, 26]);
        assert_eq!(wrapped("", "  "), "  \n");
        assert_eq!(wrapped(&"x".repeat(100), ""), "x".repeat(100) + "\n");
    }
}
