//! The course of one call, from the caller to the server and back.
//!
//! ```text
//!  caller's thread          events                      handler's thread
//!  ───────────────          ──────                      ────────────────
//!  call ─┬─ no server ────► None, after a while
//!        ├─ lost ─────────► None, after its delay
//!        └─ sent ─────────► arrive, after its delay ──► the handler runs
//!                           poll: cut off? ─► None         │
//!                                                       replied ─┬─ cut off, or lost: None
//!                           reply, after its delay ◄─────────────┤
//!  wait ◄──────────────────────┴─────────────────────────────────┘
//! ```
//!
//! On real threads a reliable network delivers requests and replies without an event. Injected faults are not
//! in the picture: a request may arrive twice, and then the handler that returns first answers.
//!
//! The order of checks and draws is the course's. Polls are different: the course's network checks every 100
//! ms for each call whether it is cut off; here a poll is scheduled, for the same time, only when something
//! has been cut off.

use std::panic::Location;
use std::sync::{Arc, Weak};
use std::time::Duration;

use labrt::world::{RemoteCall, oneshot};

use crate::fault_model::RequestFate;
use crate::faults::{Delivery, Duplicate, Held, HeldReply};
use crate::fingerprint::{Direction, of_message};
use crate::message::{Message, Reply};
use crate::network::Shared;
use crate::observer::{Event, Step};
use crate::router::{AddressId, CallId, CallInFlight, EndId, Request, Router};
use crate::server::Server;
use crate::service::Types;
use crate::trace;

/// The interval at which a waiting call is polled for being cut off.
///
/// The course's timers are set for 100 ms, one after the other, and each fires a little late. On a clock that
/// is never late, the eleventh poll would coincide with a deletion 1100 ms after the call (the course's
/// `TestKilled`), and their order would be arbitrary.
pub(crate) const POLL_INTERVAL: Duration = Duration::from_micros(100_100);

/// The outcome of the first checks and draws of a call.
enum Start {
    /// There is no server; the call fails after this time.
    Unreachable(Duration, oneshot::Sender<Reply>),
    /// The request is lost; the call fails after this time.
    Lost(Duration, oneshot::Sender<Reply>),
    /// The request arrives after this time.
    Sent(Duration, CallId),
    /// The request is held until it is released.
    Held,
    /// The request arrives at once.
    Arrived(CallId, Request),
    /// The server has no such method, or the types differ. The message says which.
    Mismatch(String),
}

/// The outcome of the checks and draws of a reply.
#[derive(Clone, Copy)]
enum ReplyFate {
    /// The call is cut off.
    CutOff,
    /// The reply is lost.
    Lost,
    /// The reply is held until it is released.
    Held,
    /// The reply reaches the caller after this time.
    Arrives(Duration),
    /// The reply reaches the caller at once.
    Delivered,
}

/// Held messages.
impl Shared {
    /// Delivers messages that were held, in the order in which they were sent.
    pub(crate) fn deliver(self: &Arc<Self>, Held { requests, replies }: Held) {
        let transit = || self.router.lock().fault_model.transit().unwrap_or_default();
        let mut after = Duration::ZERO;
        for id in requests {
            after += transit();
            let network = Arc::downgrade(self);
            self.world.schedule(after, move || with(&network, |network| network.arrive(id)));
        }
        for HeldReply { deliver, .. } in replies {
            after += transit();
            self.world.schedule(after, deliver);
        }
    }
}

