//! [`Traffic`]: counts of the remote calls of a run. They detect message storms, and name the most frequent
//! calls of a run that does not end.

use std::fmt::Write as _;
use std::hash::{Hash, Hasher};
use std::panic::Location;
use std::sync::Arc;
use std::time::Duration;

use rustc_hash::{FxHashMap, FxHasher};

use crate::run::ids::TESTER;

/// The rate at which the backlog of a calling node decreases, per second of the run's time. Each call adds
/// one unit to the backlog, and each 16 KiB sent adds another.
///
/// Calls and virtual time do not depend on the machine. A loop that calls again as soon as it gets an answer
/// makes some 18,000 calls per second, because a message takes 5 to 50 µs. A rate alone would not do, because
/// a correct solution may answer a burst of requests in hardly any virtual time.
const UNITS_PER_SECOND: u64 = 5_000;

/// The longest backlog of a node. A run that exceeds it fails. Known correct solutions stay below a tenth of
/// it.
pub(crate) const BACKLOG_MAX: u64 = 50_000;

/// Virtual nanoseconds in which the backlog decreases by a unit.
const NANOS_PER_UNIT: u64 = 1_000_000_000 / UNITS_PER_SECOND;

/// Bytes that count as one unit.
const BYTES_PER_UNIT: u64 = 16_384;

/// The number of calls through an end point that are not counted. A test may have thousands of clerks that
/// call once; lab code cannot make end points.
const FREE_CALLS: u8 = 10;

/// The most calls that a failure names.
const CALLS_SHOWN: usize = 3;

/// A remote call.
#[derive(Clone, Copy)]
pub struct RemoteCall<'a> {
    /// `Service.method`.
    pub method: &'a str,
    /// The number of the called server, the same for all its incarnations.
    pub to: u32,
    /// The name of the called server; `None` until one has been started there. Called at the first call of
    /// this method, and again until there is a name.
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
    /// Counts since the node's backlog `backlog` began.
    recent: Count,
    backlog: u64,
}

/// A number of calls and their bytes of arguments.
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
    /// The backlogs, by node number.
    backlogs: Vec<Backlog>,
    /// The end points, by their number.
    ends: Vec<End>,
}

/// The backlog of a node.
#[derive(Clone, Copy, Default)]
struct Backlog {
    /// The run's time at which it will be 0, in nanoseconds.
    clear_at: u64,
    /// The run's time at which it began.
    since: u64,
    /// The number of the backlog among those of the node.
    number: u64,
    /// Calls since it began.
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
    /// The number of calls so far, up to [`FREE_CALLS`].
    calls: u8,
}

/// The entry `number` of a table that grows on demand.
fn entry<T: Clone + Default>(table: &mut Vec<T>, number: u32) -> &mut T {
    let number = number as usize;
    if number >= table.len() {
        table.resize(number + 1, T::default());
    }
    &mut table[number]
}

