//! Each rule by a list of events written by hand: the list that breaks it, and the one beside it that does
//! not.

mod situations;

use labapi::State;

use super::message::{Entry, Position};
use super::*;

/// A list of events, one method an event. Every event comes a millisecond after the one before.
struct Script {
    analysis: RaftAnalysis,
    number: u64,
    at: Duration,
    calls: u64,
    /// The rules that were broken, in order.
    broken: Vec<BrokenRule>,
}

/// Three servers that were started.
fn script() -> Script {
    let mut script = Script {
        analysis: RaftAnalysis::new(3, true),
        number: 0,
        at: Duration::ZERO,
        calls: 0,
        broken: Vec::new(),
    };
    (0..3).for_each(|server| script.tell(server, FactKind::Started));
    script
}

fn at(index: u64, term: u64) -> Position {
    Position { index, term }
}

fn entries(terms: &[u64]) -> Vec<Entry> {
    terms.iter().map(|&term| Entry { term, command: None }).collect()
}

impl Script {
    fn tell(&mut self, server: usize, kind: FactKind) {
        self.number += 1;
        self.at += Duration::from_millis(1);
        let fact = Fact { number: self.number, at: self.at, server, location: None, kind };
        self.broken.extend(self.analysis.take(&fact));
    }

    fn sends(&mut self, from: usize, to: usize, request: Request) -> Arc<Call> {
        self.calls += 1;
        let call = Arc::new(Call { number: self.calls, from, to, request });
        self.tell(from, FactKind::Sent(Arc::clone(&call)));
        call
    }

    /// A request for a vote that arrives. The candidate's election timeout is over.
    fn stands(&mut self, from: usize, to: usize, term: u64, last: Position) -> Arc<Call> {
        self.at += Duration::from_millis(50);
        self.stands_at_once(from, to, term, last)
    }

    fn stands_at_once(&mut self, from: usize, to: usize, term: u64, last: Position) -> Arc<Call> {
        let call = self.sends(from, to, Request::RequestVote { term, last });
        self.tell(to, FactKind::Delivered(Arc::clone(&call)));
        call
    }

    /// Entries that arrive.
    fn appends(
        &mut self,
        (from, to): (usize, usize),
        term: u64,
        prev: Position,
        terms: &[u64],
        commit: u64,
    ) -> Arc<Call> {
        let call =
            self.sends(from, to, Request::AppendEntries { term, prev, entries: entries(terms), commit });
        self.tell(to, FactKind::Delivered(Arc::clone(&call)));
        call
    }

    /// A snapshot that arrives.
    fn installs(&mut self, from: usize, to: usize, term: u64, last: Position) -> Arc<Call> {
        let call = self.sends(from, to, Request::InstallSnapshot { term, last });
        self.tell(to, FactKind::Delivered(Arc::clone(&call)));
        call
    }

    /// The server saves and answers.
    fn answers(&mut self, call: &Arc<Call>, term: u64, yes: bool) {
        self.saves(call.to);
        self.answers_unsaved(call, term, yes);
    }

    fn answers_unsaved(&mut self, call: &Arc<Call>, term: u64, yes: bool) {
        let reply = Reply { term: Some(term), yes: Some(yes) };
        self.tell(call.to, FactKind::Answered(Arc::clone(call), reply));
    }

    fn hears(&mut self, call: &Arc<Call>, term: u64, yes: bool) {
        let reply = Reply { term: Some(term), yes: Some(yes) };
        self.tell(call.from, FactKind::Heard(Arc::clone(call), reply));
    }

    fn saves(&mut self, server: usize) {
        self.tell(server, FactKind::Saved(None));
    }

    fn restarts(&mut self, server: usize) {
        self.tell(server, FactKind::Crashed);
        self.tell(server, FactKind::Started);
    }

    fn rests(&mut self, server: usize, term: u64, is_leader: bool) {
        let (state, asked) = (State { term: labapi::Term(term), is_leader }, self.number);
        self.tell(server, FactKind::Probed { state, asked });
    }

    /// The server answers a query, so many milliseconds later.
    fn tells(&mut self, after: u64, server: usize, term: u64, is_leader: bool) {
        self.at += Duration::from_millis(after);
        self.tell(server, FactKind::Queried(State { term: labapi::Term(term), is_leader }));
    }

