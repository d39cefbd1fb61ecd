//! Crash and restart.

use std::sync::Arc;
use std::time::Duration;

use labrpc::ClientEnd;
use persister::Persister;

use super::{Cluster, Inner, Life, name_of};
use crate::oracle::Owner;
use crate::program::{Birth, Booted, Program};
use crate::words::Lived;

impl<P: Program> Cluster<P> {
    /// Whether the server is down.
    #[must_use]
    pub fn is_crashed(&self, server: usize) -> bool {
        self.inner.servers[server].lock().life.is_none()
    }

    /// Crashes the server: it is cut off, what it saved so far is kept, and every thread of it is
    /// gone at once. It is given no notice. Nothing happens to a server that is down.
    pub fn shutdown(&self, server: usize) {
        // An instance that was only told to stop is still there.
        let halted = self.inner.servers[server].lock().halted.take();
        if let Some(node) = halted {
            node.kill();
        }
        if self.is_crashed(server) {
            return;
        }
        self.note(|| format!("shut down server {server}"));
        self.disconnect_from_all(server);
        let Inner { network, servers, .. } = &*self.inner;
        network.delete_server(&name_of(server));
        // Before the kill: what the instance writes while it dies must not be found again.
        let kept = self.saved(server).copy();
        let (life, ends) = {
            let mut server = servers[server].lock();
            server.persister = kept;
            (server.life.take(), std::mem::take(&mut server.ends))
        };
        if let Some(life) = life {
            life.node.kill();
        }
        for end in &ends {
            network.delete_end(end);
        }
    }

    /// Crashes the server at some moment of the next `pause`, and returns when that has passed: half of the time in the
    /// midst of what it does, if it does anything, and otherwise at the end.
    ///
    /// Servers react at once and then rest until the next timer. A crash at a moment of the clock would nearly
    /// always find them at rest, with everything saved and answered.
    pub fn shutdown_within(&self, server: usize, pause: Duration) {
        let end = self.inner.world.now() + pause;
        let node = self.inner.servers[server].lock().life.as_ref().map(|life| life.node.clone());
        if let Some(node) = node {
            match self.moment_of_crash() {
                Some(points) => node.kill_amid(points, pause),
                None => self.sleep(pause),
            }
        }
        self.shutdown(server);
        self.sleep(end.saturating_sub(self.inner.world.now()));
    }

    /// Cuts the server off and tells its instance that it is no longer needed, as the course's tester does instead of a crash.
    /// Its threads live on, until they end by themselves or the server is started or shut down.
    pub fn halt(&self, server: usize) {
        self.note(|| format!("halt server {server}"));
        self.disconnect_from_all(server);
        self.inner.network.delete_server(&name_of(server));
        let kept = self.saved(server).copy();
        self.inner.servers[server].lock().persister = kept;
        self.call(server, "kill", |instance| P::kill(&instance));
        let (life, ends) = {
            let mut server = self.inner.servers[server].lock();
            (server.life.take(), std::mem::take(&mut server.ends))
        };
        self.inner.servers[server].lock().halted = life.map(|life| life.node);
        for end in &ends {
            self.inner.network.delete_end(end);
        }
    }

    /// Crashes all servers, one after the other.
    pub fn shutdown_all(&self) {
        for server in 0..self.n_servers() {
            self.shutdown(server);
        }
    }

    /// Starts the server from what it had saved, and connects it to every server that is meant to
    /// be connected. A server that is up is crashed first.
    pub fn restart(&self, server: usize) {
        self.boot(server);
        self.connect(server);
    }

    /// Starts all servers from what they had saved, and connects all.
    pub fn start_all(&self) {
        for server in 0..self.n_servers() {
            self.boot(server);
        }
        self.connect_all();
    }

    /// Gives the server another life, connected to nobody.
    fn boot(&self, server: usize) {
        self.shutdown(server);
        let Inner { world, network, program, watch, calls, .. } = &*self.inner;
        let persister = self.saved(server).copy();
        let who = {
            let mut state = self.inner.servers[server].lock();
            state.lives += 1;
            state.persister = persister.clone();
            Lived { server, life: state.lives }
        };
        self.note(|| format!("start {who}"));
        watch.begin_incarnation(who);
        let (ends, peers) = self.make_ends(Owner::of_server(who));
        let node = world.node(format!("server {server}"));
        let birth = Birth { world, watch, calls, node: &node, who, peers, persister };
        let Some(Booted { instance, services }) = program.boot(birth) else { return };
        let mut host = labrpc::Server::new(&node);
        for service in services {
            host.add_service(service);
        }
        network.add_server(name_of(server), host);

        let mut server = self.inner.servers[server].lock();
        server.ends = ends;
        server.life = Some(Life { who, node, instance: Arc::downgrade(&instance) });
    }

    /// What the server has saved: not a copy, but the store itself.
    fn saved(&self, server: usize) -> Persister {
        self.inner.servers[server].lock().persister.clone()
    }

    /// Makes an end point of `owner` to each server, still disabled; returns their names and themselves.
    pub(crate) fn make_ends(&self, owner: Owner) -> (Vec<String>, Vec<ClientEnd>) {
        let Inner { network, dice, watch, .. } = &*self.inner;
        let make_end = |to| {
            let name = dice.end_name();
            let end = network.make_end(name.as_str());
            watch.add_end(end.number(), owner, to);
            network.connect(&name, &name_of(to));
            (name, end)
        };
        (0..self.n_servers()).map(make_end).unzip()
    }
}
