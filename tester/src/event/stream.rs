//! [`EventStream`]: the one way from what happens to whoever wants to know.

use std::sync::Arc;
use std::sync::atomic::{AtomicU16, Ordering};

use labrpc::{Observer, Step};
use labrt::world::{FailureKind, World};
use parking_lot::Mutex;

use super::{Event, Group, Incarnation, Interests, Kind, Message, Party};
use crate::causality::Causality;
use crate::invariant::{Invariant, Violation};

/// How much of what happens is told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Detail {
    /// Events that an invariant subscribes to, without the contents of messages and of what is saved. Others are
    /// not built.
    #[default]
    Bare,
    /// All events, with contents, which are dropped when all subscribers have seen them.
    Watched,
    /// As `Watched`, and everything is kept, see [`Report::recording`](crate::Report::recording).
    Recorded,
}

/// The events of a run.
pub(crate) struct EventStream {
    world: World,
    detail: Detail,
    /// What anybody is interested in: asked before an event is built.
    interests: AtomicU16,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    causality: Causality,
    subscribers: Vec<Subscriber>,
    /// How many events were built.
    number: u64,
}

struct Subscriber {
    group: Group,
    interests: Interests,
    invariant: Box<dyn Invariant>,
}

impl EventStream {
    pub fn new(world: &World, detail: Detail) -> Arc<Self> {
        let interests = if detail == Detail::Bare { Interests::NONE } else { Interests::ALL };
        let stream = Self {
            world: world.clone(),
            detail,
            interests: AtomicU16::new(interests.bits()),
            state: Mutex::default(),
        };
        if interests.meets(Interests::CAUSALITY) {
            stream.state.lock().causality.track();
        }
        Arc::new(stream)
    }

    /// Has an invariant told of the events of `group`.
    pub fn subscribe(&self, group: Group, invariant: Box<dyn Invariant>) {
        let interests = invariant.interests();
        let mut state = self.state.lock();
        state.subscribers.push(Subscriber { group, interests, invariant });
        if interests.meets(Interests::CAUSALITY) {
            state.causality.track();
        }
        self.interests.fetch_or(interests.bits(), Ordering::Relaxed);
    }

    /// There is another server, numbered next in its group.
    pub fn add_server(&self, group: Group, server: usize) {
        self.state.lock().causality.add_server(group, server);
    }

    /// Through the end point of this number `owner` calls `server` of `group`.
    pub fn add_end(&self, number: u32, owner: Party, group: Group, server: usize) {
        self.state.lock().causality.add_end(number, owner, group, server);
    }

    fn wants(&self, interests: Interests) -> bool {
        Interests::from_bits(self.interests.load(Ordering::Relaxed)).meets(interests)
    }

    /// Something happens. Ends the run, outside of the lock, if an invariant objects.
    #[track_caller]
    pub fn emit(&self, group: Option<Group>, party: Party, kind: Kind<'_>) {
        if let Err(violation) = self.tell(group, party, kind) {
            self.world.fail(FailureKind::Assertion, violation.message());
        }
    }

    fn tell(&self, group: Option<Group>, party: Party, kind: Kind<'_>) -> Result<(), Violation> {
        let class = kind.class();
        let wanted = self.wants(class);
        let moves_time = matches!(kind, Kind::Started | Kind::Submitted { .. });
        if !moves_time && !wanted {
            return Ok(());
        }
        let State { causality, subscribers, number } = &mut *self.state.lock();
        let moment = match (party, kind) {
            (Party::Server(who), Kind::Started) => {
                causality.start(who);
                None
            }
            (Party::Server(who), Kind::Submitted { .. }) => Some(causality.mark(who)),
            _ => None,
        };
        if !wanted {
            return Ok(());
        }
        *number += 1;
        let (number, cause, at) = (*number, 0, self.world.now());
        let event = Event { number, at, cause, group, party, kind, causality, moment };
        tell_all(subscribers, class, &event)
    }

