//! [`endings`]: orders of puts and appends, one for each text that they can leave.
//!
//! A text that can be left is one that a read after all events might be answered. Such a read would belong to
//! a chain: the *base*, which is a chain, or a put that nobody has read, or the beginning; and after it some
//! of the appends that nobody has read. Everything else comes before the base. So a base and a list of
//! appends are an ending if and only if the base can have a moment such that
//! - whatever must take effect and is not in the ending has a moment before that, outside all forward zones;
//! - the appends can take effect after the base, one after the other.
//!
//! The appends are chosen one by one. To go on with some of them makes sense as long as everything that comes
//! too late for a moment before the base is an append that can still follow. So no choice is made in vain.

use crate::zones::{Chain, Times, Zones};

/// The most operations that are looked at to find other endings than the first: so many, and so many for each
/// operation or chain.
const LOOKS: usize = 200_000;
const LOOKS_A_BLOCK: usize = 40;

/// The contents of operations.
pub(crate) trait Contents {
    /// Whether an operation is a put or an append.
    fn is_write(&self, op: usize) -> bool;
    /// Whether it is a put.
    fn is_put(&self, op: usize) -> bool;
    /// The value of a put or an append.
    fn value(&self, op: usize) -> &str;
}

/// Operations that follow each other.
#[derive(Clone, Copy)]
enum Run<'z> {
    Nothing,
    Chain(&'z Chain),
    /// A put or an append that nobody has read.
    Write(usize),
}

/// What must take effect.
struct Block<'z> {
    run: Run<'z>,
    /// By this, blocks are sorted into an order in which each comes as early as possible.
    key: (usize, bool),
    /// The moment at which it is over in this order.
    over: usize,
    /// Whether it is an append that nobody has read, which can follow a base.
    can_follow: bool,
}

/// An append that can follow a base.
struct Follower {
    op: usize,
    /// The first and the last moment at which it can take effect.
    window: (usize, usize),
    /// The first moment at which it can take effect before a base. `None` if it need not take effect.
    before: Option<usize>,
}

/// Endings with the same base.
struct Ending<'z> {
    base: Run<'z>,
    /// The place of the base among the blocks, if it must take effect.
    block: Option<usize>,
    /// When the base can take effect: up to the first moment other operations come before it, from the second
    /// one on appends follow.
    turns: Vec<(usize, usize)>,
    followers: Vec<Follower>,
}

struct Endings<'z, C> {
    zones: &'z Zones,
    contents: &'z C,
    times: Times<'z>,
    blocks: Vec<Block<'z>>,
    /// The puts and appends that have not returned, and are in no chain.
    pending: &'z [usize],
    wanted: usize,
    /// Texts, and the orders that leave them.
    found: Vec<(String, Vec<usize>)>,
    looks_left: usize,
}

/// The search goes no further: more was found than is wanted, or it takes too long.
struct Enough;

/// Orders of all operations of `zones`, each of which leaves another text, `wanted` at most; and whether no
/// other text can be left. This is false also if it would take too long to find out.
///
/// `pending` are the puts and appends that have not returned, and are in no chain.
pub(crate) fn endings<'z, C: Contents>(
    zones: &'z Zones,
    contents: &'z C,
    times: Times<'z>,
    pending: &'z [usize],
    wanted: usize,
) -> (Vec<Vec<usize>>, bool) {
    let mut blocks: Vec<Block<'_>> = zones.chains.iter().map(|chain| Block::chain(zones, chain)).collect();
    blocks.extend(zones.loose.iter().map(|&op| {
        let moment = zones.outside(times.window(Some(op)).0);
        let can_follow = !contents.is_put(op);
        Block { run: Run::Write(op), key: (moment, false), over: moment, can_follow }
    }));
    blocks.sort_by_key(|block| block.key);
    let looks_left = LOOKS + LOOKS_A_BLOCK * (blocks.len() + pending.len());
    let mut endings =
        Endings { zones, contents, times, blocks, pending, wanted, found: Vec::new(), looks_left };
    let all = endings.find().is_ok();
    (endings.found.into_iter().map(|(_, order)| order).collect(), all)
}

impl<'z> Block<'z> {
    fn chain(zones: &Zones, chain: &'z Chain) -> Self {
        let (key, over) = if chain.is_forward() {
            ((chain.earliest_last, true), chain.latest_first)
        } else {
            // It comes before a forward zone that begins at this moment.
            let moment = zones.outside(chain.latest_first);
            ((moment, false), moment)
        };
        Self { run: Run::Chain(chain), key, over, can_follow: false }
    }
}

impl<'z, C: Contents> Endings<'z, C> {
    fn find(&mut self) -> Result<(), Enough> {
        self.add(self.order(None, &[]))?;
        // A chain or a put that is not the base comes before it: of all of these, the one that is over last,
        // and the last one of the others.
        let (mut last, mut last_but_one) = (0, 0);
        for block in self.blocks.iter().filter(|block| !block.can_follow) {
            last_but_one = last_but_one.max(block.over.min(last));
            last = last.max(block.over);
        }
        for place in (0..self.blocks.len()).rev() {
            let Block { run, over, can_follow, .. } = self.blocks[place];
            if !can_follow {
                let others = if over == last { last_but_one } else { last };
                self.end_with(run, Some(place), others)?;
            }
        }
        for &op in self.pending {
            if self.contents.is_put(op) {
                self.end_with(Run::Write(op), None, last)?;
            }
        }
        if last == 0 { self.end_with(Run::Nothing, None, last) } else { Ok(()) }
    }

