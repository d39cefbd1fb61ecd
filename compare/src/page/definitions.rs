//! What the measures mean, for the page. The crate's documentation says the same.

use maud::{Markup, html};

/// Each measure, with its definition.
const DEFINITIONS: &[(&str, &str)] = &[
    (
        "leader",
        "A server that says that it leads, and makes a majority of all servers together with those that \
         follow it. All of these have to run, not to be paused, and to have a link with it. A server follows \
         a leader if it is in its term, ballot or epoch; in Bully, if it names it.",
    ),
    (
        "no leader",
        "The longest interval of a run in which there is no leader: the median and the 95th percentile over \
         the runs. In all: the sum of these intervals in a run, the median over the runs.",
    ),
    (
        "no progress",
        "The longest interval of a run between two acknowledged writes, whichever servers acknowledge them. \
         Each server has a client that hands it a write 50 ms after the one before was answered.",
    ),
    (
        "two leaders",
        "The runs in which two servers say at the same time that they lead, whether or not a majority \
         follows. A paused server still says so. Then the median over the runs of the time for which they \
         do. Same gen.: the runs in which two of them are in the same generation (term, ballot, epoch). \
         Where there are no generations, nothing tells two leaders apart, and they count as in the same.",
    ),
    (
        "an election",
        "The requests and replies, and their bytes, that servers and controllers send while there is no \
         leader, divided by the number of times that there is one again. The first election counts.",
    ),
    (
        "a write",
        "The requests and replies, and their bytes, that servers and controllers send while there is a \
         leader, heartbeats included, divided by the number of acknowledged writes. Without leaders: all of \
         them.",
    ),
    (
        "writes",
        "Done: those that were acknowledged, in all runs. Lost: of these, those that no server has when all \
         faults are healed and two more seconds have passed. Uneven: those that some servers have then, and \
         others not. Back: writes that had failed for good, since another one stands in their place, and \
         that a server has then nevertheless. Writes whose outcome nobody was told are not counted.",
    ),
    (
        "stale reads",
        "Of the reads that a server answers by itself, without a message: those that miss the last write \
         that had been acknowledged anywhere when they began. Raft beyond Figure 2 reads by its lease, Kafka \
         at a broker that takes itself for the leader, Zab and Eureka at any server. Raft and Paxos read \
         through the log, and have no such reads; Bully has none.",
    ),
];

/// The definitions as a list.
pub(super) fn list() -> Markup {
    html! {
        dl { @for (term, meaning) in DEFINITIONS { dt { (term) } dd { (meaning) } } }
        p {
            "The measured time begins 2 s after the servers' start and ends 2 s after the last fault. \
             Clients run on their servers: they crash, pause and are cut off with them. Controllers never \
             fail; in a partition they are on the side of the majority."
        }
    }
}
