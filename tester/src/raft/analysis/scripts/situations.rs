//! Each situation by a list of events written by hand: the list that comes to it, and one beside it that does
//! not.

use super::*;
use crate::raft::situations::*;
use crate::situation::Situation;

/// Whether the events come to the situation.
fn comes_to(situation: &Situation, play: impl FnOnce(&mut Script)) -> bool {
    let mut script = script();
    play(&mut script);
    assert!(all().contains(&situation), "{} is not listed", situation.name);
    script.analysis.situations().contains(&situation.name)
}

/// The first list of events comes to the situation, and the second does not.
#[track_caller]
fn tells_apart(situation: &Situation, comes: impl FnOnce(&mut Script), misses: impl FnOnce(&mut Script)) {
    assert!(comes_to(situation, comes), "{} is not recognised", situation.name);
    assert!(!comes_to(situation, misses), "{} is recognised where it is not", situation.name);
}

/// Server 0 leads term 1, has two entries, and server 1 has the first. Nothing is committed.
fn leads_with_two_entries(script: &mut Script) {
    script.wins(0, 1, 1, at(0, 0));
    script.accepts(0, 1, 1);
    script.accepts(0, 2, 1);
    script.replicates((0, 1), 1, at(0, 0), &[1], 0);
}

#[test]
fn elections() {
    let stand = |other, term| {
        move |script: &mut Script| {
            let _ = script.stands(0, 1, 1, at(0, 0));
            let _ = script.stands(other, 1, term, at(0, 0));
        }
    };
    tells_apart(&TWO_CANDIDATES, stand(2, 1), stand(2, 2));
    tells_apart(&ELECTION_WITHOUT_A_WINNER, stand(0, 2), |script| {
        script.wins(0, 1, 1, at(0, 0));
        script.rests(0, 1, true);
        let _ = script.stands(0, 1, 2, at(0, 0));
    });
    let asked_after_a_vote = |other, term| {
        move |script: &mut Script| {
            script.wins(0, 1, 1, at(0, 0));
            let _ = script.stands(other, 1, term, at(0, 0));
        }
    };
    tells_apart(&VOTER_ASKED_AGAIN, asked_after_a_vote(2, 1), asked_after_a_vote(2, 2));
    assert!(!comes_to(&VOTER_ASKED_AGAIN, asked_after_a_vote(0, 1)), "it is the same candidate");
    let asked_after_a_crash = |term| {
        move |script: &mut Script| {
            script.wins(0, 1, 1, at(0, 0));
            script.restarts(1);
            let _ = script.stands(2, 1, term, at(0, 0));
        }
    };
    tells_apart(&VOTER_CRASHED_AND_ASKED_AGAIN, asked_after_a_crash(1), asked_after_a_crash(2));
    assert!(!comes_to(&VOTER_CRASHED_AND_ASKED_AGAIN, asked_after_a_vote(2, 1)), "it has not crashed");
    let refuses = |has_voted| {
        move |script: &mut Script| {
            if has_voted {
                let call = script.stands(0, 1, 1, at(0, 0));
                script.answers(&call, 1, true);
            }
            let call = script.stands(2, 1, 1, at(0, 0));
            script.answers(&call, 1, false);
        }
    };
    tells_apart(&VOTE_REFUSED_FOR_THE_LOG, refuses(false), refuses(true));
}

#[test]
fn messages_of_older_terms() {
    let vote = |later| {
        move |script: &mut Script| {
            let call = script.stands(0, 1, 1, at(0, 0));
            script.answers(&call, 1, true);
            let _ = script.stands(0, 2, if later { 2 } else { 1 }, at(0, 0));
            script.hears(&call, 1, true);
        }
    };
    tells_apart(&VOTE_OF_AN_OLDER_TERM, vote(true), vote(false));
    tells_apart(&REPLY_OF_AN_OLDER_TERM, vote(true), vote(false));
    let request = |term| {
        move |script: &mut Script| {
            script.wins(0, 1, 2, at(0, 0));
            let _ = script.stands(2, 1, term, at(0, 0));
        }
    };
    tells_apart(&REQUEST_OF_AN_OLDER_TERM, request(1), request(2));
    let told = |term| {
        move |script: &mut Script| {
            leads_with_two_entries(script);
            let call = script.appends((0, 2), 1, at(0, 0), &[1], 0);
            script.hears(&call, term, false);
        }
    };
    tells_apart(&LEADER_HEARS_OF_A_NEWER_TERM, told(2), told(1));
    let twice = |again| {
        move |script: &mut Script| {
            let call = script.stands(0, 1, 1, at(0, 0));
            if again {
                script.tell(1, FactKind::Delivered(call));
            }
        }
    };
    tells_apart(&REQUEST_ARRIVED_TWICE, twice(true), twice(false));
}

