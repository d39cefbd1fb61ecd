//! [`Messages`]: the steps of calls, and the links that they take.

use std::collections::{HashMap, HashSet};

use super::event::{Event, Parties, Party, PartyId};
use super::flaw::{Area, Flaw};
use super::servers::{Servers, State};

/// A call.
struct Call {
    from: PartyId,
    /// The caller's incarnation, if it is a server.
    incarnation: u32,
    to: PartyId,
    /// The numbers of the events that sent the request and duplicated it.
    sent: Vec<u64>,
    request_bytes: u64,
    /// Requests that may still arrive: the one that was sent, and duplicates.
    underway: u32,
    delivered: u32,
    /// The number of the event that sent the reply, and its bytes.
    replied: Option<(u64, u64)>,
    /// Whether the caller has got a reply, or will get none.
    ended: bool,
}

/// The figures of the network, from the beginning of the test on.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Traffic {
    pub(super) rpcs: u64,
    /// Bytes of requests that were sent, and of replies that were delivered.
    pub(super) bytes: u64,
    /// Bytes of replies that were lost since their callers had ended. The network may have delivered them to
    /// a server that did not run any more.
    pub(super) bytes_to_ended: u64,
}

/// Follows all calls, and the links between servers.
pub(super) struct Messages {
    began_after: u64,
    calls: HashMap<u64, Call>,
    last_call: u64,
    /// Pairs of servers of one cluster that can reach each other, the lower number first.
    linked: HashSet<(PartyId, PartyId)>,
    /// The number of the event that cut the link between a pair last.
    cut: HashMap<(PartyId, PartyId), u64>,
    traffic: Traffic,
}

impl Messages {
    pub(super) fn new(began_after: u64) -> Self {
        let (calls, linked, cut) = (HashMap::new(), HashSet::new(), HashMap::new());
        Self { began_after, calls, last_call: 0, linked, cut, traffic: Traffic::default() }
    }

    pub(super) fn traffic(&self) -> Traffic {
        self.traffic
    }

    pub(super) fn on(
        &mut self,
        event: &Event<'_>,
        parties: &mut Parties,
        servers: &Servers,
    ) -> Result<(), Flaw> {
        match &*event.kind {
            "message" => self.step(event, parties, servers),
            "link_mended" | "link_cut" => self.link(event, parties),
            _ => Ok(()),
        }
    }

    fn link(&mut self, event: &Event<'_>, parties: &mut Parties) -> Result<(), Flaw> {
        let wrong = |what: &str| event.flaw(Area::Messages, what);
        let (Party::Server { group, .. }, Some(peer)) = (parties.get(event.party), event.peer) else {
            return Err(wrong("it is a link of no server"));
        };
        let name = if group.is_empty() { format!("server {peer}") } else { format!("{group} server {peer}") };
        let pair = ordered(event.party, parties.id(&name)?);
        let has_changed = if event.kind == "link_mended" {
            self.linked.insert(pair)
        } else {
            self.cut.insert(pair, event.number);
            self.linked.remove(&pair)
        };
        if has_changed { Ok(()) } else { Err(wrong("the link was so before")) }
    }