    /// The server is elected in this term, with the vote of another one.
    fn wins(&mut self, server: usize, voter: usize, term: u64, last: Position) {
        self.saves(server);
        let call = self.stands(server, voter, term, last);
        self.answers(&call, term, true);
        self.hears(&call, term, true);
    }

    /// A follower accepts entries, and the leader hears of it.
    fn replicates(&mut self, ends: (usize, usize), term: u64, prev: Position, terms: &[u64], commit: u64) {
        let call = self.appends(ends, term, prev, terms, commit);
        self.answers(&call, term, true);
        self.hears(&call, term, true);
    }

    /// The server accepts a command as leader, and saves it.
    fn accepts(&mut self, server: usize, index: u64, term: u64) {
        self.tell(server, FactKind::Submitted);
        self.saves(server);
        self.tell(server, FactKind::Accepted { index, term });
    }

    fn applies(&mut self, server: usize, index: u64) {
        self.tell(server, FactKind::Applied { index, command: index });
    }

    /// The ids of the rules that were broken, in order.
    fn ids(&self) -> Vec<&str> {
        self.broken.iter().map(|rule| rule.id.as_str()).collect()
    }

    /// The ids of the rules of progress that are broken when so much time has passed.
    fn ids_after(&mut self, seconds: u64) -> Vec<String> {
        self.at += Duration::from_secs(seconds);
        self.analysis.at_end(self.at).into_iter().map(|rule| rule.id).collect()
    }
}

#[track_caller]
fn breaks(id: &str, play: impl FnOnce(&mut Script)) {
    let mut script = script();
    play(&mut script);
    assert_eq!(script.ids(), [id], "{:#?}", script.broken);
    let rule = &script.broken[0];
    assert!((1..=3).contains(&rule.events.len()) && !rule.progress, "{rule:#?}");
    assert!(rule.events.is_sorted_by_key(|event| event.number), "{rule:#?}");
    assert!(crate::rules().any(|known| known.id == id), "{id} is not registered");
}

#[track_caller]
fn keeps_all(play: impl FnOnce(&mut Script)) {
    let mut script = script();
    play(&mut script);
    assert_eq!(script.ids(), <[&str; 0]>::default(), "{:#?}", script.broken);
}

#[test]
fn rv1_no_vote_in_an_older_term() {
    let play = |yes| {
        move |script: &mut Script| {
            script.wins(0, 1, 3, at(0, 0));
            script.saves(2);
            let late = script.stands(2, 1, 2, at(0, 0));
            script.answers(&late, 3, yes);
        }
    };
    breaks("RV1", play(true));
    keeps_all(play(false));
}

#[test]
fn rv2_one_vote_a_term() {
    let play = |other| {
        move |script: &mut Script| {
            script.wins(0, 1, 3, at(0, 0));
            script.saves(other);
            let call = script.stands(other, 1, if other == 2 { 3 } else { 4 }, at(0, 0));
            script.answers(&call, if other == 2 { 3 } else { 4 }, true);
        }
    };
    breaks("RV2", play(2));
    keeps_all(play(0));
    // A candidate has voted for itself.
    breaks("RV2", |script| {
        script.saves(0);
        let _ = script.stands(0, 1, 3, at(0, 0));
        script.saves(2);
        let call = script.stands(2, 0, 3, at(0, 0));
        script.answers(&call, 3, true);
    });
}

#[test]
fn p2_a_vote_survives_a_crash() {
    breaks("P2", |script| {
        script.wins(0, 1, 3, at(0, 0));
        script.restarts(1);
        script.saves(2);
        let call = script.stands(2, 1, 3, at(0, 0));
        script.answers(&call, 3, true);
    });
    // And so does a term.
    breaks("P2", |script| {
        script.wins(0, 1, 3, at(0, 0));
        script.restarts(1);
        script.rests(1, 2, false);
    });
    keeps_all(|script| {
        script.wins(0, 1, 3, at(0, 0));
        script.restarts(1);
        script.rests(1, 3, false);
    });
}

#[test]
fn rv3_a_vote_for_a_log_that_is_up_to_date() {
    let play = |last| {
        move |script: &mut Script| {
            script.wins(0, 1, 1, at(0, 0));
            script.replicates((0, 1), 1, at(0, 0), &[1, 1], 0);
            script.saves(2);
            let call = script.stands(2, 1, 2, last);
            script.answers(&call, 2, true);
        }
    };
    breaks("RV3", play(at(1, 1)));
    breaks("RV3", play(at(0, 0)));
    keeps_all(play(at(2, 1)));
}

