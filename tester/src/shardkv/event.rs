//! [`ShardEvent`]: the tester's observations of a server of a shard group.

use labapi::{ConfigNum, Holding, ShardId};
use labgob::Value;
use serde::{Serialize, Serializer};

use crate::event::{Interests, ProtocolEvent};

/// An observation of a server of a shard group.
#[derive(Serialize)]
pub enum ShardEvent {
    /// The server is at rest, and has something else of a shard than at the last probe.
    Holds {
        /// The shard.
        shard: ShardId,
        /// What it has of it.
        #[serde(serialize_with = "in_words")]
        holding: Holding,
        /// The configuration by which that came about.
        num: ConfigNum,
    },
}

fn in_words<S: Serializer>(holding: &Holding, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(match holding {
        Holding::Absent => "absent",
        Holding::Serving => "serving",
        Holding::Frozen => "frozen",
    })
}

impl ProtocolEvent for ShardEvent {
    fn name(&self) -> &'static str {
        "holds"
    }

    fn class(&self) -> Interests {
        Interests::STATES
    }

    fn value(&self) -> Value {
        Value::of(self).expect("numbers and strings can be encoded")
    }
}
