//! [`Causality`]: the happened-before relation between servers, tracked by matrix clocks.
//!
//! The tester cannot read a solution's messages, so causality is tracked outside of them. Each message
//! carries the clock of its sender, and its receiver merges that into its own (Lamport's happened-before;
//! Mattern and Fidge's vector clocks; the second dimension is what is known of what others know). Every event
//! on a server counts as a consequence of all messages received before. So the relation may contain more than
//! is true, and never less: a server that is accused of not knowing something cannot have known it.
//!
//! A server that restarts keeps its clock, because what it has saved cannot be seen from outside. Clients
//! carry no clock. All clusters of a run are tracked together, because servers of one cluster may tell
//! another's of each other.

mod in_flight;

use labrpc::Step;

use crate::event::{Group, Incarnation, Party};
use in_flight::InFlight;

/// A point in a server's logical time. It advances with each call that the server makes, each request that
/// the test hands to it, and each request of a client that reaches it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct LogicalTime(u32);

/// The matrix clock of a server: for each server `j` and each server `i`, one row after the other, the latest
/// time of `i` that `j` knew of.
type MatrixClock = Box<[u32]>;

/// The matrix clocks of all servers, and the calls in flight.
#[derive(Default)]
pub struct Causality {
    /// The servers of all clusters, in the order in which they were added: each in its present incarnation.
    servers: Vec<Incarnation>,
    /// Whether each of them runs.
    running: Vec<bool>,
    /// The positions in `servers` of each cluster's servers, by number.
    groups: Vec<Vec<usize>>,
    /// The caller through each end point, and the position of the server that it leads to.
    ends: Vec<(Party, usize)>,
    /// Whether an invariant uses the clocks. If not, only the calls are tracked.
    tracked: bool,
    known: Vec<MatrixClock>,
    calls: InFlight<Call>,
    /// Clocks for reuse, so that messages need no allocation.
    spare: Vec<MatrixClock>,
}

/// A call in flight. It is dropped when nothing of it can arrive any more.
struct Call {
    from: Party,
    /// The position of the server that is called.
    to: usize,
    /// The incarnation that is called, as far as it is known.
    callee: Incarnation,
    /// The number of copies of the request that may still arrive.
    requests: u8,
    /// Whether a copy has arrived.
    delivered: bool,
    /// Whether no reply can come any more.
    over: bool,
    /// The numbers of the events for the sending of the request, of its duplicate, and of the reply; 0 if
    /// there is none.
    sent: u64,
    copied: u64,
    replied: u64,
    /// The caller's clock when it sent the request, until the request cannot arrive any more.
    request: Option<MatrixClock>,
    /// The callee's clock when it sent the reply.
    reply: Option<MatrixClock>,
}

/// A step of a call, with its caller and callee.
pub(crate) struct CallStep {
    pub from: Party,
    pub to: Incarnation,
    /// The party at which the step happens.
    pub at: Party,
    /// The step. A reply that reaches nobody is a lost one.
    pub step: Step,
    /// The logical time of the server at which it happens, if the step advanced that.
    pub moment: Option<LogicalTime>,
    /// The number of the event for the earlier step of the same call that caused it; 0 if there is none.
    pub before: u64,
}

impl Causality {
    /// Tracks clocks from now on.
    pub(crate) fn track(&mut self) {
        self.tracked = true;
    }

    /// Whether clocks are tracked.
    pub(crate) fn is_tracked(&self) -> bool {
        self.tracked
    }

    /// Adds a server, which has no incarnation yet.
    pub(crate) fn add_server(&mut self, group: Group, server: usize) {
        let (before, position) = (self.servers.len(), self.servers.len());
        self.servers.push(Incarnation { group, server, number: 0 });
        self.running.push(false);
        self.groups.resize(self.groups.len().max(group.number() + 1), Vec::new());
        assert_eq!(self.groups[group.number()].len(), server, "servers are added one after the other");
        self.groups[group.number()].push(position);
        self.widen(before);
    }

