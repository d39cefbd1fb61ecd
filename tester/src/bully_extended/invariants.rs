//! Invariants of Bully's cured forms. They hold at every moment, however slow, lossy or partitioned the
//! network is.
//!
//! No form promises a single leader at a time: a leader that was replaced may not know it yet. With
//! generations it leads in an older one, with a quorum for a limited time. Votes are locked for a time, and
//! not across crashes, so there it is the number of winners within that time.

mod committed_by_a_quorum;
mod generations_go_up;
mod leaders_need_a_quorum;
mod one_history;
mod one_leader_in_a_generation;
mod one_vote_a_lock;
mod one_winner_a_lock;

use super::BullyForm;
use crate::invariant::Invariant;
use committed_by_a_quorum::CommittedByAQuorum;
use generations_go_up::GenerationsGoUp;
use leaders_need_a_quorum::LeadersNeedAQuorum;
use one_history::OneHistory;
use one_leader_in_a_generation::OneLeaderInAGeneration;
use one_vote_a_lock::OneVoteALock;
use one_winner_a_lock::OneWinnerALock;

/// Those of a form, in the order in which they judge.
pub(super) fn of(form: BullyForm) -> Vec<Box<dyn Invariant>> {
    if form == BullyForm::Priorities {
        return vec![Box::new(OneVoteALock::default()), Box::new(OneWinnerALock::default())];
    }
    let mut all: Vec<Box<dyn Invariant>> =
        vec![Box::new(OneLeaderInAGeneration::default()), Box::new(GenerationsGoUp::default())];
    if form >= BullyForm::Quorum {
        all.push(Box::new(LeadersNeedAQuorum::default()));
    }
    if form >= BullyForm::Publishes {
        all.push(Box::new(OneHistory::default()));
        all.push(Box::new(CommittedByAQuorum::default()));
    }
    all
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::bully_extended::CuredBullyEvent;
    use crate::causality::Causality;
    use crate::event::{Event, Group, Incarnation, Kind};
    use crate::invariant::Verdict;
    use labapi::BullyView;

    const GROUP: Group = Group { number: 0, name: "" };

    /// Tells an invariant of an event of a server at this time.
    pub(super) fn tell(
        invariant: &mut dyn Invariant,
        (server, number): (usize, u32),
        at_ms: u64,
        kind: Kind<'_>,
    ) -> Verdict {
        let who = Incarnation { group: GROUP, server, number };
        invariant.on(&Event {
            number: 1,
            at: Duration::from_millis(at_ms),
            cause: 0,
            group: Some(GROUP),
            party: who.into(),
            kind,
            causality: &Causality::default(),
            moment: None,
        })
    }

    /// Tells an invariant of a view of a server in its first incarnation.
    pub(super) fn views(
        invariant: &mut dyn Invariant,
        server: usize,
        at_ms: u64,
        generation: u64,
        leader: Option<usize>,
    ) -> Verdict {
        let event = CuredBullyEvent::Views(BullyView { generation, leader });
        tell(invariant, (server, 1), at_ms, Kind::Protocol(&event))
    }

    #[test]
    fn none_is_exercised_without_events() {
        for form in [BullyForm::Generations, BullyForm::Publishes, BullyForm::Priorities] {
            assert!(of(form).iter().all(|invariant| !invariant.exercised()));
        }
    }
}
