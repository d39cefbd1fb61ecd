//! [`Family`]: fault plans with one purpose, and [`Draw`], which draws them.

use labrt::rand::RngExt;
use labrt::world::StreamRng;

use super::{Fault, FaultKind, FaultPlan, Moment, Who};

/// Fault plans with one purpose: the ranges from which a seed draws them.
///
/// The mix is drawn too: each kind of fault is left out, as frequent as given here, or three times as
/// frequent; and so is the intensity, which is the time between two faults.
#[derive(Clone, Copy, Debug)]
pub struct Family {
    /// The numbers of servers, each as likely as another.
    pub servers: &'static [usize],
    /// The number of clients.
    pub clients: (usize, usize),
    /// The mean pause of a client between two commands, in milliseconds.
    pub think_ms: (u64, u64),
    /// The number of faults.
    pub faults: (usize, usize),
    /// The mean time between the beginnings of two faults, in milliseconds.
    pub gap_ms: (u64, u64),
    /// The kinds of fault, with their frequency in relation to one another.
    pub mix: &'static [(u32, DrawFault)],
    /// Faults that last from the beginning to the end, each with its probability in percent.
    pub throughout: &'static [(u32, DrawFault)],
    /// The probability in percent that a minority is left out when the majority is healed.
    pub left_out: u32,
}

/// Draws a fault; its time is how long it lasts, in milliseconds.
pub type DrawFault = fn(&mut Draw) -> (u64, FaultKind);

impl Family {
    /// The plan of a seed for the test of this name.
    #[must_use]
    pub fn plan(&self, test: &str, seed: u64) -> FaultPlan {
        let mut draw = Draw { rng: StreamRng::new(seed, &format!("fault plan of {test}")), servers: 0 };
        draw.servers = *draw.one_of(self.servers);
        let (clients, think_ms) = (draw.count(self.clients), draw.ms(self.think_ms));
        let mut weights: Vec<u32> =
            self.mix.iter().map(|(weight, _)| weight * draw.one_of(&[0, 1, 1, 3])).collect();
        if weights.iter().all(|weight| *weight == 0) {
            weights = self.mix.iter().map(|(weight, _)| *weight).collect();
        }
        let gap_ms = draw.ms(self.gap_ms);
        let mut faults = Vec::new();
        let mut at_ms = 0;
        for _ in 0..draw.count(self.faults) {
            at_ms += draw.ms((0, 2 * gap_ms));
            let (for_ms, kind) = (self.mix[draw.weighted(&weights)].1)(&mut draw);
            faults.push(Fault { at_ms, for_ms, kind });
        }
        let end_ms = faults.iter().map(Fault::end_ms).max().unwrap_or(0);
        for (percent, fault) in self.throughout {
            if draw.percent(*percent) {
                let (_, kind) = fault(&mut draw);
                faults.push(Fault { at_ms: 0, for_ms: end_ms, kind });
            }
        }
        let left_out = if draw.percent(self.left_out) { draw.minority() } else { Vec::new() };
        FaultPlan { test: test.to_owned(), servers: draw.servers, clients, think_ms, left_out, faults }
    }
}

/// The draws of a plan.
#[derive(Clone, Debug)]
pub struct Draw {
    rng: StreamRng,
    servers: usize,
}

