//! Matrix clocks: which server knows of which message of which other one.
//!
//! What a solution writes into its messages is its own, so causality is followed outside of them. Each
//! message takes along what its sender knew, and whoever it reaches knows that from then on (Lamport's
//! happened-before; Mattern and Fidge's vector clocks; with a second dimension, what is known of what
//! others know). Whatever happens on a server is taken to follow all that it was told before. So more
//! counts as known than may be true, and never less: who is accused of not knowing something cannot have
//! known it.
//!
//! A server that restarts goes on with what it knew: what of that it has saved cannot be seen from outside.
//! Clients pass nothing on.

use labrpc::{Event, Step};
use rustc_hash::FxHashMap;

use super::parties::{Owner, Parties};

/// A moment of a server. Time goes on there with each call that it makes, and each moment that is
/// [marked](Clocks::mark).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Moment(u32);

/// What a server knows: for each server `j` and each server `i`, one row after the other, the latest moment
/// of `i` that `j` knew of.
type Knowledge = Box<[u32]>;

/// What every server knows, and what is on its way.
pub(super) struct Clocks {
    servers: usize,
    known: Vec<Knowledge>,
    underway: FxHashMap<u64, Underway>,
    /// Used again, so that messages cost no allocation.
    unused: Vec<Knowledge>,
}

/// What a call of one server to another has on its way. It is forgotten when nothing can arrive any more.
struct Underway {
    from: Owner,
    caller: usize,
    to: usize,
    /// How many times the request may still arrive.
    requests: u8,
    /// Whether it has arrived.
    delivered: bool,
    /// Whether no reply can come any more.
    over: bool,
    /// What the caller knew, until the request cannot arrive any more.
    request: Option<Knowledge>,
    /// What the server that was called knew.
    reply: Option<Knowledge>,
}

impl Clocks {
    pub fn new(servers: usize) -> Self {
        let nothing = || vec![0; servers * servers].into_boxed_slice();
        Self {
            servers,
            known: (0..servers).map(|_| nothing()).collect(),
            underway: FxHashMap::default(),
            unused: Vec::new(),
        }
    }

    /// The moment that it is on a server. What follows are calls that it makes later, and whatever they
    /// lead to.
    pub fn now(&self, server: usize) -> Moment {
        Moment(self.known[server][server * self.servers + server])
    }

    /// The moment that it is on a server. What follows is all that it sends later, replies too, and
    /// whatever that leads to.
    pub fn mark(&mut self, server: usize) -> Moment {
        let now = self.now(server);
        self.known[server][server * self.servers + server] += 1;
        now
    }

    /// Whether `server` has been reached by a message that `of` sent after it knew of what followed on
    /// `moment` of `origin`.
    pub fn knows_that(&self, server: usize, of: usize, origin: usize, moment: Moment) -> bool {
        self.known[server][of * self.servers + origin] > moment.0
    }

