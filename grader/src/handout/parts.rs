//! [`Parts`]: what students get so far.

use std::collections::BTreeSet;
use std::str::FromStr;

use super::HandoutError;

/// A lab: a crate that students write, and the parts in which it is released.
#[derive(Debug)]
pub(super) struct Lab {
    /// The crate.
    pub(super) krate: &'static str,
    /// The crate's folder, here and in the hand-out.
    pub(super) folder: &'static str,
    /// The folder of what students begin with.
    pub(super) skeleton: &'static str,
    /// The page about it, if that is not among those of the hand-out.
    pub(super) page: Option<&'static str>,
    parts: &'static [&'static str],
}

/// All of them.
pub(super) const LABS: [Lab; 4] = [
    Lab { krate: "kvsrv", folder: "kvsrv", skeleton: "handout/kvsrv", page: None, parts: &["2A", "2B"] },
    Lab {
        krate: "raft",
        folder: "raft",
        skeleton: "handout/raft",
        page: None,
        parts: &["3A", "3B", "3C", "3D"],
    },
    Lab {
        krate: "kvraft",
        folder: "kvraft",
        skeleton: "handout/kvraft",
        page: None,
        parts: &["4A", "4B", "4C"],
    },
    Lab {
        krate: "bully",
        folder: "protocols/bully",
        skeleton: "protocols/bully/skeleton",
        page: Some("protocols/bully/page.md"),
        parts: &["B1"],
    },
];

/// Some parts of the labs. All of them by default.
///
/// As text: parts with commas between them, such as `3A,3B`; `3` is all of lab 3, and `B` all of the Bully
/// algorithm.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parts(BTreeSet<&'static str>);

impl Default for Parts {
    fn default() -> Self {
        Self(all().collect())
    }
}

fn all() -> impl Iterator<Item = &'static str> {
    LABS.iter().flat_map(|lab| lab.parts.iter().copied())
}

impl FromStr for Parts {
    type Err = HandoutError;

    fn from_str(text: &str) -> Result<Self, HandoutError> {
        let mut chosen = BTreeSet::new();
        for name in text.split(',').map(str::trim) {
            let wanted = name.to_uppercase();
            let found: Vec<_> = all().filter(|part| *part == wanted || part[..1] == wanted).collect();
            if found.is_empty() {
                let known: Vec<_> = all().collect();
                return Err(HandoutError::UnknownPart { name: name.to_owned(), known: known.join(", ") });
            }
            chosen.extend(found);
        }
        Ok(Self(chosen))
    }
}

impl Parts {
    /// Whether this part is among them.
    #[must_use]
    pub fn contains(&self, part: &str) -> bool {
        self.0.contains(part)
    }

    /// Their names, in the course's order.
    pub(super) fn names(&self) -> impl Iterator<Item = &'static str> {
        self.0.iter().copied()
    }

    /// The first of them, and the crate in which it is done.
    pub(super) fn first(&self) -> Option<(&'static str, &'static str)> {
        let first = self.names().next()?;
        let lab = LABS.iter().find(|lab| lab.parts.contains(&first))?;
        Some((first, lab.krate))
    }

    /// Whether students need this crate: because a part of its lab is released, or because lab 4 stands on
    /// it.
    pub(super) fn need(&self, name: &str) -> bool {
        LABS.iter()
            .filter(|lab| lab.krate == name || (name == "raft" && lab.krate == "kvraft"))
            .any(|lab| lab.parts.iter().any(|part| self.contains(part)))
    }

    /// Whether something of the lab with this number or crate is released.
    pub(super) fn have_lab(&self, name: &str) -> bool {
        let of_crate = LABS.iter().filter(|lab| lab.krate == name).flat_map(|lab| lab.parts);
        self.0.iter().any(|part| part[..1] == *name) || of_crate.into_iter().any(|part| self.contains(part))
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
        assert_eq!(parts("3A, 2").0, BTreeSet::from(["2A", "2B", "3A"]));
        assert_eq!(parts("2,3,4,b"), Parts::default());
        assert_eq!(parts("b1").0, BTreeSet::from(["B1"]));
        assert_ne!(parts("2,3"), Parts::default());
        for wrong in ["3E", "", "3A,", "1", "3AB", "é"] {
            let error = wrong.parse::<Parts>().unwrap_err().to_string();
            assert!(error.ends_with("the parts are 2A, 2B, 3A, 3B, 3C, 3D, 4A, 4B, 4C, B1"), "{error}");
        }
    }

    #[test]
    fn students_begin_with_the_first() {
        assert_eq!(parts("3B,4,3A").first(), Some(("3A", "raft")));
        assert_eq!(parts("B1").first(), Some(("B1", "bully")));
        assert_eq!(Parts::default().first(), Some(("2A", "kvsrv")));
    }

    #[test]
    fn a_crate_is_needed_for_its_lab_and_for_what_stands_on_it() {
        let needed = |text| {
            let parts = parts(text);
            LABS.iter().map(|lab| lab.krate).filter(|name| parts.need(name)).collect::<Vec<_>>()
        };
        assert_eq!(needed("3A"), ["raft"]);
        assert_eq!(needed("2B"), ["kvsrv"]);
        assert_eq!(needed("4A"), ["raft", "kvraft"]);
        assert_eq!(needed("B1"), ["bully"]);
        assert_eq!(needed("2,3,4"), ["kvsrv", "raft", "kvraft"]);
    }
}
