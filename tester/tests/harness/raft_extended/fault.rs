//! [`Fault`]: the ways in which the answers of a server can be wrong.

use crate::faults::faults;

faults! {
    None,
    /// Every change of the cluster is refused.
    RefusesChanges,
    /// No change is ever made.
    IgnoresChanges,
    /// What is refused is said to have begun.
    KnowsNoErrors,
    /// The configuration that it tells is always the first.
    HidesItsMembership,
    /// After a while each server uses a configuration of its own.
    IsAloneAfterAChange,
    /// The test is told so, and the probe is not.
    WantsToBeAlone,
    /// The test is told that new servers count, after a while.
    CountsNewServersAtOnce,
    /// Whoever has led says so for ever.
    LeadsForEver,
    /// When it has run for four seconds, whoever has led says so again.
    LeadsAgainLater,
    /// When it has run for two seconds, nobody leads any more.
    StopsLeading,
    /// When it has run for two seconds, who does not lead is in a term of its own.
    CountsTermsAlone,
    /// After a while, whoever leads is in a later term.
    LeadsInALaterTerm,
    /// A read sees nothing.
    ReadsThePast,
    /// A read waits for what does not come.
    ReadsTheFuture,
    /// No read is answered.
    ReadsNothing,
    /// Followers answer reads.
    FollowersRead,
    /// Each command is put into the log twice.
    ReadsByAnEntry,
    /// A read by lease sees nothing.
    LeasesArePast,
    /// A leader has no lease.
    HasNoLease,
    /// Followers have leases.
    LeasesForAll,
    /// A lease needs a round of messages.
    LeasesNeedMessages,
    /// Every transfer is refused.
    RefusesTransfers,
    /// Nobody is ever told to stand.
    IgnoresTransfers,
    /// A transfer is ignored, and commands are accepted meanwhile.
    AcceptsDuringTransfers,
    /// A transfer is ignored, and no commands are accepted from then on.
    RefusesAfterTransfers,
}