    /// What an invariant should have seen and has not, if there is one.
    fn unexercised(&self) -> Option<&'static str> {
        let state = self.state.lock();
        let idle = state.subscribers.iter().find(|subscriber| !subscriber.invariant.exercised());
        idle.map(|subscriber| subscriber.invariant.subject())
    }

    /// Whether each invariant had something to look at.
    pub fn is_exercised(&self) -> bool {
        self.unexercised().is_none()
    }

    /// Ends a run that seemed to pass while an invariant saw nothing of it: such a run proves nothing.
    #[track_caller]
    pub fn must_be_exercised(&self) {
        if let Some(subject) = self.unexercised() {
            self.world.fail(FailureKind::Assertion, never_saw(subject));
        }
        self.world.note("tester", || {
            let state = self.state.lock();
            let names: Vec<&str> = state.subscribers.iter().map(|it| it.invariant.name()).collect();
            format!("invariants that held: {}", names.join(", "))
        });
    }
}

fn never_saw(what: &str) -> String {
    format!("expected the run's oracles to have something to look at; they never saw {what}")
}

/// Tells an event to those who are interested in it.
fn tell_all(subscribers: &mut [Subscriber], class: Interests, event: &Event<'_>) -> Result<(), Violation> {
    for Subscriber { group, interests, invariant } in subscribers {
        if interests.meets(class) && event.group.is_none_or(|of| of == *group) {
            invariant.on(event)?;
        }
    }
    Ok(())
}

impl Observer for EventStream {
    fn on(&self, event: &labrpc::Event) {
        let messages = Interests::SERVER_MESSAGES | Interests::CLIENT_MESSAGES;
        if !self.wants(messages | Interests::CAUSALITY) {
            return;
        }
        let state = &mut *self.state.lock();
        let labrpc::Event { call, step } = *event;
        let Some(sides) = state.causality.on(call, step, state.number + 1) else { return };
        if !self.wants(messages) {
            return;
        }
        let party = match step {
            Step::RequestSent { .. } | Step::RequestDuplicated | Step::ReplyDelivered | Step::ReplyLost => {
                sides.from
            }
            Step::RequestDelivered | Step::RequestLost | Step::ReplySent => sides.to.into(),
        };
        let kind = Kind::Message(Message { call, step, from: sides.from, to: sides.to });
        let class = kind.class();
        if !self.wants(class) {
            return;
        }
        state.number += 1;
        let (number, cause) = (state.number, sides.before);
        let State { causality, subscribers, .. } = state;
        let group = Some(sides.to.group);
        let event = Event {
            number,
            at: self.world.now(),
            cause,
            group,
            party,
            kind,
            causality,
            moment: Some(sides.moment),
        };
        if let Err(violation) = tell_all(subscribers, class, &event) {
            // Messages arrive outside every thread, too.
            self.world.fail_later(FailureKind::Assertion, violation.message());
        }
    }
}

/// Where events of one server come from.
#[derive(Clone)]
pub struct EventSource {
    stream: Arc<EventStream>,
    who: Incarnation,
}

impl EventSource {
    pub(crate) fn new(stream: &Arc<EventStream>, who: Incarnation) -> Self {
        Self { stream: Arc::clone(stream), who }
    }

    /// The server.
    #[must_use]
    pub fn who(&self) -> Incarnation {
        self.who
    }

    /// Something of the protocol's own happens on the server. Ends the run if an invariant objects.
    #[track_caller]
    pub fn emit(&self, event: &dyn super::ProtocolEvent) {
        self.stream.emit(Some(self.who.group), self.who.into(), Kind::Protocol(event));
    }

    /// The test is about to hand a request to the server.
    #[track_caller]
    pub fn submitted(&self, request: &[u8]) {
        self.stream.emit(Some(self.who.group), self.who.into(), Kind::Submitted { request });
    }

    /// A service on the server does a request; `name` is what it is called in messages.
    #[track_caller]
    pub fn executed(&self, request: &[u8], name: &dyn std::fmt::Display) {
        self.stream.emit(Some(self.who.group), self.who.into(), Kind::Executed { request, name });
    }
}