    /// The servers, besides `origin`, of which `server` knows that what followed on `moment` of `origin`
    /// has reached them.
    pub fn reached(
        &self,
        server: usize,
        origin: usize,
        moment: Moment,
    ) -> impl Iterator<Item = usize> + use<'_> {
        (0..self.servers).filter(move |&of| of != origin && self.knows_that(server, of, origin, moment))
    }

    /// Whether `server` knows that what followed on `moment` of `origin` has reached a majority, `origin`
    /// included.
    pub fn majority_reached(&self, server: usize, origin: usize, moment: Moment) -> bool {
        self.reached(server, origin, moment).count() >= self.servers / 2
    }

    /// Takes note of what happens to a message between two servers.
    pub fn on(&mut self, event: &Event, parties: &Parties) {
        let call = event.call;
        if let Step::RequestSent { end } = event.step {
            let (from, to) = parties.of_end(end);
            let Some(caller) = from.server() else { return };
            self.mark(caller);
            let request = Some(copy(&self.known[caller], &mut self.unused));
            let (requests, delivered, over) = (1, false, false);
            let underway = Underway { from, caller, to, requests, delivered, over, request, reply: None };
            self.underway.insert(call, underway);
            return;
        }
        let Some(it) = self.underway.get_mut(&call) else { return };
        match event.step {
            Step::RequestSent { .. } => {}
            Step::RequestDuplicated => it.requests += 1,
            Step::RequestDelivered => {
                it.requests -= 1;
                it.delivered = true;
                if let Some(told) = &it.request {
                    learn(&mut self.known[it.to], it.to, self.servers, told, it.caller);
                }
                if it.requests == 0 {
                    self.unused.extend(it.request.take());
                }
            }
            Step::RequestLost => {
                it.requests -= 1;
                it.over |= !it.delivered;
            }
            Step::ReplySent => it.reply = Some(copy(&self.known[it.to], &mut self.unused)),
            Step::ReplyDelivered => {
                it.over = true;
                if let Some(told) = &it.reply
                    && parties.lives(it.from)
                {
                    learn(&mut self.known[it.caller], it.caller, self.servers, told, it.to);
                }
            }
            Step::ReplyLost => it.over = true,
        }
        if it.over
            && it.requests == 0
            && let Some(Underway { request, reply, .. }) = self.underway.remove(&call)
        {
            self.unused.extend(request);
            self.unused.extend(reply);
        }
    }
}

/// A copy of what a server knows, to go along with a message.
fn copy(known: &Knowledge, unused: &mut Vec<Knowledge>) -> Knowledge {
    match unused.pop() {
        Some(mut copy) => {
            copy.copy_from_slice(known);
            copy
        }
        None => known.clone(),
    }
}

