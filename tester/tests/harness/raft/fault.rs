//! [`Fault`]: the ways in which the Raft double can be wrong.

use crate::faults::faults;

faults! {
    None,
    NeverElects,
    /// From 0.7 s on server 1 leads the term as well.
    TwoLeaders,
    /// A second server leads the term for 20 ms, from 1.2 s on.
    TwoLeadersForAMoment,
    /// From 1.5 s on every server answers with the term before.
    TermGoesBack,
    /// From 1.2 s on every server answers with the term before, for 20 ms.
    TermGoesBackForAMoment,
    /// From 1.5 s on every server answers the test, and nobody else, with the term before.
    TermGoesBackForTheTest,
    /// Everybody is in term 0, the leader too.
    TermZero,
    /// From 1.5 s on the same leader leads the next term.
    TermGoesUp,
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
    /// Each command is put into the log twice, and `start` answers the second place.
    AppendsTwice,
    /// As `AppendsTwice`, and `start` answers the first place.
    AppendsTwiceAnswersFirst,
    /// The leader refuses the fourth command once.
    RefusesOne,
    /// Nothing is delivered after the first entry, and the third command is promised index 7.
    SkipsAhead,
    /// With each command that it takes the leader enters the next term.
    NewTerms,
    /// Server 1 takes commands as if it led.
    TwoAccept,
    /// Server 1 delivers the second entry under index 3.
    Gap,
    /// Server 1 delivers every entry twice.
    DeliversTwice,
    /// Server 1 delivers the first entry again as the second.
    OtherCommand,
    /// Every server delivers a command that nobody submitted as the second entry.
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
    /// Server 1 delivers a snapshot with one command more than there are.
    SnapshotAhead,
    /// Server 1 delivers a snapshot without its last command.
    ShortSnapshot,
    /// Server 1 delivers a snapshot of no bytes.
    EmptySnapshot,
    /// Server 1 delivers a snapshot without the command of index 0.
    SnapshotWithoutIndexZero,
    /// `start` does not return.
    StartHangs,
    /// Making a server takes four minutes.
    MakeHangs,
    StartPanics,
    StartIsMissing,
    /// `start` ends the process.
    StartExits,
    /// A server that dies saves something else.
    SavesWhileCrashing,
    /// One `get_state` in two of server 1 says that it leads, when it has been heard by the others.
    LeadsIntermittently,
    /// As `WrongIndex`, and begins the later the more runs this process has seen.
    DependsOnEarlierRuns,
    /// The destructor waits for ever.
    NeverDropped,
    /// `kill` does not return.
    KillHangs,
    /// Server 2 is in a term of its own.
    OwnTerm,
    /// The first two commands change places in the log.
    SwapsTwo,
    /// The saved state takes 2000 bytes and more, besides a snapshot.
    LongLog,
    /// The leader sends each command to everyone five times.
    SendsCommandsFiveTimes,
    /// No RPC is ever sent.
    SendsNothing,
    /// The first leader calls everyone 17 times.
    CallsOftenWhenElected,
    /// When there are 12 commands the leader calls everyone every 25 ms.
    CallsOftenWhenIdle,
    /// The first server leads as soon as it is there, and asks nobody.
    LeadsAtOnce,
    /// A leader delivers what it has taken without having heard of anybody, and so do the others when it
    /// tells them.
    AgreesAlone,
    /// From 1.55 s on the leader leads the next term, and asks nobody.
    GoesUpAlone,
    /// Server 1 tells the test, and nobody else, that it leads.
    LeadsForTheTest,
    /// Whatever a leader has found to be agreed on, the others deliver at once, told or not.
    AppliesFromAfar,
    /// A server delivers the snapshot that another one has, told or not.
    SnapshotFromAfar,
}
