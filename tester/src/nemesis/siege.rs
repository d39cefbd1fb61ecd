//! [`Siege`]: carries a fault plan out on a cluster.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::conditions::Conditions;
use super::{Fault, FaultKind, FaultPlan, Who};
use crate::Cluster;
use crate::protocol::Protocol;

/// The longest time for which a crash waits for its moment.
const CRASH_WITHIN: Duration = Duration::from_millis(50);

/// A fault plan that is being carried out on a cluster.
///
/// Everything that a fault changes ends with the fault, and everything ends with the siege: the network is
/// then as reliable as before, no server is paused, and all clocks are right.
pub struct Siege<'a, P: Protocol> {
    cluster: &'a Cluster<P>,
    plan: &'a FaultPlan,
    /// Finds the server that leads, among those that are given.
    find_leader: &'a dyn Fn(&[usize]) -> Option<usize>,
    /// Whether the network is reliable without faults.
    reliable: bool,
    /// The faults that last now, by their position in the plan, with the servers that they name.
    active: BTreeMap<usize, Vec<usize>>,
    /// The conditions that were brought about.
    applied: Conditions,
    /// Faults because of which servers are down.
    down: BTreeMap<usize, usize>,
    /// Servers that are paused.
    paused: BTreeSet<usize>,
}

/// A step of a plan. Steps at the same time happen in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Step {
    End(usize),
    Toggle(usize),
    Begin(usize),
}

impl<'a, P: Protocol> Siege<'a, P> {
    /// A siege that has not begun. `find_leader` says which of the given servers, all of them up and not
    /// paused, leads now; `None` if none does. `reliable`: whether the network is so without faults.
    #[must_use]
    pub fn new(
        cluster: &'a Cluster<P>,
        plan: &'a FaultPlan,
        reliable: bool,
        find_leader: &'a dyn Fn(&[usize]) -> Option<usize>,
    ) -> Self {
        Self {
            cluster,
            plan,
            find_leader,
            reliable,
            active: BTreeMap::new(),
            applied: Conditions::default(),
            down: BTreeMap::new(),
            paused: BTreeSet::new(),
        }
    }

    /// Carries the plan out, and returns when its last fault has ended. The servers that are
    /// [left out](FaultPlan::left_out) are disconnected then; all others are up and reach one another.
    pub fn carry_out(&mut self) {
        let began = self.cluster.now();
        let mut steps: BTreeSet<(u64, Step)> = BTreeSet::new();
        for (number, fault) in self.plan.faults.iter().enumerate() {
            steps.insert((fault.at_ms, Step::Begin(number)));
            if let FaultKind::Flapping { every_ms, .. } = fault.kind {
                let toggles = (1..).map(|round| fault.at_ms + round * every_ms);
                let toggles = toggles.take_while(|at| *at < fault.end_ms());
                steps.extend(toggles.map(|at| (at, Step::Toggle(number))));
            }
        }
        while let Some((at, step)) = steps.pop_first() {
            let due = began + Duration::from_millis(at);
            self.cluster.sleep(due.saturating_sub(self.cluster.now()));
            match step {
                Step::Begin(number) => {
                    self.begin(number);
                    steps.insert((self.plan.faults[number].end_ms(), Step::End(number)));
                }
                Step::End(number) => self.end(number),
                Step::Toggle(number) => self.toggle(number),
            }
        }
        for &server in &self.plan.left_out {
            self.cluster.disconnect(server % self.cluster.n_servers());
        }
    }

    /// Connects the servers that were left out.
    pub fn heal_all(&self) {
        for &server in &self.plan.left_out {
            self.cluster.connect(server % self.cluster.n_servers());
        }
    }

    /// The number of servers that are not left out.
    #[must_use]
    pub fn healed(&self) -> usize {
        let servers = self.cluster.n_servers();
        let out: BTreeSet<usize> = self.plan.left_out.iter().map(|server| server % servers).collect();
        servers - out.len()
    }

