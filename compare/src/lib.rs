//! Protocols side by side: the same faults at the same times, and what each protocol makes of them.
//!
//! A [`Plan`] is a sequence of faults. A [`Contestant`] is a protocol, behind the small trait
//! [`Replica`]: an adapter to a lab's solution, or an experiment of this crate. A [`trial()`] has so many
//! servers of a contestant meet the faults of a plan, in a simulation, and returns a [`Timeline`] of what
//! happened. [`Measures`] are made of the timeline alone, and a [`Summary`] of the measures of many seeds.
//! [`compare()`] does all of that; [`text()`], [`Comparison::to_json`] and [`html()`] show it.
//!
//! The crate names no solution. Nothing here is a verdict: no protocol can fail.
//!
//! # What is measured
//!
//! The *measured time* of a run begins 2 s after the start of the servers and ends 2 s after the last fault.
//! All times are virtual. Percentiles are over the runs, by the nearest rank.
//!
//! - **Leader.** A server that says that it leads, and makes a majority of all servers together with those
//!   that follow it ([`Leadership::in_office`]). All of them have to run, not to be paused, and to have a
//!   link with it. A server follows a leader if it is in its generation (term, ballot, epoch). In Bully,
//!   which has none, it follows the one that it names.
//! - **Time without a leader.** The longest interval of a run in which there is none; and all of them.
//! - **Time without progress.** The longest interval of a run between two acknowledged writes, whichever
//!   servers acknowledge them. The ends of the measured time count as such. Each server has a client of its
//!   own, which hands it a write 50 ms after the one before was answered or refused. So progress does not
//!   depend on which server clients ask next.
//! - **Doubled leaders.** Two servers that run, paused or not, say at the same time that they lead, whether
//!   or not a majority follows; and whether two of them do in the same generation. Protocols without
//!   generations have nothing that tells two leaders apart: theirs count as in the same.
//! - **Cost of an election.** The requests and replies that are sent while there is no leader, divided by the
//!   number of times that one comes into office. It counts from the start of the servers, so that the first
//!   election is one.
//! - **Cost of a write.** Those that are sent while there is a leader, heartbeats included, divided by the
//!   number of acknowledged writes. In a protocol without leaders: all.
//! - **Lost writes.** A write is *acknowledged* when the server that took it tells its client that it is
//!   done. It is lost if no server has it at the end: all faults are healed, the clients have stopped, and 2
//!   s have passed. It is *not everywhere* if some server has it then and another one has not.
//! - **Reappeared writes.** A write has *failed for good* when the server that took it sees that it is not
//!   done and never will be: another one was committed in its place. It has reappeared if a server has it at
//!   the end. A write whose client crashed with its server, or gave up after 1 s, has an unknown outcome. It
//!   may be there or not.
//! - **Stale reads.** Reads that a server answers by itself, and that miss a write which had been
//!   acknowledged anywhere before the read began.
//!
//! # Read in this order
//!
//! `plan` and `faults`; `replica`, `contestant` and `contestants`; `servers` (clients and probes), `recorder`
//! and `timeline`; `leadership` and `measures`; `trial`, `comparison` and `summary`; `table` and `page`.

#![warn(missing_docs)]

mod comparison;
mod contestant;
mod contestants;
mod faults;
mod leadership;
mod measures;
mod observation;
mod outcomes;
mod page;
mod plan;
mod recorder;
mod replica;
mod servers;
mod summary;
mod table;
mod timeline;
mod trial;

pub use comparison::{CompareError, Comparison, OfPlan, OfProtocol, Setup, compare};
pub use contestant::{CONTESTANTS, Contestant, NOT_COMPARED};
pub use leadership::Leadership;
pub use measures::{Cost, Doubled, Gaps, Measures, Reads, Writes};
pub use outcomes::{Outcome, Outcomes};
pub use page::html;
pub use plan::{AFTERMATH, ALONE_DOWN, Fault, FaultKind, PLANS, Plan, WARM_UP};
pub use replica::{Replica, StartReplica, StartedReplica, View, Write};
pub use summary::{DoubledRuns, Mean, Spread, Summary};
pub use table::text;
pub use timeline::{Entry, Happening, Timeline};
pub use trial::trial;