#[test]
fn p1_a_vote_is_saved_before_the_answer() {
    breaks("P1", |script| {
        script.saves(0);
        let call = script.stands(0, 1, 1, at(0, 0));
        script.answers_unsaved(&call, 1, true);
    });
    // Entries too.
    breaks("P1", |script| {
        script.wins(0, 1, 1, at(0, 0));
        let call = script.appends((0, 1), 1, at(0, 0), &[1], 0);
        script.answers_unsaved(&call, 1, true);
    });
    // The same request twice needs no second save.
    keeps_all(|script| {
        script.wins(0, 1, 1, at(0, 0));
        for _ in 0..2 {
            let call = script.appends((0, 1), 1, at(0, 0), &[1], 0);
            if script.calls == 2 {
                script.saves(1);
            }
            script.answers_unsaved(&call, 1, true);
        }
    });
    // A candidate saves its own vote.
    breaks("P1", |script| {
        script.rests(0, 0, false);
        let _ = script.stands(0, 1, 1, at(0, 0));
    });
    keeps_all(|script| {
        script.rests(0, 0, false);
        script.saves(0);
        let _ = script.stands(0, 1, 1, at(0, 0));
    });
}

#[test]
fn p1_a_leader_that_counts_itself_has_saved() {
    let play = |saves: bool| {
        move |script: &mut Script| {
            script.wins(0, 1, 1, at(0, 0));
            script.tell(0, FactKind::Submitted);
            if saves {
                script.saves(0);
            }
            script.tell(0, FactKind::Accepted { index: 1, term: 1 });
            script.replicates((0, 1), 1, at(0, 0), &[1], 0);
            let _ = script.appends((0, 2), 1, at(0, 0), &[1], 1);
        }
    };
    breaks("P1", play(false));
    keeps_all(play(true));
}

#[test]
fn p1_a_leader_that_applies_has_saved() {
    let play = |saves: bool, follower: u64| {
        move |script: &mut Script| {
            script.wins(0, 1, 1, at(0, 0));
            script.tell(0, FactKind::Submitted);
            script.tell(0, FactKind::Accepted { index: 1, term: 1 });
            script.replicates((0, 1), 1, at(0, 0), &[1], 0);
            if saves {
                script.saves(0);
            }
            // The other one makes a majority without the leader.
            for other in 2..=follower {
                script.replicates((0, other as usize), 1, at(0, 0), &[1], 0);
            }
            script.applies(0, 1);
        }
    };
    breaks("P1", play(false, 0));
    keeps_all(play(true, 0));
    keeps_all(play(false, 2));
}

#[test]
fn f3_a_server_that_has_just_agreed_does_not_stand() {
    let play = |waits: u32, crashes: bool| {
        move |script: &mut Script| {
            script.wins(0, 1, 1, at(0, 0));
            let heartbeat = script.appends((0, 1), 1, at(0, 0), &[], 0);
            script.answers(&heartbeat, 1, true);
            script.at += waits * Duration::from_millis(100);
            if crashes {
                script.restarts(1);
            }
            script.saves(1);
            let _ = script.stands_at_once(1, 2, 2, at(0, 0));
        }
    };
    breaks("F3", play(0, false));
    keeps_all(play(1, false));
    keeps_all(play(0, true));
    // It was asked for its vote, too.
    breaks("F3", |script| {
        let asked = script.stands(0, 1, 1, at(0, 0));
        script.answers(&asked, 1, true);
        script.saves(1);
        let _ = script.stands_at_once(1, 2, 2, at(0, 0));
    });
    // What it refuses starts no timer.
    keeps_all(|script| {
        script.saves(1);
        let _ = script.stands_at_once(1, 2, 1, at(0, 0));
        let asked = script.stands(0, 1, 1, at(0, 0));
        script.answers(&asked, 1, false);
        script.saves(1);
        let _ = script.stands_at_once(1, 2, 2, at(0, 0));
    });
}