    fn begin(&mut self, number: usize) {
        let Fault { kind, .. } = &self.plan.faults[number];
        let servers = self.resolve(kind.named());
        self.cluster.note(|| format!("fault: {kind}"));
        match kind {
            FaultKind::Crash { moment, .. } => {
                // A server that is down already stays down for as long as the first crash says.
                if self.cluster.is_crashed(servers[0]) {
                    return;
                }
                self.paused.remove(&servers[0]);
                self.down.insert(number, servers[0]);
                self.cluster.crash_at(servers[0], *moment, CRASH_WITHIN);
            }
            FaultKind::Pause { .. } => {
                if self.cluster.is_crashed(servers[0]) || !self.paused.insert(servers[0]) {
                    return;
                }
                self.cluster.pause(servers[0]);
            }
            _ => {}
        }
        self.active.insert(number, servers);
        self.apply();
    }

    fn end(&mut self, number: usize) {
        let Some(servers) = self.active.remove(&number) else { return };
        match self.plan.faults[number].kind {
            FaultKind::Crash { .. } => {
                self.down.remove(&number);
                self.cluster.restart(servers[0]);
                self.forget(servers[0]);
            }
            // A server that has crashed meanwhile is not paused any more.
            FaultKind::Pause { .. } if self.paused.remove(&servers[0]) => self.cluster.resume(servers[0]),
            _ => {}
        }
        self.apply();
    }

    /// A cut that flaps opens, or is cut again.
    fn toggle(&mut self, number: usize) {
        let FaultKind::Flapping { side, .. } = &self.plan.faults[number].kind else { return };
        let Some(cut_off) = self.active.get(&number) else { return };
        // Nobody is cut off while it is open.
        let cut_off = if cut_off.is_empty() { self.resolve(side) } else { Vec::new() };
        self.active.insert(number, cut_off);
        self.apply();
    }

    /// The servers that a fault names, at this moment.
    fn resolve(&self, named: &[Who]) -> Vec<usize> {
        let servers = self.cluster.n_servers();
        let leader = named.iter().any(|who| !matches!(who, Who::Server(_))).then(|| self.leader());
        let mut found: Vec<usize> = named
            .iter()
            .map(|who| match who {
                Who::Server(server) => server % servers,
                Who::Leader => leader.unwrap_or(0),
                Who::Follower(distance) => (leader.unwrap_or(0) + distance) % servers,
            })
            .collect();
        found.sort_unstable();
        found.dedup();
        found
    }

    fn leader(&self) -> usize {
        // A call into a paused server would wait until it is resumed, which is up to this thread.
        let awake = |server: &usize| !self.cluster.is_crashed(*server) && !self.paused.contains(server);
        let awake: Vec<usize> = (0..self.cluster.n_servers()).filter(awake).collect();
        (self.find_leader)(&awake).unwrap_or(0)
    }

    /// A server has been restarted: its links and its clock are as at first.
    fn forget(&mut self, server: usize) {
        self.applied.cut.retain(|(from, to)| *from != server && *to != server);
        self.applied.clocks.remove(&server);
        // Slow links are set for all servers at once.
        self.applied.delay_ms = u64::MAX;
    }