    /// Finds the endings with this base. What comes before it in any case is over at the moment `others`.
    fn end_with(&mut self, base: Run<'z>, block: Option<usize>, others: usize) -> Result<(), Enough> {
        let followers = || self.blocks.iter().filter(|block| block.can_follow);
        let (first, last) = match base {
            Run::Nothing => (0, 0),
            Run::Write(op) => self.times.window(Some(op)),
            Run::Chain(chain) if chain.is_forward() => (chain.earliest_last, chain.earliest_last),
            Run::Chain(chain) => (chain.latest_first, chain.earliest_last),
        };
        let first = first.max(others);
        if first > last {
            return Ok(());
        }
        // Between these moments, a later one is no better.
        let moments = followers().map(|block| block.over).filter(|&over| first < over && over <= last);
        let mut turns: Vec<(usize, usize)> =
            [first].into_iter().chain(moments).map(|moment| (moment, moment)).collect();
        if let Run::Chain(chain) = base {
            turns[0].1 = turns[0].1.max(chain.latest_first);
        }
        turns.sort_unstable();
        turns.dedup();
        let begin = turns[0].1;
        let mut all = Vec::new();
        for block in followers() {
            if let Run::Write(op) = block.run {
                all.push(Follower { op, window: self.times.window(Some(op)), before: Some(block.over) });
            }
        }
        for &op in self.pending.iter().filter(|&&op| !self.contents.is_put(op)) {
            all.push(Follower { op, window: self.times.window(Some(op)), before: None });
        }
        all.retain(|follower| follower.window.1 >= begin);
        let ending = Ending { base, block, turns, followers: all };
        if self.is_possible(&ending, &[], false)? { self.choose(&ending, &mut Vec::new()) } else { Ok(()) }
    }

    /// Finds the endings that begin with these followers.
    fn choose(&mut self, ending: &Ending<'z>, chosen: &mut Vec<usize>) -> Result<(), Enough> {
        if self.is_possible(ending, chosen, true)? {
            let order = self.order(Some(ending), chosen);
            self.add(order)?;
        }
        for next in 0..ending.followers.len() {
            if chosen.contains(&next) {
                continue;
            }
            chosen.push(next);
            if self.is_possible(ending, chosen, false)? {
                self.choose(ending, chosen)?;
            }
            chosen.pop();
        }
        Ok(())
    }

    /// Whether there is an ending that begins with these followers, or, if `is_end`, that has no others.
    fn is_possible(&mut self, ending: &Ending<'z>, chosen: &[usize], is_end: bool) -> Result<bool, Enough> {
        for &(before, after) in &ending.turns {
            self.look(chosen.len() + ending.followers.len() + 1)?;
            let mut moment = after;
            for &place in chosen {
                let (first, last) = ending.followers[place].window;
                moment = moment.max(first);
                if moment > last {
                    // Later turns leave less time.
                    return Ok(false);
                }
            }
            let mut others = ending.followers.iter().enumerate();
            let can_come = |(place, other): (usize, &Follower)| {
                let is_late = other.before.is_some_and(|first| first > before);
                !is_late || chosen.contains(&place) || (!is_end && moment <= other.window.1)
            };
            if others.all(can_come) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// All blocks in their order, but the ending last.
    fn order(&self, ending: Option<&Ending<'z>>, chosen: &[usize]) -> Vec<usize> {
        let mut last: Vec<usize> = Vec::new();
        if let Some(ending) = ending {
            last.extend(chosen.iter().map(|&place| ending.followers[place].op));
        }
        let mut chosen = last.clone();
        chosen.sort_unstable();
        let base = ending.and_then(|ending| ending.block);
        let mut order = Vec::new();
        for (place, block) in self.blocks.iter().enumerate() {
            let is_chosen = matches!(block.run, Run::Write(op) if chosen.binary_search(&op).is_ok());
            if base != Some(place) && !is_chosen {
                self.run(block.run, &mut order);
            }
        }
        if let Some(ending) = ending {
            self.run(ending.base, &mut order);
        }
        order.extend(last);
        order
    }

    /// Adds the operations of a run to an order.
    fn run(&self, run: Run<'z>, order: &mut Vec<usize>) {
        match run {
            Run::Nothing => {}
            Run::Chain(chain) => {
                order.extend(self.zones.links[chain.links.clone()].iter().filter_map(|link| link.op));
            }
            Run::Write(op) => order.push(op),
        }
    }

    /// Adds an order if it leaves a new text.
    fn add(&mut self, order: Vec<usize>) -> Result<(), Enough> {
        let writes: Vec<usize> = order.iter().copied().filter(|&op| self.contents.is_write(op)).collect();
        let begin = writes.iter().rposition(|&op| self.contents.is_put(op)).unwrap_or_default();
        let text: String = writes[begin..].iter().map(|&op| self.contents.value(op)).collect();
        if self.found.iter().any(|(other, _)| *other == text) {
            return self.look(order.len() + text.len() / 64);
        }
        if self.found.len() == self.wanted {
            return Err(Enough);
        }
        self.found.push((text, order));
        Ok(())
    }

    fn look(&mut self, looks: usize) -> Result<(), Enough> {
        self.looks_left = self.looks_left.checked_sub(looks).ok_or(Enough)?;
        Ok(())
    }
}
