//! Steering elections by clocks: who stands, and when.

use std::time::Duration;

use labapi::Term;

use super::OnRaft;
use crate::Cluster;

/// The longest time for an election that is steered.
const PATIENCE: Duration = Duration::from_secs(8);

/// The interval between two looks at a server.
const LOOK: Duration = Duration::from_millis(2);

/// The rate of the clocks of servers that must not stand, and that of one that must, per million.
const SLOW: u32 = 100_000;
const RIGHT: u32 = 1_000_000;

/// Waits until a server is in `term` or a later one. `None` if it does not come there in time, or is in a
/// later one.
pub(crate) fn reaches<P: OnRaft>(cluster: &Cluster<P>, server: usize, term: Term) -> Option<()> {
    let began = cluster.now();
    while cluster.now() - began < PATIENCE {
        let now = cluster.term_of(server)?;
        if now >= term {
            return (now == term).then_some(());
        }
        cluster.sleep(LOOK);
    }
    None
}

/// Waits until a server is in `term` or a later one. `None` if it does not come there in time.
pub(crate) fn passes<P: OnRaft>(cluster: &Cluster<P>, server: usize, term: Term) -> Option<()> {
    let began = cluster.now();
    while cluster.now() - began < PATIENCE {
        if cluster.term_of(server)? >= term {
            return Some(());
        }
        cluster.sleep(LOOK);
    }
    None
}

/// Has a server elected that can reach a majority: the clocks of all others run slowly until it leads. `None`
/// if it is not elected, because another one has the better log.
pub(crate) fn elect<P: OnRaft>(cluster: &Cluster<P>, server: usize) -> Option<()> {
    let others = || (0..cluster.n_servers()).filter(|other| *other != server);
    others().for_each(|other| cluster.set_clock_rate(other, SLOW));
    cluster.set_clock_rate(server, RIGHT);
    let began = cluster.now();
    let mut elected = None;
    while elected.is_none() && cluster.now() - began < PATIENCE {
        cluster.sleep(LOOK);
        elected = cluster.get_state(server)?.is_leader.then_some(());
    }
    others().for_each(|other| cluster.set_clock_rate(other, RIGHT));
    elected
}
