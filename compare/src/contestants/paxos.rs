//! A log of instances of Paxos, with a distinguished proposer.

use super::log;
use crate::contestant::Contestant;

/// The log of the Paxos lab.
pub(crate) const PAXOS: Contestant = Contestant {
    name: "paxos",
    title: "Paxos' log",
    lab: Some("paxos"),
    has_leaders: true,
    takes_writes: true,
    controllers: 0,
    why: "",
    start: |solution| solution.paxos().map(|paxos| log::start(paxos.make_log)),
};