    /// Adds a row and a column for one more server to every clock.
    fn widen(&mut self, before: usize) {
        let after = before + 1;
        let wider = |knowledge: &MatrixClock| -> MatrixClock {
            let mut rows = vec![0; after * after].into_boxed_slice();
            for row in 0..before {
                rows[row * after..][..before].copy_from_slice(&knowledge[row * before..][..before]);
            }
            rows
        };
        self.known = self.known.iter().map(wider).collect();
        self.known.push(vec![0; after * after].into_boxed_slice());
        for call in self.calls.iter_mut() {
            call.request = call.request.as_ref().map(wider);
            call.reply = call.reply.as_ref().map(wider);
        }
        self.spare.clear();
    }

    /// A server starts an incarnation.
    pub(crate) fn start(&mut self, who: Incarnation) {
        let position = self.position(who);
        self.servers[position] = who;
        self.running[position] = true;
    }

    /// A server crashes.
    pub(crate) fn crash(&mut self, who: Incarnation) {
        let position = self.position(who);
        self.running[position] &= self.servers[position] != who;
    }

    /// Whether a message to this incarnation reaches it now.
    fn runs(&self, who: Incarnation) -> bool {
        let position = self.position(who);
        self.running[position] && self.servers[position] == who
    }

    /// Registers an end point: through the one of this number `owner` calls `server` of `group`. End points
    /// are numbered in the order of their creation.
    pub(crate) fn add_end(&mut self, number: u32, owner: Party, group: Group, server: usize) {
        let (number, to) = (number as usize, self.groups[group.number()][server]);
        if number >= self.ends.len() {
            self.ends.resize(number + 1, (owner, to));
        }
        self.ends[number] = (owner, to);
    }

    fn position(&self, who: Incarnation) -> usize {
        self.groups[who.group.number()][who.server]
    }

    /// The server's present logical time. The calls that it makes later follow it causally, and so do their
    /// consequences.
    #[must_use]
    pub fn now(&self, who: Incarnation) -> LogicalTime {
        let own = self.position(who);
        LogicalTime(self.known[own][own * self.servers.len() + own])
    }

    /// Advances the server's logical time and returns the time before. All that it sends later follows that
    /// causally, replies included, and so do their consequences.
    pub(crate) fn advance(&mut self, who: Incarnation) -> LogicalTime {
        let own = self.position(who);
        self.tick(own)
    }

    fn tick(&mut self, own: usize) -> LogicalTime {
        let now = &mut self.known[own][own * self.servers.len() + own];
        *now += 1;
        LogicalTime(*now - 1)
    }