#[test]
fn leaders() {
    let replaced = |is_committed, by| {
        move |script: &mut Script| {
            leads_with_two_entries(script);
            if is_committed {
                script.applies(0, 2);
            }
            script.wins(by, 1, 2, at(2, 1));
            script.rests(by, 2, true);
        }
    };
    tells_apart(&LEADER_REPLACED_WITH_UNCOMMITTED, replaced(false, 2), replaced(true, 2));
    assert!(!comes_to(&LEADER_REPLACED_WITH_UNCOMMITTED, replaced(false, 0)), "it is the same leader");
    tells_apart(&LEADER_SUCCEEDS_ITSELF, replaced(false, 0), replaced(false, 2));
    let third = |by| {
        move |script: &mut Script| {
            replaced(false, 2)(script);
            script.rests(by, 3, true);
        }
    };
    tells_apart(&LEADER_AGAIN_AFTER_ANOTHER, third(0), third(1));
    let sends = |from, term| {
        move |script: &mut Script| {
            replaced(false, 2)(script);
            let _ = script.appends((from, 1), term, at(0, 0), &[], 0);
        }
    };
    tells_apart(&REPLACED_LEADER_SENDS, sends(0, 1), sends(2, 2));
    let accepts = |server, term| {
        move |script: &mut Script| {
            replaced(false, 2)(script);
            script.accepts(server, 3, term);
        }
    };
    tells_apart(&REPLACED_LEADER_TAKES_A_COMMAND, accepts(0, 1), accepts(2, 2));
    let wakes = |is_replaced| {
        move |script: &mut Script| {
            leads_with_two_entries(script);
            script.analysis.observed.paused(0);
            if is_replaced {
                script.rests(2, 2, true);
            }
            script.analysis.observed.resumed(0);
        }
    };
    tells_apart(&PAUSED_LEADER_WAKES_UP_DEPOSED, wakes(true), wakes(false));
}

#[test]
fn entries_of_logs() {
    let overwrites = |term| {
        move |script: &mut Script| {
            script.wins(0, 1, 1, at(0, 0));
            script.replicates((0, 1), 1, at(0, 0), &[1], 0);
            script.wins(2, 0, 2, at(0, 0));
            script.replicates((2, 1), 2, at(0, 0), &[term], 0);
        }
    };
    tells_apart(&ENTRIES_OVERWRITTEN, overwrites(2), overwrites(1));
    let answered = |success| {
        move |script: &mut Script| {
            script.wins(0, 1, 1, at(0, 0));
            let call = script.appends((0, 1), 1, at(3, 1), &[1], 0);
            script.answers(&call, 1, success);
        }
    };
    tells_apart(&ENTRIES_REFUSED, answered(false), answered(true));
    let brings = |terms: [u64; 2], commit| {
        move |script: &mut Script| {
            let _ = script.appends((0, 1), 2, at(0, 0), &terms, commit);
        }
    };
    tells_apart(&ENTRIES_OF_SEVERAL_TERMS, brings([1, 2], 0), brings([2, 2], 0));
    tells_apart(&COMMIT_BEYOND_THE_ENTRIES, brings([1, 2], 3), brings([1, 2], 2));
    let then = |term, end: usize| {
        move |script: &mut Script| {
            let _ = script.appends((0, 1), 1, at(0, 0), &[1, 1], 0);
            let _ = script.appends((0, 1), term, at(0, 0), &[1; 3][..end], 0);
        }
    };
    tells_apart(&ENTRIES_OUT_OF_ORDER, then(1, 1), then(1, 2));
    assert!(!comes_to(&ENTRIES_OUT_OF_ORDER, then(2, 1)), "it is of another leader");
    let replicates_in = |term| {
        move |script: &mut Script| {
            script.wins(0, 1, 1, at(0, 0));
            script.accepts(0, 1, 1);
            if term > 1 {
                script.wins(0, 1, term, at(1, 1));
            }
            script.replicates((0, 1), term, at(0, 0), &[1], 0);
        }
    };
    tells_apart(&OLD_ENTRY_ON_A_MAJORITY, replicates_in(2), replicates_in(1));
}

