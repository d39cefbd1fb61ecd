//! The messages of Zab, as far as they can be read: by the names of their fields, without case and
//! underscores, whichever of two servers calls the other. A solution with other names is understood by adding
//! its spelling here, and nowhere else.

use labapi::Zxid;
use labgob::Value;

/// The spellings of a field, in lower case and without underscores.
type Spellings = &'static [&'static str];

const ACCEPTED_EPOCH: Spellings = &["acceptedepoch"];
const CURRENT_EPOCH: Spellings = &["currentepoch"];
const EPOCH: Spellings = &["epoch", "newepoch", "peerepoch"];
const LAST_ZXID: Spellings = &["lastzxid", "lastlogged"];
const ZXID: Spellings = &["zxid"];
const COUNTER: Spellings = &["counter", "count"];
const TRANSACTIONS: Spellings = &["transactions", "proposals", "txns", "entries"];
const AFTER: Spellings = &["after", "prev", "previous", "prevzxid"];
const COMMITTED: Spellings = &["committed", "commit", "commitzxid", "lastcommitted"];
const VOTE: Spellings = &["vote"];
const LEADER: Spellings = &["leader", "server", "id"];
const ROUND: Spellings = &["round", "electionepoch", "logicalclock"];
const DOING: Spellings = &["doing", "state", "role"];

/// What a server says to another one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Said {
    /// A vote of a looking server.
    Votes { round: u64, vote: Vote },
    /// FOLLOWERINFO.
    FollowerInfo { accepted_epoch: u32 },
    /// NEWEPOCH.
    NewEpoch { epoch: u32 },
    /// ACKEPOCH.
    AckEpoch { epoch: u32, current_epoch: u32, last_zxid: Zxid },
    /// NEWLEADER, with what the follower lacks; the last of it, if there is anything.
    NewLeader { epoch: u32, transactions: Vec<Zxid> },
    /// ACK of NEWLEADER.
    AckNewLeader { epoch: u32, last_zxid: Zxid },
    /// UPTODATE.
    UpToDate { epoch: u32, committed: Zxid },
    /// PROPOSAL, COMMIT, PING or INFORM.
    Proposal { epoch: u32, after: Option<Zxid>, transactions: Vec<Zxid>, committed: Option<Zxid> },
    /// ACK. Its epoch may be that of the message that it answers.
    Ack { epoch: Option<u32>, zxid: Zxid },
    /// Transactions that cannot be read: there are too many, or they have another form.
    Unclear,
}

/// A vote. The fields are compared in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Vote {
    pub epoch: u32,
    pub zxid: Zxid,
    pub leader: usize,
}

fn field(value: &Value, spellings: Spellings) -> Option<Value> {
    let is = |name: &str| {
        let plain = || name.chars().filter(|&c| c != '_').map(|c| c.to_ascii_lowercase());
        spellings.iter().any(|spelling| plain().eq(spelling.chars()))
    };
    value.fields().find(|(name, _)| is(name)).map(|(_, value)| value)
}

fn number(value: &Value, spellings: Spellings) -> Option<u64> {
    field(value, spellings)?.as_u64()
}

fn epoch(value: &Value, spellings: Spellings) -> Option<u32> {
    number(value, spellings)?.try_into().ok()
}

/// A zxid: a struct or a pair of epoch and counter, or one number with the epoch in its upper half.
fn zxid_of(value: &Value) -> Option<Zxid> {
    if let Some(number) = value.as_u64() {
        let counter = u32::try_from(number & u64::from(u32::MAX)).ok()?;
        return Some(Zxid { epoch: u32::try_from(number >> 32).ok()?, counter });
    }
    let named = || Some((number(value, EPOCH)?, number(value, COUNTER)?));
    let pair = || Some((value.index(0)?.as_u64()?, value.index(1)?.as_u64()?));
    let (epoch, counter) = named().or_else(pair)?;
    Some(Zxid { epoch: epoch.try_into().ok()?, counter: counter.try_into().ok()? })
}

fn zxid(value: &Value, spellings: Spellings) -> Option<Zxid> {
    zxid_of(&field(value, spellings)?)
}

/// The ids in a list of transactions; `None` if they cannot be read, or not all of them are there.
fn zxids(transactions: &Value) -> Option<Vec<Zxid>> {
    let zxids: Vec<Zxid> =
        transactions.iter().map(|transaction| zxid(&transaction, ZXID)).collect::<Option<_>>()?;
    (zxids.len() == transactions.len()).then_some(zxids)
}

