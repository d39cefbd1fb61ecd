//! [`Fault`]: the ways in which the Raft double can be wrong.

use crate::faults::faults;

faults! {
    None,
    NeverElects,
    /// From 0.7 s on server 1 leads the term as well.
    TwoLeaders,
    /// A second server leads the term for 20 ms, from 1.2 s on.
    TwoLeadersForAMoment,
    /// From 1.5 s on every server answers with the previous term.
    TermGoesBack,
    /// From 1.2 s on every server answers with the previous term, for 20 ms.
    TermGoesBackForAMoment,
    /// From 1.5 s on every server answers the test, but not the probe, with the previous term.
    TermGoesBackForTheTest,
    /// All servers are in term 0, the leader too.
    TermZero,
    /// From 1.5 s on the same leader leads the next term.
    TermGoesUp,
    /// A server that crashed restarts at term 0.
    ForgetsTerm,
    /// When all servers are down, the log is lost.
    ForgetsLog,
    /// When all servers are down, the entries are lost, and the next command takes the index of each.
    RewritesLog,
    /// A leader after the first starts with an empty log.
    LeaderWithoutLog,
    /// `start` returns an index one too high.
    WrongIndex,
    /// `start` returns indices from 0.
    CountsFromZero,
    /// `start` returns the same index again.
    SameIndexAgain,
    /// Each command is appended twice, and `start` returns the second index.
    AppendsTwice,
    /// As `AppendsTwice`, and `start` returns the first index.
    AppendsTwiceAnswersFirst,
    /// The leader refuses the fourth command once.
    RefusesOne,
    /// Nothing is delivered after the first entry, and the third command is assigned index 7.
    SkipsAhead,
    /// With each command that it accepts the leader enters the next term.
    NewTerms,
    /// Server 1 accepts commands as if it led.
    TwoAccept,
    /// Server 1 delivers the second entry under index 3.
    Gap,
    /// Server 1 delivers every entry twice.
    DeliversTwice,
    /// Server 1 delivers the first entry again as the second.
    OtherCommand,
    /// Every server delivers a command that was not submitted as the second entry.
    OwnCommand,
    /// Every server delivers an entry under index 0 first.
    IndexZero,
    /// Server 1 delivers its snapshot under an index one too high.
    SnapshotIndex,
    /// Server 1 delivers a snapshot five entries late.
    OldSnapshot,
    /// Server 1 delivers bytes that are no snapshot.
    BrokenSnapshot,
    /// Server 1 delivers a snapshot in which two commands are swapped.
    MixedSnapshot,
    /// Server 1 delivers a snapshot with one command more than the log has.
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
    /// A server saves something else while it is killed.
    SavesWhileCrashing,
    /// Every second `get_state` of server 1 says that it leads, once a majority has answered it.
    LeadsIntermittently,
    /// As `WrongIndex`, and starts later in each run of this process.
    DependsOnEarlierRuns,
    /// The destructor never returns.
    NeverDropped,
    /// `kill` does not return.
    KillHangs,
    /// Server 2 is in a term of its own.
    OwnTerm,
    /// The first two commands are swapped in the log.
    SwapsTwo,
    /// The saved state takes 2000 bytes and more, besides a snapshot.
    LongLog,
    /// The leader sends each command to everyone five times.
    SendsCommandsFiveTimes,
    /// No RPC is ever sent.
    SendsNothing,
    /// The first leader calls every server 17 times.
    CallsOftenWhenElected,
    /// Once there are 12 commands, the leader calls every server every 25 ms.
    CallsOftenWhenIdle,
    /// The first server leads at once, and calls nobody.
    LeadsAtOnce,
    /// A leader delivers the commands that it has accepted without an answer from anybody, and so do the
    /// others when it tells them.
    AgreesAlone,
    /// From 1.55 s on the leader leads the next term, and calls nobody.
    GoesUpAlone,
    /// Server 1 tells the test, but not the probe, that it leads.
    LeadsForTheTest,
    /// The others deliver the entries that a leader has replicated at once, without a message.
    AppliesFromAfar,
    /// A server delivers the snapshot of another one, without a message.
    SnapshotFromAfar,
}