#[test]
fn p3_an_acknowledged_entry_survives_a_crash() {
    let play = |crash: bool| {
        move |script: &mut Script| {
            script.wins(0, 1, 1, at(0, 0));
            script.replicates((0, 1), 1, at(0, 0), &[1, 1], 0);
            if crash {
                script.restarts(1);
            }
            script.saves(1);
            let _ = script.stands(1, 2, 2, at(1, 1));
        }
    };
    breaks("P3", play(true));
    // Without a crash it was deleted.
    breaks("AE3", play(false));
}

#[test]
fn p4_a_term_never_goes_back() {
    breaks("P4", |script| {
        script.wins(0, 1, 3, at(0, 0));
        script.rests(1, 2, false);
    });
}

#[test]
fn c2_a_leader_has_a_majority() {
    breaks("C2", |script| {
        script.wins(0, 1, 1, at(0, 0));
        script.saves(2);
        let _ = script.stands(2, 1, 2, at(0, 0));
        let _ = script.appends((2, 1), 2, at(0, 0), &[], 0);
    });
    // The claim alone suffices.
    breaks("C2", |script| {
        script.wins(0, 1, 1, at(0, 0));
        script.rests(2, 2, true);
    });
    keeps_all(|script| {
        script.wins(0, 1, 1, at(0, 0));
        script.rests(0, 1, true);
    });
}

#[test]
fn as2_a_newer_term_is_joined() {
    let play = |term| {
        move |script: &mut Script| {
            script.wins(0, 1, 2, at(0, 0));
            script.rests(2, 1, false);
            let call = script.appends((0, 2), 2, at(0, 0), &[], 0);
            script.saves(2);
            script.tell(2, FactKind::Answered(call, Reply { term: None, yes: Some(false) }));
            script.rests(2, term, false);
        }
    };
    breaks("AS2", play(1));
    keeps_all(play(2));
}

#[test]
fn l9_a_leader_heeds_a_newer_term_in_a_reply() {
    let play = |after, term| {
        move |script: &mut Script| {
            script.wins(0, 1, 2, at(0, 0));
            let call = script.appends((0, 2), 2, at(0, 0), &[], 0);
            script.answers(&call, 5, false);
            script.hears(&call, 5, false);
            script.tells(after, 0, term, term == 2);
        }
    };
    breaks("L9", play(1001, 2));
    keeps_all(play(900, 2));
    keeps_all(play(1001, 5));
    // A candidate hears of it by a vote that is refused.
    let play = |term| {
        move |script: &mut Script| {
            script.saves(0);
            let call = script.stands(0, 2, 2, at(0, 0));
            script.answers(&call, 5, false);
            script.hears(&call, 5, false);
            script.tells(1001, 0, term, false);
        }
    };
    breaks("AS2", play(4));
    keeps_all(play(6));
}

#[test]
fn as4_who_hears_from_nobody_heeds_a_candidate() {
    let play = |silence, term| {
        move |script: &mut Script| {
            script.wins(0, 1, 2, at(0, 0));
            script.at += Duration::from_millis(silence);
            script.saves(2);
            let call = script.stands(2, 0, 5, at(0, 0));
            script.tell(0, FactKind::Answered(call, Reply { term: None, yes: Some(false) }));
            script.tells(1001, 0, term, true);
        }
    };
    breaks("AS4", play(2000, 2));
    keeps_all(play(2000, 5));
    // It may believe that it still leads.
    keeps_all(play(1500, 2));
}

#[test]
fn ae1_an_older_term_is_refused() {
    let play = |yes| {
        move |script: &mut Script| {
            script.wins(0, 1, 1, at(0, 0));
            script.wins(2, 1, 2, at(0, 0));
            let late = script.appends((0, 1), 1, at(0, 0), &[1], 0);
            script.answers(&late, 2, yes);
        }
    };
    breaks("AE1", play(true));
    keeps_all(play(false));
}

#[test]
fn ae2_the_entry_before_must_be_there() {
    let play = |prev, yes| {
        move |script: &mut Script| {
            script.wins(0, 1, 1, at(0, 0));
            script.replicates((0, 1), 1, at(0, 0), &[1], 0);
            script.wins(2, 1, 2, at(1, 1));
            let call = script.appends((2, 1), 2, prev, &[2], 0);
            script.answers(&call, 2, yes);
        }
    };
    breaks("AE2", play(at(2, 1), true));
    breaks("AE2", play(at(1, 2), true));
    keeps_all(play(at(2, 1), false));
    keeps_all(play(at(1, 1), true));
}

