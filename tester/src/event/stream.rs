//! [`EventStream`]: delivers the events of a run to their subscribers.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::Duration;

use labrpc::{Observer, Step};
use labrt::world::{self, FailureKind, Node, World};
use parking_lot::Mutex;
use persister::{SaveEvent, SaveStep};

use super::contents::Contents;
use super::trap::Trap;
use super::{
    Event, Group, Incarnation, Interests, Kind, Message, Party, Recording, Save, SavedRecord, StreamPosition,
};
use crate::causality::{CallStep, Causality, LogicalTime};
use crate::invariant::{Invariant, Violation};
use crate::nemesis::Moment;
use crate::rule::{Analysis, BrokenRule};

/// The events that are built in a run, and whether they are kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Detail {
    /// Events that an invariant subscribes to, without the contents of messages and saves. Others are not
    /// built.
    #[default]
    Bare,
    /// All events, with contents. They are dropped when all subscribers have received them.
    Watched,
    /// As `Watched`, and all events are kept, see [`Report::recording`](crate::Report::recording).
    Recorded,
    /// All events are built without contents, and kept. Rules are not observed. It costs a fraction of
    /// `Recorded`.
    Outlined,
    /// As `Watched`, and all events are kept; those of messages and saves without their contents.
    WatchedAndOutlined,
}

impl Detail {
    /// Whether all events are kept.
    #[must_use]
    pub fn is_kept(self) -> bool {
        matches!(self, Self::Recorded | Self::Outlined | Self::WatchedAndOutlined)
    }

    /// Whether contents are captured, and rules observed.
    fn has_contents(self) -> bool {
        matches!(self, Self::Watched | Self::Recorded | Self::WatchedAndOutlined)
    }
}

/// What the analyses of a run found.
#[derive(Default)]
pub(crate) struct Conclusion {
    /// The rules that are broken, in the order of the events that show it; those of progress come last.
    pub broken: Vec<BrokenRule>,
    /// What the analyses could not see.
    pub unseen: Vec<String>,
    /// Whether there are analyses.
    pub analysed: bool,
    /// The names of the situations that the clusters came to.
    pub situations: BTreeSet<&'static str>,
}

/// The events of a run.
pub(crate) struct EventStream {
    world: World,
    detail: Detail,
    /// The union of all subscribers' interests. It is tested before an event is built.
    interests: AtomicU16,
    state: Mutex<State>,
    /// The values that servers encode and save; `None` in a bare run.
    contents: Option<Arc<Contents>>,
    /// The crash of a server at its next step of some kind.
    trap: Trap,
}

#[derive(Default)]
struct State {
    causality: Causality,
    subscribers: Vec<Subscriber>,
    /// The positions of the subscribers to each kind.
    interested: [Vec<u16>; Interests::KINDS],
    /// The number of events that were built.
    number: u64,
    /// Whether the test has begun.
    has_begun: bool,
    /// The recording, in a recorded run.
    recording: Option<Recording>,
    /// The analyses of the clusters, unless the run is bare.
    analyses: Vec<(Group, Box<dyn Analysis>)>,
    /// The rules that are broken, in the order of the events that show it.
    broken: Vec<BrokenRule>,
    /// Whether a broken rule fails the run. Not any more when one has.
    strict: bool,
}

struct Subscriber {
    group: Group,
    invariant: Box<dyn Invariant>,
    /// When it subscribed, if the test had begun: its cluster came later than others.
    came: Option<Duration>,
}

/// A cluster that comes during a test need not have shown anything before it has been there for so long: the
/// time within which the course expects a leader. The test may end before.
const NEWCOMER: Duration = Duration::from_secs(5);

impl EventStream {
    pub fn new(world: &World, detail: Detail, strict: bool) -> Arc<Self> {
        let mut state = State { strict, ..State::default() };
        let (interests, contents) = match detail {
            Detail::Bare => (Interests::NONE, None),
            Detail::Outlined => (Interests::ALL, None),
            Detail::Watched | Detail::Recorded | Detail::WatchedAndOutlined => {
                state.causality.track();
                (Interests::ALL, Some(Contents::of(world)))
            }
        };
        state.recording = match detail {
            Detail::Bare | Detail::Watched => None,
            Detail::Recorded => Some(Recording::default()),
            Detail::Outlined | Detail::WatchedAndOutlined => Some(Recording::of_outlines()),
        };
        let interests = AtomicU16::new(interests.bits());
        Arc::new(Self {
            world: world.clone(),
            detail,
            interests,
            state: Mutex::new(state),
            contents,
            trap: Trap::default(),
        })
    }

