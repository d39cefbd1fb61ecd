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

/// Makes a plan that fails smaller, as long as it fails: first the faults, by delta debugging (Zeller and
/// Hildebrandt, 2002), then servers, clients, what is left out, and the times.
///
/// `fails` says whether a plan still fails in the same way; it is called `most` times at most. No step of a
/// smaller plan is ever later or longer than in the one that was given.
pub fn shrink(plan: &FaultPlan, most: u32, fails: &mut dyn FnMut(&FaultPlan) -> bool) -> Shrunk {
    let mut search = Search { best: plan.clone(), tries: 0, most, fails };
    // Fewer servers may make fewer faults do.
    for _ in 0..3 {
        let before = search.best.clone();
        search.faults();
        search.servers();
        search.clients();
        search.times();
        if search.best == before {
            break;
        }
    }
    Shrunk { plan: search.best, tries: search.tries }
}

struct Search<'a> {
    best: FaultPlan,
    tries: u32,
    most: u32,
    fails: &'a mut dyn FnMut(&FaultPlan) -> bool,
}

impl Search<'_> {
    /// Keeps a plan if it fails, too.
    fn keep(&mut self, plan: FaultPlan) -> bool {
        if self.tries >= self.most || plan == self.best {
            return false;
        }
        self.tries += 1;
        let fails = (self.fails)(&plan);
        if fails {
            self.best = plan;
        }
        fails
    }

    /// Tries a plan that differs from the best one.
    fn with(&mut self, change: impl FnOnce(&mut FaultPlan)) -> bool {
        let mut plan = self.best.clone();
        change(&mut plan);
        self.keep(plan)
    }

    /// Leaves faults out: halves, then quarters, down to single ones.
    fn faults(&mut self) {
        if self.with(|plan| plan.faults.clear()) {
            return;
        }
        let mut parts = 2;
        while self.best.faults.len() >= 2 {
            let size = self.best.faults.len().div_ceil(parts);
            let starts: Vec<usize> = (0..self.best.faults.len()).step_by(size).collect();
            let left_out = starts.into_iter().any(|start| {
                self.with(|plan| {
                    let end = (start + size).min(plan.faults.len());
                    plan.faults.drain(start..end);
                })
            });
            if left_out {
                parts = parts.saturating_sub(1).max(2);
            } else if size == 1 {
                break;
            } else {
                parts = (parts * 2).min(self.best.faults.len());
            }
        }
    }

    fn servers(&mut self) {
        for servers in 2..self.best.servers {
            let fewer = self.with(|plan| {
                plan.servers = servers;
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
            has(plan, 2) && has(plan, 3) && plan.clients > 0 && plan.servers > 2
        });
        let FaultPlan { servers, clients, left_out, faults, .. } = &shrunk.plan;
        assert_eq!((*servers, *clients, left_out.len(), faults.len()), (3, 1, 0, 2), "{shrunk:?}");
        assert!(faults.iter().all(|fault| fault.at_ms <= 1 && fault.for_ms <= 10), "{shrunk:?}");
        assert_eq!(tried.len(), shrunk.tries as usize);
        assert!(shrunk.tries < 100, "{}", shrunk.tries);
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
