//! [`Fault`]: the ways in which a node of the Bully algorithm can be wrong.

use std::time::Duration;

use crate::faults::faults;

faults! {
    None,
    /// No node ever knows a leader.
    KnowsNobody,
    /// Node 1 follows node 0.
    FollowsALowerOne,
    /// A node that knows no leader follows node 4, whether or not node 4 has announced itself.
    FollowsUnheardLeader,
    /// When it has run for a second, node 3 knows no leader for 20 ms, follows one again for 20 ms, and
    /// leads. It calls nobody. Only the probe sees it.
    LeadsUnasked,
    /// When it has run for a second, node 0 knows no leader for 20 ms.
    ForgetsLeaderBriefly,
    /// In every election but its first, node 1 claims to lead until it knows the leader. Only the test sees
    /// it.
    LeadsInElections,
    /// Node 0 follows the first leader that it knew, for ever.
    KeepsFirstLeader,
    /// Node 0 follows node 3 for ever, once it has.
    KeepsLeader3,
    /// Node 1 never claims to lead.
    NeedsAMajority,
}

/// The situation that a node's answer depends on.
pub struct Situation {
    pub me: usize,
    /// The leader that the reference's node follows.
    pub leader: Option<usize>,
    /// All leaders that it has followed so far, in order.
    pub leaders: Vec<usize>,
    /// The time since it started.
    pub age: Duration,
    /// Whether the call is the test's, and not the probe's.
    pub test_asks: bool,
}

impl Fault {
    /// The leader that the node names.
    pub fn answer(self, situation: &Situation) -> Option<usize> {
        const SECOND: Duration = Duration::from_secs(1);
        const MOMENT: Duration = Duration::from_millis(20);

        let &Situation { me, leader, ref leaders, age, test_asks } = situation;
        match self {
            Self::KnowsNobody => None,
            Self::FollowsALowerOne if me == 1 => Some(0),
            Self::FollowsUnheardLeader if leader.is_none() && me < 4 => Some(4),
            Self::LeadsUnasked if me == 3 && age >= SECOND && !test_asks => match age - SECOND {
                time if time < MOMENT => None,
                time if time < 2 * MOMENT => leader,
                _ => Some(3),
            },
            Self::ForgetsLeaderBriefly if me == 0 && (SECOND..SECOND + MOMENT).contains(&age) => None,
            Self::LeadsInElections if me == 1 && leader.is_none() && !leaders.is_empty() && test_asks => {
                Some(1)
            }
            Self::KeepsFirstLeader if me == 0 => leaders.first().copied(),
            Self::KeepsLeader3 if me == 0 && leaders.contains(&3) => Some(3),
            Self::NeedsAMajority if leader == Some(1) && me == 1 => None,
            _ => leader,
        }
    }
}