    /// The events that were kept; `None` if the run is not recorded. Later events are not kept.
    pub fn take_recording(&self) -> Option<Recording> {
        self.state.lock().recording.take()
    }

    /// The test begins.
    pub fn begin(&self) {
        let state = &mut *self.state.lock();
        state.has_begun = true;
        if let Some(recording) = &mut state.recording {
            recording.begin(state.number, self.world.now());
        }
    }

    /// The test has ended by itself.
    pub fn end(&self) {
        if let Some(recording) = &mut self.state.lock().recording {
            recording.end(self.world.now());
        }
    }

    /// Has a call of [`Node::kill_after`] that follows end when the server takes a step, until
    /// [`forget_crash`](Self::forget_crash). Steps are seen in watched and recorded runs alone.
    pub fn expect_crash(&self, who: Incarnation, node: &Node, step: Moment) {
        self.trap.set(who, node, step);
    }

    /// Ends what [`expect_crash`](Self::expect_crash) began.
    pub fn forget_crash(&self) {
        self.trap.remove();
    }

    /// Calls `f`. Its memory does not count as the run's unless the run is bare.
    #[inline]
    fn uncounted<R>(&self, f: impl FnOnce() -> R) -> R {
        if self.detail == Detail::Bare { f() } else { world::uncounted(f) }
    }

    /// Drops what was captured for an incarnation that saves nothing more.
    pub fn forget(&self, node: &Node) {
        if let Some(contents) = &self.contents {
            world::uncounted(|| contents.forget(node.id()));
        }
    }

    /// Subscribes an invariant to the events of `group`.
    pub fn subscribe(&self, group: Group, invariant: Box<dyn Invariant>) {
        let interests = invariant.interests();
        let mut state = self.state.lock();
        let position = u16::try_from(state.subscribers.len()).expect("few invariants");
        for kind in interests.kinds() {
            state.interested[kind].push(position);
        }
        let came = state.has_begun.then(|| self.world.now());
        state.subscribers.push(Subscriber { group, invariant, came });
        if interests.meets(Interests::CAUSALITY) {
            state.causality.track();
        }
        self.interests.fetch_or(interests.bits(), Ordering::Relaxed);
    }

    /// Has the events of `group` analysed, if they have contents.
    pub fn analyse(&self, group: Group, analyses: Vec<Box<dyn Analysis>>) {
        if self.detail.has_contents() {
            let analyses = analyses.into_iter().map(|analysis| (group, analysis));
            self.state.lock().analyses.extend(analyses);
        }
    }

    /// The rules that were broken so far, and those of progress at this moment; what the analyses could not
    /// see.
    pub fn conclude(&self) -> Conclusion {
        self.uncounted(|| {
            let state = &mut *self.state.lock();
            let mut broken = std::mem::take(&mut state.broken);
            let mut unseen = Vec::new();
            let mut situations = BTreeSet::new();
            let analysed = !state.analyses.is_empty();
            for (_, analysis) in &mut state.analyses {
                broken.extend(analysis.at_end(self.world.now()));
                unseen.extend(analysis.unseen());
                situations.extend(analysis.situations());
            }
            Conclusion { broken, unseen, analysed, situations }
        })
    }

    /// Adds a server, with the next number in its group.
    pub fn add_server(&self, group: Group, server: usize) {
        self.state.lock().causality.add_server(group, server);
    }

    /// Registers an end point: through the one of this number `owner` calls `server` of `group`.
    pub fn add_end(&self, number: u32, owner: Party, group: Group, server: usize) {
        self.state.lock().causality.add_end(number, owner, group, server);
    }

    fn wants(&self, interests: Interests) -> bool {
        Interests::from_bits(self.interests.load(Ordering::Relaxed)).meets(interests)
    }

    /// Emits an event. Ends the run, outside of the lock, if an invariant objects.
    #[track_caller]
    pub fn emit(&self, group: Option<Group>, party: Party, kind: Kind<'_>) {
        if let Err(violation) = self.publish(group, party, kind) {
            self.world.fail(FailureKind::Assertion, violation.message());
        }
    }

