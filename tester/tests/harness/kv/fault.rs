//! [`Fault`]: what can be wrong with the key/value double.

use crate::faults::faults;

faults! {
    /// Nothing.
    None,
    /// The fault that `injected` has planned.
    Injected,

    // The store.
    /// A put is done whatever the version.
    PutsOverAnything,
    /// A put over the version before the last is taken for the last one, and done again.
    PutsAgain,
    /// A put over the version before the last is taken for the last one, and answered as that was.
    AnswersAgain,
    /// Every fourth put that is refused is answered as if it were done.
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
    /// Every value ever put is kept.
    KeepsAllValues,
    /// A snapshot says that each key was put twice as often.
    CountsTwice,
    /// A snapshot has 600 bytes too many.
    LongSnapshots,

    // The servers.
    /// Every request takes 50 ms.
    Slow,
    /// Every request takes 3 s.
    VerySlow,
    /// Every server answers gets from what it has, and clerks ask them in turn.
    ReadsFromFollowers,
    /// Who thinks that it leads answers gets from what it has.
    ReadsFromLeader,

    // The clerk.
    /// A retransmission is answered as if it were the first one.
    NeverMaybe,
    /// All puts are maybe done.
    AlwaysMaybe,
    /// A clerk asks the server that answered it first for ever.
    NeverAsksAnother,
    /// A clerk keeps what is put to itself, and asks no server.
    AsksNobody,
    /// As `AsksNobody`, but servers are called as well. Nobody waits for what they say.
    DoesNotWait,
    /// As `AsksNobody`, but a server is asked each time, and told of the first put to each key.
    AnswersFromItsMap,
    /// A server answers by itself, and the others are not asked.
    AsksNoOtherServer,

    // The lock.
    /// Everybody has it, and has put something.
    NeverWaits,
    /// It is kept, though something is put.
    NeverReleases,
    /// Neither to get it nor to release it the clerk is asked anything.
    LocksNothing,
    /// To release it the clerk is asked nothing.
    ReleasesNothing,
    /// It is never given.
    NeverAcquires,
    /// Another thread uses the clerk as well.
    UsesTwoThreads,

    // The replica.
    /// A request is answered, by nothing, when it has not been committed for 200 ms.
    AnswersWithoutCommit,
    /// The leader does a request, but its first, and answers it before it is committed.
    DoesBeforeCommit,
    /// Whatever is applied at its index is taken for the request.
    AnswersForOthers,
    /// Who waits goes on waiting when leadership is lost.
    NeverGivesUp,
    /// Who waits gives up after half a second.
    TimesOut,
    /// Who waits goes on waiting when Raft is killed.
    SurvivesKill,
    /// Who does not lead does the second request after the third.
    SwapsTwo,
    /// A request is put in the log twice.
    StartsTwice,
    /// The third request is put in the log, and refused.
    RefusesOne,
    /// All requests are refused.
    RefusesAll,
    /// Server 2 does nothing from the second request on.
    StopsAtTwo,
    /// The second request is done as other bytes.
    OtherBytes,
    /// No snapshots are taken, and entries are long.
    NeverSnapshots,
    /// Snapshots are taken although nobody asked for them.
    AlwaysSnapshots,
    /// A replica begins with nothing although it has a snapshot.
    IgnoresSnapshot,
    /// Each snapshot that was taken is restored ten requests later.
    RestoresTooLate,
    /// The machine is restored from five bytes.
    RestoresOtherBytes,
    /// The machine is restored from what comes next.
    RestoresMore,
}
