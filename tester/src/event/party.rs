//! [`Party`]: a server, a client or the test, at which an event happens.

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};

/// One of the clusters of a run.
#[derive(Clone, Copy, Debug)]
pub struct Group {
    pub(crate) number: u16,
    pub(crate) name: &'static str,
}

// Groups are compared by their numbers.

impl PartialEq for Group {
    fn eq(&self, other: &Self) -> bool {
        self.number == other.number
    }
}

impl Eq for Group {}

impl PartialOrd for Group {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Group {
    fn cmp(&self, other: &Self) -> Ordering {
        self.number.cmp(&other.number)
    }
}

impl Hash for Group {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.number.hash(state);
    }
}

impl Group {
    /// Its position among the clusters of the run, in the order of their creation.
    #[must_use]
    pub fn number(self) -> usize {
        usize::from(self.number)
    }

    /// Its name, which precedes the server's number in messages. Empty for the cluster that a test begins
    /// with.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.name
    }

    /// The name of a server's node: `server 2`, `g1 server 2`.
    pub(crate) fn node_name(self, server: usize) -> String {
        if self.name.is_empty() {
            format!("server {server}")
        } else {
            format!("{} server {server}", self.name)
        }
    }

    /// A name made unique to this group: `faults` in the first group, `g1: faults` in group `g1`.
    pub(crate) fn own(self, what: &str) -> String {
        own_name(self.name, what)
    }
}

/// A name made unique to the group of this name.
pub(crate) fn own_name(group: &str, what: &str) -> String {
    if group.is_empty() { what.to_owned() } else { format!("{group}: {what}") }
}

/// A server in one of its incarnations: `server 2`, and after a restart `server 2 (incarnation 3)`; in a
/// cluster with a name `g1 server 2`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Incarnation {
    /// The cluster that the server is in.
    pub group: Group,
    /// The server's number in its cluster, from 0.
    pub server: usize,
    /// The number of the incarnation, from 1. Each start of the server begins a new one.
    pub number: u32,
}

impl fmt::Display for Incarnation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.group.name.is_empty() {
            write!(f, "{} ", self.group.name)?;
        }
        write!(f, "server {}", self.server)?;
        if self.number > 1 {
            write!(f, " (incarnation {})", self.number)?;
        }
        Ok(())
    }
}

/// A party of an event or a call: `server 2`, `client 4`, `tester`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Party {
    /// A server.
    Server(Incarnation),
    /// A client of the test, by number.
    Client(u32),
    /// The test itself, or all servers.
    Tester,
}

impl From<Incarnation> for Party {
    fn from(who: Incarnation) -> Self {
        Self::Server(who)
    }
}

impl fmt::Display for Party {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Server(who) => who.fmt(f),
            Self::Client(number) => write!(f, "client {number}"),
            Self::Tester => f.write_str("tester"),
        }
    }
}