    /// The conditions that the faults which last now demand.
    fn demanded(&self) -> Conditions {
        let servers = self.cluster.n_servers();
        let mut demanded = Conditions::default();
        for (number, named) in &self.active {
            match &self.plan.faults[*number].kind {
                FaultKind::Crash { .. } | FaultKind::Pause { .. } | FaultKind::Burst => {}
                FaultKind::Halves { .. } | FaultKind::Flapping { .. } => demanded.cut_off(named, servers),
                FaultKind::Mute { .. } => (0..servers).for_each(|to| demanded.cut_way(named[0], to)),
                FaultKind::Deaf { .. } => (0..servers).for_each(|from| demanded.cut_way(from, named[0])),
                FaultKind::Bridge { .. } => {
                    let others: Vec<usize> = (0..servers).filter(|server| *server != named[0]).collect();
                    let (one, other) = others.split_at(others.len() / 2);
                    for (one, other) in one.iter().flat_map(|one| other.iter().map(move |it| (*one, *it))) {
                        demanded.cut_way(one, other);
                        demanded.cut_way(other, one);
                    }
                }
                FaultKind::Ring => {
                    for from in 0..servers {
                        let far = |to: &usize| {
                            !matches!((from + servers - to) % servers, 0 | 1)
                                && (to + servers - from) % servers != 1
                        };
                        (0..servers).filter(far).for_each(|to| demanded.cut_way(from, to));
                    }
                }
                FaultKind::Loss => demanded.loss = true,
                FaultKind::LateReplies => demanded.late_replies = true,
                FaultKind::Delay { up_to_ms } => demanded.delay_ms = demanded.delay_ms.max(*up_to_ms),
                FaultKind::Duplicates { percent, up_to_ms } => {
                    let (most, latest) = demanded.duplicates;
                    demanded.duplicates = (most.max(*percent), latest.max(*up_to_ms));
                }
                FaultKind::SlowSaves { up_to_ms } => demanded.save_ms = demanded.save_ms.max(*up_to_ms),
                FaultKind::Clock { percent, .. } => {
                    demanded.clocks.insert(named[0], *percent);
                }
            }
        }
        demanded
    }

    /// Brings about the conditions that the faults which last now demand.
    fn apply(&mut self) {
        let (demanded, applied) = (self.demanded(), std::mem::take(&mut self.applied));
        let cluster = self.cluster;
        let servers = cluster.n_servers();
        if demanded.loss != applied.loss {
            cluster.set_reliable(self.reliable && !demanded.loss);
        }
        if demanded.late_replies != applied.late_replies {
            cluster.set_long_reordering(demanded.late_replies);
        }
        if demanded.duplicates != applied.duplicates {
            let (percent, up_to_ms) = demanded.duplicates;
            let after = Duration::ZERO..=Duration::from_millis(up_to_ms);
            cluster.set_duplicates(f64::from(percent) / 100.0, after);
        }
        if demanded.save_ms != applied.save_ms {
            let time = Duration::ZERO..=Duration::from_millis(demanded.save_ms);
            for server in 0..servers {
                cluster.set_save_time(server, (demanded.save_ms > 0).then(|| time.clone()));
                cluster.set_interrupted_saves(server, 0.5);
            }
        }
        if demanded.delay_ms != applied.delay_ms {
            let delay = Duration::ZERO..=Duration::from_millis(demanded.delay_ms);
            for (one, other) in pairs(servers) {
                cluster.set_slow_link(one, other, (demanded.delay_ms > 0).then(|| delay.clone()));
            }
        }
        for (one, other) in pairs(servers) {
            let ways = |of: &Conditions| (of.is_cut(one, other), of.is_cut(other, one));
            let (wanted, present) = (ways(&demanded), ways(&applied));
            if wanted == present {
                continue;
            }
            let both = (true, true);
            if (wanted == both) != (present == both) {
                let up = !cluster.is_crashed(one) && !cluster.is_crashed(other);
                cluster.set_link(one, other, wanted != both && up);
            }
            let single = |(there, back): (bool, bool)| {
                if (there, back) == both { (false, false) } else { (there, back) }
            };
            let (wanted, present) = (single(wanted), single(present));
            if wanted.0 != present.0 {
                cluster.cut_way(one, other, wanted.0);
            }
            if wanted.1 != present.1 {
                cluster.cut_way(other, one, wanted.1);
            }
        }
        for server in 0..servers {
            let rate = |of: &Conditions| of.clocks.get(&server).copied().unwrap_or(100);
            if rate(&demanded) != rate(&applied) {
                cluster.set_clock_rate(server, rate(&demanded) * 10_000);
            }
        }
        self.applied = demanded;
    }
}

/// All pairs of servers, the lower number first.
fn pairs(servers: usize) -> impl Iterator<Item = (usize, usize)> {
    (0..servers).flat_map(move |one| (one + 1..servers).map(move |other| (one, other)))
}