impl Traffic {
    /// Counts a call that a node makes at `now`. Returns whether its backlog exceeds [`BACKLOG_MAX`].
    #[inline]
    pub(crate) fn call(&mut self, now: u64, from: (u32, &Arc<str>), call: &RemoteCall<'_>) -> bool {
        let (node, name) = from;
        let bytes = call.bytes as u64;
        let end = entry(&mut self.ends, call.end);
        end.node = node;
        // Calls of the harness itself are not counted.
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

    /// Counts the bytes of a reply to a call through this end point, or of a duplicate of its request.
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

    /// The failure message of a message storm.
    pub(crate) fn storm_message(&self, now: u64) -> String {
        let Some((node, backlog)) = self.longest_backlog(now) else { return String::new() };
        let Count { calls, bytes } = backlog.sent;
        let who = self.calls.iter().find(|(key, _)| key.from == node).map_or("", |(_, calls)| &calls.from);
        format!(
            "{who} made {calls} remote calls, with {} of arguments, in {:.6} virtual seconds: it calls \
             without end and without delay. No correct solution comes near this. Look for a reply, or a \
             failure, after which the same call is made at once: wait for a change, or for some time, before \
             it{}",
            Size(bytes),
            Duration::from_nanos(now - backlog.since).as_secs_f64(),
            self.busiest_message(now)
        )
    }

    /// The most frequent calls, each on a line of its own, which begins with a line break; empty if there
    /// were none. If a node has a long backlog, its calls since that began; otherwise all calls since the run
    /// began.
    pub(crate) fn busiest_message(&self, now: u64) -> String {
        let longest_backlog =
            self.longest_backlog(now).filter(|(_, backlog)| backlog.units(now) > BACKLOG_MAX / 10);
        // Incarnations of a server are different nodes with the same name.
        let mut named: FxHashMap<(&str, &str, &str), Count> = FxHashMap::default();
        for (key, calls) in &self.calls {
            let count = match longest_backlog {
                Some((node, backlog)) if key.from == node && calls.backlog == backlog.number => calls.recent,
                Some(_) => continue,
                None => calls.total,
            };
            let sum = named
                .entry((&calls.method, &calls.from, calls.to.as_deref().unwrap_or("no server")))
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

/// A number of bytes in a readable unit.
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

    /// Makes `count` equal calls from a node, one every `apart` nanoseconds. Returns whether they are a
    /// storm.
    fn calls(traffic: &mut Traffic, from: u64, count: u64, apart: u64, bytes: usize) -> bool {
        let name: Arc<str> = "server 1".into();
        let callee = || Some("server 0".to_owned());
        let location = Location::caller();
        let call = RemoteCall { method: "Raft.append", to: 0, callee_name: &callee, end: 3, location, bytes };
        (0..count).any(|number| traffic.call(from + number * apart, (1, &name), &call))
    }

    const FREE: u64 = FREE_CALLS as u64;

    #[test]
    fn only_calls_without_delay_are_a_storm() {
        assert!(!calls(&mut Traffic::default(), 0, BACKLOG_MAX + FREE, 0, 0));
        assert!(calls(&mut Traffic::default(), 0, BACKLOG_MAX + FREE + 1, 0, 0));
        assert!(!calls(&mut Traffic::default(), 0, 3 * BACKLOG_MAX, NANOS_PER_UNIT, 0));
        // With some microseconds for each message a storm is detected, too, but later.
        assert!(calls(&mut Traffic::default(), 0, 2 * BACKLOG_MAX, NANOS_PER_UNIT / 3, 0));
    }

    #[test]
    fn bytes_add_to_the_backlog() {
        let (big, few) = (1 << 24, BACKLOG_MAX * BYTES_PER_UNIT / (1 << 24));
        assert!(!calls(&mut Traffic::default(), 0, few, 0, big));
        assert!(calls(&mut Traffic::default(), 0, few + FREE + 1, 0, big));
        let mut traffic = Traffic::default();
        assert!(!calls(&mut traffic, 0, FREE + 1, 0, 0));
        traffic.record_bytes(0, 3, (BACKLOG_MAX * BYTES_PER_UNIT) as usize);
        assert!(calls(&mut traffic, 0, 1, 0, 0));
    }

    #[test]
    fn many_clerks_with_one_call_each_are_no_storm() {
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
    fn calls_of_the_harness_are_no_storm() {
        let mut traffic = Traffic::default();
        let name: Arc<str> = "tester".into();
        let callee = || Some("server 0".to_owned());
        let location = Location::caller();
        let call = RemoteCall { method: "Junk.ask", to: 0, callee_name: &callee, end: 3, location, bytes: 0 };
        assert!((0..2 * BACKLOG_MAX).all(|_| !traffic.call(0, (TESTER, &name), &call)));
    }

    #[test]
    fn the_busiest_calls_are_those_of_the_storm() {
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
