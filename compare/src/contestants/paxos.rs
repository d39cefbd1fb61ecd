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
    why: "A leader is a distinguished proposer that has run phase 1 for all later instances, and then needs \
          phase 2 alone. That makes as many messages as in Raft. Its messages about writes are smaller; \
          those of an election are larger, for a promise tells what the acceptor has accepted. Ballots do \
          the work of terms, and an old leader goes on until it hears of a higher one, as in Figure 2 of \
          Raft. Proposers that stand at the same moment do not split votes: the highest ballot wins. So \
          being left alone ends sooner than in Raft, as a rule.",
    start: |solution| solution.paxos().map(|paxos| log::start_raft(paxos.make_log)),
};