/// From the caller to the handler.
impl Shared {
    /// Makes a call and waits for the bytes of its reply.
    #[track_caller]
    pub(crate) fn call(
        self: &Arc<Self>,
        end: EndId,
        method: &str,
        args: Message,
        types: Types,
    ) -> Option<Reply> {
        if self.world.is_dying() {
            return None; // a destructor on a server that has crashed: it sends nothing any more
        }
        let (caller, receiver) = oneshot::channel();
        let (len, content) = (args.len(), args.content.clone());
        let location = Location::caller();
        let now = self.world.now();
        let (start, copy, address, number, hash) = {
            let mut router = self.router.lock();
            if router.closed {
                return None;
            }
            router.total_count += 1;
            router.total_bytes += len as u64;
            let address = router.address_of(end);
            let hash = of_message(
                Direction::Request,
                method,
                end.0,
                address.map_or(u32::MAX, |to| to.0),
                &args.bytes,
            );
            let start = router.start(end, method, args, types, caller, now);
            let copy = router.duplicate(&start);
            (start, copy, address, router.total_count, hash)
        };
        self.world.record_event(hash);
        let event = |step| Event { method, bytes: len, ..Event::new(number, step) };
        self.report(|| Event {
            content: content.as_ref(),
            location: Some(location),
            ..event(Step::RequestSent { end: end.0 })
        });
        if copy.is_some() {
            self.report(|| event(Step::RequestDuplicated));
        }
        self.world.remote_call(&RemoteCall {
            method,
            to: address.map_or(u32::MAX, |address| address.0),
            callee_name: &|| self.router.lock().node_name(address?).map(ToOwned::to_owned),
            end: end.0,
            location,
            bytes: len,
        });
        match start {
            Start::Unreachable(after, caller) => {
                self.report(|| event(Step::RequestLost));
                self.note(method, number, address, || format!("server unreachable, call fails in {after:?}"));
                self.world.schedule(after, move || drop(caller));
            }
            Start::Lost(after, caller) => {
                self.report(|| event(Step::RequestLost));
                self.note(method, number, address, || {
                    format!("request lost ({len} bytes), call fails in {after:?}")
                });
                self.world.schedule(after, move || drop(caller));
            }
            Start::Sent(after, id) => {
                self.note(method, number, address, || format!("request ({len} bytes) arrives in {after:?}"));
                let network = Arc::downgrade(self);
                self.world.schedule(after, move || with(&network, |network| network.arrive(id)));
            }
            Start::Held => {
                self.note(method, number, address, || format!("request ({len} bytes) is held"));
            }
            Start::Arrived(id, request) => {
                self.note(method, number, address, || format!("request ({len} bytes)"));
                self.serve(id, end, request);
            }
            Start::Mismatch(why) => panic!("{why}"),
        }
        if let Some(after) = copy {
            self.note(method, number, address, || format!("duplicate request arrives in {after:?}"));
            let network = Arc::downgrade(self);
            self.world.schedule(after, move || with(&network, |network| network.arrive_duplicate(number)));
        }
        receiver.recv()
    }

    /// A request reaches its server. A server that has been deleted meanwhile handles it too.
    fn arrive(self: &Arc<Self>, id: CallId) {
        let now = self.world.now();
        let (end, request, polls) = {
            let mut router = self.router.lock();
            let call = router.call_mut(id).expect("a call does not end before its request has arrived");
            call.since = now;
            let request = call.request.take().expect("a request arrives once");
            (call.end, request, router.take_calls_to_poll())
        };
        self.schedule_polls(polls);
        if request.server.node.is_alive() {
            self.serve(id, end, request);
        } else {
            self.report_lost(id.number, &request);
            self.mark_handler_gone(id);
            self.discard(request.server);
        }
    }

    /// The second transmission of a request reaches its server. The handler that returns first answers the
    /// call.
    fn arrive_duplicate(self: &Arc<Self>, number: u64) {
        let copy = self.router.lock().faults.as_mut().and_then(|faults| faults.take_copy(number));
        let Duplicate { id, end, address, request } = copy.expect("a copy arrives once");
        if !request.server.node.is_alive() {
            self.report_lost(number, &request);
            return self.discard(request.server);
        }
        let method = request.server.method(request.method).name;
        self.world.record_event(of_message(Direction::Copy, method, end.0, address.0, &request.args.bytes));
        self.world.record_bytes(end.0, request.args.len());
        self.note(method, number, Some(address), || "duplicate request".to_owned());
        self.serve(id, end, request);
    }

    /// Starts the handler on a thread of the server.
    fn serve(self: &Arc<Self>, id: CallId, end: EndId, request: Request) {
        let server = Arc::clone(&request.server);
        server.count_request();
        let event = self.report(|| Event {
            content: request.args.content.as_ref(),
            ..request.event(id.number, Step::RequestDelivered)
        });
        let handler_run = HandlerRun { network: Arc::clone(self), id, end, request, event, answered: false };
        server.node.run(server.method(handler_run.request.method).name, move || {
            handler_run.run();
        });
    }

