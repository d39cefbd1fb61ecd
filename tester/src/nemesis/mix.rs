//! Kinds of fault as [families](super::Family) draw them: who, when and for how long.

use super::{Draw, FaultKind, Moment, Who};

/// A crash at some step, and a restart at once or a little later.
pub(crate) fn crash(draw: &mut Draw) -> (u64, FaultKind) {
    (draw.ms((0, 400)), FaultKind::Crash { server: draw.server(), moment: draw.moment() })
}

/// A crash after which the server misses something.
pub(crate) fn long_crash(draw: &mut Draw) -> (u64, FaultKind) {
    (draw.ms((400, 2500)), FaultKind::Crash { server: draw.server(), moment: draw.moment() })
}

/// A follower that crashes right after it has answered or saved something, and is back at once.
pub(crate) fn voter_crash(draw: &mut Draw) -> (u64, FaultKind) {
    let moment = *draw.one_of(&[Moment::Reply(1), Moment::Reply(2), Moment::Save(1), Moment::Request(1)]);
    (draw.ms((0, 20)), FaultKind::Crash { server: draw.follower(), moment })
}

/// The leader is cut off for about an election.
pub(crate) fn leader_cut_off(draw: &mut Draw) -> (u64, FaultKind) {
    (draw.ms((300, 1500)), FaultKind::Halves { side: vec![Who::Leader] })
}

/// A cut into two sides, for about an election or two.
pub(crate) fn halves(draw: &mut Draw) -> (u64, FaultKind) {
    (draw.ms((200, 2000)), FaultKind::Halves { side: draw.side() })
}

/// A cut that lasts for several elections.
pub(crate) fn long_halves(draw: &mut Draw) -> (u64, FaultKind) {
    (draw.ms((1500, 5000)), FaultKind::Halves { side: draw.side() })
}

/// A cut that comes and goes.
pub(crate) fn flapping(draw: &mut Draw) -> (u64, FaultKind) {
    let every_ms = draw.ms((20, 500));
    (draw.ms((500, 2500)), FaultKind::Flapping { side: draw.side(), every_ms })
}

/// A server that nobody hears.
pub(crate) fn mute(draw: &mut Draw) -> (u64, FaultKind) {
    (draw.ms((200, 2000)), FaultKind::Mute { server: draw.server() })
}

/// A server that hears nobody.
pub(crate) fn deaf(draw: &mut Draw) -> (u64, FaultKind) {
    (draw.ms((200, 2000)), FaultKind::Deaf { server: draw.server() })
}

/// Two halves with one server in both.
pub(crate) fn bridge(draw: &mut Draw) -> (u64, FaultKind) {
    (draw.ms((300, 2000)), FaultKind::Bridge { bridge: draw.server() })
}

/// Servers that reach their neighbours alone.
pub(crate) fn ring(draw: &mut Draw) -> (u64, FaultKind) {
    (draw.ms((300, 2000)), FaultKind::Ring)
}

/// A server that is paused, and does not know.
pub(crate) fn pause(draw: &mut Draw) -> (u64, FaultKind) {
    (draw.ms((100, 2500)), FaultKind::Pause { server: draw.server() })
}

/// A clock that is wrong.
pub(crate) fn clock(draw: &mut Draw) -> (u64, FaultKind) {
    let percent = *draw.one_of(&[15, 40, 70, 150, 300, 600]);
    (draw.ms((300, 2500)), FaultKind::Clock { server: draw.server(), percent })
}

/// A network that loses messages.
pub(crate) fn loss(draw: &mut Draw) -> (u64, FaultKind) {
    (draw.ms((300, 3000)), FaultKind::Loss)
}

/// Messages between servers that take long.
pub(crate) fn delay(draw: &mut Draw) -> (u64, FaultKind) {
    (draw.ms((300, 2500)), FaultKind::Delay { up_to_ms: draw.ms((10, 900)) })
}

/// Replies that come late.
pub(crate) fn late_replies(draw: &mut Draw) -> (u64, FaultKind) {
    (draw.ms((300, 3000)), FaultKind::LateReplies)
}

/// Requests that arrive twice, the second time up to 1.5 s later.
pub(crate) fn duplicates(draw: &mut Draw) -> (u64, FaultKind) {
    let percent = *draw.one_of(&[10, 30, 60]);
    (draw.ms((500, 3000)), FaultKind::Duplicates { percent, up_to_ms: draw.ms((50, 1500)) })
}

/// Saves that take time.
pub(crate) fn slow_saves(draw: &mut Draw) -> (u64, FaultKind) {
    (draw.ms((500, 3000)), FaultKind::SlowSaves { up_to_ms: draw.ms((2, 40)) })
}

/// Clients that do not pause.
pub(crate) fn burst(draw: &mut Draw) -> (u64, FaultKind) {
    (draw.ms((20, 150)), FaultKind::Burst)
}
