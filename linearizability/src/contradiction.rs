//! [`contradiction`]: a small set of operations that contradict each other, where the model has an exact
//! method.
//!
//! The operations that are not in the set may take effect at any time, any number of times or never. So the
//! set is a contradiction whatever the others did. To ask whether a set is one takes little more time than to
//! go through it.

use crate::model::Exact;

/// The most operations that may be looked at, over all sets that are tried: so many, and so many for each
/// operation of the history.
const LOOKS: usize = 200_000;
const LOOKS_AN_OPERATION: usize = 40;

struct Contradiction<'e, 'a> {
    exact: &'e dyn Exact<'a>,
    stuck: usize,
    looks_left: usize,
}

/// Operations that contradict each other, in the order of their calls, and whether none of them can be left
/// out. That takes too long to find out only if there are a great many.
///
/// All operations of `exact` have no order, and have one without the return of `stuck`.
pub(crate) fn contradiction(exact: &dyn Exact<'_>, stuck: usize) -> (Vec<usize>, bool) {
    if exact.contradict(&[stuck]) {
        return (vec![stuck], true);
    }
    let one = exact.nearest(stuck).find(|&other| exact.contradict(&[other, stuck]));
    let mut core = match one {
        Some(other) => vec![other],
        None => {
            let others: Vec<usize> = exact.nearest(stuck).collect();
            let looks_left = LOOKS + LOOKS_AN_OPERATION * others.len();
            let mut search = Contradiction { exact, stuck, looks_left };
            let enough = search.enough(&others);
            let mut core = Vec::new();
            search.fewest(&mut core, false, enough);
            if search.looks_left == 0 {
                core.push(stuck);
                core.sort_unstable();
                return (core, false);
            }
            core
        }
    };
    core.push(stuck);
    core.sort_unstable();
    (core, true)
}

impl Contradiction<'_, '_> {
    /// The first ones of `others` that are enough, by doubling their number.
    fn enough<'o>(&mut self, others: &'o [usize]) -> &'o [usize] {
        let mut number = 4;
        while number < others.len() {
            if self.is_enough(&others[..number]) == Some(true) {
                return &others[..number];
            }
            number *= 2;
        }
        others
    }

    /// Adds to `core` those of the `candidates` that are needed, if core and candidates are enough together.
    /// `is_new` tells whether something was added to the core since it was last tried.
    ///
    /// One half of the candidates is reduced to what is needed besides all of the other half, and then the
    /// other half to what is needed besides that (Junker's `QuickXplain`).
    fn fewest(&mut self, core: &mut Vec<usize>, is_new: bool, candidates: &[usize]) {
        if is_new && self.is_enough(core) == Some(true) {
            return;
        }
        if let [_] | [] = candidates {
            core.extend(candidates);
            return;
        }
        let (near, far) = candidates.split_at(candidates.len() / 2);
        let before = core.len();
        core.extend(near);
        self.fewest(core, true, far);
        let needed = core.split_off(before + near.len());
        core.truncate(before);
        core.extend(&needed);
        self.fewest(core, !needed.is_empty(), near);
    }

    /// Whether these and the one that is stuck contradict each other. `None` if there is no time left.
    fn is_enough(&mut self, operations: &[usize]) -> Option<bool> {
        let looks = operations.len() + 1;
        if looks > self.looks_left {
            self.looks_left = 0;
            return None;
        }
        self.looks_left -= looks;
        let mut operations = operations.to_vec();
        operations.push(self.stuck);
        Some(self.exact.contradict(&operations))
    }
}
