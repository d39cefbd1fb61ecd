//! [`Parts`]: the released parts of the labs.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use tester::Lab;

use super::HandoutError;

/// Some parts of the labs. By default, all parts of the labs that have a number: those of the course.
///
/// As text: parts separated by commas, such as `3A,3B`; `3` is all of lab 3, and `B` all of the Bully
/// algorithm.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parts(BTreeSet<&'static str>);

impl Default for Parts {
    fn default() -> Self {
        Self(tester::labs().iter().filter(|lab| lab.is_of_course()).flat_map(Lab::part_names).collect())
    }
}

fn all() -> impl Iterator<Item = (&'static Lab, &'static str)> {
    tester::labs().iter().flat_map(|lab| lab.part_names().into_iter().map(move |part| (lab, part)))
}

impl FromStr for Parts {
    type Err = HandoutError;

    fn from_str(text: &str) -> Result<Self, HandoutError> {
        let mut chosen = BTreeSet::new();
        for name in text.split(',').map(str::trim) {
            let wanted = name.to_uppercase();
            let is_meant =
                |(lab, part): &(&Lab, &str)| *part == wanted || lab.number.to_uppercase() == wanted;
            let found: Vec<_> = all().filter(is_meant).map(|(_, part)| part).collect();
            if found.is_empty() {
                let known: Vec<_> = all().map(|(_, part)| part).collect();
                return Err(HandoutError::UnknownPart { name: name.to_owned(), known: known.join(", ") });
            }
            chosen.extend(found);
        }
        Ok(Self(chosen))
    }
}

impl fmt::Display for Parts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.names().collect::<Vec<_>>().join(","))
    }
}

impl Parts {
    /// Whether this part is released.
    #[must_use]
    pub fn contains(&self, part: &str) -> bool {
        self.0.contains(part)
    }

    /// The names of the parts, in the order of the labs.
    pub(super) fn names(&self) -> impl Iterator<Item = &'static str> {
        all().map(|(_, part)| part).filter(|part| self.contains(part))
    }

    /// The first part, and its lab.
    pub(super) fn first(&self) -> Option<(&'static str, &'static Lab)> {
        all().find(|(_, part)| self.contains(part)).map(|(lab, part)| (part, lab))
    }

    /// Whether a part of this lab is released.
    pub(super) fn have(&self, lab: &Lab) -> bool {
        lab.part_names().into_iter().any(|part| self.contains(part))
    }

    /// Whether students need the crate of this lab: because a part of it, or of a lab that depends on it, is
    /// released.
    pub(super) fn need(&self, lab: &Lab) -> bool {
        tester::labs()
            .iter()
            .any(|it| (it.krate == lab.krate || it.needs.contains(&lab.krate)) && self.have(it))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(text: &str) -> Parts {
        text.parse().unwrap()
    }

    #[test]
    fn parts_are_named_one_by_one_or_by_lab() {
        assert_eq!(parts("3A,3b").0, BTreeSet::from(["3A", "3B"]));
        assert_eq!(parts("3A, 2").0, BTreeSet::from(["2A", "2B", "2X", "3A"]));
        assert_eq!(parts("2,3,4,5"), Parts::default());
        assert_eq!(parts(&Parts::default().to_string()), Parts::default());
        assert_eq!(parts("b1").0, BTreeSet::from(["B1"]));
        assert_ne!(parts("2,3"), Parts::default());
        for wrong in ["3Z", "", "3A,", "1", "3AB", "é"] {
            let error = wrong.parse::<Parts>().unwrap_err().to_string();
            assert!(
                error.contains("the parts are 2A, 2B, 2X, 3A, 3B, 3C, 3D, 3X, 4A, 4B, 4C, 4X, 5A"),
                "{error}"
            );
        }
    }

    #[test]
    fn students_begin_with_the_first() {
        let first = |parts: Parts| parts.first().map(|(part, lab)| (part, lab.krate));
        assert_eq!(first(parts("3B,4,3A")), Some(("3A", "raft")));
        assert_eq!(first(parts("B1")), Some(("B1", "bully")));
        assert_eq!(first(Parts::default()), Some(("2A", "kvsrv")));
    }

    #[test]
    fn a_crate_is_needed_for_its_lab_and_for_what_stands_on_it() {
        let needed = |text| {
            let parts = parts(text);
            tester::labs().iter().filter(|lab| parts.need(lab)).map(|lab| lab.krate).collect::<Vec<_>>()
        };
        assert_eq!(needed("3A"), ["raft"]);
        assert_eq!(needed("2B"), ["kvsrv"]);
        assert_eq!(needed("4A"), ["raft", "kvraft"]);
        assert_eq!(needed("B1"), ["bully"]);
        assert_eq!(needed("2,3,4"), ["kvsrv", "raft", "kvraft"]);
    }
}
