//! [`Evidence`]: the reason why there is no order, for a person to read.

use std::fmt;
use std::time::Duration;

use crate::display::{Seconds, count};
use crate::verdict::Spent;

/// An operation in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DescribedOperation {
    /// Its position in [`History::operations`](crate::History::operations).
    pub position: usize,
    /// The client.
    pub client: u32,
    /// The time of the call.
    pub called: Duration,
    /// The time of the return, if there is one.
    pub returned: Option<Duration>,
    /// The request.
    pub input: String,
    /// The answer; `None` if the operation never returned.
    pub output: Option<String>,
}

/// `client 3, 1.204 s to 1.260 s: Get(x) -> "a", version 2`
impl fmt::Display for DescribedOperation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { client, input, .. } = self;
        write!(f, "client {client}, {} ", Seconds(self.called))?;
        match (self.returned, &self.output) {
            (Some(returned), Some(output)) => write!(f, "to {}: {input} -> {output}", Seconds(returned)),
            _ => write!(f, "on, without a return: {input}"),
        }
    }
}

/// An order of all that must have taken effect before the operation that cannot be placed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prefix {
    /// The operations in this order, without those that did not take effect or have not yet: their positions
    /// in [`History::operations`](crate::History::operations).
    pub order: Vec<usize>,
    /// The last ones, [`SHOWN`](Self::SHOWN) at most.
    pub last: Vec<DescribedOperation>,
    /// The state of the key at its end.
    pub state: String,
    /// The answer that the model would give there to the operation that cannot be placed.
    pub allowed: String,
}

/// A version that can have begun at no moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoMoment {
    /// The version.
    pub version: u64,
    /// The operation that leaves no moment, when all that concerns earlier versions is as it was answered.
    pub operation: DescribedOperation,
}

/// The reason why a history is not linearizable.
///
/// Up to the return of one operation there are orders that explain all answers; with this return there is
/// none. The evidence has this operation, such orders, and a few operations that are enough for a
/// contradiction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Evidence {
    /// The key whose operations have no order.
    pub key: String,
    /// The operation that cannot be placed: the first return of this key that no order explains.
    pub operation: DescribedOperation,
    /// The longest orders of the operations before it, one for each state to which they can lead,
    /// [`PREFIXES`](Self::PREFIXES) at most. Empty if it would take too long to find them.
    pub prefixes: Vec<Prefix>,
    /// Whether `prefixes` has all states that are possible.
    pub all_prefixes: bool,
    /// Operations that contradict each other, in the order of their calls: whatever the other operations did,
    /// even if each of them took effect at any time and any number of times; or less, if
    /// [`in_order`](Self::in_order). Empty if it would take too long to find them.
    pub core: Vec<DescribedOperation>,
    /// What the answer of [`operation`](Self::operation) shows of other operations of `core`, where their
    /// words do not tell: for each of them its position, and a sentence.
    pub remarks: Vec<(usize, String)>,
    /// Whether no operation of `core` can be left out.
    pub minimal: bool,
    /// Whether `core` is only known to be contradictory if the other operations took effect in the first
    /// order of [`prefixes`](Self::prefixes), at any times. All that they might have done is more than could
    /// be tried, for example where states grow.
    pub in_order: bool,
    /// If [`operation`](Self::operation) is all of `core`, its answer is right at no time before it was
    /// given. Then: whether it could be right with the help of operations that were called later. `None` if
    /// that is not known.
    pub right_later: Option<bool>,
    /// Where the model's [exact method](crate::Model::exact) finds that there is no order. `None` if the
    /// model has none, if its objects have no versions, or if the answer is right in no state at all.
    pub no_moment: Option<NoMoment>,
    /// The number of operations of the key that had been called until then.
    pub operations: usize,
    /// The cost of the check, without the search for evidence.
    pub spent: Spent,
}

/// The number of operations of a core that are printed.
const SHOWN_CORE: usize = 12;

impl Prefix {
    /// The number of operations of a long order that are printed.
    pub const SHOWN: usize = 4;
}

impl Evidence {
    /// The most prefixes of an evidence.
    pub const PREFIXES: usize = 4;
}

impl fmt::Display for Evidence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { key, operation, operations, .. } = self;
        writeln!(
            f,
            "expected the operations on key {key} to be linearizable: each takes effect at one moment \
             between its \
             call and its return; saw an answer that no order explains:"
        )?;
        writeln!(f, "    {operation}")?;
        let others = self.core.iter().filter(|shown| shown.position != operation.position).count();
        match (self.core.len(), others) {
            (0, _) => {}
            (_, 0) if self.in_order => {
                writeln!(
                    f,
                    "whenever the other operations on {key} took effect, in the first order below, this \
                     answer is \
                     wrong."
                )?;
            }
            (_, 0) if self.right_later == Some(false) => {
                writeln!(f, "whatever the other operations on {key} did, this answer is wrong at any time.")?;
            }
            (_, 0) => {
                writeln!(
                    f,
                    "whatever the operations on {key} did that had been called by then, this answer is wrong."
                )?;
                if self.right_later == Some(true) {
                    writeln!(f, "it could be right only with operations that were called later.")?;
                }
            }
            _ => {
                let number = self.core.len();
                if self.in_order {
                    writeln!(
                        f,
                        "these {number} contradict each other, whenever the others took effect, in the first \
                         order below:"
                    )?;
                } else {
                    writeln!(f, "these {number} contradict each other, whatever else happened:")?;
                }
                for shown in self.core.iter().take(SHOWN_CORE) {
                    let mark = if shown.position == operation.position { '>' } else { ' ' };
                    writeln!(f, "  {mark} {shown}")?;
                    for (_, remark) in self.remarks.iter().filter(|(position, _)| *position == shown.position)
                    {
                        writeln!(f, "      {remark}")?;
                    }
                }
                if self.core.len() > SHOWN_CORE {
                    writeln!(f, "    and {} more", self.core.len() - SHOWN_CORE)?;
                }
            }
        }
        if let Some(NoMoment { version, operation: last }) = &self.no_moment {
            write!(f, "no moment is left at which version {version} of {key} can have begun; ")?;
            if last.position == operation.position {
                writeln!(f, "this answer rules out the last one")?;
            } else {
                // In one line: it need not be one of those that contradict each other.
                writeln!(f, "the last one is ruled out by {last}")?;
            }
        }
        match self.prefixes.len() {
            0 => {}
            1 => writeln!(f, "without it the operations so far ({operations}) have an order:")?,
            _ => writeln!(f, "without it the operations so far ({operations}) have orders, such as:")?,
        }
        for prefix in &self.prefixes {
            let hidden = prefix.order.len() - prefix.last.len();
            if hidden > 0 {
                writeln!(f, "    {}, then", count(hidden, "operation"))?;
            }
            for shown in &prefix.last {
                writeln!(f, "    {shown}")?;
            }
            writeln!(
                f,
                "  which leaves {key} {}; there the answer would be {}",
                prefix.state, prefix.allowed
            )?;
        }
        if !self.all_prefixes && !self.prefixes.is_empty() {
            writeln!(f, "other orders may lead to other states")?;
        }
        Ok(())
    }
}