    /// The servers of the same cluster, besides server `origin` of it, of which `who` knows that a message
    /// which causally follows `moment` of `origin` has reached them: `who` has received, directly or not, a
    /// message that they sent after that.
    pub fn reached(
        &self,
        who: Incarnation,
        origin: usize,
        moment: LogicalTime,
    ) -> impl Iterator<Item = usize> + use<'_> {
        let group = &self.groups[who.group.number()];
        let (known, from) = (&self.known[group[who.server]], group[origin]);
        let knows = move |of: usize| known[of * self.servers.len() + from] > moment.0;
        (0..group.len()).filter(move |&of| of != origin && knows(group[of]))
    }

    /// Whether `who` knows that messages which causally follow `moment` of server `origin` have reached a
    /// majority of its cluster, `origin` included.
    #[must_use]
    pub fn majority_reached(&self, who: Incarnation, origin: usize, moment: LogicalTime) -> bool {
        self.reached(who, origin, moment).count() >= self.groups[who.group.number()].len() / 2
    }

    /// Records a step of a call, for which the event `event` is emitted (0: none). `None` if the call is
    /// over.
    pub(crate) fn on(&mut self, call: u64, step: Step, event: u64) -> Option<CallStep> {
        match step {
            Step::RequestSent { end } => return Some(self.send(call, step, end, event)),
            Step::ReplyLate { end } => {
                let (from, to) = self.ends[end as usize];
                let to = self.servers[to];
                return Some(CallStep { from, to, at: to.into(), step, moment: None, before: 0 });
            }
            _ => {}
        }
        let it = self.calls.get_mut(call)?;
        let (from, to) = (it.from, it.to);
        let (mut step, mut moment) = (step, None);
        let before = match step {
            Step::RequestDelivered if it.delivered && it.copied > 0 => it.copied,
            Step::ReplyDelivered | Step::ReplyLost if it.replied > 0 => it.replied,
            _ => it.sent,
        };
        match step {
            Step::RequestSent { .. } | Step::ReplyLate { .. } => {}
            Step::RequestDuplicated => {
                it.requests += 1;
                it.copied = event;
            }
            Step::RequestDelivered => {
                it.requests -= 1;
                it.delivered = true;
                it.callee = self.servers[to];
                if let (Some(told), Party::Server(caller)) = (&it.request, from) {
                    let caller = self.groups[caller.group.number()][caller.server];
                    merge(&mut self.known[to], to, self.servers.len(), told, caller);
                }
                if it.requests == 0 {
                    self.spare.extend(it.request.take());
                }
                if let Party::Client(_) = from
                    && self.tracked
                {
                    moment = Some(self.tick(to));
                }
            }
            Step::RequestLost => {
                it.requests -= 1;
                it.over |= !it.delivered;
            }
            Step::ReplySent => {
                it.replied = event;
                if let Party::Server(_) = from
                    && self.tracked
                {
                    it.reply = Some(copy(&self.known[to], &mut self.spare));
                }
            }
            Step::ReplyDelivered => {
                it.over = true;
                let told = it.reply.take();
                if let Party::Server(caller) = from {
                    if !self.runs(caller) {
                        step = Step::ReplyLost;
                    } else if let Some(told) = &told {
                        let position = self.position(caller);
                        merge(&mut self.known[position], position, self.servers.len(), told, to);
                    }
                }
                self.spare.extend(told);
            }
            Step::ReplyLost => it.over = true,
        }
        let it = self.calls.get_mut(call)?;
        let to = it.callee;
        if it.over
            && it.requests == 0
            && let Some(Call { request, reply, .. }) = self.calls.remove(call)
        {
            self.spare.extend(request);
            self.spare.extend(reply);
        }
        let at = match step {
            Step::RequestDelivered | Step::ReplySent => to.into(),
            _ => from,
        };
        Some(CallStep { from, to, at, step, moment, before })
    }

    /// Records the sending of a request.
    fn send(&mut self, call: u64, step: Step, end: u32, event: u64) -> CallStep {
        let (from, to) = self.ends[end as usize];
        let (mut request, mut moment) = (None, None);
        if let Party::Server(caller) = from
            && self.tracked
        {
            let caller = self.position(caller);
            moment = Some(self.tick(caller));
            request = Some(copy(&self.known[caller], &mut self.spare));
        }
        let callee = self.servers[to];
        let call_on_its_way = Call {
            from,
            to,
            callee,
            requests: 1,
            delivered: false,
            over: false,
            sent: event,
            copied: 0,
            replied: 0,
            request,
            reply: None,
        };
        self.calls.insert(call, call_on_its_way);
        CallStep { from, to: callee, at: from, step, moment, before: 0 }
    }
}

/// A copy of a server's clock, to be carried by a message.
fn copy(known: &MatrixClock, spare: &mut Vec<MatrixClock>) -> MatrixClock {
    match spare.pop() {
        Some(mut copy) => {
            copy.copy_from_slice(known);
            copy
        }
        None => known.clone(),
    }
}