impl Draw {
    /// One of several values.
    pub fn one_of<'a, T>(&mut self, values: &'a [T]) -> &'a T {
        &values[self.rng.random_range(0..values.len())]
    }

    /// A count from the first to the second number.
    pub fn count(&mut self, (least, most): (usize, usize)) -> usize {
        self.rng.random_range(least..=most)
    }

    /// A time from the first to the second number of milliseconds. Half of the draws are below the
    /// geometric mean of the two, so that short times are as likely as long ones.
    pub fn ms(&mut self, (least, most): (u64, u64)) -> u64 {
        // Without floating point, which differs between machines in its last bits.
        let mut bound = most - least;
        while bound > 1 && self.rng.random_bool(0.5) {
            bound /= 2;
        }
        least + self.rng.random_range(0..=bound)
    }

    /// `true` in so many of a hundred cases.
    pub fn percent(&mut self, percent: u32) -> bool {
        self.rng.random_range(0..100) < percent
    }

    /// The position of a weight, drawn in proportion to the weights.
    fn weighted(&mut self, weights: &[u32]) -> usize {
        let mut left = self.rng.random_range(0..weights.iter().sum());
        let position = weights.iter().position(|weight| {
            let found = left < *weight;
            left = left.saturating_sub(*weight);
            found
        });
        position.expect("the draw is below the sum of the weights")
    }

    /// A server: the leader in one of three cases, otherwise a follower.
    pub fn server(&mut self) -> Who {
        if self.percent(34) { Who::Leader } else { self.follower() }
    }

    /// A follower.
    pub fn follower(&mut self) -> Who {
        Who::Follower(self.rng.random_range(1..self.servers))
    }

    /// Fewer than half of the servers, at least one.
    fn minority(&mut self) -> Vec<usize> {
        let first = self.rng.random_range(0..self.servers);
        let count = self.rng.random_range(1..=((self.servers - 1) / 2).max(1));
        (0..count.min((self.servers - 1) / 2)).map(|step| (first + step) % self.servers).collect()
    }

    /// One side of a cut: fewer than half of the servers, with the leader in one of two cases.
    pub fn side(&mut self) -> Vec<Who> {
        let most = (self.servers / 2).max(1);
        let count = self.count((1, most));
        let first = usize::from(!self.percent(50));
        (first..first + count)
            .map(|distance| if distance == 0 { Who::Leader } else { Who::Follower(distance) })
            .collect()
    }

    /// The moment of a crash.
    pub fn moment(&mut self) -> Moment {
        let number = u32::try_from(self.ms((1, 6))).unwrap_or(1);
        match self.rng.random_range(0..6) {
            0 => Moment::Now,
            1 => Moment::Point(u32::try_from(self.ms((0, 200))).unwrap_or(0)),
            2 | 3 => Moment::Save(number),
            4 => Moment::Reply(number),
            _ => Moment::Request(number),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FAMILY: Family = Family {
        servers: &[3, 5],
        clients: (1, 3),
        think_ms: (10, 100),
        faults: (5, 20),
        gap_ms: (20, 500),
        mix: &[
            (2, |draw| {
                (draw.ms((0, 300)), FaultKind::Crash { server: draw.server(), moment: draw.moment() })
            }),
            (1, |draw| (draw.ms((50, 900)), FaultKind::Halves { side: draw.side() })),
            (1, |_| (100, FaultKind::Ring)),
        ],
        throughout: &[(50, |_| (0, FaultKind::Loss))],
        left_out: 50,
    };

    #[test]
    fn a_seed_draws_one_plan_and_seeds_draw_all_kinds() {
        assert_eq!(FAMILY.plan("a", 7), FAMILY.plan("a", 7));
        assert_ne!(FAMILY.plan("a", 7).faults, FAMILY.plan("b", 7).faults);
        let plans: Vec<FaultPlan> = (0..200).map(|seed| FAMILY.plan("a", seed)).collect();
        for plan in &plans {
            assert_eq!(&FaultPlan::from_json(&plan.to_json()).unwrap(), plan);
            assert!((5..=21).contains(&plan.faults.len()) && [3, 5].contains(&plan.servers));
        }
        let any = |test: &dyn Fn(&FaultPlan) -> bool| plans.iter().any(test);
        let has = |plan: &FaultPlan, kind: &FaultKind| plan.faults.iter().any(|fault| &fault.kind == kind);
        assert!(any(&|plan| has(plan, &FaultKind::Loss)) && any(&|plan| !has(plan, &FaultKind::Loss)));
        assert!(any(&|plan| has(plan, &FaultKind::Ring)) && any(&|plan| !has(plan, &FaultKind::Ring)));
        assert!(any(&|plan| plan.left_out.is_empty()) && any(&|plan| plan.left_out.len() == 2));
    }
}
