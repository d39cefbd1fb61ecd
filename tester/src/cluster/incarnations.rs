//! Start and crash.

use std::sync::Arc;
use std::time::Duration;

use super::{Cluster, Running};
use crate::event::{EventSource, Incarnation, Kind, Party};
use crate::nemesis::Moment;
use crate::protocol::{Dialer, NodeEnv, Protocol, StartedNode};
use labrpc::ClientEnd;
use labrt::world::Node;

impl<P: Protocol> Cluster<P> {
    /// Whether the server is down.
    #[must_use]
    pub fn is_crashed(&self, server: usize) -> bool {
        self.inner.servers.lock()[server].running.is_none()
    }

    /// Crashes the server: it is disconnected, its storage is kept as it is, and all of its threads end at
    /// once, without notice. Has no effect on a server that is down.
    pub fn shutdown(&self, server: usize) {
        self.crash(server, false);
    }

    /// Crashes the server. `mid_operation` says that its threads may be interrupted in the middle of an
    /// operation.
    fn crash(&self, server: usize, mid_operation: bool) {
        // The threads of an instance that was told to stop may still run.
        let halted = self.inner.servers.lock()[server].halted.take();
        if let Some((who, node)) = halted {
            self.end_incarnation(who, &node, mid_operation);
        }
        if self.is_crashed(server) {
            return;
        }
        self.note(|| format!("shut down server {server}"));
        self.disconnect_from_all(server);
        self.network().delete_server(&self.address(server));
        // Before the kill: saves of an instance that is being killed must not be found by the next one.
        let kept = self.storage(server).copy();
        let running = {
            let server = &mut self.inner.servers.lock()[server];
            server.storage = kept;
            server.running.take()
        };
        if let Some(running) = running {
            self.emit(running.who, Kind::CutOff);
            self.end_incarnation(running.who, &running.node, mid_operation);
        }
    }

    /// Ends all threads of an incarnation, and deletes its end points.
    fn end_incarnation(&self, who: Incarnation, node: &Node, mid_operation: bool) {
        node.kill();
        self.inner.testbed.events.forget(node);
        self.emit(who, Kind::Crashed { mid_operation });
        self.delete_ends(who.server);
    }

    /// Crashes the server at some moment of the next `pause`, and returns when that has passed: half of the
    /// time in the middle of an operation, if there is one, and otherwise at the end.
    ///
    /// Servers react at once and then rest until the next timer. A crash at a random time would nearly always
    /// find them at rest, with everything saved and answered.
    pub fn shutdown_within(&self, server: usize, pause: Duration) {
        let end = self.now() + pause;
        let node = self.inner.servers.lock()[server].running.as_ref().map(|running| running.node.clone());
        let mut mid_operation = false;
        if let Some(node) = node {
            match self.crash_point() {
                Some(points) => {
                    node.kill_after(points, pause);
                    mid_operation = true;
                }
                None => self.sleep(pause),
            }
        }
        self.crash(server, mid_operation);
        self.sleep(end.saturating_sub(self.now()));
    }

    /// Crashes the server at this moment, or when `within` has passed, and returns then. Moments that are
    /// steps of messages and saves are seen in watched and recorded runs alone.
    pub fn crash_at(&self, server: usize, moment: Moment, within: Duration) {
        let running = {
            let servers = self.inner.servers.lock();
            servers[server].running.as_ref().map(|running| (running.who, running.node.clone()))
        };
        let Some((who, node)) = running else { return };
        match moment {
            Moment::Now => {}
            Moment::Point(points) => node.kill_after(points, within),
            Moment::Save(_) | Moment::Reply(_) | Moment::Request(_) => {
                let events = &self.inner.testbed.events;
                events.expect_crash(who, &node, moment);
                node.kill_after(u32::MAX, within);
                events.forget_crash();
            }
        }
        self.crash(server, moment != Moment::Now);
    }

    /// Disconnects the server and tells its instance that it is no longer needed, as the course's tester does
    /// instead of a crash. Its threads run until they end by themselves or the server is started or shut
    /// down.
    pub fn halt(&self, server: usize) {
        self.note(|| format!("halt server {server}"));
        self.disconnect_from_all(server);
        self.network().delete_server(&self.address(server));
        let kept = self.storage(server).copy();
        let who = {
            let server = &mut self.inner.servers.lock()[server];
            server.storage = kept;
            server.running.as_ref().map(|running| running.who)
        };
        if let Some(who) = who {
            self.emit(who, Kind::CutOff);
        }
        self.call(server, "kill", |_, instance| P::stop(&instance));
        let running = self.inner.servers.lock()[server].running.take();
        if let Some(running) = running {
            self.emit(running.who, Kind::Halted);
            self.inner.servers.lock()[server].halted = Some((running.who, running.node));
        }
        self.delete_ends(server);
    }