/// `to` learns what `from` knew.
fn learn(known: &mut [u32], to: usize, servers: usize, told: &[u32], from: usize) {
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
    use crate::words::Lived;

    /// Three servers, each with an end point to each: that from `from` to `to` has the number `3 * from +
    /// to`.
    fn three() -> (Clocks, Parties) {
        let mut parties = Parties::new(3);
        for from in 0..3 {
            parties.begin_life(Lived { server: from, life: 1 });
            for to in 0..3 {
                parties.add_end(
                    3 * from as u32 + to as u32,
                    Owner::of_server(Lived { server: from, life: 1 }),
                    to,
                );
            }
        }
        (Clocks::new(3), parties)
    }

    #[test]
    fn a_reply_says_that_the_request_arrived() {
        let (mut clocks, parties) = three();
        let before = clocks.now(0);
        clocks.on(&Event { call: 1, step: Step::RequestSent { end: 1 } }, &parties);
        clocks.on(&Event { call: 1, step: Step::RequestDelivered }, &parties);
        assert!(clocks.knows_that(1, 1, 0, before) && !clocks.knows_that(0, 1, 0, before));
        clocks.on(&Event { call: 1, step: Step::ReplySent }, &parties);
        assert!(!clocks.majority_reached(0, 0, before));
        clocks.on(&Event { call: 1, step: Step::ReplyDelivered }, &parties);
        assert!(clocks.majority_reached(0, 0, before) && !clocks.majority_reached(0, 0, clocks.now(0)));
        assert!(clocks.underway.is_empty());
    }

    #[test]
    fn what_was_sent_before_proves_nothing() {
        let (mut clocks, parties) = three();
        clocks.on(&Event { call: 1, step: Step::RequestSent { end: 1 } }, &parties);
        let after = clocks.now(0);
        for event in [
            Event { call: 1, step: Step::RequestDelivered },
            Event { call: 1, step: Step::ReplySent },
            Event { call: 1, step: Step::ReplyDelivered },
        ] {
            clocks.on(&event, &parties);
        }
        assert!(!clocks.knows_that(1, 1, 0, after) && !clocks.majority_reached(0, 0, after));
    }

    #[test]
    fn a_reply_asks_nobody_but_takes_along_what_was_marked() {
        let (mut clocks, parties) = three();
        let before = clocks.now(1);
        for call in 1..=2 {
            for step in
                [Step::RequestSent { end: 1 }, Step::RequestDelivered, Step::ReplySent, Step::ReplyDelivered]
            {
                clocks.on(&Event { call, step }, &parties);
            }
            assert_eq!(clocks.majority_reached(1, 1, before), call == 2 && before != clocks.now(1));
            if call == 1 {
                assert_eq!(clocks.now(1), before);
                assert_eq!(clocks.mark(1), before);
                for step in [Step::RequestSent { end: 1 }, Step::RequestDelivered, Step::ReplySent] {
                    clocks.on(&Event { call: 9, step }, &parties);
                }
                clocks.on(&Event { call: 9, step: Step::ReplyDelivered }, &parties);
            }
        }
    }

    #[test]
    fn an_answer_may_come_as_a_call_and_over_a_third_server() {
        let (mut clocks, parties) = three();
        let before = clocks.now(0);
        for (call, end) in [(1, 1), (2, 3 + 2), (3, 6)] {
            clocks.on(&Event { call, step: Step::RequestSent { end } }, &parties);
            clocks.on(&Event { call, step: Step::RequestDelivered }, &parties);
            clocks.on(&Event { call, step: Step::ReplyLost }, &parties);
        }
        assert_eq!(clocks.reached(0, 0, before).collect::<Vec<_>>(), [1, 2]);
        assert!(clocks.underway.is_empty());
    }

    #[test]
    fn lost_messages_are_forgotten_and_tell_nothing() {
        let (mut clocks, parties) = three();
        let before = clocks.now(0);
        clocks.on(&Event { call: 1, step: Step::RequestSent { end: 1 } }, &parties);
        clocks.on(&Event { call: 1, step: Step::RequestLost }, &parties);
        clocks.on(&Event { call: 2, step: Step::RequestSent { end: 2 } }, &parties);
        clocks.on(&Event { call: 2, step: Step::RequestDelivered }, &parties);
        clocks.on(&Event { call: 2, step: Step::ReplySent }, &parties);
        clocks.on(&Event { call: 2, step: Step::ReplyLost }, &parties);
        assert_eq!(clocks.reached(0, 0, before).count(), 0);
        assert!(clocks.underway.is_empty());
    }

    #[test]
    fn a_copy_tells_what_the_request_told_also_after_the_reply() {
        let (mut clocks, parties) = three();
        let before = clocks.now(0);
        for event in [
            Event { call: 1, step: Step::RequestSent { end: 1 } },
            Event { call: 1, step: Step::RequestDuplicated },
            Event { call: 1, step: Step::RequestDelivered },
            Event { call: 1, step: Step::ReplySent },
            Event { call: 1, step: Step::ReplyDelivered },
        ] {
            clocks.on(&event, &parties);
        }
        assert_eq!(clocks.underway.len(), 1);
        clocks.on(&Event { call: 1, step: Step::RequestDelivered }, &parties);
        assert!(clocks.underway.is_empty() && clocks.knows_that(1, 1, 0, before));
    }

    #[test]
    fn a_reply_to_an_earlier_life_tells_the_later_one_nothing() {
        let (mut clocks, mut parties) = three();
        let before = clocks.now(0);
        clocks.on(&Event { call: 1, step: Step::RequestSent { end: 1 } }, &parties);
        clocks.on(&Event { call: 1, step: Step::RequestDelivered }, &parties);
        clocks.on(&Event { call: 1, step: Step::ReplySent }, &parties);
        parties.begin_life(Lived { server: 0, life: 2 });
        clocks.on(&Event { call: 1, step: Step::ReplyDelivered }, &parties);
        assert_eq!(clocks.reached(0, 0, before).count(), 0);
    }
}
