//! [`Fault`]: the ways in which the key/value double can be wrong.

use crate::faults::faults;

faults! {
    /// No fault.
    None,
    /// The fault that `injected` has planned.
    Injected,

    // The store.
    /// A put is done whatever the version.
    PutsOverAnything,
    /// A put over the version before the last is taken for the last put, and executed again.
    PutsAgain,
    /// A put over the version before the last is taken for the last put, and answered as that was.
    AnswersAgain,
    /// Every fourth refused put is answered as done.
    AcceptsAFourth,
    /// A put over a version of a key that does not exist creates it.
    CreatesOverAnything,
    /// A key that does not exist is empty and has version 0.
    ReadsMissingKeys,
    /// After version 15 comes 0.
    ShortVersions,
    /// The fifth put removes its key.
    LosesAKey,
    /// The fifth put loses its value.
    LosesAValue,
    /// Every value that was put is kept for ever.
    KeepsAllValues,
    /// In a snapshot each key has twice its version.
    CountsTwice,
    /// A snapshot has 600 bytes too many.
    LongSnapshots,

    // The servers.
    /// Every request takes 50 ms.
    Slow,
    /// Every request takes 3 s.
    VerySlow,
    /// Every server answers gets from its own state, and clerks ask the servers in turn.
    ReadsFromFollowers,
    /// A server that believes that it leads answers gets from its own state.
    ReadsFromLeader,

    // The clerk.
    /// A retransmission is answered as if it were the first one.
    NeverMaybe,
    /// All puts are maybe done.
    AlwaysMaybe,
    /// A clerk asks the server that answered it first, and no other.
    NeverAsksAnother,
    /// A clerk keeps puts in a store of its own, and asks no server.
    AsksNobody,
    /// As `AsksNobody`, but servers are called as well. Their answers are not awaited.
    DoesNotWait,
    /// As `AsksNobody`, but a server is asked each time, and sent the first put to each key.
    AnswersFromItsMap,
    /// A server answers by itself, without the other servers.
    AsksNoOtherServer,

    // The lock.
    /// Every client gets it, and has put something.
    NeverWaits,
    /// It is never released, though something is put.
    NeverReleases,
    /// Neither acquiring nor releasing it calls the clerk.
    LocksNothing,
    /// Releasing it does not call the clerk.
    ReleasesNothing,
    /// It is never acquired.
    NeverAcquires,
    /// It uses the clerk in a second thread.
    UsesTwoThreads,

    // The replica.
    /// A request gets an empty answer when it has not been committed for 200 ms.
    AnswersWithoutCommit,
    /// The leader executes each request but its first before it is committed, and answers it.
    DoesBeforeCommit,
    /// Any request applied at the index of a submitted one is taken for that.
    AnswersForOthers,
    /// A submit goes on waiting when leadership is lost.
    NeverGivesUp,
    /// A submit gives up after half a second.
    TimesOut,
    /// A submit goes on waiting when Raft is killed.
    SurvivesKill,
    /// A server that does not lead executes the second request after the third.
    SwapsTwo,
    /// A request is put into the log twice.
    StartsTwice,
    /// The third request is put into the log, and refused.
    RefusesOne,
    /// All requests are refused.
    RefusesAll,
    /// Server 2 executes nothing from the second request on.
    StopsAtTwo,
    /// The second request is executed as other bytes.
    OtherBytes,
    /// No snapshots are taken, and entries are long.
    NeverSnapshots,
    /// Snapshots are taken although none are asked for.
    AlwaysSnapshots,
    /// A replica starts empty although it has a snapshot.
    IgnoresSnapshot,
    /// Each snapshot that was taken is restored ten requests later.
    RestoresTooLate,
    /// The machine is restored from five bytes.
    RestoresOtherBytes,
    /// The machine is restored from a state that it has not reached.
    RestoresMore,
}