    fn publish(&self, group: Option<Group>, party: Party, kind: Kind<'_>) -> Result<(), Violation> {
        let class = kind.class();
        let wanted = self.wants(class);
        let is_followed = matches!(kind, Kind::Started | Kind::Crashed { .. } | Kind::Submitted { .. });
        if !is_followed && !wanted {
            return Ok(());
        }
        self.uncounted(|| {
            let state = &mut *self.state.lock();
            let moment = match (party, kind) {
                (Party::Server(who), Kind::Started) => {
                    state.causality.start(who);
                    None
                }
                (Party::Server(who), Kind::Crashed { .. }) => {
                    state.causality.crash(who);
                    None
                }
                (Party::Server(who), Kind::Submitted { .. }) => Some(state.causality.advance(who)),
                _ => None,
            };
            if !wanted {
                return Ok(());
            }
            let traced = self.detail != Detail::Bare;
            let cause = if traced { world::trace_context() } else { 0 };
            let (number, verdict) = state.publish(self.world.now(), cause, group, party, kind, moment);
            if traced {
                world::set_trace_context(number);
            }
            verdict
        })
    }

    /// The subject of an invariant that has not been exercised, if there is one.
    fn unexercised(&self) -> Option<&'static str> {
        let state = self.state.lock();
        let now = self.world.now();
        let is_due = |subscriber: &&Subscriber| subscriber.came.is_none_or(|came| now - came >= NEWCOMER);
        let idle =
            state.subscribers.iter().filter(is_due).find(|subscriber| !subscriber.invariant.exercised());
        idle.map(|subscriber| subscriber.invariant.subject())
    }

    /// Whether each invariant has been exercised.
    pub fn is_exercised(&self) -> bool {
        self.unexercised().is_none()
    }

    /// Ends a run that passed so far while an invariant was not exercised: such a run proves nothing.
    #[track_caller]
    pub fn must_be_exercised(&self) {
        if let Some(subject) = self.unexercised() {
            self.world.fail(FailureKind::Assertion, not_exercised(subject));
        }
        self.world.note("tester", || {
            let state = self.state.lock();
            let names: Vec<&str> = state.subscribers.iter().map(|it| it.invariant.name()).collect();
            format!("invariants that held: {}", names.join(", "))
        });
    }
}

fn not_exercised(what: &str) -> String {
    format!("expected the run to exercise its invariants; they never saw {what}")
}

impl State {
    /// Delivers an event to its subscribers; returns its number.
    fn publish(
        &mut self,
        at: Duration,
        cause: u64,
        group: Option<Group>,
        party: Party,
        kind: Kind<'_>,
        moment: Option<LogicalTime>,
    ) -> (u64, Result<(), Violation>) {
        self.number += 1;
        let Self { causality, subscribers, interested, number, recording, analyses, broken, strict, .. } =
            self;
        let number = *number;
        let event = Event { number, at, cause, group, party, kind, causality, moment };
        if let Some(recording) = recording {
            recording.record(&event);
        }
        for (group, analysis) in analyses {
            if event.concerns(*group) {
                broken.extend(analysis.on(&event));
            }
        }
        let mut verdict = match broken.first().filter(|_| *strict) {
            Some(rule) => {
                *strict = false;
                Err(Violation::new(rule.statement()))
            }
            None => Ok(()),
        };
        if verdict.is_ok() {
            for position in &interested[kind.class().first()] {
                let Subscriber { group, invariant, .. } = &mut subscribers[usize::from(*position)];
                if event.concerns(*group)
                    && let Err(violation) = invariant.on(&event)
                {
                    verdict = Err(violation);
                    break;
                }
            }
        }
        if let Err(violation) = &verdict {
            let kind = Kind::Violation(violation.message());
            let event = Event { number: number + 1, cause: number, kind, ..event };
            if let Some(recording) = recording {
                recording.record(&event);
            }
            for position in &interested[Interests::VIOLATIONS.first()] {
                // The run ends with the first violation, whatever other subscribers answer.
                let _ = subscribers[usize::from(*position)].invariant.on(&event);
            }
            self.number += 1;
        }
        (number, verdict)
    }
}

impl Observer for EventStream {
    fn on(&self, event: &labrpc::Event<'_>) -> u64 {
        let messages = Interests::SERVER_MESSAGES | Interests::CLIENT_MESSAGES;
        if !self.wants(messages | Interests::CAUSALITY) {
            return 0;
        }
        self.uncounted(|| self.on_message(event, self.wants(messages)))
    }
}