#[test]
fn ae3_only_conflicting_entries_are_deleted() {
    // A late request with fewer entries cuts nothing.
    let play = |last| {
        move |script: &mut Script| {
            script.wins(0, 1, 1, at(0, 0));
            let late = script.appends((0, 1), 1, at(0, 0), &[1], 0);
            script.replicates((0, 1), 1, at(0, 0), &[1, 1], 0);
            script.answers(&late, 1, true);
            script.saves(1);
            let _ = script.stands(1, 2, 2, last);
        }
    };
    breaks("AE3", play(at(1, 1)));
    keeps_all(play(at(2, 1)));
    // What conflicts may be deleted.
    keeps_all(|script| {
        script.wins(0, 1, 1, at(0, 0));
        script.replicates((0, 1), 1, at(0, 0), &[1, 1], 0);
        script.wins(2, 0, 2, at(2, 1));
        let _ = script.appends((2, 1), 2, at(0, 0), &[2], 0);
        script.saves(1);
        let _ = script.stands(1, 0, 3, at(1, 2));
    });
    // A server applies the command that it has acknowledged.
    breaks("AE3", |script| {
        script.wins(0, 1, 1, at(0, 0));
        let request = Request::AppendEntries {
            term: 1,
            prev: at(0, 0),
            entries: vec![Entry { term: 1, command: Some(7) }],
            commit: 0,
        };
        let call = script.sends(0, 1, request);
        script.tell(1, FactKind::Delivered(Arc::clone(&call)));
        script.answers(&call, 1, true);
        script.hears(&call, 1, true);
        let call = script.appends((0, 1), 1, at(1, 1), &[], 1);
        script.answers(&call, 1, true);
        script.tell(1, FactKind::Applied { index: 1, command: 8 });
    });
}

#[test]
fn ae5_a_follower_commits_up_to_the_last_new_entry() {
    let play = |index| {
        move |script: &mut Script| {
            script.wins(0, 1, 1, at(0, 0));
            script.replicates((0, 1), 1, at(0, 0), &[1, 1], 0);
            let call = script.appends((0, 2), 1, at(0, 0), &[1], 2);
            script.answers(&call, 1, true);
            script.applies(2, index);
        }
    };
    breaks("AE5", play(2));
    keeps_all(play(1));
}

#[test]
fn as1_only_committed_entries_are_applied() {
    breaks("AS1", |script| {
        script.wins(0, 1, 1, at(0, 0));
        script.replicates((0, 1), 1, at(0, 0), &[1], 0);
        script.applies(1, 1);
    });
}

#[test]
fn l1_only_a_leader_accepts_commands() {
    breaks("L1", |script| {
        script.wins(0, 1, 1, at(0, 0));
        script.rests(1, 1, false);
        script.accepts(1, 1, 1);
    });
    keeps_all(|script| {
        script.wins(0, 1, 1, at(0, 0));
        script.rests(0, 1, true);
        script.accepts(0, 1, 1);
    });
}

#[test]
fn l2_an_entry_has_one_command() {
    breaks("L2", |script| {
        script.wins(0, 1, 1, at(0, 0));
        for command in [7, 8] {
            let entries = vec![Entry { term: 1, command: Some(command) }];
            script.sends(0, 1, Request::AppendEntries { term: 1, prev: at(0, 0), entries, commit: 0 });
        }
    });
}

#[test]
fn l4_a_majority_stores_what_is_committed() {
    let play = |commit| {
        move |script: &mut Script| {
            script.wins(0, 1, 1, at(0, 0));
            script.accepts(0, 1, 1);
            script.accepts(0, 2, 1);
            script.replicates((0, 1), 1, at(0, 0), &[1], 0);
            let _ = script.appends((0, 2), 1, at(0, 0), &[1, 1], commit);
        }
    };
    breaks("L4", play(2));
    keeps_all(play(1));
    // The leader's own service shows it as well.
    breaks("L4", |script| {
        script.wins(0, 1, 1, at(0, 0));
        script.accepts(0, 1, 1);
        let _ = script.appends((0, 1), 1, at(0, 0), &[1], 0);
        script.applies(0, 1);
    });
}

