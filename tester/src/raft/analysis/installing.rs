//! A rule of snapshots that arrive: who has answered has saved (Figure 13, step 5; Figure 2, "State").

use super::fact::{Fact, FactKind, broken};
use super::message::{Index, Request};
use super::shadow::Shadow;
use crate::raft::rules::P1;
use crate::rule::BrokenRule;

/// The newest snapshot that has arrived at each server.
pub(super) struct Installing {
    servers: Vec<Server>,
}

#[derive(Clone, Default)]
struct Server {
    newest: Option<Arrived>,
    /// The end of the newest snapshot that arrived before it was started, and may be saved.
    may_be_saved: Index,
}

/// A snapshot that the server did not have.
#[derive(Clone)]
struct Arrived {
    last: Index,
    /// The first request that brought it.
    fact: Fact,
    /// A reply before which nothing was saved.
    answered: Option<Fact>,
    /// The service is reset to it, and nothing is saved.
    is_installed: bool,
}

impl Installing {
    /// An analysis of so many servers.
    pub fn new(servers: usize) -> Self {
        Self { servers: vec![Server::default(); servers] }
    }

    /// Takes a fact into account, before the shadow does.
    pub fn on(&mut self, fact: &Fact, shadow: &Shadow) -> Option<BrokenRule> {
        let server = &mut self.servers[fact.server];
        match &fact.kind {
            FactKind::Started | FactKind::Crashed | FactKind::Halted => {
                let last = server.newest.take().map_or(0, |it| it.last);
                server.may_be_saved = server.may_be_saved.max(last);
            }
            FactKind::Delivered(call) => {
                let Request::InstallSnapshot { last, .. } = call.request else { return None };
                let known = server.newest.as_ref().map_or(server.may_be_saved, |it| it.last);
                if last.index > known.max(shadow.server(fact.server).snapshot_taken) {
                    let fact = fact.clone();
                    let (answered, is_installed) = (None, false);
                    server.newest = Some(Arrived { last: last.index, fact, answered, is_installed });
                }
            }
            FactKind::Answered(call, reply) => {
                let Request::InstallSnapshot { term, last } = call.request else { return None };
                let newest = server.newest.as_mut().filter(|it| it.last == last.index)?;
                let is_unsaved = shadow.server(fact.server).last_save < newest.fact.number;
                if !is_unsaved || reply.term.is_some_and(|of| of > term) {
                    return None;
                }
                if newest.is_installed {
                    return Some(newest.is_broken(fact, fact));
                }
                newest.answered.get_or_insert_with(|| fact.clone());
            }
            FactKind::Installed(index) => {
                let newest = server.newest.as_mut().filter(|it| it.last == *index)?;
                if let Some(answered) = newest.answered.take() {
                    return Some(newest.is_broken(&answered, fact));
                }
                newest.is_installed = true;
            }
            _ => {}
        }
        None
    }
}

impl Arrived {
    fn is_broken(&self, answered: &Fact, now: &Fact) -> BrokenRule {
        let headline = format!(
            "server {} answered that it has the snapshot up to {}, and had not saved it",
            now.server, self.last
        );
        broken(&P1, headline, vec![&self.fact, answered, now])
    }
}
