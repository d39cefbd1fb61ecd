//! [`Recorder`]: writes the timeline of a run from its events.

use std::sync::Arc;

use labrpc::Step;
use parking_lot::Mutex;
use tester::{Event, Interests, Invariant, Kind, Verdict};

use crate::observation::Observation;
use crate::timeline::{Happening, Timeline};

/// Receives the events of a run, objects to none, and writes a timeline.
pub(crate) struct Recorder {
    timeline: Arc<Mutex<Timeline>>,
}

impl Recorder {
    pub fn new(timeline: &Arc<Mutex<Timeline>>) -> Self {
        Self { timeline: Arc::clone(timeline) }
    }
}

impl Invariant for Recorder {
    fn name(&self) -> &'static str {
        "timeline"
    }

    fn interests(&self) -> Interests {
        Interests::SERVERS | Interests::LINKS | Interests::SERVER_MESSAGES | Interests::STATES
    }

    fn on(&mut self, event: &Event<'_>) -> Verdict {
        let server = event.server().map(|who| who.server);
        let what = match (event.kind, server) {
            (Kind::Message(message), _) => match message.step {
                Step::RequestSent { .. } | Step::ReplySent | Step::ReplyLate { .. } => {
                    Some(Happening::Sent(message.bytes))
                }
                _ => None,
            },
            (Kind::Started, Some(server)) => Some(Happening::Started(server)),
            // Its threads may still run for a moment, but nobody hears of it.
            (Kind::CutOff, Some(server)) => Some(Happening::Crashed(server)),
            (Kind::Paused, Some(server)) => Some(Happening::Paused(server)),
            (Kind::Resumed, Some(server)) => Some(Happening::Resumed(server)),
            (Kind::LinkCut { peer }, Some(server)) => Some(link(server, peer, false)),
            (Kind::LinkMended { peer }, Some(server)) => Some(link(server, peer, true)),
            (Kind::Protocol(_), Some(server)) => event.protocol::<Observation>().map(|it| match *it {
                Observation::Viewed(view) => Happening::Viewed(server, view),
                Observation::Acknowledged(write) => Happening::Acknowledged(write),
                Observation::Failed(write) => Happening::Failed(write),
                Observation::Read { stale } => Happening::Read(stale),
            }),
            _ => None,
        };
        if let Some(what) = what {
            self.timeline.lock().add(event.at, what);
        }
        Ok(())
    }

    fn exercised(&self) -> bool {
        true
    }

    fn subject(&self) -> &'static str {
        "an event"
    }
}

fn link(one: usize, other: usize, up: bool) -> Happening {
    Happening::Link(one.min(other), one.max(other), up)
}