    /// A request finds its server dead.
    fn report_lost(&self, number: u64, request: &Request) {
        self.report(|| request.event(number, Step::RequestLost));
    }

    /// Drops a reference to a server, outside all threads. The last one drops the services: that is lab code,
    /// and runs on a thread.
    fn discard(&self, server: Arc<Server>) {
        if let Some(last) = Arc::into_inner(server) {
            self.node.run("drop server", move || drop(last));
        }
    }
}

impl Router {
    /// Makes the checks and draws of a call, which is counted already.
    fn start(
        &mut self,
        end: EndId,
        method: &str,
        args: Message,
        types: Types,
        caller: oneshot::Sender<Reply>,
        now: Duration,
    ) -> Start {
        let Some((address, incarnation)) = self.reach(end) else {
            return Start::Unreachable(self.fault_model.unreachable(), caller);
        };
        let (incarnation, server) = (incarnation.number, Arc::clone(&incarnation.server));
        if let Some(faults) = &mut self.faults
            && let Some(after) = faults.cuts_request(end, self.fault_model.settings.unreachable_ms())
        {
            return Start::Unreachable(after, caller);
        }
        // Earlier than in the course, where a lost request is not checked for its method.
        let id = match server.find(method, types) {
            Ok(id) => id,
            Err(why) => return Start::Mismatch(why),
        };
        let settings = self.fault_model.settings;
        let mut call = CallInFlight {
            end,
            address,
            incarnation,
            method: server.method(id).name,
            full_name: Arc::clone(&server.method(id).full_name),
            reliable: settings.reliable,
            long_reordering: settings.long_reordering,
            caller,
            request: None,
            since: now,
            poll_scheduled: false,
            handler_gone: false,
        };
        let request = Request { server, method: id, args };
        let passage = (!settings.reliable).then(|| self.fault_model.request());
        let slowed = self.faults.as_mut().and_then(|faults| faults.slows(end));
        let delay = match passage {
            Some(RequestFate::Lost(after)) => return Start::Lost(after, call.caller),
            Some(RequestFate::Arrives(after)) => Some(after),
            None => None,
        };
        if self.faults.as_ref().is_some_and(|faults| faults.holds_request(end)) {
            call.request = Some(request);
            let id = self.add_call(call);
            if let Some(faults) = &mut self.faults {
                faults.link(end).held.requests.push(id);
            }
            return Start::Held;
        }
        match total([delay, slowed, self.fault_model.transit()]) {
            None => Start::Arrived(self.add_call(call), request),
            Some(after) => {
                call.request = Some(request);
                Start::Sent(after, self.add_call(call))
            }
        }
    }

    /// Draws whether the request of a call is duplicated. Returns the time until the duplicate arrives.
    fn duplicate(&mut self, start: &Start) -> Option<Duration> {
        self.faults.as_ref()?;
        let (id, arrives) = match start {
            Start::Arrived(id, _) => (*id, Duration::ZERO),
            Start::Sent(after, id) => (*id, *after),
            Start::Unreachable(..) | Start::Lost(..) | Start::Held | Start::Mismatch(_) => return None,
        };
        let after = arrives + self.faults.as_mut()?.duplicates()?;
        let call = self.call(id)?;
        let request = match start {
            Start::Arrived(_, request) => request.clone(),
            _ => call.request.clone()?,
        };
        let copy = Duplicate { id, end: call.end, address: call.address, request };
        self.faults.as_mut()?.add_copy(copy);
        Some(after)
    }
}

impl Request {
    /// The event of a step of this request.
    fn event(&self, number: u64, step: Step) -> Event<'_> {
        let method = self.server.method(self.method);
        let location = (step == Step::RequestDelivered).then_some(method.location);
        Event { method: &method.full_name, bytes: self.args.len(), location, ..Event::new(number, step) }
    }
}

/// A running handler. If its thread is killed, its destructor tells the network that there will be no reply.
struct HandlerRun {
    network: Arc<Shared>,
    id: CallId,
    end: EndId,
    request: Request,
    /// The observer's number of the delivery event.
    event: u64,
    answered: bool,
}

impl HandlerRun {
    fn run(mut self) {
        trace::continue_from(self.event);
        let method = self.request.server.method(self.request.method);
        let reply = (method.run)(&self.request.args.bytes);
        self.answered = true;
        self.network.replied(&self, reply, method.location);
    }
}

