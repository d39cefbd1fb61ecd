//! [`Traffic`]: the remote calls of a run. It tells a run that does nothing but send from one that gets on,
//! and names the busiest calls of a run that comes to no end.

use std::fmt::Write as _;
use std::hash::{Hash, Hasher};
use std::panic::Location;
use std::sync::Arc;
use std::time::Duration;

use rustc_hash::{FxHashMap, FxHasher};

use crate::run::ids::TESTER;

/// A storm is measured by the backlog of the node that calls: each call adds one unit and each 16 KiB sent
/// another, and so many units are worked off in a second of the run's time.
///
/// Counted are events and virtual time, neither of which depends on the machine. One loop that calls again as
/// soon as it is answered makes some 18,000 calls a second, for a message takes 5 to 50 µs. A backlog is
/// needed besides a rate, because a right solution may answer a burst of requests in next to no virtual time.
const UNITS_PER_SECOND: u64 = 5_000;

/// A run in which a node has a longer backlog fails. The busiest run of a right solution that is known comes
/// to less than a tenth.
pub(crate) const BACKLOG_MAX: u64 = 50_000;

/// Virtual nanoseconds in which a unit is worked off.
const NANOS_PER_UNIT: u64 = 1_000_000_000 / UNITS_PER_SECOND;

/// Bytes that count as one unit.
const BYTES_PER_UNIT: u64 = 16_384;

/// So many calls through an end point are free. A test may have thousands of clerks that ask once; no lab
/// code can make itself end points.
const FREE_CALLS: u8 = 10;

/// How many of the busiest calls a failure names.
const CALLS_SHOWN: usize = 3;

/// A remote call that is being made.
#[derive(Clone, Copy)]
pub struct RemoteCall<'a> {
    /// `Service.method`.
    pub method: &'a str,
    /// The number of the called server, the same for all its lives.
    pub to: u32,
    /// Its name; `None` as long as nobody has been there. Asked for when a call of this sort is first made,
    /// and then until there is one.
    pub callee_name: &'a dyn Fn() -> Option<String>,
    /// The number of the end point through which the call goes. End points are counted from 0.
    pub end: u32,
    /// The line of lab code that calls.
    pub location: &'static Location<'static>,
    /// The length of the encoded arguments.
    pub bytes: usize,
}

/// All calls of one method from one node to one server.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct Key {
    method: u64,
    from: u32,
    to: u32,
}

struct Calls {
    method: Box<str>,
    from: Arc<str>,
    to: Option<Box<str>>,
    total: Count,
    /// Since the backlog began that this number names.
    recent: Count,
    backlog: u64,
}

/// How many calls, and how many bytes of arguments.
#[derive(Clone, Copy, Default)]
struct Count {
    calls: u64,
    bytes: u64,
}

impl Count {
    fn add(&mut self, bytes: u64) {
        self.calls += 1;
        self.bytes += bytes;
    }
}

/// The remote calls of a run.
#[derive(Default)]
pub(crate) struct Traffic {
    calls: FxHashMap<Key, Calls>,
    total: Count,
    /// By the number of the node.
    backlogs: Vec<Backlog>,
    /// By the number of the end point.
    ends: Vec<End>,
}

/// What a node has sent and not worked off.
#[derive(Clone, Copy, Default)]
struct Backlog {
    /// When it is worked off, in nanoseconds of the run's time.
    clear_at: u64,
    /// When it began.
    since: u64,
    /// Counts the node's backlogs.
    number: u64,
    /// What has been sent since it began.
    sent: Count,
}

impl Backlog {
    fn units(&self, now: u64) -> u64 {
        self.clear_at.saturating_sub(now) / NANOS_PER_UNIT
    }

    #[inline]
    fn add(&mut self, now: u64, calls: u64, bytes: u64) {
        let cost = calls * NANOS_PER_UNIT + bytes.saturating_mul(NANOS_PER_UNIT) / BYTES_PER_UNIT;
        self.clear_at = self.clear_at.max(now).saturating_add(cost);
    }
}

#[derive(Clone, Copy, Default)]
struct End {
    /// The node that calls through it.
    node: u32,
    /// Calls so far, up to [`FREE_CALLS`].
    calls: u8,
}

/// The place of that number in a table that grows.
fn entry<T: Clone + Default>(table: &mut Vec<T>, number: u32) -> &mut T {
    let number = number as usize;
    if number >= table.len() {
        table.resize(number + 1, T::default());
    }
    &mut table[number]
}

