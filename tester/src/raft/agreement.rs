//! Agreement on commands: [`Cluster::one`], [`Cluster::n_committed`], [`Cluster::wait`].

use std::fmt::Write;
use std::time::Duration;

use labapi::{LogIndex, Started, Term};

use super::command::Command;
use super::event::RaftEvent;
use super::on_raft::AppliesCommands;
use crate::Cluster;
use crate::display::{Seconds, Servers, count};

/// The time for which [`Cluster::one`] submits a command.
const PATIENCE: Duration = Duration::from_secs(10);
/// The time for which [`Cluster::one`] waits for a command that a leader has accepted.
const PATIENCE_WITH_ONE_LEADER: Duration = Duration::from_secs(2);
/// The number of checks of [`Cluster::wait`].
const ROUNDS: u32 = 30;

/// The action of [`Cluster::one`] when a leader accepted the command and it was not committed in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Retry {
    /// Submits it again, so that it may be committed twice.
    Yes,
    /// Fails.
    No,
}

/// The state of an index, as [`Cluster::n_committed`] finds it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Committed {
    /// The servers that have applied the index, in their present incarnation.
    pub servers: Vec<usize>,
    /// The command there, if there is such a server.
    pub command: Option<Command>,
}

impl Committed {
    /// Number of servers that have applied the index.
    #[must_use]
    pub fn count(&self) -> usize {
        self.servers.len()
    }
}

/// The outcome of [`Cluster::wait`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Waited {
    /// Enough servers have applied this command.
    Committed(Command),
    /// Some server is in a later term, so that the command may never be committed.
    TermMoved,
}

impl<P: AppliesCommands> Cluster<P> {
    /// Submits a command to the server, connected or not. Returns the command's index and term, or `None` if
    /// the server is not the leader or is down.
    #[track_caller]
    pub fn start_on(&self, server: usize, command: impl Into<Command>) -> Option<Started> {
        let command = command.into();
        let cluster = self.clone();
        let start = move |who, instance| {
            cluster.source(who).submitted(command.bytes());
            P::raft(&instance).start(command.bytes().to_vec())
        };
        let (who, position) = self.call(server, "start", start)?;
        if let Some(position) = position {
            let probe = self.protocol().observations().last_probe(who);
            self.source(who).emit(&RaftEvent::Accepted { position, probe });
        }
        position
    }

    /// The servers that have applied something at `index`, and the command.
    ///
    /// Counts the latest incarnation of every server, connected or not; for one that is down, what it had
    /// applied before. (Agreement between servers is checked whenever one of them applies anything.)
    #[must_use]
    pub fn n_committed(&self, index: LogIndex) -> Committed {
        self.measure();
        let servers: Vec<usize> =
            (0..self.n_servers()).filter(|&server| self.protocol().applied(server) >= index).collect();
        let command = if servers.is_empty() { None } else { self.protocol().observations().command(index) };
        Committed { servers, command }
    }

    /// Expects no server to have applied anything at `index`.
    #[track_caller]
    pub fn check_no_agreement(&self, index: LogIndex) {
        let committed = self.n_committed(index);
        if let Some(command) = &committed.command {
            self.fail(format!(
                "expected no agreement at index {index}; saw {} apply command {command} there",
                Servers(&committed.servers)
            ));
        }
    }