impl Drop for HandlerRun {
    fn drop(&mut self) {
        if !self.answered {
            self.network.mark_handler_gone(self.id);
        }
    }
}

/// From the handler to the caller.
impl Shared {
    /// A handler has returned.
    fn replied(
        self: &Arc<Self>,
        handler_run: &HandlerRun,
        reply: Message,
        location: &'static Location<'static>,
    ) {
        let (id, len) = (handler_run.id, reply.len());
        let report_step = |step| {
            let content = reply.content.as_ref();
            self.report(|| Event {
                content,
                bytes: len,
                location: Some(location),
                ..handler_run.request.event(id.number, step)
            });
        };
        let (call, fate) = {
            let mut router = self.router.lock();
            if router.cuts_reply(id) {
                drop(router);
                report_step(Step::ReplySent);
                return self.lose_reply(id, &reply.bytes);
            }
            let Some(call) = router.remove_call(id) else {
                // The call has failed at a poll, or was answered.
                drop(router);
                return report_step(Step::ReplyLate { end: handler_run.end.0 });
            };
            let fate = router.finish(&call);
            if matches!(fate, ReplyFate::Delivered) {
                router.total_bytes += len as u64;
            }
            (call, fate)
        };
        let CallInFlight { caller, method, full_name, end, address, .. } = call;
        self.world.record_event(of_message(Direction::Reply, method, end.0, address.0, &reply.bytes));
        report_step(Step::ReplySent);
        let Message { bytes: reply, content } = reply;
        let event = |step| Event { method: &full_name, bytes: len, ..Event::new(id.number, step) };
        if matches!(fate, ReplyFate::CutOff | ReplyFate::Lost) {
            self.report(|| event(Step::ReplyLost));
        }
        self.world.record_bytes(end.0, len);
        let note = |what: &dyn Fn() -> String| self.note(method, id.number, Some(address), what);
        match fate {
            ReplyFate::CutOff => note(&|| "reply discarded: the call is cut off".to_owned()),
            ReplyFate::Lost => note(&|| format!("reply lost ({len} bytes)")),
            ReplyFate::Held => {
                note(&|| format!("reply ({len} bytes) is held"));
                let message = Message { bytes: reply, content };
                let deliver = self.delivery(id, Arc::clone(&full_name), caller, message);
                if let Some(faults) = &mut self.router.lock().faults {
                    faults.link(end).held.replies.push(HeldReply { number: id.number, full_name, deliver });
                }
            }
            ReplyFate::Arrives(by) => {
                note(&|| format!("reply ({len} bytes) arrives in {by:?}"));
                let delivery = self.delivery(id, full_name, caller, Message { bytes: reply, content });
                self.world.schedule(by, delivery);
            }
            ReplyFate::Delivered => {
                note(&|| format!("reply ({len} bytes)"));
                let delivered =
                    self.report(|| Event { content: content.as_ref(), ..event(Step::ReplyDelivered) });
                caller.send(Reply { bytes: reply, event: delivered });
            }
        }
    }

    /// The event that delivers a reply to its caller.
    fn delivery(
        self: &Arc<Self>,
        id: CallId,
        full_name: Arc<str>,
        caller: oneshot::Sender<Reply>,
        reply: Message,
    ) -> Delivery {
        let network = Arc::downgrade(self);
        Box::new(move || {
            let Message { bytes, content } = reply;
            let mut delivered = 0;
            with(&network, |network| {
                network.router.lock().total_bytes += bytes.len() as u64;
                delivered = network.report(|| Event {
                    method: &full_name,
                    bytes: bytes.len(),
                    content: content.as_ref(),
                    ..Event::new(id.number, Step::ReplyDelivered)
                });
            });
            caller.send(Reply { bytes, event: delivered });
        })
    }

    /// A reply is lost because its direction is cut. The call fails at the next poll, as if the server had
    /// been deleted.
    #[cold]
    fn lose_reply(self: &Arc<Self>, id: CallId, reply: &[u8]) {
        let known = self.router.lock().call(id).map(|call| (call.method, call.end, call.address));
        let Some((method, end, address)) = known else { return };
        self.world.record_event(of_message(Direction::Reply, method, end.0, address.0, reply));
        self.note(method, id.number, Some(address), || {
            format!("reply lost ({} bytes): the link is cut", reply.len())
        });
        self.mark_handler_gone(id);
    }