impl Traffic {
    /// Counts a call that a node makes at `now`. Says whether its backlog is longer than any right
    /// solution's.
    #[inline]
    pub(crate) fn call(&mut self, now: u64, from: (u32, &Arc<str>), call: &RemoteCall<'_>) -> bool {
        let (node, name) = from;
        let bytes = call.bytes as u64;
        let end = entry(&mut self.ends, call.end);
        end.node = node;
        // What the harness calls by itself is its own affair.
        let free = end.calls < FREE_CALLS || node == TESTER;
        end.calls += u8::from(end.calls < FREE_CALLS);
        let backlog = entry(&mut self.backlogs, node);
        if backlog.clear_at <= now {
            *backlog =
                Backlog { clear_at: now, since: now, number: backlog.number + 1, sent: Count::default() };
        }
        if !free {
            backlog.add(now, 1, bytes);
        }
        backlog.sent.add(bytes);
        self.total.add(bytes);
        let mut hasher = FxHasher::default();
        call.method.hash(&mut hasher);
        let key = Key { method: hasher.finish(), from: node, to: call.to };
        let calls = self.calls.entry(key).or_insert_with(|| Calls {
            method: call.method.into(),
            from: name.clone(),
            to: None,
            total: Count::default(),
            recent: Count::default(),
            backlog: 0,
        });
        if calls.to.is_none() {
            calls.to = (call.callee_name)().map(Into::into);
        }
        if calls.backlog != backlog.number {
            calls.backlog = backlog.number;
            calls.recent = Count::default();
        }
        calls.total.add(bytes);
        calls.recent.add(bytes);
        backlog.units(now) > BACKLOG_MAX
    }

    /// Counts the bytes of a reply to a call through that end point, or of a request that arrives again.
    #[inline]
    pub(crate) fn record_bytes(&mut self, now: u64, end: u32, bytes: usize) {
        let end = *entry(&mut self.ends, end);
        if end.calls == FREE_CALLS && end.node != TESTER {
            entry(&mut self.backlogs, end.node).add(now, 0, bytes as u64);
        }
    }

    /// The node with the longest backlog.
    fn longest_backlog(&self, now: u64) -> Option<(u32, &Backlog)> {
        (0..).zip(&self.backlogs).max_by_key(|(_, backlog)| backlog.units(now))
    }

    /// What is said of a storm.
    pub(crate) fn storm_message(&self, now: u64) -> String {
        let Some((node, backlog)) = self.longest_backlog(now) else { return String::new() };
        let Count { calls, bytes } = backlog.sent;
        let who = self.calls.iter().find(|(key, _)| key.from == node).map_or("", |(_, calls)| &calls.from);
        format!(
            "{who} made {calls} remote calls, with {} of arguments, in {:.6} virtual seconds: it calls without end and \
             without delay. A right solution never comes near. Look for a reply, or a failure, that is answered by \
             the same call at once: something must have changed before, or some time have passed{}",
            Size(bytes),
            Duration::from_nanos(now - backlog.since).as_secs_f64(),
            self.busiest_message(now)
        )
    }

    /// The busiest calls, each on a line of its own that begins with a line break; nothing if there were
    /// none. Of a node that has a long backlog those since it began, of any other run those since the run
    /// began.
    pub(crate) fn busiest_message(&self, now: u64) -> String {
        let longest_backlog =
            self.longest_backlog(now).filter(|(_, backlog)| backlog.units(now) > BACKLOG_MAX / 10);
        // Lives of a server are nodes of their own, with the same name.
        let mut named: FxHashMap<(&str, &str, &str), Count> = FxHashMap::default();
        for (key, calls) in &self.calls {
            let count = match longest_backlog {
                Some((node, backlog)) if key.from == node && calls.backlog == backlog.number => calls.recent,
                Some(_) => continue,
                None => calls.total,
            };
            let sum = named
                .entry((&calls.method, &calls.from, calls.to.as_deref().unwrap_or("nobody")))
                .or_default();
            sum.calls += count.calls;
            sum.bytes += count.bytes;
        }
        let mut busiest: Vec<_> = named.into_iter().collect();
        busiest.sort_by_key(|(names, count)| (std::cmp::Reverse(count.calls), *names));
        let mut text = String::new();
        if busiest.is_empty() {
            return text;
        }
        let (all, since) = match longest_backlog {
            Some((_, backlog)) => (backlog.sent, backlog.since),
            None => (self.total, 0),
        };
        let since = Duration::from_nanos(since).as_secs_f64();
        let _ = write!(text, "\nthe busiest of {} remote calls since {since:.6} s:", all.calls);
        for ((method, from, to), Count { calls, bytes }) in busiest.into_iter().take(CALLS_SHOWN) {
            let _ =
                write!(text, "\n  {method} from {from} to {to}: {calls} calls, {} of arguments", Size(bytes));
        }
        text
    }
}

