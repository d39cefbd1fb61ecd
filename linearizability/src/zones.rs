//! [`Zones`]: the moments that the puts and appends on a key, and what was read of them, need for themselves.

use std::ops::Range;

use crate::moments::NEVER;
use crate::tree::Tree;

/// An operation of the history, by the text that it read or made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Row {
    /// The node of the text.
    pub node: usize,
    pub is_read: bool,
    /// `None`: the beginning, which makes the initial text.
    pub op: Option<usize>,
}

/// The texts, and the times of the operations.
#[derive(Clone, Copy)]
pub(crate) struct Times<'t> {
    pub tree: &'t Tree,
    /// The call of each operation, and its return, or [`NEVER`].
    pub intervals: &'t [(usize, usize)],
    /// The event with which the history ends: later calls and returns are not known.
    pub end: usize,
}

impl Times<'_> {
    pub fn returned(&self, op: usize) -> bool {
        self.intervals[op].1 <= self.end
    }

    /// The first and the last moment at which an operation can take effect. The beginning is before all
    /// events.
    pub fn window(&self, op: Option<usize>) -> (usize, usize) {
        let Some(op) = op else { return (0, 0) };
        let (call, ret) = self.intervals[op];
        (call + 1, if self.returned(op) { ret } else { NEVER })
    }
}

/// Operations that follow each other, with no other put or append in between.
#[derive(Clone, Debug)]
pub(crate) struct Chain {
    /// Its operations, as positions in [`Zones::links`].
    pub links: Range<usize>,
    /// The last of the first moments of its operations.
    pub latest_first: usize,
    /// The first of their last moments.
    pub earliest_last: usize,
}

impl Chain {
    /// Whether it takes time, from its earliest last moment to its latest first one. Otherwise all of it can
    /// take effect at one moment.
    pub fn is_forward(&self) -> bool {
        self.earliest_last < self.latest_first
    }
}

/// Chains of operations that can be ordered.
#[derive(Debug, Default)]
pub(crate) struct Zones {
    /// The operations of all chains, each chain in its order.
    pub links: Vec<Row>,
    pub chains: Vec<Chain>,
    /// Puts and appends that returned, and are in no chain.
    pub loose: Vec<usize>,
    /// First and last moments of the forward zones, in ascending order.
    forward: Vec<(usize, usize)>,
    /// The puts and appends in chains, in ascending order.
    seen: Vec<usize>,
}

impl Zones {
    /// The zones of `rows`, which are sorted, and of `writes`, which are the puts and appends among them and
    /// others. Puts and appends that are not among `writes` may take effect at any time, any number of times
    /// or never.
    ///
    /// # Errors
    ///
    /// If there is no order: an operation that has a part in that, mostly a late one.
    pub fn new(times: Times<'_>, rows: &[Row], writes: impl Iterator<Item = usize>) -> Result<Self, usize> {
        let mut zones = Self::default();
        let lengths = zones.link(times, rows)?;
        let mut begin = 0;
        for length in lengths {
            zones.measure(times, begin..begin + length)?;
            begin += length;
        }
        zones.place_forward()?;
        let returned = writes.filter(|&op| times.returned(op));
        zones.loose = returned.filter(|op| zones.seen.binary_search(op).is_err()).collect();
        zones.loose.sort_unstable();
        zones.loose.dedup();
        let is_backward = |chain: &&Chain| !chain.is_forward();
        let backward = zones
            .chains
            .iter()
            .filter(is_backward)
            .find(|chain| zones.outside(chain.latest_first) > chain.earliest_last);
        if let Some(chain) = backward {
            return Err(zones.late(chain));
        }
        let loose = zones.loose.iter().find(|&&op| {
            let (first, last) = times.window(Some(op));
            zones.outside(first) > last
        });
        loose.map_or(Ok(()), |&op| Err(op))?;
        Ok(zones)
    }

    /// Whether a put or an append is in a chain.
    pub fn is_seen(&self, op: usize) -> bool {
        self.seen.binary_search(&op).is_ok()
    }

    /// The first moment from `moment` on that is not within a forward zone.
    pub fn outside(&self, moment: usize) -> usize {
        match self.forward[..self.forward.partition_point(|&(first, _)| first < moment)].last() {
            Some(&(_, last)) => last.max(moment),
            None => moment,
        }
    }

