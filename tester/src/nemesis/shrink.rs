//! [`shrink`]: the smallest plan that still fails.

use super::{Fault, FaultPlan, Moment};

/// The result of [`shrink`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shrunk {
    /// The smallest plan that was found to fail.
    pub plan: FaultPlan,
    /// The number of plans that were tried.
    pub tries: u32,
}

/// The fewest servers of a smaller plan: fewer have no majority that a crash leaves.
const FEWEST_SERVERS: usize = 3;

/// So many faults are few enough to be read.
const FEW: usize = 4;

/// Makes a plan that fails smaller, as long as it fails: first the faults, in the manner of delta debugging
/// (Zeller and Hildebrandt, 2002), then servers, clients, what is left out, and the times.
///
/// `fails` says whether a plan still fails in the same way; it is called `most` times at most, and never
/// twice for one plan. No step of a smaller plan is ever later or longer than in the one that was given.
pub fn shrink(plan: &FaultPlan, most: u32, fails: &mut dyn FnMut(&FaultPlan) -> bool) -> Shrunk {
    let mut search = Search { best: plan.clone(), passed: Vec::new(), tries: 0, most, fails };
    // Fewer servers may make fewer faults do.
    for _ in 0..3 {
        let before = search.best.clone();
        search.faults();
        if search.best.faults.len() > FEW && search.neighbours() {
            search.faults();
        }
        search.servers();
        search.clients();
        if search.best == before {
            break;
        }
    }
    search.times();
    search.faults();
    Shrunk { plan: search.best, tries: search.tries }
}

struct Search<'a> {
    best: FaultPlan,
    /// The plans that do not fail.
    passed: Vec<FaultPlan>,
    tries: u32,
    most: u32,
    fails: &'a mut dyn FnMut(&FaultPlan) -> bool,
}

/// The order in which faults are left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Order {
    LastFirst,
    FirstFirst,
}