#[test]
fn l5_entries_of_older_terms_are_not_counted() {
    let play = |own: &'static [u64]| {
        move |script: &mut Script| {
            script.wins(0, 1, 1, at(0, 0));
            script.replicates((0, 2), 1, at(0, 0), &[1], 0);
            script.wins(2, 1, 2, at(1, 1));
            script.replicates((2, 1), 2, at(0, 0), own, 0);
            let _ = script.appends((2, 0), 2, at(0, 0), own, 1);
        }
    };
    breaks("L5", play(&[1]));
    keeps_all(play(&[1, 2]));
}

#[test]
fn l6_the_first_index_is_1() {
    breaks("L6", |script| {
        script.wins(0, 1, 1, at(0, 0));
        script.rests(0, 1, true);
        script.accepts(0, 0, 1);
    });
}

#[test]
fn tr1_replies_of_an_older_term_are_not_counted() {
    breaks("TR1", |script| {
        script.wins(0, 1, 1, at(0, 0));
        let call = script.appends((0, 1), 1, at(0, 0), &[1], 0);
        script.answers(&call, 1, true);
        script.wins(0, 2, 2, at(1, 1));
        script.hears(&call, 1, true);
        let _ = script.appends((0, 2), 2, at(1, 1), &[], 1);
    });
}

#[test]
fn s1_the_term_before_the_entries_is_that_of_the_entry() {
    let play = |prev| {
        move |script: &mut Script| {
            script.wins(0, 1, 1, at(0, 0));
            script.accepts(0, 1, 1);
            let _ = script.appends((0, 1), 1, prev, &[1], 0);
        }
    };
    breaks("S1", play(at(1, 0)));
    keeps_all(play(at(1, 1)));
    breaks("S1", |script| {
        script.wins(0, 1, 1, at(0, 0));
        script.accepts(0, 1, 1);
        let _ = script.installs(0, 1, 1, at(1, 0));
    });
}

#[test]
fn is5_a_snapshot_never_moves_the_service_back() {
    let play = |index| {
        move |script: &mut Script| {
            script.wins(0, 1, 1, at(0, 0));
            for server in [1, 2] {
                script.replicates((0, server), 1, at(0, 0), &[1, 1, 1], 0);
            }
            script.replicates((0, 1), 1, at(3, 1), &[], 3);
            (1..=3).for_each(|index| script.applies(1, index));
            let _ = script.installs(0, 1, 1, at(index, 1));
            script.tell(1, FactKind::Installed(index));
        }
    };
    breaks("IS5", play(2));
    keeps_all(play(3));
}

#[test]
fn is6_what_follows_a_snapshot_is_kept() {
    let play = |snapshot, last| {
        move |script: &mut Script| {
            script.wins(0, 1, 1, at(0, 0));
            script.replicates((0, 1), 1, at(0, 0), &[1, 1, 1], 0);
            let call = script.installs(0, 1, 1, snapshot);
            script.answers(&call, 1, true);
            script.saves(1);
            script.at += Duration::from_secs(1);
            let _ = script.stands(1, 2, 2, last);
        }
    };
    breaks("IS6", play(at(2, 1), at(2, 1)));
    keeps_all(play(at(2, 1), at(3, 1)));

    // What follows an entry within the snapshot may be refused; what follows a later one may not.
    let play = |prev: Position| {
        move |script: &mut Script| {
            script.wins(0, 1, 1, at(0, 0));
            script.replicates((0, 1), 1, at(0, 0), &[1, 1, 1, 1], 0);
            let call = script.installs(0, 1, 1, at(3, 1));
            script.answers(&call, 1, true);
            let call = script.appends((0, 1), 1, prev, &[], 0);
            script.answers(&call, 1, false);
        }
    };
    keeps_all(play(at(2, 1)));
    breaks("IS6", play(at(4, 1)));
}

#[test]
fn what_a_server_does_when_it_is_cut_off_is_lost() {
    keeps_all(|script| {
        script.wins(0, 1, 1, at(0, 0));
        let call = script.appends((0, 1), 1, at(0, 0), &[1], 0);
        script.tell(1, FactKind::CutOff);
        script.answers(&call, 1, true);
        script.restarts(1);
        script.saves(1);
        let _ = script.stands(1, 2, 2, at(0, 0));
    });
}

