//! Concurrent clients: [`Cluster::spawn_clients_and_wait`], and checks of the sum of their puts.

use std::collections::HashMap;
use std::ops::AddAssign;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use labapi::Version;
use labrt::thread;

use super::{ClerkProtocol, Client, KeyValueProtocol};
use crate::Cluster;

/// The unit of a client's pauses, unless the test wants fewer puts.
const REST: Duration = Duration::from_millis(20);

/// The unit is at least so long for each client, because the throughput of a service is limited.
const REST_PER_CLIENT: Duration = Duration::from_millis(4);

/// The most units in a pause.
const MAX_RESTS: usize = 4;

/// The number of puts that were done, and of puts that may have been done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Results {
    /// Reported as done.
    pub done: u64,
    /// Reported as maybe done.
    pub maybe: u64,
}

impl AddAssign for Results {
    fn add_assign(&mut self, other: Self) {
        self.done += other.done;
        self.maybe += other.maybe;
    }
}

/// The keys that concurrent clients put to.
#[derive(Clone, Debug)]
pub struct Load {
    /// The keys. A client draws one for each put.
    pub keys: Arc<[String]>,
    /// The unit of a client's pauses, at least: it pauses for a whole number of these after each put, so that
    /// several clients often continue at the same moment. Where agreement takes no virtual time, clients
    /// without pauses would put without end.
    pub rest: Duration,
}

impl Load {
    /// The key `k` alone.
    #[must_use]
    pub fn one_key() -> Self {
        Self::one_key_called("k")
    }

    /// This key alone.
    #[must_use]
    pub fn one_key_called(key: &str) -> Self {
        Self { keys: [key.to_owned()].into(), rest: REST }
    }

    /// The keys `k0`, `k1` and so on.
    #[must_use]
    pub fn random_keys(count: usize) -> Self {
        Self { keys: (0..count).map(|number| format!("k{number}")).collect(), rest: REST }
    }

    /// The same load with pauses in units of `rest`.
    #[must_use]
    pub fn resting(self, rest: Duration) -> Self {
        Self { rest, ..self }
    }
}

impl<P: ClerkProtocol> Cluster<P> {
    /// Starts so many clients, lets each do `work` with its position among them, stops them after `time`,
    /// waits for all, and returns their results.
    pub fn spawn_clients_and_wait<T: Send + 'static>(
        &self,
        clients: usize,
        time: Duration,
        work: impl Fn(usize, &Client<P>, &AtomicBool) -> T + Send + Sync + Clone + 'static,
    ) -> Vec<T> {
        let stop = Arc::new(AtomicBool::new(false));
        let threads: Vec<_> = (0..clients)
            .map(|position| {
                let (client, stop, work) = (self.client(), Arc::clone(&stop), work.clone());
                thread::spawn(move || {
                    let result = work(position, &client, &stop);
                    client.leave();
                    result
                })
            })
            .collect();
        self.sleep(time);
        stop.store(true, Ordering::Release);
        threads.into_iter().map(|thread| thread.join().expect("a panic ends the run")).collect()
    }
}

impl<P: KeyValueProtocol> Cluster<P> {
    /// Has so many clients put for `time`; returns the sum of their results.
    pub fn put_concurrently(&self, clients: usize, time: Duration, load: &Load) -> Results {
        let load = load.clone();
        let rest = load.rest.max(REST_PER_CLIENT * clients as u32);
        let mut sum = Results::default();
        let put = move |_, client: &Client<P>, stop: &AtomicBool| client.keep_putting(&load, rest, stop);
        for results in self.spawn_clients_and_wait(clients, time, put) {
            sum += results;
        }
        sum
    }

    /// Expects the version of `key` to match the puts of all clients. If nothing can have been lost, every
    /// put that was done was reported as done.
    #[track_caller]
    pub fn check_put_concurrent(&self, client: &Client<P>, key: &str, total: Results, nothing_lost: bool) {
        let Version(version) = client.get_existing(key).version;
        let Results { done, maybe } = total;
        if nothing_lost && version != done {
            self.fail(format!(
                "expected key {key} to have version {done}, the number of puts that were reported as done \
                 ({maybe} maybe), \
                 for nothing was lost; saw version {version}"
            ));
        }
        if version > done + maybe {
            self.fail(format!(
                "expected key {key} to have at most version {}, the number of puts that were reported as \
                 done ({done}) or maybe \
                 done ({maybe}); saw version {version}",
                done + maybe
            ));
        }
        if version < done {
            self.fail(format!(
                "expected key {key} to have at least version {done}, the number of puts that were reported \
                 as done; saw \
                 version {version}"
            ));
        }
    }
}

impl<P: KeyValueProtocol> Client<P> {
    /// Puts until stopped, each time over the version of the key that the client knows.
    fn keep_putting(&self, load: &Load, rest: Duration, stop: &AtomicBool) -> Results {
        let mut results = Results::default();
        let mut versions: HashMap<usize, Version> = HashMap::new();
        while !stop.load(Ordering::Acquire) {
            let number = self.cluster().rand_count(0, load.keys.len() - 1);
            let known = versions.entry(number).or_default();
            let (version, done) = self.one_put(&load.keys[number], *known);
            *known = version;
            if done {
                results.done += 1;
            } else {
                results.maybe += 1;
            }
            self.cluster().sleep(rest * self.cluster().rand_count(0, MAX_RESTS) as u32);
        }
        results
    }
}