    /// A handler was killed, or never began on a killed node. The call fails at the next poll, as if the
    /// server had been deleted: a killed server that keeps its address sends no replies.
    fn mark_handler_gone(self: &Arc<Self>, id: CallId) {
        let (full_name, polls) = {
            let mut router = self.router.lock();
            let Some(call) = router.call_mut(id) else { return };
            call.handler_gone = true;
            (Arc::clone(&call.full_name), router.take_calls_to_poll())
        };
        self.report(|| Event { method: &full_name, ..Event::new(id.number, Step::ReplyLost) });
        self.schedule_polls(polls);
    }

    /// Schedules the next poll of calls that have just been cut off.
    pub(crate) fn schedule_polls(self: &Arc<Self>, polls: Vec<(CallId, Duration)>) {
        if polls.is_empty() {
            return;
        }
        let now = self.world.now();
        for (id, since) in polls {
            let network = Arc::downgrade(self);
            self.world.schedule(until_poll(since, now), move || {
                with(&network, |network| network.poll(id));
            });
        }
    }

    /// Ends the call without a reply if it is still cut off. Otherwise the handler's reply will get through.
    fn poll(&self, id: CallId) {
        let call = {
            let mut router = self.router.lock();
            let Some(call) = router.call_mut(id) else { return };
            call.poll_scheduled = false;
            router.remove_if_cut_off(id)
        };
        if let Some(call) = call {
            // If the handler is gone, this was reported when it went.
            if !call.handler_gone {
                self.report(|| Event { method: &call.full_name, ..Event::new(id.number, Step::ReplyLost) });
            }
            self.note(call.method, id.number, Some(call.address), || "call fails: cut off".to_owned());
        }
    }

    /// Adds a line about a call to the log of a recorded run.
    fn note(&self, method: &str, number: u64, address: Option<AddressId>, what: impl FnOnce() -> String) {
        self.world.note("labrpc", || {
            let method = method.rsplit('.').next().unwrap_or(method);
            format!("{method} #{number} -> {}: {}", self.router.lock().address_name(address), what())
        });
    }
}

impl Router {
    /// Whether the reply to a call is lost because its direction is cut. A call that is cut off loses none.
    fn cuts_reply(&self, id: CallId) -> bool {
        let Some(faults) = &self.faults else { return false };
        self.call(id).is_some_and(|call| faults.cuts_reply(call.end) && !self.is_cut_off(call))
    }

    /// Makes the checks and draws of a reply.
    fn finish(&mut self, call: &CallInFlight) -> ReplyFate {
        if self.is_cut_off(call) {
            return ReplyFate::CutOff;
        }
        if !call.reliable && self.fault_model.loses() {
            return ReplyFate::Lost;
        }
        if self.faults.as_ref().is_some_and(|faults| faults.holds_reply(call.end)) {
            return ReplyFate::Held;
        }
        let late = call.long_reordering.then(|| self.fault_model.reorders()).flatten();
        let slowed = self.faults.as_mut().and_then(|faults| faults.slows(call.end));
        total([late, slowed, self.fault_model.transit()]).map_or(ReplyFate::Delivered, ReplyFate::Arrives)
    }
}

/// The sum of a message's delays; `None` if there is none.
fn total(delays: [Option<Duration>; 3]) -> Option<Duration> {
    delays.into_iter().flatten().reduce(|sum, delay| sum + delay)
}

/// The time from `now` to the next poll of a call that arrived at `since`.
fn until_poll(since: Duration, now: Duration) -> Duration {
    let (interval, waited) = (POLL_INTERVAL.as_nanos() as u64, now.saturating_sub(since).as_nanos() as u64);
    Duration::from_nanos(interval - waited % interval)
}

/// Calls `f` with the network, if it still exists. An event holds no reference that keeps the network alive,
/// because events are dropped outside all threads.
fn with(network: &Weak<Shared>, f: impl FnOnce(&Arc<Shared>)) {
    if let Some(network) = network.upgrade() {
        f(&network);
    }
}