#[test]
fn an_answer_that_did_not_arrive_is_no_acknowledgement() {
    // The request arrived; whether the follower has the entry is not known.
    keeps_all(|script| {
        script.wins(0, 1, 1, at(0, 0));
        let _ = script.appends((0, 1), 1, at(0, 0), &[1, 1], 0);
        script.restarts(1);
        script.saves(1);
        let _ = script.stands(1, 2, 2, at(0, 0));
    });
    keeps_all(|script| {
        script.wins(0, 1, 1, at(0, 0));
        let _ = script.appends((0, 1), 1, at(0, 0), &[1, 1], 0);
        script.restarts(1);
        script.saves(1);
        let _ = script.stands(1, 2, 2, at(2, 1));
    });
}

#[test]
fn a_copy_that_is_refused_takes_nothing_back() {
    keeps_all(|script| {
        script.wins(0, 1, 1, at(0, 0));
        for index in 1..=3 {
            script.accepts(0, index, 1);
        }
        script.replicates((0, 2), 1, at(0, 0), &[1, 1, 1], 0);
        script.replicates((0, 1), 1, at(0, 0), &[1], 0);
        // The last entry is acknowledged while a request that is about the one before is handled.
        let before = script.appends((0, 1), 1, at(1, 1), &[1], 0);
        let last = script.appends((0, 1), 1, at(2, 1), &[1], 0);
        script.answers(&before, 1, true);
        script.answers(&last, 1, true);
        // Its copy comes in a newer term.
        script.wins(2, 1, 2, at(3, 1));
        script.tell(1, FactKind::Delivered(Arc::clone(&last)));
        script.answers(&last, 2, false);
        script.replicates((2, 1), 2, at(3, 1), &[], 0);
    });
}

#[test]
fn what_a_leader_accepts_while_it_is_asked_in_a_newer_term_is_possible() {
    keeps_all(|script| {
        script.wins(0, 1, 1, at(0, 0));
        script.saves(2);
        let newer = script.stands(2, 0, 2, at(0, 0));
        script.accepts(0, 1, 1);
        let call = script.appends((0, 1), 1, at(0, 0), &[1], 0);
        script.answers(&call, 1, true);
        script.answers(&newer, 2, false);
        script.wins(1, 2, 3, at(1, 1));
        script.replicates((1, 0), 3, at(1, 1), &[], 0);
    });
}

#[test]
fn progress_is_judged_at_the_end() {
    let play = |play: fn(&mut Script)| {
        let mut script = script();
        play(&mut script);
        script
    };
    // Nobody stands.
    assert_eq!(play(|_| ()).ids_after(1), <[&str; 0]>::default());
    assert_eq!(play(|_| ()).ids_after(3), ["F2"; 3]);
    // But something that cannot be read was sent.
    let unread = |script: &mut Script| script.analysis.shadow.unread.others = true;
    assert_eq!(play(unread).ids_after(3), <[&str; 0]>::default());

    // A candidate asks once and never again.
    let mut stuck = play(|script| {
        script.saves(0);
        let _ = script.stands(0, 1, 1, at(0, 0));
        script.rests(0, 1, false);
    });
    assert!(stuck.ids_after(3).contains(&"C1".to_owned()));

    // A leader that is silent, and one that does not step down.
    let mut silent = play(|script| {
        script.wins(0, 1, 1, at(0, 0));
        script.rests(0, 1, true);
    });
    assert!(silent.ids_after(2).contains(&"H1".to_owned()));
    let mut deposed = play(|script| {
        script.wins(0, 1, 1, at(0, 0));
        script.rests(0, 1, true);
        for _ in 0..3 {
            let call = script.appends((0, 1), 1, at(0, 0), &[], 0);
            script.answers(&call, 2, false);
            script.hears(&call, 2, false);
        }
    });
    assert_eq!(deposed.ids_after(0), ["L9"]);

    // The same request is refused again and again.
    let refused = |times| {
        let mut script = script();
        script.wins(0, 1, 1, at(0, 0));
        script.accepts(0, 1, 1);
        script.rests(0, 1, true);
        for _ in 0..times {
            let call = script.appends((0, 1), 1, at(1, 1), &[], 0);
            script.answers(&call, 1, false);
            script.hears(&call, 1, false);
        }
        script.ids_after(0)
    };
    assert_eq!(refused(5), ["L3"]);
    assert_eq!(refused(4), <[&str; 0]>::default());

    // What is known to be committed is not applied.
    let mut idle = play(|script| {
        script.wins(0, 1, 1, at(0, 0));
        script.replicates((0, 1), 1, at(0, 0), &[1], 0);
        script.replicates((0, 1), 1, at(1, 1), &[], 1);
    });
    assert!(idle.ids_after(2).contains(&"AS3".to_owned()));

    // A free vote is refused in three terms.
    let mut stubborn = play(|script| {
        for term in 1..=3 {
            script.saves(0);
            let call = script.stands(0, 1, term, at(0, 0));
            script.answers(&call, term, false);
        }
    });
    assert_eq!(stubborn.ids_after(0), ["RV4"]);
    // A newer term is not joined.
    let mut deaf = play(|script| {
        for term in 1..=3 {
            script.saves(0);
            let call = script.stands(0, 1, term, at(0, 0));
            script.answers(&call, 0, false);
        }
    });
    assert_eq!(deaf.ids_after(0), ["AS4"]);
}