    /// Crashes all servers, one after the other.
    pub fn shutdown_all(&self) {
        for server in 0..self.n_servers() {
            self.shutdown(server);
        }
    }

    /// Starts the server from what it had saved, and connects it to every server that is meant to
    /// be connected. A server that is up is crashed first.
    ///
    /// # Panics
    ///
    /// Panics if the server has [left](Self::leave).
    pub fn restart(&self, server: usize) {
        self.start_server(server);
        self.connect(server);
    }

    /// Starts all servers of the cluster from what they had saved, and connects all.
    pub fn start_all(&self) {
        let everyone = self.everyone();
        for &server in &everyone {
            self.start_server(server);
        }
        for server in everyone {
            self.connect(server);
        }
    }

    /// Starts a new incarnation of the server, with no links.
    pub(super) fn start_server(&self, server: usize) {
        assert!(!self.has_left(server), "server {server} has left the cluster");
        self.shutdown(server);
        let testbed = &self.inner.testbed;
        let storage = self.storage(server).copy();
        let who = {
            let state = &mut self.inner.servers.lock()[server];
            state.incarnations += 1;
            state.storage = storage.clone();
            Incarnation { group: self.inner.group, server, number: state.incarnations }
        };
        self.note(|| format!("start {who}"));
        self.emit(who, Kind::Started);
        let node = testbed.world.node(self.inner.group.node_name(server));
        let peers = (0..self.n_servers()).map(|to| self.make_own_end(who, to)).collect();
        let dialer = {
            // Weak, because the solution may keep it and the network keeps the solution.
            let inner = Arc::downgrade(&self.inner);
            let dial = move |name: Option<&str>, to: usize| {
                let cluster = Self { inner: inner.upgrade().expect("the run goes on while servers dial") };
                match name {
                    Some(name) if name != who.group.name() => cluster.inner.testbed.bridge(who, name, to),
                    _ => cluster.make_own_end(who, to),
                }
            };
            Dialer { dial: Arc::new(dial) }
        };
        let events = EventSource::new(&testbed.events, who);
        if events.wants_saves() {
            storage.observe(Arc::new(events.of_saves(&node)));
        }
        let env = NodeEnv {
            world: &testbed.world,
            calls: &testbed.calls,
            node: &node,
            peers,
            storage,
            dialer,
            events,
        };
        let Some(StartedNode { instance, services }) = self.inner.protocol.start(&env) else {
            return self.end_incarnation(who, &node, true);
        };
        let mut host = labrpc::Server::new(&node);
        for service in services {
            host.add_service(service);
        }
        testbed.network.add_server(self.address(server), host);
        let running = Running { who, node, instance: Arc::downgrade(&instance) };
        self.inner.servers.lock()[server].running = Some(running);
    }

    /// Makes an end point of an incarnation to a server of the cluster, which reaches it if the two are
    /// linked.
    fn make_own_end(&self, who: Incarnation, to: usize) -> ClientEnd {
        let (name, end) = self.make_end(who.into(), to);
        let mut links = self.inner.links.lock();
        if links.add_end(who, to, name.clone()) {
            self.network().enable(&name, true);
        }
        end
    }

    fn delete_ends(&self, server: usize) {
        let ends = self.inner.links.lock().take_ends(server);
        for end in &ends {
            self.network().delete_end(end);
        }
        self.inner.testbed.delete_bridges(self.inner.group, server);
    }

    /// Makes an end point of `owner` to a server, still disabled; returns its name and itself.
    pub(crate) fn make_end(&self, owner: Party, to: usize) -> (String, ClientEnd) {
        assert!(to < self.n_servers(), "there is no server {to}: the cluster has {}", self.n_servers());
        let name = self.inner.rng.end_name();
        let end = self.network().make_end(name.as_str());
        self.inner.testbed.events.add_end(end.number(), owner, self.inner.group, to);
        self.network().connect(&name, &self.address(to));
        (name, end)
    }

    /// Makes an end point of a client to each server, still disabled; returns their names and themselves.
    pub(crate) fn make_ends_of_client(&self, client: u32) -> (Vec<String>, Vec<ClientEnd>) {
        (0..self.n_servers()).map(|to| self.make_end(Party::Client(client), to)).unzip()
    }
}
