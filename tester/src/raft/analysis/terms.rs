//! Rules of terms: a newer term is joined, and a term never goes back (Figure 2, "All Servers" and "State").

use labapi::State;

use super::fact::{Fact, FactKind, broken};
use super::message::{Request, Term};
use super::shadow::{Handler, Shadow};
use crate::raft::rules::{AS2, AS6, P2, P4};
use crate::rule::{BrokenRule, Rule};

/// The newest term that each server was told of, and took note of by an answer.
#[derive(Default)]
pub(super) struct Terms {
    told: Vec<Option<(Term, Fact)>>,
}

impl Terms {
    pub fn on(&mut self, fact: &Fact, shadow: &Shadow) -> Option<BrokenRule> {
        match &fact.kind {
            FactKind::Answered(call, reply) => {
                // A server may disregard a candidate while it has a leader (§6), unless it votes.
                let takes_note = match call.request {
                    Request::RequestVote { .. } => reply.yes == Some(true),
                    Request::AppendEntries { .. } | Request::InstallSnapshot { .. } => true,
                };
                if shadow.server(fact.server).is_halted {
                    return None;
                }
                if takes_note {
                    self.was_told(fact, call.request.term());
                }
                // A reply without a term, or with term 0, comes from a server that has stopped.
                let handler = shadow.handler(fact.server, call)?;
                let old = reply.term.filter(|of| (1..handler.term).contains(of))?;
                says_an_older_term(fact, handler, old, shadow)
            }
            // What is not saved may be lost; what was answered before is judged by `server.term`.
            FactKind::Crashed | FactKind::Halted => {
                if let Some(told) = self.told.get_mut(fact.server) {
                    *told = None;
                }
                None
            }
            FactKind::Probed { state, asked } => self.probed(fact, *state, *asked, shadow),
            _ => None,
        }
    }

    fn was_told(&mut self, fact: &Fact, term: Term) {
        if self.told.len() <= fact.server {
            self.told.resize(fact.server + 1, None);
        }
        let told = &mut self.told[fact.server];
        if told.as_ref().is_none_or(|(known, _)| *known < term) {
            *told = Some((term, fact.clone()));
        }
    }

    fn probed(&self, fact: &Fact, state: State, asked: u64, shadow: &Shadow) -> Option<BrokenRule> {
        let server = shadow.server(fact.server);
        if let Some(known) = &server.term_shown_by
            && state.term.0 < server.term
            && known.number <= asked
        {
            let crash = server.crashed.as_ref().filter(|crash| crash.number > known.number);
            return Some(match crash {
                Some(crash) => {
                    let headline = format!("server {} forgot term {} in a crash", fact.server, server.term);
                    broken(&P2, headline, vec![known, crash, fact])
                }
                None => {
                    let headline = format!(
                        "server {} went back from term {} to {}",
                        fact.server, server.term, state.term
                    );
                    broken(&P4, headline, vec![known, fact])
                }
            });
        }
        let (term, told) = self.told.get(fact.server)?.as_ref()?;
        (state.term.0 < *term && told.number <= asked).then(|| {
            let headline =
                format!("server {} was told of term {term} and stays in term {}", fact.server, state.term);
            broken(&AS2, headline, vec![told, fact])
        })
    }
}

/// A server's reply holds a term that is older than the one that it certainly was in when it was asked.
fn says_an_older_term(fact: &Fact, handler: &Handler, old: Term, shadow: &Shadow) -> Option<BrokenRule> {
    let known = handler.term_shown_by.as_ref()?;
    let crash = shadow.server(fact.server).crashed.as_ref().filter(|crash| crash.number > known.number);
    // Who has forgotten the term is judged by what it does.
    crash.is_none().then(|| {
        let headline =
            format!("server {} was in term {} and answers with term {old}", fact.server, handler.term);
        broken(&AS6, headline, vec![known, &handler.delivered, fact])
    })
}

/// A server has said yes to a request. If it certainly was in a newer term before, it breaks `rule`, or has
/// forgotten the term in a crash. `did` says what it did.
pub(super) fn accepts_an_older_term(
    fact: &Fact,
    handler: &Handler,
    rule: &Rule,
    did: &str,
    shadow: &Shadow,
) -> Option<BrokenRule> {
    let known = handler.term_shown_by.as_ref().filter(|_| handler.call.request.term() < handler.term)?;
    let crash = shadow.server(fact.server).crashed.as_ref().filter(|crash| crash.number > known.number);
    Some(match crash {
        Some(crash) => {
            let headline = format!("server {} forgot term {} in a crash", fact.server, handler.term);
            broken(&P2, headline, vec![known, crash, fact])
        }
        None => broken(rule, format!("server {} {did}", fact.server), vec![known, &handler.delivered, fact]),
    })
}