/// Merges the clock of `from` into that of `to`.
fn merge(known: &mut [u32], to: usize, servers: usize, told: &[u32], from: usize) {
    for (known, told) in known.iter_mut().zip(told) {
        *known = (*known).max(*told);
    }
    let (own, of_sender) = (to * servers, from * servers);
    for origin in 0..servers {
        known[own + origin] = known[own + origin].max(told[of_sender + origin]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GROUP: Group = Group { number: 0, name: "" };
    const OTHER: Group = Group { number: 1, name: "g1" };

    fn server(server: usize) -> Incarnation {
        Incarnation { group: GROUP, server, number: 1 }
    }

    /// Three servers, each with an end point to each: that from `from` to `to` has the number `3 * from +
    /// to`.
    fn three() -> Causality {
        let mut causality = Causality::default();
        causality.track();
        for it in 0..3 {
            causality.add_server(GROUP, it);
            causality.start(server(it));
        }
        for from in 0..3 {
            for to in 0..3 {
                causality.add_end(3 * from as u32 + to as u32, server(from).into(), GROUP, to);
            }
        }
        causality
    }

    fn happen(causality: &mut Causality, call: u64, steps: &[Step]) {
        for &step in steps {
            causality.on(call, step, 0);
        }
    }

    fn sent(end: u32) -> [Step; 2] {
        [Step::RequestSent { end }, Step::RequestDelivered]
    }

    const BACK: [Step; 2] = [Step::ReplySent, Step::ReplyDelivered];

    #[test]
    fn a_reply_proves_that_the_request_arrived() {
        let mut causality = three();
        let before = causality.now(server(0));
        happen(&mut causality, 1, &sent(1));
        assert!(causality.reached(server(1), 0, before).eq([1]));
        assert!(causality.reached(server(0), 0, before).next().is_none());
        happen(&mut causality, 1, &[Step::ReplySent]);
        assert!(!causality.majority_reached(server(0), 0, before));
        happen(&mut causality, 1, &[Step::ReplyDelivered]);
        assert!(causality.majority_reached(server(0), 0, before));
        assert!(!causality.majority_reached(server(0), 0, causality.now(server(0))));
        assert!(causality.calls.is_empty());
    }

    #[test]
    fn a_message_sent_before_proves_nothing() {
        let mut causality = three();
        happen(&mut causality, 1, &[Step::RequestSent { end: 1 }]);
        let after = causality.now(server(0));
        happen(&mut causality, 1, &[Step::RequestDelivered]);
        happen(&mut causality, 1, &BACK);
        assert!(causality.reached(server(1), 0, after).next().is_none());
        assert!(!causality.majority_reached(server(0), 0, after));
    }

    #[test]
    fn a_reply_does_not_advance_time_but_carries_it() {
        let mut causality = three();
        let before = causality.now(server(1));
        for call in 1..=2 {
            happen(&mut causality, call, &sent(1));
            happen(&mut causality, call, &BACK);
            assert_eq!(causality.majority_reached(server(1), 1, before), call == 2);
            if call == 1 {
                assert_eq!(causality.now(server(1)), before);
                assert_eq!(causality.advance(server(1)), before);
                happen(&mut causality, 9, &sent(1));
                happen(&mut causality, 9, &BACK);
            }
        }
    }

    #[test]
    fn an_answer_may_be_a_call_and_take_a_detour() {
        let mut causality = three();
        let before = causality.now(server(0));
        for (call, end) in [(1, 1), (2, 3 + 2), (3, 6)] {
            happen(&mut causality, call, &sent(end));
            happen(&mut causality, call, &[Step::ReplyLost]);
        }
        assert!(causality.reached(server(0), 0, before).eq([1, 2]));
        assert!(causality.calls.is_empty());
    }

    #[test]
    fn lost_messages_are_dropped_and_carry_nothing() {
        let mut causality = three();
        let before = causality.now(server(0));
        happen(&mut causality, 1, &[Step::RequestSent { end: 1 }, Step::RequestLost]);
        happen(&mut causality, 2, &sent(2));
        happen(&mut causality, 2, &[Step::ReplySent, Step::ReplyLost]);
        assert_eq!(causality.reached(server(0), 0, before).count(), 0);
        assert!(causality.calls.is_empty());
    }

    #[test]
    fn a_duplicate_carries_the_requests_clock_also_after_the_reply() {
        let mut causality = three();
        let before = causality.now(server(0));
        happen(&mut causality, 1, &[Step::RequestSent { end: 1 }, Step::RequestDuplicated]);
        happen(&mut causality, 1, &[Step::RequestDelivered]);
        happen(&mut causality, 1, &BACK);
        assert!(!causality.calls.is_empty());
        happen(&mut causality, 1, &[Step::RequestDelivered]);
        assert!(causality.calls.is_empty() && causality.reached(server(1), 0, before).eq([1]));
    }

    #[test]
    fn a_reply_to_an_earlier_incarnation_does_not_reach_the_later_one() {
        let mut causality = three();
        let before = causality.now(server(0));
        happen(&mut causality, 1, &sent(1));
        happen(&mut causality, 1, &[Step::ReplySent]);
        let restarted = Incarnation { number: 2, ..server(0) };
        causality.start(restarted);
        happen(&mut causality, 1, &[Step::ReplyDelivered]);
        assert_eq!(causality.reached(restarted, 0, before).count(), 0);
    }

    #[test]
    fn a_request_of_a_client_advances_time_and_carries_no_clock() {
        let mut causality = three();
        causality.add_end(9, Party::Client(4), GROUP, 1);
        let before = causality.now(server(1));
        causality.on(1, Step::RequestSent { end: 9 }, 0);
        let sides = causality.on(1, Step::RequestDelivered, 7).expect("it is on its way");
        assert_eq!((sides.from, sides.to, sides.moment), (Party::Client(4), server(1), Some(before)));
        assert!(causality.now(server(1)) > before);
        causality.on(1, Step::ReplySent, 8);
        assert_eq!(causality.on(1, Step::ReplyDelivered, 9).map(|it| it.before), Some(8));
        assert!(causality.on(1, Step::ReplyLost, 10).is_none() && causality.calls.is_empty());
    }

    #[test]
    fn each_copy_of_a_request_comes_from_its_own_event() {
        let mut causality = three();
        let mut before = |step, event| causality.on(1, step, event).map(|sides| sides.before);
        assert_eq!(before(Step::RequestSent { end: 1 }, 1), Some(0));
        assert_eq!(before(Step::RequestDuplicated, 2), Some(1));
        assert_eq!(before(Step::RequestDelivered, 3), Some(1));
        before(Step::ReplySent, 4);
        assert_eq!(before(Step::ReplyDelivered, 5), Some(4));
        assert_eq!(before(Step::RequestDelivered, 6), Some(2));
        assert_eq!(before(Step::ReplyLate { end: 1 }, 7), Some(0));
    }

    #[test]
    fn a_reply_to_a_server_that_has_crashed_is_lost() {
        let mut causality = three();
        happen(&mut causality, 1, &sent(1));
        causality.crash(server(0));
        let sides = causality.on(1, Step::ReplyDelivered, 0).expect("it is on its way");
        assert_eq!((sides.step, sides.at), (Step::ReplyLost, server(0).into()));
    }

    /// The caller is told the incarnation that was called, even if it has crashed since.
    #[test]
    fn a_reply_names_the_incarnation_that_was_called() {
        let mut causality = three();
        happen(&mut causality, 1, &sent(1));
        causality.crash(server(1));
        causality.start(Incarnation { number: 2, ..server(1) });
        let sides = causality.on(1, Step::ReplyLost, 0).expect("it is on its way");
        assert_eq!((sides.to, sides.at), (server(1), server(0).into()));
    }

    /// Server 0 informs server 1 of its cluster by way of another cluster's server, which was added in
    /// between.
    #[test]
    fn clusters_share_clocks_and_count_their_own_majorities() {
        let mut causality = three();
        let before = causality.now(server(0));
        happen(&mut causality, 1, &sent(2));
        causality.add_server(OTHER, 0);
        let other = Incarnation { group: OTHER, server: 0, number: 1 };
        causality.start(other);
        causality.add_end(9, server(0).into(), OTHER, 0);
        causality.add_end(10, other.into(), GROUP, 1);
        happen(&mut causality, 1, &BACK);
        assert!(causality.reached(server(0), 0, before).eq([2]), "what was on its way is not lost");
        let later = causality.now(server(0));
        happen(&mut causality, 2, &sent(9));
        happen(&mut causality, 3, &sent(10));
        assert!(causality.reached(server(1), 0, later).eq([1]));
        assert!(causality.majority_reached(server(1), 0, later));
        assert!(causality.majority_reached(other, 0, causality.now(other)), "it is all of its cluster");
    }
}