#[test]
fn as6_a_reply_holds_the_server_s_own_term() {
    let play = |term| {
        move |script: &mut Script| {
            script.wins(2, 1, 2, at(0, 0));
            script.wins(0, 1, 3, at(0, 0));
            let late = script.appends((2, 1), 2, at(0, 0), &[], 0);
            script.answers(&late, term, false);
        }
    };
    breaks("AS6", play(2));
    keeps_all(play(3));
    // A server that has stopped answers with nothing.
    keeps_all(play(0));
    // The newer term may have come while the request was handled.
    keeps_all(|script| {
        script.saves(2);
        let old = script.stands(2, 1, 2, at(0, 0));
        script.wins(0, 1, 3, at(0, 0));
        script.answers(&old, 2, false);
    });
}

#[test]
fn f3_who_has_just_agreed_does_not_stand() {
    let play = |milliseconds| {
        move |script: &mut Script| {
            script.wins(0, 1, 1, at(0, 0));
            let heartbeat = script.appends((0, 1), 1, at(0, 0), &[], 0);
            script.answers(&heartbeat, 1, true);
            script.at += Duration::from_millis(milliseconds);
            script.saves(1);
            let _ = script.stands_at_once(1, 2, 2, at(0, 0));
        }
    };
    breaks("F3", play(20));
    keeps_all(play(100));
    // A refusal of what does not match comes from a follower, too.
    breaks("F3", |script| {
        script.wins(0, 1, 1, at(0, 0));
        script.at += Duration::from_millis(100);
        let entries = script.appends((0, 1), 1, at(4, 1), &[], 0);
        script.answers(&entries, 1, false);
        script.saves(1);
        let _ = script.stands_at_once(1, 2, 2, at(0, 0));
    });
    // An old leader is no reason to wait.
    keeps_all(|script| {
        script.wins(2, 1, 2, at(0, 0));
        script.wins(0, 1, 3, at(0, 0));
        script.at += Duration::from_millis(100);
        let old = script.appends((2, 1), 2, at(0, 0), &[], 0);
        script.answers(&old, 3, false);
        script.saves(1);
        let _ = script.stands_at_once(1, 2, 4, at(0, 0));
    });
}

#[test]
fn p1_a_snapshot_is_saved_before_the_answer() {
    let play = |saves: bool, installed: bool| {
        move |script: &mut Script| {
            script.wins(0, 1, 1, at(0, 0));
            let call = script.installs(0, 1, 1, at(9, 1));
            if saves {
                script.saves(1);
            }
            script.tell(1, FactKind::Answered(call, Reply { term: Some(1), yes: None }));
            if installed {
                script.tell(1, FactKind::Installed(9));
            }
        }
    };
    breaks("P1", play(false, true));
    keeps_all(play(true, true));
    // A server that has the entries already needs no snapshot.
    keeps_all(play(false, false));
    // It is saved since an incarnation that was not asked any more.
    keeps_all(|script| {
        script.wins(0, 1, 1, at(0, 0));
        let _ = script.installs(0, 1, 1, at(9, 1));
        script.saves(1);
        script.restarts(1);
        let again = script.installs(0, 1, 1, at(9, 1));
        script.tell(1, FactKind::Answered(again, Reply { term: Some(1), yes: None }));
        script.tell(1, FactKind::Installed(9));
    });
}