    fn step(&mut self, event: &Event<'_>, parties: &mut Parties, servers: &Servers) -> Result<(), Flaw> {
        let wrong = |what: &str| event.flaw(Area::Messages, what);
        let (Some(step), Some(number), Some(from), Some(to), Some(bytes)) =
            (&event.step, event.call, &event.from, &event.to, event.bytes)
        else {
            return Err(wrong("a field of the message is missing"));
        };
        let (from, to) = (parties.id(from)?, parties.id(to)?);
        // Whether the caller of a call is down, or another incarnation of it is up.
        let has_ended = |call: &Call| {
            is_down(from, parties, servers) || servers.get(from).incarnation != call.incarnation
        };
        // Whether the two could reach each other at some time since the request was sent. A message that is
        // on its way, or held, arrives though the link is cut meanwhile.
        let (linked, cut) = (&self.linked, &self.cut);
        let could_reach = |call: &Call| match (parties.get(from), parties.get(to)) {
            (Party::Server { group: one, .. }, Party::Server { group: other, .. }) if one == other => {
                let pair = ordered(from, to);
                let is_cut_since = || cut.get(&pair) > call.sent.first();
                from == to || linked.contains(&pair) || is_cut_since()
            }
            _ => true,
        };
        let is_at =
            if matches!(&**step, "request_sent" | "reply_delivered" | "reply_lost") { from } else { to };
        if **step == *"request_sent" {
            if number != self.last_call + 1 {
                return Err(wrong("the number of its call is not the next one"));
            }
            if event.party != from || is_down(from, parties, servers) {
                return Err(wrong("its caller does not run"));
            }
            self.last_call = number;
            if event.number > self.began_after {
                self.traffic.rpcs += 1;
                self.traffic.bytes = self.traffic.bytes.saturating_add(bytes);
            }
            let call = Call {
                from,
                incarnation: event.incarnation.unwrap_or_default(),
                to,
                sent: vec![event.number],
                request_bytes: bytes,
                underway: 1,
                delivered: 0,
                replied: None,
                ended: false,
            };
            self.calls.insert(number, call);
            return Ok(());
        }
        let call = self.calls.get_mut(&number).ok_or_else(|| wrong("its request was not sent"))?;
        if (call.from, call.to) != (from, to) {
            return Err(wrong("its call is between others"));
        }
        match &**step {
            "request_duplicated" => {
                call.underway += 1;
                call.sent.push(event.number);
            }
            "request_delivered" => {
                if call.underway == 0 {
                    return Err(wrong("the request arrives more often than it was sent"));
                }
                if !call.sent.contains(&event.cause) || bytes != call.request_bytes {
                    return Err(wrong("it is another request than was sent"));
                }
                if event.party != is_at || servers.get(to).state != State::Up {
                    return Err(wrong("it arrives at a server that does not run"));
                }
                if !could_reach(call) {
                    return Err(wrong("it arrives over a link that is cut"));
                }
                call.underway -= 1;
                call.delivered += 1;
            }
            "request_lost" => {
                if call.underway == 0 {
                    return Err(wrong("the request is lost more often than it was sent"));
                }
                call.underway -= 1;
            }
            "reply_sent" => {
                if call.delivered == 0 || call.replied.is_some() {
                    return Err(wrong("its request has not arrived, or was answered"));
                }
                call.replied = Some((event.number, bytes));
            }
            "reply_delivered" => {
                if call.ended || call.replied != Some((event.cause, bytes)) {
                    return Err(wrong("no such reply was sent"));
                }
                if event.party != is_at || has_ended(call) {
                    return Err(wrong("it arrives at a caller that does not run"));
                }
                if !could_reach(call) {
                    return Err(wrong("it arrives over a link that is cut"));
                }
                call.ended = true;
                if event.number > self.began_after {
                    self.traffic.bytes = self.traffic.bytes.saturating_add(bytes);
                }
            }
            // The network says so, too, when a copy of the request is lost and another is on its way.
            "reply_lost" => {
                let counted = call.replied.map_or(0, |(_, bytes)| bytes);
                if event.number > self.began_after && has_ended(call) {
                    self.traffic.bytes_to_ended = self.traffic.bytes_to_ended.saturating_add(counted);
                }
                call.ended = true;
            }
            "reply_late" => {
                if call.delivered == 0 {
                    return Err(wrong("its request has not arrived"));
                }
            }
            _ => return Err(wrong("it is an unknown step")),
        }
        Ok(())
    }
}

fn ordered(one: PartyId, other: PartyId) -> (PartyId, PartyId) {
    (one.min(other), one.max(other))
}

/// Whether the party is a server that is down.
fn is_down(party: PartyId, parties: &Parties, servers: &Servers) -> bool {
    matches!(parties.get(party), Party::Server { .. }) && servers.get(party).state == State::Down
}
