//! Submitting requests to replicas, and checking their counts.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use labapi::{Rsm, WrongLeader};
use labrt::thread;
use labrt::thread::JoinHandle;

use super::counter::{Request, Submitted};
use super::counters::Counters;
use super::event::RsmEvent;
use crate::Cluster;
use crate::display::{Seconds, Servers, count};

/// The time for which a request is submitted to one server after the other.
const PATIENCE: Duration = Duration::from_secs(10);
/// The number of checks of [`Cluster::check_counter`].
const ROUNDS: u32 = 30;

impl Cluster<Counters> {
    /// Submits a request to a server, and waits for the answer without limit; `None` if the server is down or
    /// crashes.
    ///
    /// Fails if the answer differs from the one that the service gave to this very request.
    #[track_caller]
    pub(super) fn submit(&self, server: usize, request: Request) -> Option<Result<Vec<u8>, WrongLeader>> {
        let protocol = self.protocol();
        let what = Submitted { number: protocol.submits.fetch_add(1, Ordering::Relaxed) + 1, request };
        let cluster = self.clone();
        let order = Arc::clone(&protocol.order);
        let submit = move |who, rsm: Arc<dyn Rsm>| {
            let request = what.encode();
            let events = cluster.source(who);
            events.submitted(&request);
            let answer = rsm.submit(request);
            let right = answer.is_ok().then(|| order.answer_to(what.number)).flatten();
            events.emit(&RsmEvent::Returned { what, answer: answer.clone().ok(), right });
            answer
        };
        let (who, answer) = self.call(server, "submit", submit)?;
        if let Ok(answer) = &answer {
            let right = protocol.order.answer_to(what.number);
            if right.as_ref() != Some(answer) {
                let text = |answer: &[u8]| match labgob::decode::<u64>(answer) {
                    Ok(count) => format!("the count {count}"),
                    Err(_) => count(answer.len(), "byte"),
                };
                self.fail(match right {
                    Some(right) => format!(
                        "expected submit on {who} to return what the service answered to {what}, {}; saw it \
                         return {}, as if \
                         another request had been its own",
                        text(&right),
                        text(answer)
                    ),
                    None => format!(
                        "expected submit on {who} to return when {what} was committed and done; saw it \
                         return {}, when no \
                         replica had done that",
                        text(answer)
                    ),
                });
            }
        }
        Some(answer)
    }

    /// Submits a request to these servers, as far as they are connected, in turn, and returns the first
    /// answer; `None` if there is none within 10 s.
    #[track_caller]
    pub(super) fn one_among(&self, servers: &[usize], request: Request) -> Option<Vec<u8>> {
        let leader = &self.protocol().leader;
        let began = self.now();
        let all = self.n_servers();
        while self.now() - began < PATIENCE {
            let first = leader.load(Ordering::Relaxed);
            for server in (0..all).map(|distance| (first + distance) % all) {
                if self.is_connected(server)
                    && servers.contains(&server)
                    && let Some(Ok(answer)) = self.submit(server, request)
                {
                    leader.store(server, Ordering::Relaxed);
                    return Some(answer);
                }
            }
            self.sleep(Duration::from_millis(50));
        }
        None
    }

    /// Has one of these servers execute an `Inc`, and returns the count.
    #[track_caller]
    pub(super) fn inc_among(&self, servers: &[usize]) -> u64 {
        let Some(answer) = self.one_among(servers, Request::Inc) else {
            self.fail(format!(
                "expected an Inc to be done by the leader among {} within {}; saw none that did it",
                Servers(servers),
                Seconds(PATIENCE)
            ))
        };
        labgob::decode(&answer).expect("the service answered a count")
    }

    /// The server that executed the last request.
    pub(super) fn last_leader(&self) -> usize {
        self.protocol().leader.load(Ordering::Relaxed)
    }

    /// Has any server execute an `Inc`, and returns the count.
    #[track_caller]
    pub(super) fn inc(&self) -> u64 {
        self.inc_among(&self.everyone())
    }

    /// Expects the next `Inc` to return this count.
    #[track_caller]
    pub(super) fn inc_to(&self, expected: u64) {
        let count = self.inc();
        if count != expected {
            self.fail(format!("expected Inc number {expected} to answer {expected}; saw it answer {count}"));
        }
    }

    /// Calls `submit` in so many threads at once.
    pub(super) fn submit_concurrently<T: Send + 'static>(
        &self,
        many: usize,
        submit: impl Fn(&Self) -> T + Clone + Send + 'static,
    ) -> Vec<JoinHandle<T>> {
        let one = |_| {
            let (cluster, submit) = (self.clone(), submit.clone());
            thread::spawn(move || submit(&cluster))
        };
        (0..many).map(one).collect()
    }

    /// Expects these threads to end within `limit`.
    #[track_caller]
    pub(super) fn expect_all_returned<T>(&self, threads: &[JoinHandle<T>], limit: Duration, since: &str) {
        let began = self.now();
        while threads.iter().any(|thread| !thread.is_finished()) {
            if self.now() - began >= limit {
                let waiting = threads.iter().filter(|thread| !thread.is_finished()).count();
                self.fail(format!(
                    "expected every submit to return within {} after {since}, for its leadership is lost or \
                     its Raft was \
                     killed; saw {waiting} of {} that had not",
                    Seconds(limit),
                    threads.len()
                ));
            }
            self.sleep(Duration::from_millis(10));
        }
    }

    /// Expects some of these submits to `server` to wait for `time`, or until the server does not lead any
    /// more.
    #[track_caller]
    pub(super) fn expect_waiting_while_it_leads<T>(
        &self,
        submits: &[JoinHandle<T>],
        server: usize,
        time: Duration,
    ) {
        let began = self.now();
        loop {
            if submits.iter().all(JoinHandle::is_finished) {
                if self.get_state(server).is_some_and(|state| state.is_leader) {
                    self.fail(format!(
                        "expected submits to server {server} to wait for as long as it leads; saw all of \
                         them return \
                         while it was cut off: submit needs no time-out"
                    ));
                }
                return;
            }
            if self.now() - began >= time {
                return;
            }
            self.sleep(Duration::from_millis(10));
        }
    }

    /// Expects `servers` servers, connected or not, to reach the count `expected` within half a minute.
    #[track_caller]
    pub(super) fn check_counter(&self, expected: u64, servers: usize) {
        let began = self.now();
        let mut pause = Duration::from_millis(10);
        for _ in 0..ROUNDS {
            let there = self.protocol().counts().iter().filter(|&&count| count == expected).count();
            if there >= servers {
                return;
            }
            self.sleep(pause);
            if pause < Duration::from_secs(1) {
                pause *= 2;
            }
        }
        self.fail(format!(
            "expected {servers} servers to count to {expected} within {}; saw the counts {:?}",
            Seconds(self.now() - began),
            self.protocol().counts()
        ))
    }
}