impl Said {
    /// Reads a message; `None` if it is none of these.
    pub fn read(content: &Value) -> Option<Self> {
        if content.fields().next().is_none() {
            // An option, or a result.
            return Self::read(&content.inner()?);
        }
        if let Some(vote) = field(content, VOTE) {
            return Self::read_vote(content, &vote);
        }
        if let Some(current_epoch) = epoch(content, CURRENT_EPOCH) {
            let (epoch, last_zxid) = (epoch(content, EPOCH)?, zxid(content, LAST_ZXID)?);
            return Some(Self::AckEpoch { epoch, current_epoch, last_zxid });
        }
        if let Some(accepted_epoch) = epoch(content, ACCEPTED_EPOCH) {
            return Some(Self::FollowerInfo { accepted_epoch });
        }
        let Some(epoch) = epoch(content, EPOCH) else {
            let zxid = zxid(content, ZXID)?;
            return (content.fields().count() == 1).then_some(Self::Ack { epoch: None, zxid });
        };
        let (committed, after) = (zxid(content, COMMITTED), zxid(content, AFTER));
        if let Some(transactions) = field(content, TRANSACTIONS) {
            let Some(transactions) = zxids(&transactions) else { return Some(Self::Unclear) };
            if committed.is_none() && after.is_none() {
                return Some(Self::NewLeader { epoch, transactions });
            }
            return Some(Self::Proposal { epoch, after, transactions, committed });
        }
        if let Some(last_zxid) = zxid(content, LAST_ZXID) {
            return Some(Self::AckNewLeader { epoch, last_zxid });
        }
        if let Some(committed) = committed {
            return Some(Self::UpToDate { epoch, committed });
        }
        if let Some(zxid) = zxid(content, ZXID) {
            return Some(Self::Ack { epoch: Some(epoch), zxid });
        }
        (content.fields().count() == 1).then_some(Self::NewEpoch { epoch })
    }

    /// A vote, if the sender is looking.
    fn read_vote(content: &Value, vote: &Value) -> Option<Self> {
        let doing = field(content, DOING)?;
        if !doing.variant().is_some_and(|doing| doing.eq_ignore_ascii_case("looking")) {
            return None;
        }
        let leader = usize::try_from(number(vote, LEADER)?).ok()?;
        let vote = Vote { epoch: epoch(vote, EPOCH)?, zxid: zxid(vote, ZXID)?, leader };
        Some(Self::Votes { round: number(content, ROUND)?, vote })
    }
}

#[cfg(test)]
mod tests {
    use serde::Serialize;

    use super::*;

    fn read(of: &impl Serialize) -> Option<Said> {
        Said::read(&Value::of(of).expect("it can be encoded"))
    }

    #[test]
    fn zxids_have_three_forms() {
        let zxid = Zxid { epoch: 3, counter: 9 };
        let of = |value: &Value| zxid_of(value);
        assert_eq!(of(&Value::of(&zxid).unwrap()), Some(zxid));
        assert_eq!(of(&Value::of(&(3_u32, 9_u32)).unwrap()), Some(zxid));
        assert_eq!(of(&Value::of(&(3_u64 << 32 | 9)).unwrap()), Some(zxid));
        assert_eq!(of(&Value::of("(3, 9)").unwrap()), None);
    }

    #[test]
    fn messages_are_known_by_their_fields() {
        #[derive(Serialize)]
        struct AckEpoch {
            new_epoch: u32,
            #[serde(rename = "currentEpoch")]
            current: u32,
            last_zxid: (u32, u32),
        }
        #[derive(Serialize)]
        struct NewEpoch {
            epoch: u32,
        }
        #[derive(Serialize)]
        struct Ack {
            zxid: (u32, u32),
        }
        #[derive(Serialize)]
        struct Other {
            key: u32,
        }
        let ack = AckEpoch { new_epoch: 4, current: 2, last_zxid: (2, 7) };
        let last_zxid = Zxid { epoch: 2, counter: 7 };
        assert_eq!(read(&ack), Some(Said::AckEpoch { epoch: 4, current_epoch: 2, last_zxid }));
        assert_eq!(read(&Some(NewEpoch { epoch: 4 })), Some(Said::NewEpoch { epoch: 4 }));
        assert_eq!(read(&None::<NewEpoch>), None);
        assert_eq!(read(&Ack { zxid: (2, 7) }), Some(Said::Ack { epoch: None, zxid: last_zxid }));
        assert_eq!(read(&Other { key: 1 }), None);
    }
}
