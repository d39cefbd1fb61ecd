//! [`Leadership`]: who leads at a moment, in whose view.

use std::collections::BTreeSet;

use crate::replica::View;
use crate::timeline::Happening;

/// The servers at a moment: which of them run, reach each other, and say that they lead.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Leadership {
    servers: Vec<Server>,
    /// The pairs of servers that reach each other, the lower number first.
    links: BTreeSet<(usize, usize)>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Server {
    runs: bool,
    paused: bool,
    view: View,
}

impl Server {
    fn started() -> Self {
        Self { runs: true, ..Self::default() }
    }
}

impl Leadership {
    /// So many servers, none of which has started.
    #[must_use]
    pub fn of(servers: usize) -> Self {
        Self { servers: vec![Server::default(); servers], links: BTreeSet::new() }
    }

    /// Takes in what happened. What concerns no server of these is ignored.
    pub fn on(&mut self, what: Happening) {
        match what {
            Happening::Started(server) => self.change(server, |it| *it = Server::started()),
            Happening::Crashed(server) => self.change(server, |it| *it = Server::default()),
            Happening::Paused(server) => self.change(server, |it| it.paused = true),
            Happening::Resumed(server) => self.change(server, |it| it.paused = false),
            Happening::Viewed(server, view) => self.change(server, |it| it.view = view),
            Happening::Link(one, other, true) => drop(self.links.insert((one, other))),
            Happening::Link(one, other, false) => drop(self.links.remove(&(one, other))),
            _ => {}
        }
    }

    fn change(&mut self, server: usize, change: impl FnOnce(&mut Server)) {
        if let Some(server) = self.servers.get_mut(server) {
            change(server);
        }
    }

    /// The leader in the view of a majority, if there is one: a server that says that it leads, and that
    /// makes a majority of all together with the servers that follow it. All of them have to run, not to be
    /// paused, and to have a link with it.
    #[must_use]
    pub fn in_office(&self) -> Option<usize> {
        let followers = |leader: usize| {
            let follows = |server: &usize| self.follows(*server, leader);
            (0..self.servers.len()).filter(follows).count()
        };
        (0..self.servers.len())
            .find(|&server| self.servers[server].view.leads && followers(server) > self.servers.len() / 2)
    }

    fn follows(&self, server: usize, leader: usize) -> bool {
        let (it, its_leader) = (&self.servers[server], &self.servers[leader]);
        let linked = server == leader || self.links.contains(&(server.min(leader), server.max(leader)));
        let awake = |server: &Server| server.runs && !server.paused;
        let allegiance = it.view.allegiance;
        linked
            && awake(it)
            && awake(its_leader)
            && allegiance.is_some()
            && allegiance == its_leader.view.allegiance
    }

    /// The servers that run, paused or not, and say that they lead.
    #[must_use]
    pub fn claimants(&self) -> Vec<usize> {
        let claims = |server: &usize| self.servers[*server].runs && self.servers[*server].view.leads;
        (0..self.servers.len()).filter(claims).collect()
    }

    /// Whether two servers say that they lead.
    #[must_use]
    pub fn is_doubled(&self) -> bool {
        self.claimants().len() > 1
    }

    /// Whether two servers say that they lead in the same generation. Where a protocol has no generations,
    /// nothing tells two leaders apart, and they count as in the same.
    #[must_use]
    pub fn is_doubled_in_one_generation(&self) -> bool {
        let claimants = self.claimants();
        let generations: BTreeSet<Option<u64>> =
            claimants.iter().map(|&server| self.servers[server].view.generation).collect();
        generations.len() < claimants.len()
    }

    /// The server that a fault of the leader is meant for: the leader in office; otherwise the one that says
    /// so in the newest generation, and of these the one of the highest number; otherwise the server of the
    /// highest number.
    #[must_use]
    pub fn target(&self) -> usize {
        let newest = || {
            let claimants = self.claimants().into_iter();
            claimants.max_by_key(|&server| (self.servers[server].view.generation, server))
        };
        self.in_office().or_else(newest).unwrap_or(self.servers.len() - 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Servers that run and reach each other, all in generation 1, of which server 0 leads.
    fn healthy(servers: usize) -> Leadership {
        let mut state = Leadership::of(servers);
        for server in 0..servers {
            state.on(Happening::Started(server));
            state.on(Happening::Viewed(server, View::in_generation(1, server == 0)));
            (0..server).for_each(|other| state.on(Happening::Link(other, server, true)));
        }
        state
    }

    #[test]
    fn a_leader_is_in_office_while_a_majority_follows_it() {
        let mut state = healthy(3);
        assert_eq!(state.in_office(), Some(0));

        state.on(Happening::Crashed(1));
        assert_eq!(state.in_office(), Some(0), "it and server 2 are two of three");

        state.on(Happening::Viewed(2, View::in_generation(2, false)));
        assert_eq!(state.in_office(), None, "server 2 has gone on to generation 2");

        state.on(Happening::Viewed(0, View::in_generation(2, true)));
        assert_eq!(state.in_office(), Some(0));
        state.on(Happening::Link(0, 2, false));
        assert_eq!(state.in_office(), None, "it cannot reach server 2");
        state.on(Happening::Link(0, 2, true));
        state.on(Happening::Paused(0));
        assert_eq!(state.in_office(), None);
        state.on(Happening::Resumed(0));
        state.on(Happening::Paused(2));
        assert_eq!(state.in_office(), None);
    }

    #[test]
    fn a_server_that_follows_nobody_makes_no_majority() {
        let mut state = Leadership::of(3);
        for server in 0..3 {
            state.on(Happening::Started(server));
            (0..server).for_each(|other| state.on(Happening::Link(other, server, true)));
        }
        state.on(Happening::Viewed(0, View { leads: true, ..View::default() }));
        assert_eq!(state.in_office(), None);
    }

    #[test]
    fn leaders_are_doubled_in_one_generation_or_in_two() {
        let mut state = healthy(5);
        assert!(!state.is_doubled() && !state.is_doubled_in_one_generation());
        state.on(Happening::Viewed(3, View::in_generation(2, true)));
        assert!(state.is_doubled() && !state.is_doubled_in_one_generation());
        state.on(Happening::Viewed(4, View::in_generation(2, true)));
        assert!(state.is_doubled_in_one_generation());
        assert_eq!(state.claimants(), [0, 3, 4]);

        // A paused server still says that it leads. A crashed one says nothing.
        state.on(Happening::Paused(3));
        assert!(state.is_doubled_in_one_generation());
        state.on(Happening::Crashed(3));
        assert!(state.is_doubled() && !state.is_doubled_in_one_generation());

        // Without generations nothing tells two leaders apart.
        let mut state = healthy(3);
        for leader in [0, 2] {
            let view = View { leads: true, generation: None, allegiance: Some(leader) };
            state.on(Happening::Viewed(usize::try_from(leader).unwrap(), view));
        }
        assert!(state.is_doubled_in_one_generation());
    }

    #[test]
    fn a_fault_is_meant_for_the_leader_in_office_or_the_newest() {
        let mut state = healthy(3);
        assert_eq!(state.target(), 0);
        state.on(Happening::Viewed(1, View::in_generation(2, true)));
        assert_eq!(state.target(), 0, "server 2 follows it");
        state.on(Happening::Viewed(2, View::in_generation(3, false)));
        assert_eq!(state.target(), 1, "nobody is in office, and generation 2 is the newest that is led");
        assert_eq!(Leadership::of(3).target(), 2);
    }
}