impl Search<'_> {
    /// Keeps a plan if it fails, too.
    fn keep(&mut self, plan: FaultPlan) -> bool {
        if self.tries >= self.most || plan == self.best || self.passed.contains(&plan) {
            return false;
        }
        self.tries += 1;
        let fails = (self.fails)(&plan);
        if fails {
            self.best = plan;
        } else {
            self.passed.push(plan);
        }
        fails
    }

    /// Tries a plan that differs from the best one.
    fn with(&mut self, change: impl FnOnce(&mut FaultPlan)) -> bool {
        let mut plan = self.best.clone();
        change(&mut plan);
        self.keep(plan)
    }

    /// Leaves faults out: halves of them, then quarters, down to single ones, until each one is needed. The
    /// last ones come first, since a run is the same up to the fault that is missing. If many stay, the first
    /// ones come first.
    fn faults(&mut self) {
        if self.with(|plan| plan.faults.clear()) {
            return;
        }
        self.halves(Order::LastFirst);
        if self.best.faults.len() > FEW {
            self.halves(Order::FirstFirst);
        }
    }

    fn halves(&mut self, order: Order) {
        let mut size = self.best.faults.len().div_ceil(2);
        while size > 0 && self.tries < self.most {
            let is_smaller = self.parts(size, order);
            size = if size > 1 || is_smaller { size.div_ceil(2) } else { 0 };
        }
    }

    /// Leaves out each part of so many faults that the failure does not need. Whether there was one.
    fn parts(&mut self, size: usize, order: Order) -> bool {
        let mut is_smaller = false;
        // Each part is tried once: behind this many faults that stay.
        let mut kept = 0;
        while kept < self.best.faults.len() {
            let mut in_order: Vec<usize> = (0..self.best.faults.len()).collect();
            in_order.sort_by_key(|at| self.best.faults[*at].at_ms);
            if order == Order::LastFirst {
                in_order.reverse();
            }
            let part = &in_order[kept..in_order.len().min(kept + size)];
            let smaller = self.with(|plan| {
                let mut number = 0..;
                plan.faults.retain(|_| number.next().is_none_or(|number| !part.contains(&number)));
            });
            is_smaller |= smaller;
            kept += if smaller { 0 } else { size };
        }
        is_smaller
    }

    /// Leaves out all faults but some that follow one another in time, and those that last throughout. One
    /// that is left out changes all that comes after it. So a failure may need each of many faults, and do
    /// without all of them.
    fn neighbours(&mut self) -> bool {
        let faults = &self.best.faults;
        let lasting = |at: &usize| faults[*at].at_ms == 0 && faults[*at].end_ms() == self.best.end_ms();
        let (lasting, mut others): (Vec<usize>, Vec<usize>) = (0..faults.len()).partition(lasting);
        others.sort_by_key(|at| faults[*at].at_ms);
        [1, 2, 4, 8].into_iter().filter(|size| *size < others.len()).any(|size| {
            let parts = others.windows(size).rev().step_by(size.div_ceil(2));
            parts.into_iter().any(|part| {
                self.with(|plan| {
                    let mut number = 0..;
                    let is_kept = |number: usize| part.contains(&number) || lasting.contains(&number);
                    plan.faults.retain(|_| number.next().is_some_and(is_kept));
                })
            })
        })
    }

    fn servers(&mut self) {
        for servers in FEWEST_SERVERS..self.best.servers {
            let fewer = self.with(|plan| {
                plan.servers = servers;
                for fault in &mut plan.faults {
                    fault.kind.named_mut().iter_mut().for_each(|who| *who = who.among(servers));
                }
                plan.left_out.retain(|server| *server < servers);
                plan.left_out.truncate((servers - 1) / 2);
            });
            if fewer {
                break;
            }
        }
        self.with(|plan| plan.left_out.clear());
    }

    fn clients(&mut self) {
        for clients in 0..self.best.clients {
            if self.with(|plan| plan.clients = clients) {
                break;
            }
        }
    }

    /// Makes faults shorter, and begins them earlier.
    fn times(&mut self) {
        for at in 0..self.best.faults.len() {
            for divisor in [8, 2] {
                if self.with(|plan| plan.faults[at].for_ms /= divisor) {
                    break;
                }
            }
            self.with(|plan| {
                if let super::FaultKind::Crash { moment, .. } = &mut plan.faults[at].kind {
                    *moment = Moment::Now;
                }
            });
        }
        // A pause before a fault is left out for all that follow, too.
        let mut in_time: Vec<usize> = (0..self.best.faults.len()).collect();
        in_time.sort_by_key(|at| self.best.faults[*at].at_ms);
        let mut before = 0;
        for (place, &at) in in_time.iter().enumerate() {
            let gap = self.best.faults[at].at_ms.saturating_sub(before);
            for less in [gap, gap / 2] {
                let later = &in_time[place..];
                if less > 0 && self.with(|plan| later.iter().for_each(|at| plan.faults[*at].at_ms -= less)) {
                    break;
                }
            }
            before = self.best.faults.get(at).map_or(0, |fault: &Fault| fault.at_ms);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{FaultKind, Who};
    use super::*;

    fn plan() -> FaultPlan {
        let pause = |number: usize| Fault {
            at_ms: 100 * number as u64,
            for_ms: 80,
            kind: FaultKind::Pause { server: Who::Server(number % 5) },
        };
        FaultPlan {
            test: "t".to_owned(),
            servers: 5,
            clients: 3,
            think_ms: 10,
            left_out: vec![1, 4],
            faults: (0..40).map(pause).collect(),
        }
    }

    fn has(plan: &FaultPlan, server: usize) -> bool {
        plan.faults.iter().any(|fault| fault.kind == FaultKind::Pause { server: Who::Server(server) })
    }

    #[test]
    fn what_the_failure_does_not_need_is_left_out() {
        let mut tried = Vec::new();
        let shrunk = shrink(&plan(), 1000, &mut |plan| {
            tried.push(plan.clone());
            has(plan, 2) && has(plan, 3) && plan.clients > 0
        });
        let FaultPlan { servers, clients, left_out, faults, .. } = &shrunk.plan;
        assert_eq!((*servers, *clients, left_out.len(), faults.len()), (4, 1, 0, 2), "{shrunk:?}");
        assert!(faults.iter().all(|fault| fault.at_ms <= 1 && fault.for_ms <= 10), "{shrunk:?}");
        assert_eq!(tried.len(), shrunk.tries as usize);
        assert!(shrunk.tries < 100, "{}", shrunk.tries);
    }

    #[test]
    fn a_plan_is_tried_once_and_the_last_faults_are_left_out_first() {
        let mut tried = Vec::new();
        shrink(&plan(), 1000, &mut |plan| {
            tried.push(plan.clone());
            has(plan, 2) && has(plan, 3)
        });
        assert!(tried[0].faults.is_empty());
        assert_eq!(tried[1].faults, plan().faults[..20]);
        assert_eq!(tried[2].faults, plan().faults[..10]);
        assert!((0..tried.len()).all(|at| !tried[..at].contains(&tried[at])));
    }

    #[test]
    fn a_failure_that_needs_one_of_two_groups_is_shrunk_to_one() {
        // All faults, or those of servers 2 and 3 without any other: nothing between.
        let whole = plan();
        let fails = |plan: &FaultPlan| {
            plan.faults.len() == 40 || plan.faults.len() == 2 && has(plan, 2) && has(plan, 3)
        };
        let shrunk = shrink(&whole, 150, &mut |plan| fails(plan));
        assert_eq!(shrunk.plan.faults.len(), 2, "{shrunk:?}");
    }

    #[test]
    fn fewer_servers_are_named_by_the_numbers_that_they_have() {
        let follower = |distance| Fault {
            at_ms: 0,
            for_ms: 0,
            kind: FaultKind::Halves { side: vec![Who::Leader, Who::Follower(distance)] },
        };
        let whole = FaultPlan { faults: vec![follower(4), follower(2)], ..plan() };
        let shrunk = shrink(&whole, 1000, &mut |plan| plan.faults.len() == 2);
        assert_eq!(shrunk.plan.servers, 3);
        assert_eq!(shrunk.plan.faults, [follower(2), follower(2)]);
    }

    #[test]
    fn a_plan_that_needs_all_of_it_stays() {
        let whole = plan();
        let shrunk = shrink(&whole, 1000, &mut |plan| *plan == whole);
        assert_eq!(shrunk.plan, whole);
    }

    #[test]
    fn a_failure_without_faults_is_found_at_once() {
        let shrunk = shrink(&plan(), 1000, &mut |_| true);
        assert!(shrunk.plan.faults.is_empty() && shrunk.tries < 10, "{shrunk:?}");
    }

    #[test]
    fn the_number_of_tries_is_bounded() {
        let mut tries = 0;
        let shrunk = shrink(&plan(), 7, &mut |_| {
            tries += 1;
            tries % 2 == 0
        });
        assert_eq!((tries, shrunk.tries), (7, 7));
    }
}
