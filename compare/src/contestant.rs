//! [`Contestant`]: a protocol that takes part.

use labapi::Solution;

use crate::contestants;
use crate::replica::StartReplica;

/// A protocol that takes part in the comparison.
#[derive(Debug)]
pub struct Contestant {
    /// The name on the command line and in JSON: `raft`.
    pub name: &'static str,
    /// The title in tables: `Raft`.
    pub title: &'static str,
    /// The crate of the lab that it is, or `None` if it is an experiment of this crate.
    pub lab: Option<&'static str>,
    /// Whether it has leaders.
    pub has_leaders: bool,
    /// Whether it takes writes.
    pub takes_writes: bool,
    /// The number of servers besides those that take part, which control them.
    pub controllers: usize,
    /// Why its figures are as they are: a paragraph.
    pub why: &'static str,
    /// The solution's servers; `None` if it does not have the protocol.
    pub start: fn(&Solution) -> Option<StartReplica>,
}

/// All contestants, in the order in which they are shown.
pub const CONTESTANTS: &[&Contestant] = &[
    &contestants::raft::RAFT,
    &contestants::raft_extended::RAFT_EXTENDED,
    &contestants::paxos::PAXOS,
    &contestants::zab::ZAB,
    &contestants::bully::BULLY,
    &contestants::bully_extended::GENERATIONS,
    &contestants::bully_extended::ASKS_OTHERS,
    &contestants::bully_extended::QUORUM,
    &contestants::bully_extended::PUBLISHES,
    &contestants::bully_extended::PRIORITIES,
    &contestants::kafka::KAFKA,
    &contestants::kafka::KAFKA_MIN_ISR_1,
    &contestants::eureka::EUREKA,
];

/// The labs that do not take part, by their crates, and the reasons. A workspace may lack one of them.
pub const NOT_COMPARED: &[(&str, &str)] = &[
    ("kvsrv", "it has one server"),
    ("kvraft", "it is a service on the log of another lab, and elects nobody itself"),
    ("kvappend", "it is a service on the log of another lab, and elects nobody itself"),
    ("shardkv", "it is a service on the logs of another lab, and elects nobody itself"),
];

impl Contestant {
    /// The contestant of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<&'static Self> {
        CONTESTANTS.iter().copied().find(|it| it.name == name)
    }
}