/// A number of bytes, as people read it.
struct Size(u64);

impl std::fmt::Display for Size {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.0 {
            bytes @ ..1000 => write!(f, "{bytes} bytes"),
            bytes @ 1000..1_000_000 => write!(f, "{:.1} kB", bytes as f64 / 1e3),
            bytes => write!(f, "{:.1} MB", bytes as f64 / 1e6),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A node makes `count` calls of one sort, each `apart` nanoseconds after the one before. Says whether
    /// they are a storm.
    fn calls(traffic: &mut Traffic, from: u64, count: u64, apart: u64, bytes: usize) -> bool {
        let name: Arc<str> = "server 1".into();
        let callee = || Some("server 0".to_owned());
        let location = Location::caller();
        let call = RemoteCall { method: "Raft.append", to: 0, callee_name: &callee, end: 3, location, bytes };
        (0..count).any(|number| traffic.call(from + number * apart, (1, &name), &call))
    }

    const FREE: u64 = FREE_CALLS as u64;

    #[test]
    fn calls_without_delay_are_a_storm_and_calls_with_delay_are_not() {
        assert!(!calls(&mut Traffic::default(), 0, BACKLOG_MAX + FREE, 0, 0));
        assert!(calls(&mut Traffic::default(), 0, BACKLOG_MAX + FREE + 1, 0, 0));
        assert!(!calls(&mut Traffic::default(), 0, 3 * BACKLOG_MAX, NANOS_PER_UNIT, 0));
        // With a message time of some microseconds it takes longer, and is a storm all the same.
        assert!(calls(&mut Traffic::default(), 0, 2 * BACKLOG_MAX, NANOS_PER_UNIT / 3, 0));
    }

    #[test]
    fn bytes_count_as_calls_do() {
        let (big, few) = (1 << 24, BACKLOG_MAX * BYTES_PER_UNIT / (1 << 24));
        assert!(!calls(&mut Traffic::default(), 0, few, 0, big));
        assert!(calls(&mut Traffic::default(), 0, few + FREE + 1, 0, big));
        let mut traffic = Traffic::default();
        assert!(!calls(&mut traffic, 0, FREE + 1, 0, 0));
        traffic.record_bytes(0, 3, (BACKLOG_MAX * BYTES_PER_UNIT) as usize);
        assert!(calls(&mut traffic, 0, 1, 0, 0));
    }

    #[test]
    fn many_who_ask_once_are_no_storm() {
        let mut traffic = Traffic::default();
        let name: Arc<str> = "client 0".into();
        let callee = || Some("server 0".to_owned());
        for end in 0..u32::try_from(2 * BACKLOG_MAX).expect("a number of end points") {
            let location = Location::caller();
            let call =
                RemoteCall { method: "Kv.put", to: 0, callee_name: &callee, end, location, bytes: 1000 };
            assert!(!traffic.call(0, (1, &name), &call));
        }
    }

    #[test]
    fn what_the_harness_calls_is_no_storm() {
        let mut traffic = Traffic::default();
        let name: Arc<str> = "tester".into();
        let callee = || Some("server 0".to_owned());
        let location = Location::caller();
        let call = RemoteCall { method: "Junk.ask", to: 0, callee_name: &callee, end: 3, location, bytes: 0 };
        assert!((0..2 * BACKLOG_MAX).all(|_| !traffic.call(0, (TESTER, &name), &call)));
    }

    #[test]
    fn the_busiest_are_those_of_the_storm() {
        let mut traffic = Traffic::default();
        assert_eq!(traffic.busiest_message(0), "");
        calls(&mut traffic, 0, 20, 0, 100);
        assert_eq!(
            traffic.busiest_message(2_000_000_000),
            "\nthe busiest of 20 remote calls since 0.000000 s:\
             \n  Raft.append from server 1 to server 0: 20 calls, 2.0 kB of arguments"
        );
        assert!(calls(&mut traffic, 2_000_000_000, 2 * BACKLOG_MAX, 0, 4));
        let text = traffic.storm_message(2_000_000_000);
        assert!(
            text.starts_with("server 1 made 49990 remote calls, with 200.0 kB of arguments, in 0.000000 "),
            "{text}"
        );
        assert!(text.contains("the busiest of 49990 remote calls since 2.000000 s:"), "{text}");
    }
}