#[test]
fn crashes() {
    let crashes = |saves, answers| {
        move |script: &mut Script| {
            let call = script.stands(0, 1, 1, at(0, 0));
            if saves {
                script.saves(1);
            }
            if answers {
                script.answers(&call, 1, true);
            }
            script.restarts(1);
        }
    };
    tells_apart(&CRASH_BETWEEN_SAVE_AND_REPLY, crashes(true, false), crashes(false, false));
    assert!(!comes_to(&CRASH_BETWEEN_SAVE_AND_REPLY, crashes(true, true)), "it has answered");
    tells_apart(&CRASH_BEFORE_SAVE, crashes(false, false), crashes(true, false));
    let leader_crashes = |server, is_committed| {
        move |script: &mut Script| {
            leads_with_two_entries(script);
            if is_committed {
                script.applies(0, 2);
            }
            script.restarts(server);
        }
    };
    tells_apart(&LEADER_CRASHED_WITH_UNCOMMITTED, leader_crashes(0, false), leader_crashes(0, true));
    assert!(!comes_to(&LEADER_CRASHED_WITH_UNCOMMITTED, leader_crashes(1, false)), "it does not lead");
    let all_crash = |restarted| {
        move |script: &mut Script| {
            script.tell(0, FactKind::Crashed);
            script.tell(1, FactKind::Crashed);
            if restarted {
                script.tell(0, FactKind::Started);
            }
            script.restarts(2);
        }
    };
    tells_apart(&ALL_DOWN, all_crash(false), all_crash(true));
}

#[test]
fn snapshots() {
    let arrives = |last, is_handed| {
        move |script: &mut Script| {
            let call = script.installs(0, 1, 1, at(5, 1));
            script.answers(&call, 1, true);
            if is_handed {
                script.tell(1, FactKind::Installed(5));
            }
            let _ = script.installs(0, 1, 1, at(last, 1));
        }
    };
    tells_apart(&SNAPSHOT_HANDED_TO_THE_SERVICE, arrives(5, true), arrives(5, false));
    tells_apart(&OLDER_SNAPSHOT_ARRIVES, arrives(4, true), arrives(5, true));
    let overtakes = |arrives, entries: usize| {
        move |script: &mut Script| {
            let call = script.sends(0, 1, Request::InstallSnapshot { term: 1, last: at(2, 1) });
            if arrives {
                script.tell(1, FactKind::Delivered(call));
            }
            script.replicates((0, 1), 1, at(0, 0), &[1; 3][..entries], 0);
        }
    };
    tells_apart(&ENTRIES_OVERTAKE_A_SNAPSHOT, overtakes(false, 3), overtakes(true, 3));
    assert!(!comes_to(&ENTRIES_OVERTAKE_A_SNAPSHOT, overtakes(false, 2)), "they are not beyond it");
    let crashes = |is_handed, is_restarted| {
        move |script: &mut Script| {
            if is_handed {
                script.tell(1, FactKind::Installed(5));
            }
            script.tell(1, FactKind::Crashed);
            if is_restarted {
                script.tell(1, FactKind::Started);
            }
        }
    };
    tells_apart(&CRASH_AFTER_A_SNAPSHOT, crashes(true, true), crashes(false, true));
    assert!(!comes_to(&CRASH_AFTER_A_SNAPSHOT, crashes(true, false)), "it may be the end of the test");
}
