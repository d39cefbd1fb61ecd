//! [`labs`] and [`cases`]: all labs and all tests.

use std::sync::LazyLock;

use crate::released::is_released;
use crate::{Case, Lab, Rule};

/// Registers labs. A lab is named by its crate, and has a module of that name in the tester with its
/// description, `LAB`.
macro_rules! register {
    ($($lab:ident),* $(,)?) => {
        const LABS: &[Lab] = &[$(crate::$lab::LAB),*];

        /// All labs of this workspace with the constants `SOLUTION` of their crates, for
        /// [`Solution::with`](labapi::Solution::with). The crates must be dependencies where this is used.
        #[macro_export]
        macro_rules! all_solutions {
            () => {
                &[$((stringify!($lab), &$lab::SOLUTION)),*]
            };
        }
    };
}

// The labs: the course's, in its order, and then other protocols.
register! {
    kvsrv,
    raft,
    kvraft,
    shardkv,
    kvappend,
    bully,
    bully_extended,
    paxos,
    raft_extended,
    zab,
}

/// All labs, whether or not parts of them are released: the course's, in its order, and then other protocols.
#[must_use]
pub fn labs() -> &'static [Lab] {
    LABS
}

/// The rules of all labs.
pub fn rules() -> impl Iterator<Item = &'static Rule> {
    LABS.iter().flat_map(|lab| (lab.rules)())
}

/// The tests of all parts, whether or not they are released.
#[cfg(test)]
pub(crate) fn all_cases() -> &'static [Case] {
    static CASES: LazyLock<Vec<Case>> = LazyLock::new(|| LABS.iter().flat_map(|lab| (lab.cases)()).collect());
    &CASES
}

/// All tests of the parts that are released, in the order of [`labs`].
#[must_use]
pub fn cases() -> &'static [Case] {
    static CASES: LazyLock<Vec<Case>> = LazyLock::new(|| {
        let mut cases: Vec<Case> = LABS.iter().flat_map(|lab| (lab.cases)()).collect();
        cases.retain(|case| is_released(case.part));
        cases
    });
    &CASES
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn names_are_unique_and_cases_belong_to_parts() {
        let (mut crates, mut folders, mut numbers) = <(BTreeSet<_>, BTreeSet<_>, BTreeSet<_>)>::default();
        let (mut parts, mut names) = <(BTreeSet<_>, BTreeSet<_>)>::default();
        for lab in labs() {
            assert!(crates.insert(lab.krate), "two labs are called {}", lab.krate);
            assert!(folders.insert(lab.folder), "two labs are in {}", lab.folder);
            assert!(numbers.insert(lab.number), "two labs have the number {}", lab.number);
            for part in lab.parts {
                assert!(parts.insert(part.name), "two parts are called {}", part.name);
                assert!(
                    part.name.starts_with(lab.prefix()),
                    "{} is no part of lab {}",
                    part.name,
                    lab.number
                );
            }
            let in_order =
                lab.parts.iter().flat_map(|part| (lab.cases)().into_iter().filter(|it| it.part == part.name));
            let in_order: Vec<_> = in_order.map(|case| case.name).collect();
            let cases = (lab.cases)();
            assert_eq!(
                cases.iter().map(|case| case.name).collect::<Vec<_>>(),
                in_order,
                "the order of the parts"
            );
            for case in cases {
                assert!(names.insert(case.name), "two tests are called {}", case.name);
                let ending = format!("_{}", case.part.to_lowercase());
                assert!(case.name.ends_with(&ending), "{} does not end in {ending}", case.name);
                let needs: Vec<_> = lab.needs.iter().copied().chain([lab.krate]).collect();
                assert_eq!(case.needs, needs, "{}: what its lab stands on, and the lab", case.name);
            }
        }
        for lab in labs() {
            let earlier = labs().iter().take_while(|it| it.krate != lab.krate);
            let earlier: Vec<_> = earlier.map(|lab| lab.krate).collect();
            assert!(
                lab.needs.iter().all(|name| earlier.contains(name)),
                "{} needs what comes later",
                lab.krate
            );
        }
    }
}