    /// Puts the operations of each chain together, in its order. Returns the lengths of the chains.
    ///
    /// What was read in a chain is below the first of its puts and appends that take effect only once.
    fn link(&mut self, times: Times<'_>, rows: &[Row]) -> Result<Vec<usize>, usize> {
        let tree = times.tree;
        let mut lengths: Vec<usize> = Vec::new();
        // Puts and appends above the present node, and how many of them are in the chain.
        let mut above: Vec<Row> = Vec::new();
        let mut linked = 0;
        for row in rows {
            while above.pop_if(|write| !tree.contains(write.node, row.node)).is_some() {}
            linked = linked.min(above.len());
            let Some(op) = row.op.filter(|_| row.is_read) else {
                above.push(*row);
                continue;
            };
            if !times.returned(op) {
                continue;
            }
            // Another operation is needed that does not exist.
            if tree.nodes[row.node].last_call >= times.end {
                return Err(op);
            }
            match (self.links.last(), lengths.last_mut()) {
                (Some(last), Some(length)) if linked > 0 => {
                    if !tree.contains(last.node, row.node) {
                        return Err(later(times, last.op, op));
                    }
                    *length += above.len() - linked + 1;
                }
                _ => lengths.push(above.len() + 1),
            }
            self.links.extend(&above[linked..]);
            self.links.push(*row);
            linked = above.len();
        }
        let mut seen: Vec<(usize, usize)> = self
            .links
            .iter()
            .filter(|link| !link.is_read)
            .filter_map(|link| Some((link.op?, link.node)))
            .collect();
        seen.sort_unstable();
        // One put or append cannot have made two texts.
        if let Some(twice) = seen.windows(2).find(|pair| pair[0].0 == pair[1].0) {
            let reads = [twice[0].1, twice[1].1].map(|node| self.first_read(tree, node));
            return Err(later(times, reads[0], reads[1].unwrap_or(twice[0].0)));
        }
        self.seen = seen.into_iter().map(|(op, _)| op).collect();
        Ok(lengths)
    }

    /// One of the reads that show that the text of `node` was made.
    fn first_read(&self, tree: &Tree, node: usize) -> Option<usize> {
        self.links.iter().find(|link| link.is_read && tree.contains(node, link.node)).and_then(|link| link.op)
    }

    /// Adds a chain, if its operations can take effect in its order, each as early as possible.
    fn measure(&mut self, times: Times<'_>, range: Range<usize>) -> Result<(), usize> {
        let mut chain = Chain { links: range.clone(), latest_first: 0, earliest_last: NEVER };
        // No operation of the present text is before `from`, and none so far is after `until`.
        let (mut from, mut until) = (0, 0);
        let mut node = None;
        for link in &self.links[range] {
            if node.replace(link.node) != Some(link.node) {
                from = until;
            }
            let (first, last) = times.window(link.op);
            let moment = from.max(first);
            if moment > last {
                return Err(link.op.unwrap_or_default());
            }
            if !link.is_read {
                from = moment;
            }
            until = until.max(moment);
            chain.latest_first = chain.latest_first.max(first);
            chain.earliest_last = chain.earliest_last.min(last);
        }
        self.chains.push(chain);
        Ok(())
    }

    /// Sorts the forward zones, which must not overlap.
    fn place_forward(&mut self) -> Result<(), usize> {
        let mut chains: Vec<&Chain> = self.chains.iter().filter(|chain| chain.is_forward()).collect();
        chains.sort_unstable_by_key(|chain| chain.earliest_last);
        for pair in chains.windows(2) {
            if pair[1].earliest_last < pair[0].latest_first {
                return Err(self.late(pair[usize::from(pair[1].latest_first > pair[0].latest_first)]));
            }
        }
        self.forward = chains.iter().map(|chain| (chain.earliest_last, chain.latest_first)).collect();
        Ok(())
    }

    /// The last operation of a chain, which is a read.
    fn late(&self, chain: &Chain) -> usize {
        self.links[chain.links.clone()].last().and_then(|link| link.op).unwrap_or_default()
    }
}

/// The one of two operations that returned later.
fn later(times: Times<'_>, one: Option<usize>, other: usize) -> usize {
    one.filter(|&one| times.intervals[one].1 > times.intervals[other].1).unwrap_or(other)
}
