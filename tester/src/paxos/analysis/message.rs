//! The messages of Paxos, as far as they can be read: by the names of methods and fields, without case and
//! underscores. A solution with other names is understood by adding its spelling here, and nowhere else.

use labgob::Value;

/// The spellings of a method or a field, in lower case and without underscores.
type Spellings = &'static [&'static str];

const PREPARE: Spellings = &["prepare", "handleprepare", "phase1", "phase1a"];
const ACCEPT: Spellings = &["accept", "handleaccept", "phase2", "phase2a"];
const BALLOT: Spellings = &["ballot", "number", "n", "ballotnumber", "proposalnumber"];
/// The part of a ballot that is compared first.
const ROUND: Spellings = &["round", "counter", "number", "n"];
const PROMISED: Spellings = &["promised", "promise", "highestpromised", "minproposal"];
const INSTANCE: Spellings = &["instance", "slot", "seq", "decree"];
const VALUE: Spellings = &["value", "v", "command"];
const AFTER: Spellings = &["after"];
const CHOSEN: Spellings = &["chosen", "chosenupto", "committed"];
const ACCEPTED: Spellings = &["accepted", "acceptedproposal", "acceptedproposals"];
const PROPOSALS: Spellings = &["proposals"];
const YES: Spellings = &["ok", "success", "granted"];

/// A ballot: the numbers in it, in the order in which they are compared.
pub(super) type Ballot = Vec<u64>;

/// An instance; `None` where the protocol has a single one.
pub(super) type Instance = Option<u64>;

/// A request.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Request {
    /// Phase 1a, of one instance or of all.
    Prepare { ballot: Ballot, scope: Scope },
    /// Phase 2a: values of instances. `is_of_one`: of a single one, which has ballots of its own.
    Accept {
        ballot: Ballot,
        proposals: Vec<(Instance, Value)>,
        is_of_one: bool,
        /// All instances up to here are said to be chosen.
        chosen: Option<u64>,
    },
}

/// The instances that a prepare request is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scope {
    One(Instance),
    /// All after this one.
    After(u64),
}

/// A proposal that an acceptor has accepted.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Accepted {
    pub instance: Instance,
    pub ballot: Ballot,
    pub value: Value,
}

/// What an acceptor answers.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Promise {
    /// The instances up to here are reported as chosen, or not at all.
    pub chosen: u64,
    pub accepted: Vec<Accepted>,
}

fn is(name: &str, spellings: Spellings) -> bool {
    let plain = || name.chars().filter(|&c| c != '_').map(|c| c.to_ascii_lowercase());
    spellings.iter().any(|spelling| plain().eq(spelling.chars()))
}

fn field(value: &Value, spellings: Spellings) -> Option<Value> {
    spellings.iter().find_map(|spelling| {
        value.fields().find(|(name, _)| is(name, std::slice::from_ref(spelling))).map(|(_, value)| value)
    })
}

/// The numbers in a value, the round first and the others in their order; `None` if there is anything else in
/// it.
fn numbers(value: &Value) -> Option<Ballot> {
    if let Some(number) = value.as_u64() {
        return Some(vec![number]);
    }
    let (rounds, others): (Vec<_>, Vec<_>) = value.fields().partition(|(name, _)| is(name, ROUND));
    let mut parts: Vec<Value> = rounds.into_iter().chain(others).map(|(_, part)| part).collect();
    if parts.is_empty() {
        parts = value.iter().collect();
    }
    let parts: Option<Vec<Ballot>> = parts.iter().map(numbers).collect();
    parts.map(|parts| parts.concat()).filter(|numbers| !numbers.is_empty())
}

fn ballot(value: &Value, spellings: Spellings) -> Option<Ballot> {
    field(value, spellings).and_then(|ballot| numbers(&ballot))
}

fn instance(value: &Value) -> Instance {
    field(value, INSTANCE).and_then(|instance| instance.as_u64())
}

impl Request {
    /// Reads the arguments of a call of `method`, such as `Node.prepare`; `None` if it is no such request.
    pub fn read(method: &str, value: &Value) -> Option<Self> {
        let method = method.rsplit('.').next().unwrap_or(method);
        if is(method, PREPARE) {
            let after = field(value, AFTER).and_then(|after| after.as_u64());
            let scope = after.map_or(Scope::One(instance(value)), Scope::After);
            return Some(Self::Prepare { ballot: ballot(value, BALLOT)?, scope });
        }
        if is(method, ACCEPT) {
            let ballot = ballot(value, BALLOT)?;
            if let Some(one) = field(value, VALUE) {
                let proposals = vec![(instance(value), one)];
                return Some(Self::Accept { ballot, proposals, is_of_one: true, chosen: None });
            }
            let proposals: Option<Vec<_>> = field(value, PROPOSALS)?.iter().map(|it| numbered(&it)).collect();
            let chosen = field(value, CHOSEN).and_then(|chosen| chosen.as_u64());
            return Some(Self::Accept { ballot, proposals: proposals?, is_of_one: false, chosen });
        }
        None
    }

    /// The instance, if each has ballots of its own; `None` if all share them, or if there is only one.
    pub fn scope(&self) -> Instance {
        match self {
            Self::Prepare { scope: Scope::One(instance), .. } => *instance,
            Self::Accept { proposals, is_of_one: true, .. } => proposals[0].0,
            _ => None,
        }
    }

    /// The promise in an answer to this request that says yes; `None` if it is none, or cannot be read.
    pub fn promise(&self, reply: &Value) -> Option<Promise> {
        match self {
            Self::Prepare { scope, .. } => Promise::read(*scope, reply),
            Self::Accept { .. } => None,
        }
    }