impl EventStream {
    fn on_message(&self, event: &labrpc::Event<'_>, wanted: bool) -> u64 {
        let (number, verdict) = {
            let state = &mut *self.state.lock();
            let number = if wanted { state.number + 1 } else { 0 };
            let Some(sides) = state.causality.on(event.call, event.step, number) else { return 0 };
            if !wanted {
                return 0;
            }
            let labrpc::Event { call, method, bytes, content, location, .. } = *event;
            let CallStep { from, to, at, step, moment, before } = sides;
            self.trap.message(step, from, to);
            let message = Message { call, step, from, to, method, bytes, content, location };
            let kind = Kind::Message(&message);
            if !self.wants(kind.class()) {
                return 0;
            }
            // Sending is an action of a thread; the other steps happen to the message.
            let by_thread =
                matches!(step, Step::RequestSent { .. } | Step::ReplySent | Step::ReplyLate { .. });
            let cause = match self.detail {
                Detail::Bare => 0,
                _ if by_thread => world::trace_context(),
                _ => before,
            };
            let told = state.publish(self.world.now(), cause, Some(to.group), at, kind, moment);
            if by_thread && self.detail != Detail::Bare {
                world::set_trace_context(told.0);
            }
            told
        };
        if let Err(violation) = verdict {
            // Messages arrive outside of every thread, too.
            self.world.fail_later(FailureKind::Assertion, violation.message());
        }
        if self.detail == Detail::Bare { 0 } else { number }
    }
}

/// A source of the events of one server.
#[derive(Clone)]
pub struct EventSource {
    stream: Arc<EventStream>,
    who: Incarnation,
    /// The node that the incarnation runs on, for a source of saves.
    node: Option<u32>,
}

impl EventSource {
    pub(crate) fn new(stream: &Arc<EventStream>, who: Incarnation) -> Self {
        Self { stream: Arc::clone(stream), who, node: None }
    }

    /// The same source, for the saves of the server, which runs on this node.
    pub(crate) fn of_saves(&self, node: &Node) -> Self {
        Self { node: Some(node.id()), ..self.clone() }
    }

    /// The server.
    #[must_use]
    pub fn who(&self) -> Incarnation {
        self.who
    }

    /// The present position in the stream, for an action that begins now on the server.
    #[must_use]
    pub fn position(&self) -> StreamPosition {
        let state = self.stream.state.lock();
        StreamPosition { number: state.number, moment: state.causality.now(self.who) }
    }

    /// Whether the run is watched or recorded, with contents.
    pub(crate) fn is_watched(&self) -> bool {
        self.stream.detail.has_contents()
    }

    /// Whether somebody subscribes to saves.
    pub(crate) fn wants_saves(&self) -> bool {
        self.stream.wants(Interests::SAVES)
    }

    /// Emits an event of the protocol on the server. Ends the run if an invariant objects.
    #[track_caller]
    pub fn emit(&self, event: &dyn super::ProtocolEvent) {
        self.stream.emit(Some(self.who.group), self.who.into(), Kind::Protocol(event));
    }

    /// The test is about to hand a request to the server.
    #[track_caller]
    pub fn submitted(&self, request: &[u8]) {
        self.stream.emit(Some(self.who.group), self.who.into(), Kind::Submitted { request });
    }

    /// A service on the server executes a request; `name` is its name in messages.
    #[track_caller]
    pub fn executed(&self, request: &[u8], name: &dyn std::fmt::Display) {
        self.stream.emit(Some(self.who.group), self.who.into(), Kind::Executed { request, name });
    }
}

impl persister::Observer for EventSource {
    fn on(&self, event: &SaveEvent<'_>) {
        let &SaveEvent { step, records, location, .. } = event;
        if matches!(step, SaveStep::TookEffect { .. }) {
            self.stream.trap.saved(self.who);
        }
        let tell = |records: &[SavedRecord<'_>]| {
            let save = Save { step, records, location };
            self.stream.publish(Some(self.who.group), self.who.into(), Kind::Saved(&save))
        };
        let verdict = world::uncounted(|| match (&self.stream.contents, self.node) {
            (Some(contents), Some(node)) => contents.read(node, records, tell),
            _ => {
                let record = |&(name, bytes)| SavedRecord { name, bytes, content: None };
                tell(&records.iter().map(record).collect::<Vec<_>>())
            }
        });
        if let Err(violation) = verdict {
            // The thread is in the middle of a save.
            self.stream.world.fail_later(FailureKind::Assertion, violation.message());
        }
    }
}
