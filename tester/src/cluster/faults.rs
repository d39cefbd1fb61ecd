//! Faults that no test of the course injects: duplicated requests, one-way cuts, slow links and disks, paused
//! servers, clocks that run fast or slow. All are off unless a test asks for them.

use std::ops::RangeInclusive;
use std::time::Duration;

use super::Cluster;
use crate::event::Kind;
use crate::protocol::Protocol;

impl<P: Protocol> Cluster<P> {
    /// Sets the probability that a request is delivered twice, and the delay of the duplicate; see
    /// [`Network::set_duplicates`](labrpc::Network::set_duplicates).
    pub fn set_duplicates(&self, probability: f64, after: RangeInclusive<Duration>) {
        self.inner.testbed.emit_faults(&format!("network: {probability} of the requests arrive twice"));
        self.network().set_duplicates(probability, after);
    }

    /// Cuts or opens the link from one server to another in one direction: requests of the first and replies
    /// to the second are lost. The other direction is not affected. Lasts until
    /// [all ways are opened](Self::open_all_ways). A restart of the first server lets its requests pass, and
    /// one of the second server the replies to it.
    pub fn cut_way(&self, from: usize, to: usize, cut: bool) {
        self.note(|| {
            format!("link from server {from} to {to}, one way: {}", if cut { "cut" } else { "open" })
        });
        let network = self.network();
        self.inner.links.lock().note_cut((from, to), cut);
        self.with_end(from, to, |end| network.cut_requests(end, cut));
        self.with_end(to, from, |end| network.cut_replies(end, cut));
        self.emit(self.incarnation(from), Kind::WayCut { peer: to, cut });
    }

    /// Cuts or opens the requests of one server to another; its replies to the other one pass. Lasts until
    /// the first is restarted, or [all ways are opened](Self::open_all_ways).
    pub(crate) fn cut_requests(&self, from: usize, to: usize, cut: bool) {
        let text = format!("requests from server {from} to {to}: {}", if cut { "cut" } else { "open" });
        self.inner.testbed.emit_faults(&text);
        let network = self.network();
        self.inner.links.lock().note_cut((from, to), cut);
        self.with_end(from, to, |end| network.cut_requests(end, cut));
    }

    /// Holds the messages from one server to another that are sent from now on, requests and replies alike;
    /// or lets later ones pass. What is held stays so until it is [released](Self::release_way), or the
    /// server that waits for it is restarted.
    pub fn hold_way(&self, from: usize, to: usize, hold: bool) {
        let network = self.network();
        self.inner.testbed.emit_faults(&format!(
            "messages from server {from} to {to}: {}",
            if hold { "held" } else { "no longer held" }
        ));
        self.inner.links.lock().note_held((from, to));
        self.with_end(from, to, |end| network.hold_requests(end, hold));
        self.with_end(to, from, |end| network.hold_replies(end, hold));
    }

    /// Delivers the messages from one server to another that were [held](Self::hold_way), requests before
    /// replies, and each in the order in which they were sent.
    pub fn release_way(&self, from: usize, to: usize) {
        let network = self.network();
        let text = format!("messages from server {from} to {to}: those that were held arrive now");
        self.inner.testbed.emit_faults(&text);
        let mut ends: Vec<String> = Vec::new();
        self.with_end(from, to, |end| ends.push(end.to_owned()));
        self.with_end(to, from, |end| ends.push(end.to_owned()));
        ends.iter().for_each(|end| network.release(end));
    }

    /// Opens every way that is [cut](Self::cut_way), delivers every message that is [held](Self::hold_way),
    /// and holds no more.
    pub fn open_all_ways(&self) {
        let (cut, held) = {
            let mut links = self.inner.links.lock();
            (links.cut_ways(), links.take_held_ways())
        };
        for (from, to) in cut {
            self.cut_way(from, to, false);
        }
        for (from, to) in held {
            self.hold_way(from, to, false);
            self.release_way(from, to);
        }
    }

    /// Sets an additional delay for each message between two servers, in either direction; `None`: no
    /// additional delay. Lasts until one of the two servers is restarted.
    pub fn set_slow_link(&self, one: usize, other: usize, slow: Option<RangeInclusive<Duration>>) {
        for (from, to) in [(one, other), (other, one)] {
            self.with_end(from, to, |end| self.network().set_slow_link(end, slow.clone()));
        }
    }

    /// Pauses a server. Calls to it wait, those of the test included, until it is resumed or crashes. Has no
    /// effect on a server that is down.
    pub fn pause(&self, server: usize) {
        if !self.is_crashed(server) {
            self.note(|| format!("pause server {server}"));
            self.network().pause_server(&self.address(server));
            self.emit(self.incarnation(server), Kind::Paused);
        }
    }

    /// Resumes a paused server.
    pub fn resume(&self, server: usize) {
        if !self.is_crashed(server) {
            self.note(|| format!("resume server {server}"));
            self.network().resume_server(&self.address(server));
            self.emit(self.incarnation(server), Kind::Resumed);
        }
    }

    /// Sets the rate of the server's clock, until it is restarted; see
    /// [`Node::set_clock_rate`](labrt::world::Node::set_clock_rate).
    pub fn set_clock_rate(&self, server: usize, per_million: u32) {
        let node = self.inner.servers.lock()[server].running.as_ref().map(|running| running.node.clone());
        if let Some(node) = node {
            node.set_clock_rate(per_million);
            self.emit(self.incarnation(server), Kind::ClockRate(per_million));
        }
    }

    /// Sets the duration of each save of the server, in this incarnation and the next ones.
    pub fn set_save_time(&self, server: usize, time: Option<RangeInclusive<Duration>>) {
        self.storage(server).set_save_time(self.world(), &self.address(server), time);
    }

    /// Sets the probability that a save which a crash interrupts has taken effect, in this incarnation and
    /// the next ones; see [`Storage::set_interrupted_saves`](persister::Storage::set_interrupted_saves).
    pub fn set_interrupted_saves(&self, server: usize, probability: f64) {
        self.storage(server).set_interrupted_saves(self.world(), &self.address(server), probability);
    }

    /// Calls `f` with each end point from one server to another, if the first is up.
    fn with_end(&self, from: usize, to: usize, f: impl FnMut(&str)) {
        self.inner.links.lock().between(from, to).for_each(f);
    }
}