    pub fn ballot(&self) -> &Ballot {
        match self {
            Self::Prepare { ballot, .. } | Self::Accept { ballot, .. } => ballot,
        }
    }
}

/// The fields of a pair of an instance and something, or of a struct with both.
fn numbered(value: &Value) -> Option<(Instance, Value)> {
    if let Some(of) = instance(value) {
        return Some((Some(of), field(value, VALUE)?));
    }
    Some((Some(value.index(0)?.as_u64()?), value.index(1)?))
}

/// Whether a reply says yes: `Ok` of a result, or a field that says so. `None` if it does not tell.
pub(super) fn says_yes(reply: &Value) -> Option<bool> {
    match reply.variant() {
        Some("Ok" | "Promise" | "Accepted") => Some(true),
        Some("Err" | "Nack") => Some(false),
        _ => field(reply, YES).and_then(|yes| yes.as_bool()),
    }
}

/// What is in a result.
fn content(reply: &Value) -> Value {
    if reply.variant() == Some("Ok") { reply.inner().unwrap_or_else(|| reply.clone()) } else { reply.clone() }
}

impl Promise {
    /// Reads the answer to a prepare request that says yes; `None` if it cannot be read.
    pub fn read(scope: Scope, reply: &Value) -> Option<Self> {
        let content = content(reply);
        let accepted = field(&content, ACCEPTED)?;
        let chosen = field(&content, CHOSEN).and_then(|chosen| chosen.as_u64());
        match scope {
            Scope::One(of) => {
                let proposal = accepted.iter().next().filter(|it| field(it, VALUE).is_some());
                let proposal =
                    proposal.or_else(|| field(&accepted, VALUE).is_some().then(|| accepted.clone()));
                let Some(proposal) = proposal else {
                    return (accepted.iter().next().is_none()).then(|| Self { chosen: 0, accepted: vec![] });
                };
                Some(Self { chosen: 0, accepted: vec![one_accepted(of, &proposal)?] })
            }
            Scope::After(_) => {
                let all: Option<Vec<_>> = accepted.iter().map(|it| numbered_accepted(&it)).collect();
                Some(Self { chosen: chosen?, accepted: all? })
            }
        }
    }
}

fn one_accepted(instance: Instance, proposal: &Value) -> Option<Accepted> {
    Some(Accepted { instance, ballot: ballot(proposal, BALLOT)?, value: field(proposal, VALUE)? })
}

fn numbered_accepted(value: &Value) -> Option<Accepted> {
    if let Some(of) = instance(value) {
        return one_accepted(Some(of), value);
    }
    one_accepted(Some(value.index(0)?.as_u64()?), &value.index(1)?)
}

/// All ballots that a message mentions, at any depth.
pub(super) fn mentioned(message: &Value) -> Vec<Ballot> {
    let mut found: Vec<Ballot> = Vec::new();
    for (name, part) in message.fields() {
        if is(name, BALLOT) || is(name, PROMISED) {
            found.extend(numbers(&part));
        }
    }
    if message.as_u64().is_none() {
        message.iter().for_each(|part| found.extend(mentioned(&part)));
    }
    found
}

#[cfg(test)]
mod tests {
    use serde::Serialize;

    use super::*;

    #[derive(Serialize)]
    struct Number {
        round: u64,
        node: usize,
    }

    #[derive(Serialize)]
    struct Proposal {
        ballot: Number,
        value: &'static str,
    }

    fn value(of: &impl Serialize) -> Value {
        Value::of(of).unwrap()
    }

    #[test]
    fn rounds_are_compared_first() {
        #[derive(Serialize)]
        struct Turned {
            node: u64,
            round: u64,
        }
        assert_eq!(numbers(&value(&Turned { node: 1, round: 9 })), Some(vec![9, 1]));
        assert_eq!(numbers(&value(&(9, 1))), numbers(&value(&Number { round: 9, node: 1 })));
        assert_eq!((numbers(&value(&7_u64)), numbers(&value(&"7"))), (Some(vec![7]), None));
    }

    #[test]
    fn a_promise_of_one_instance_has_a_proposal_or_none() {
        #[derive(Serialize)]
        struct Reply {
            accepted: Option<Proposal>,
        }
        let proposal = Proposal { ballot: Number { round: 2, node: 1 }, value: "a" };
        let reply = value(&Ok::<_, ()>(Reply { accepted: Some(proposal) }));
        assert_eq!(says_yes(&reply), Some(true));
        let read = Promise::read(Scope::One(Some(7)), &reply).unwrap();
        let expected = Accepted { instance: Some(7), ballot: vec![2, 1], value: value(&"a") };
        assert_eq!(read.accepted, [expected]);
        let none = value(&Ok::<_, ()>(Reply { accepted: None }));
        assert_eq!(Promise::read(Scope::One(Some(7)), &none).unwrap().accepted, []);
        assert_eq!(says_yes(&value(&Err::<(), _>(0))), Some(false));
    }

    #[test]
    fn requests_of_many_instances_are_read() {
        #[derive(Serialize)]
        struct Accept {
            ballot: Number,
            proposals: Vec<(u64, &'static str)>,
        }
        let accept = Accept { ballot: Number { round: 1, node: 0 }, proposals: vec![(4, "a"), (5, "b")] };
        let expected = vec![(Some(4), value(&"a")), (Some(5), value(&"b"))];
        let read = Request::read("Peer.accept", &value(&accept));
        let (ballot, chosen) = (vec![1, 0], None);
        assert_eq!(read, Some(Request::Accept { ballot, proposals: expected, is_of_one: false, chosen }));

        assert_eq!(Request::read("Peer.learn", &value(&accept)), None);
    }
}
