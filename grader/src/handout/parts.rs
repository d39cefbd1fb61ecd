//! [`Parts`]: what students get so far.

use std::collections::BTreeSet;
use std::str::FromStr;

use super::HandoutError;

/// The labs: the crate that students write, and the parts in which it is released.
const LABS: [(&str, &[&str]); 3] =
    [("kvsrv", &["2A", "2B"]), ("raft", &["3A", "3B", "3C", "3D"]), ("kvraft", &["4A", "4B", "4C"])];

/// Some parts of the labs. All of them by default.
///
/// As text: parts with commas between them, such as `3A,3B`; `3` is all of lab 3.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parts(BTreeSet<&'static str>);

impl Default for Parts {
    fn default() -> Self {
        Self(all().collect())
    }
}

/// The crates that students write.
pub(super) fn crates() -> impl Iterator<Item = &'static str> {
    LABS.iter().map(|(name, _)| *name)
}

fn all() -> impl Iterator<Item = &'static str> {
    LABS.iter().flat_map(|(_, parts)| parts.iter().copied())
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
        let (krate, _) = LABS.iter().find(|(_, parts)| parts.contains(&first))?;
        Some((first, krate))
    }

    /// Whether students need this crate: because a part of its lab is released, or because lab 4 stands on it.
    pub(super) fn need(&self, name: &str) -> bool {
        LABS.iter()
            .filter(|(krate, _)| *krate == name || (name == "raft" && *krate == "kvraft"))
            .any(|(_, parts)| parts.iter().any(|part| self.contains(part)))
    }

    /// Whether something of the lab with this number is released.
    pub(super) fn have_lab(&self, number: &str) -> bool {
        self.0.iter().any(|part| part[..1] == *number)
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
        assert_eq!(parts("2,3,4"), Parts::default());
        assert_ne!(parts("2,3"), Parts::default());
        for wrong in ["3E", "", "3A,", "1", "3AB", "é"] {
            let error = wrong.parse::<Parts>().unwrap_err().to_string();
            assert!(error.ends_with("the parts are 2A, 2B, 3A, 3B, 3C, 3D, 4A, 4B, 4C"), "{error}");
        }
    }

    #[test]
    fn students_begin_with_the_first() {
        assert_eq!(parts("3B,4,3A").first(), Some(("3A", "raft")));
        assert_eq!(Parts::default().first(), Some(("2A", "kvsrv")));
    }

    #[test]
    fn a_crate_is_needed_for_its_lab_and_for_what_stands_on_it() {
        let needed = |text| crates().filter(|name| parts(text).need(name)).collect::<Vec<_>>();
        assert_eq!(needed("3A"), ["raft"]);
        assert_eq!(needed("2B"), ["kvsrv"]);
        assert_eq!(needed("4A"), ["raft", "kvraft"]);
        assert_eq!(needed("2,3,4"), ["kvsrv", "raft", "kvraft"]);
    }
}
