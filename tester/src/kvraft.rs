//! Lab 4: the key/value service over Raft. (Part 4A, the first test of 4C, and those of 4X about
//! any replicated service are in `rsm`.)

mod generic;
mod part_4b;
mod part_4c;
mod part_4x;
mod rsm;
mod scripted_log;
mod servers;

pub use rsm::Counters;
pub(crate) use rsm::replica;
pub use servers::KvServers;
pub(crate) use servers::start_replica;

use crate::raft::ReplicatedLog;
use crate::stage::Stage;
use crate::{Case, Cluster, Lab, Part, Rule, key_value};

/// Lab 4.
pub(crate) const LAB: Lab = Lab {
    krate: "kvraft",
    number: "4",
    title: "Fault-tolerant key/value service",
    task: "a key/value service on your Raft",
    folder: "kvraft",
    export: "KvRaft",
    parts: &[
        Part::new("4A", "replicated state machine"),
        Part::new("4B", "key/value service"),
        Part::new("4C", "snapshots"),
        Part::new("4X", "adversity"),
    ],
    needs: &["raft"],
    cases,
    rules,
    situations: key_value::situations::on_several_servers,
};

/// All tests of lab 4: the course's in its order, and then those of part 4X.
fn cases() -> Vec<Case> {
    let [a, c, x] = [&rsm::cases_4a()[..], &rsm::cases_4c(), &rsm::cases_4x()];
    [a, &part_4b::cases(), c, &part_4c::cases(), x, &part_4x::cases()].concat()
}

/// The rules of clients, and those of a replicated service.
fn rules() -> Vec<&'static Rule> {
    [key_value::on_several_servers(), rsm::rules()].concat()
}

/// Plays a test of key/value servers over Raft.
fn play(stage: &Stage<'_>, body: impl FnOnce(&Cluster<KvServers>)) {
    play_on(stage, ReplicatedLog::raft(stage.expect(stage.solution().raft(), "Raft")), body);
}

/// Plays a test of key/value servers over this log.
fn play_on(stage: &Stage<'_>, log: ReplicatedLog, body: impl FnOnce(&Cluster<KvServers>)) {
    let kvraft = stage.expect(stage.solution().key_value_on_raft(), "kvraft");
    stage.play(KvServers::new(log, kvraft, stage.max_raft_state()), body);
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use crate::kvsrv;

    #[test]
    fn rules_have_names_of_their_own_and_say_everything() {
        let rules = [(kvsrv::LAB.rules)(), super::rules()].concat();
        let ids: BTreeSet<&str> = rules.iter().map(|rule| rule.id).collect();
        assert_eq!(ids.len(), rules.len());
        for rule in rules {
            let fields = [rule.title, rule.place, rule.text, rule.why, rule.mistake, rule.cure];
            assert!(fields.iter().all(|field| !field.is_empty()), "{}", rule.id);
        }
    }
}
