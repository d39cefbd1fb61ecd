//! [`Fault`]: the ways in which a node of one of Bully's cured forms can be wrong.

use std::time::Duration;

use labapi::{BullyView, Publication};

use super::MOMENT;
use crate::faults::faults;

faults! {
    None,
    /// No node ever knows a leader.
    KnowsNobody,
    /// All say that they are in generation 1.
    KnowsOneGeneration,
    /// When it has run for a second, node 0 says for a moment that it is in generation 1.
    GoesBackBriefly,
    /// When it has run for 3 s, node 0 knows no leader for a moment.
    ForgetsLeaderBriefly,
    /// Node 1 tells the test that it leads when it knows nobody.
    LeadsInElections,
    /// Whoever has led tells the test that it leads until it follows another one.
    TellsTestItLeads,
    /// Whoever has led tells the probe alone that it leads until it hears of a newer generation.
    TellsProbeItLeads,
    /// Nothing survives a crash in the form that publishes.
    SavesNothing,
    /// No node takes a state.
    TakesNothing,
    /// A leader says that the version is one higher than it is.
    SkipsVersions,
    /// Every node takes a state, as version 1 if it does not lead.
    AllTake,
    /// Node 0 knows no other state than the first that was committed.
    KeepsFirstState,
    /// A leader tells the test that what it was given is committed.
    CommitsAtOnce,
    /// A leader tells the probe that what it was given is committed.
    TellsProbeAtOnce,
    /// Node 0 says another state of the same version.
    Contradicts,
    /// All nodes say the same state, which nobody has published.
    Invent,
    /// When it has known version 3, node 0 tells the probe version 1 again.
    GoesBack,
    /// When it has known version 2, node 0 knows nothing.
    Forgets,
    /// After 10 s the vote of node 0 is for another candidate.
    VotesTwice,
    /// After 10 s another node than the leader tells the probe that it leads.
    LeadsBeside,
}

/// The situation that a node's answer depends on.
pub struct Situation {
    pub me: usize,
    /// The view of the reference's node.
    pub view: BullyView,
    /// The generation in which it led last.
    pub led: Option<u64>,
    /// All committed states that it has known, in order.
    pub committed: Vec<Publication>,
    /// The last state that it took.
    pub given: Option<Publication>,
    /// The time since it started.
    pub age: Duration,
    /// Whether the call is the test's, and not the probe's.
    pub test_asks: bool,
}

const LATE: Duration = Duration::from_secs(10);

impl Fault {
    pub fn view(self, situation: Situation) -> BullyView {
        let Situation { me, view, led, age, test_asks, .. } = situation;
        let within = |from: Duration| (from..from + MOMENT).contains(&age);
        let leads = |generation| BullyView { generation, leader: Some(me) };
        match self {
            Self::KnowsNobody => BullyView { leader: None, ..view },
            Self::KnowsOneGeneration => BullyView { generation: 1, ..view },
            Self::GoesBackBriefly if me == 0 && within(Duration::from_secs(1)) => {
                BullyView { generation: 1, leader: None }
            }
            Self::ForgetsLeaderBriefly if me == 0 && within(Duration::from_secs(3)) => {
                BullyView { leader: None, ..view }
            }
            Self::LeadsInElections if me == 1 && view.leader.is_none() && test_asks && age > LATE / 4 => {
                leads(view.generation)
            }
            Self::TellsTestItLeads if view.leader.is_none() && test_asks => led.map_or(view, leads),
            Self::TellsProbeItLeads
                if led == Some(view.generation) && view.leader.is_none() && !test_asks =>
            {
                leads(view.generation)
            }
            Self::LeadsBeside if view.leader != Some(me) && !test_asks && age > LATE => leads(0),
            _ => view,
        }
    }

    pub fn version(self, version: Option<u64>) -> Option<u64> {
        match self {
            Self::TakesNothing => None,
            Self::SkipsVersions => version.map(|version| version + 1),
            Self::AllTake => version.or(Some(1)),
            _ => version,
        }
    }

    pub fn published(self, situation: Situation) -> Option<Publication> {
        let Situation { me, committed, given, test_asks, .. } = situation;
        let known = committed.last().cloned();
        let has_known = |version| me == 0 && committed.iter().any(|known| known.version >= version);
        let invented = |known: Publication| Publication { state: b"another one".to_vec(), ..known };
        match self {
            Self::KeepsFirstState if me == 0 => committed.first().cloned(),
            Self::CommitsAtOnce if test_asks => given.max_by_version(known),
            Self::TellsProbeAtOnce if !test_asks => given.max_by_version(known),
            Self::Contradicts if me == 0 => known.map(invented),
            Self::Invent => known.map(invented),
            Self::GoesBack if has_known(3) && !test_asks => committed.first().cloned(),
            Self::Forgets if has_known(2) => None,
            _ => known,
        }
    }

    pub fn vote(self, me: usize, vote: Option<usize>, age: Duration) -> Option<usize> {
        match self {
            Self::VotesTwice if me == 0 && age > LATE => vote.map(|candidate| (candidate + 1) % 5),
            _ => vote,
        }
    }
}

trait MaxByVersion {
    fn max_by_version(self, other: Self) -> Self;
}

impl MaxByVersion for Option<Publication> {
    /// The one of the higher version.
    fn max_by_version(self, other: Self) -> Self {
        let version = |it: &Self| it.as_ref().map(|it| it.version);
        if version(&self) > version(&other) { self } else { other }
    }
}
