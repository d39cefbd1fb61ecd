//! [`Fault`]: the ways in which a solution can be wrong.

/// What is wrong with the Raft.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Fault {
    None,
    NeverElects,
    TwoLeaders,
    /// A second server leads the term for 20 ms, from 1.2 s on.
    TwoLeadersForAMoment,
    /// From 1.5 s on every server answers with the term before.
    TermGoesBack,
    /// A server that crashed begins again at term 0.
    ForgetsTerm,
    /// When all are down the log is lost.
    ForgetsLog,
    /// When all are down the entries are lost, and the next command takes the place of each.
    RewritesLog,
    /// A leader after the first begins with an empty log.
    LeaderWithoutLog,
    /// `start` answers one too much.
    WrongIndex,
    /// `start` answers an index from 0.
    CountsFromZero,
    /// `start` answers as it did before.
    SameIndexAgain,
    /// Server 1 delivers the second entry under index 3.
    Gap,
    /// Server 1 delivers every entry twice.
    DeliversTwice,
    /// Server 1 delivers the first entry again as the second.
    OtherCommand,
    /// Server 1 delivers a command of its own as the second entry.
    OwnCommand,
    /// Every server delivers an entry under index 0 first.
    IndexZero,
    /// Server 1 delivers its snapshot, under an index one too high.
    SnapshotIndex,
    /// Server 1 delivers a snapshot five entries late.
    OldSnapshot,
    /// Server 1 delivers bytes that are no snapshot.
    BrokenSnapshot,
    /// Server 1 delivers a snapshot in which two commands have changed places.
    MixedSnapshot,
    /// `start` does not return.
    StartHangs,
    StartPanics,
    StartIsMissing,
    /// `start` ends the process.
    StartExits,
    /// A server that dies saves something else.
    SavesWhileDying,
    /// One `get_state` in two says that the server leads.
    Flickers,
    /// As `WrongIndex`, and begins the later the more runs this process has seen.
    Remembers,
    /// The destructor waits for ever.
    NeverDropped,
    /// `kill` does not return.
    KillHangs,
    /// Server 2 is in a term of its own.
    OwnTerm,
    /// The first two commands change places in the log.
    SwapsTwo,
    /// What is saved besides a snapshot takes 2000 bytes and more.
    LongLog,
    /// The leader sends each command to everyone five times.
    Wasteful,
}

impl Fault {
    pub const ALL: [Fault; 34] = [
        Fault::None,
        Fault::NeverElects,
        Fault::TwoLeaders,
        Fault::TwoLeadersForAMoment,
        Fault::TermGoesBack,
        Fault::ForgetsTerm,
        Fault::ForgetsLog,
        Fault::RewritesLog,
        Fault::LeaderWithoutLog,
        Fault::WrongIndex,
        Fault::CountsFromZero,
        Fault::SameIndexAgain,
        Fault::Gap,
        Fault::DeliversTwice,
        Fault::OtherCommand,
        Fault::OwnCommand,
        Fault::IndexZero,
        Fault::SnapshotIndex,
        Fault::OldSnapshot,
        Fault::BrokenSnapshot,
        Fault::MixedSnapshot,
        Fault::StartHangs,
        Fault::StartPanics,
        Fault::StartIsMissing,
        Fault::StartExits,
        Fault::SavesWhileDying,
        Fault::Flickers,
        Fault::Remembers,
        Fault::NeverDropped,
        Fault::KillHangs,
        Fault::OwnTerm,
        Fault::SwapsTwo,
        Fault::LongLog,
        Fault::Wasteful,
    ];
}
