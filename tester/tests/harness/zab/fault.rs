//! [`Fault`]: the ways in which a server of Zab can be wrong.

use labapi::{ZabRole, ZabState, Zxid};

use crate::faults::faults;

faults! {
    None,
    /// No server says that it leads.
    NeverLeads,
    /// A server that has led says so for ever.
    StaysLeader,
    /// All servers say that their epoch goes up every second.
    CountsSeconds,
    /// All servers say that they are in epoch 1 when they are in a later one.
    EpochOne,
    /// A looking server says that it is in epoch 0.
    ForgetsEpoch,
    /// Nothing is delivered.
    DeliversNothing,
    /// A server that starts with something in its storage delivers nothing.
    RestartsInVain,
    /// Server 1 delivers another text than was proposed.
    Alters,
    /// Server 1 delivers every transaction twice.
    Repeats,
    /// All servers deliver every transaction twice.
    AllRepeat,
    /// All servers leave out every third transaction.
    AllSkip,
    /// All servers deliver what nobody has proposed.
    AllInvent,
    /// A leader delivers a transaction as soon as it is proposed.
    DeliversAtOnce,
    /// Server 1 delivers other snapshots than it was given.
    AltersSnapshots,
    /// A leader gives the next transaction's id.
    MiscountsIds,
    /// A leader gives the same id to all transactions.
    RepeatsIds,
    /// A leader takes a single proposal.
    TakesOne,
    /// A leader proposes again what was lost.
    ProposesAgain,
    /// Counters have no limit.
    NoLimit,
    /// No sync is answered.
    SyncsNever,
    /// A sync is answered with nothing.
    SyncsNothing,
    /// A leader sends a long message with each proposal.
    Chatters,
    /// The storage keeps what is not needed.
    Hoards,
}

impl Fault {
    /// What the server says of its state, so many seconds after the start. `led`: the last epoch that it has
    /// led.
    pub fn state(self, state: ZabState, led: Option<u32>, seconds: u32) -> ZabState {
        match (self, led) {
            (Self::NeverLeads, _) => ZabState { role: ZabRole::Looking, ..state },
            (Self::StaysLeader, Some(epoch)) => ZabState { role: ZabRole::Leading, epoch },
            (Self::CountsSeconds, _) => ZabState { epoch: state.epoch + seconds, ..state },
            (Self::EpochOne, _) => ZabState { epoch: state.epoch.min(1), ..state },
            (Self::ForgetsEpoch, _) if state.role == ZabRole::Looking => ZabState { epoch: 0, ..state },
            _ => state,
        }
    }

    /// The id that a leader gives.
    pub fn id(self, zxid: Zxid) -> Zxid {
        match self {
            Self::MiscountsIds => Zxid { counter: zxid.counter + 1, ..zxid },
            Self::RepeatsIds => Zxid { counter: 1, ..zxid },
            _ => zxid,
        }
    }

    /// The answer to a sync.
    pub fn synced(self, zxid: Option<Zxid>) -> Option<Zxid> {
        match self {
            Self::SyncsNever => None,
            Self::SyncsNothing => zxid.map(|_| Zxid::ZERO),
            _ => zxid,
        }
    }
}