    /// Submits a command and waits until `expected` servers have applied it; returns its index.
    ///
    /// Tries one connected server after the other, beginning with server 1, until one accepts the command;
    /// waits up to 2 s for it to be applied; and submits it again after that if `retry` allows it. Fails
    /// after 10 s.
    #[track_caller]
    pub fn one(&self, command: impl Into<Command>, expected: usize, retry: Retry) -> LogIndex {
        let command = command.into();
        let began = self.now();
        let mut asked = 0;
        let mut attempts = 0;
        let mut last_attempt = None;
        while self.now() - began < PATIENCE {
            let Some((leader, position)) = self.submit_to_any(&command, &mut asked) else {
                self.sleep(Duration::from_millis(50));
                continue;
            };
            attempts += 1;
            let accepted = self.now();
            while self.now() - accepted < PATIENCE_WITH_ONE_LEADER {
                let committed = self.n_committed(position.index);
                if committed.count() >= expected.max(1) && committed.command.as_ref() == Some(&command) {
                    return position.index;
                }
                self.sleep(Duration::from_millis(20));
            }
            if retry == Retry::No {
                self.fail(format!(
                    "expected {} to apply command {command} within {}; {}",
                    count(expected, "server"),
                    Seconds(PATIENCE_WITH_ONE_LEADER),
                    self.fate_of(leader, position, accepted),
                ));
            }
            last_attempt = Some((leader, position, accepted));
        }
        let mut seen = format!("it was accepted {}", count(attempts, "time"));
        match last_attempt {
            None => write!(seen, "; {}", self.nobody_leads()),
            Some((leader, position, accepted)) => {
                write!(seen, ", the last time as follows: {}", self.fate_of(leader, position, accepted))
            }
        }
        .expect("a string takes any text");
        self.fail(format!(
            "expected {} to apply command {command} within {}; {seen}",
            count(expected, "server"),
            Seconds(PATIENCE),
        ))
    }

    /// Submits the command to every connected server in turn, until one accepts it. `asked` counts the
    /// servers tried, over all calls.
    #[track_caller]
    fn submit_to_any(&self, command: &Command, asked: &mut usize) -> Option<(usize, Started)> {
        for _ in 0..self.n_servers() {
            *asked += 1;
            let server = *asked % self.n_servers();
            if self.is_connected(server)
                && let Some(position) = self.start_on(server, command)
            {
                return Some((server, position));
            }
        }
        None
    }

    /// The state of a command that `leader` accepted, in words.
    fn fate_of(&self, leader: usize, position: Started, accepted: Duration) -> String {
        let Started { index, term } = position;
        let committed = self.n_committed(index);
        let fate = match &committed.command {
            None => "nobody has applied that index".into(),
            Some(command) => format!("{} applied command {command} there", Servers(&committed.servers)),
        };
        format!(
            "server {leader}, leader of term {term}, accepted it at {} for index {index}; {fate}",
            Seconds(accepted)
        )
    }

    /// The reason why nobody accepts a command.
    #[track_caller]
    fn nobody_leads(&self) -> String {
        let mut text = String::from("no connected server leads:");
        for server in 0..self.n_servers() {
            let separator = if server == 0 { " " } else { ", " };
            write!(text, "{separator}server {server} is ").expect("a string takes any text");
            match (self.is_crashed(server), self.is_connected(server)) {
                (true, _) => text.push_str("down"),
                (_, false) => text.push_str("cut off"),
                (_, true) => match self.term_of(server) {
                    Some(term) => write!(text, "in term {term}").expect("a string takes any text"),
                    None => text.push_str("down"),
                },
            }
        }
        text
    }

    /// Waits until `expected` servers have applied something at `index`, and returns it.
    ///
    /// Checks at increasing intervals, for about 30 s in all, and fails thereafter. With a `start_term`,
    /// gives up as soon as any server, connected or not, is in a later term.
    #[track_caller]
    pub fn wait(&self, index: LogIndex, expected: usize, start_term: Option<Term>) -> Waited {
        let began = self.now();
        let mut pause = Duration::from_millis(10);
        for _ in 0..ROUNDS {
            if self.n_committed(index).count() >= expected {
                break;
            }
            self.sleep(pause);
            if pause < Duration::from_secs(1) {
                pause *= 2;
            }
            if let Some(start_term) = start_term {
                for server in 0..self.n_servers() {
                    if self.term_of(server).is_some_and(|term| term > start_term) {
                        return Waited::TermMoved;
                    }
                }
            }
        }
        let committed = self.n_committed(index);
        match committed.command {
            Some(command) if committed.servers.len() >= expected => Waited::Committed(command),
            command => self.fail(format!(
                "expected {} to apply index {index} within {}; saw {} apply it{}",
                count(expected, "server"),
                Seconds(self.now() - began),
                Servers(&committed.servers),
                command.map_or(String::new(), |command| format!(" (command {command})")),
            )),
        }
    }
}
