//! [`storm`]: clients put to many keys while shards move, and the nemesis besieges a group.

use std::time::Duration;

use labapi::{GroupId, SHARDS, ShardId};
use labrt::sync::Arc;
use labrt::sync::atomic::{AtomicBool, Ordering};
use labrt::thread;

use super::{ONE, given};
use crate::key_value::Rival;
use crate::nemesis::mix::{
    burst, crash, delay, halves, late_replies, leader_cut_off, long_crash, loss, pause, slow_saves,
};
use crate::nemesis::{Family, FaultPlan, Shift, Siege, Workers};
use crate::shardkv::service::{Service, groups};
use crate::shardkv::{ConfigStore, NEEDS, play};
use crate::{Case, Stage};

/// How long operations may take when all faults have ended.
const PATIENCE: Duration = Duration::from_secs(15);

/// When a replica takes a snapshot, in the tests that have any.
const MAX_RAFT_STATE: usize = 700;

pub(super) fn cases() -> Vec<Case> {
    vec![
        storm("moves_and_crashes_5x", "Test (5X): shards move while servers crash", &CRASHES)
            .max_raft_state(MAX_RAFT_STATE),
        storm("moves_and_leaders_5x", "Test (5X): shards move while leaders change", &LEADERS),
        storm("moves_and_losses_5x", "Test (5X): shards move while messages are lost", &LOSSES),
    ]
}

/// A test of a family of plans.
fn storm(name: &'static str, title: &'static str, family: &'static Family) -> Case {
    let body = |stage: &Stage<'_>| {
        let (plan, reliable) = (stage.plan(), stage.is_reliable());
        play(stage, |service| besiege(service, plan, reliable));
    };
    Case::new(name, "5X", title, NEEDS, body).points(2).besieged(family)
}

/// What a group has of its shards when it is back.
const CRASHES: Family = Family {
    servers: &[3],
    clients: (3, 4),
    think_ms: (20, 60),
    faults: (8, 16),
    gap_ms: (100, 300),
    mix: &[(5, crash), (2, long_crash), (2, halves), (2, burst)],
    throughout: &[(50, slow_saves), (20, loss)],
    left_out: 0,
};

/// What a leader answers that has been deposed.
const LEADERS: Family = Family {
    servers: &[3],
    clients: (3, 4),
    think_ms: (20, 60),
    faults: (6, 12),
    gap_ms: (150, 400),
    mix: &[(4, leader_cut_off), (4, pause), (1, crash), (1, burst)],
    throughout: &[(30, late_replies), (20, delay)],
    left_out: 0,
};

/// What controllers and clerks know of what they have asked.
const LOSSES: Family = Family {
    servers: &[3],
    clients: (3, 4),
    think_ms: (20, 60),
    faults: (4, 8),
    gap_ms: (200, 500),
    mix: &[(3, leader_cut_off), (1, crash), (2, burst), (2, late_replies)],
    throughout: &[(90, loss), (70, late_replies), (20, delay)],
    left_out: 0,
};

/// Clients work and shards move while the plan is carried out on group 1. Then everybody has to come to an
/// end.
fn besiege(service: &Service, plan: &FaultPlan, reliable: bool) {
    let controller = service.set_up();
    service.join_groups(&controller, &groups([2, 3]));
    let cluster = service.cluster();
    let clients: Arc<[_]> = (0..plan.clients).map(|_| cluster.client()).collect();
    let theirs = Arc::clone(&clients);
    let workers = Workers::start(cluster, plan, move |shift: &Shift<ConfigStore>, number| {
        let mut rival = Rival::new(&theirs[number]);
        while shift.goes_on() {
            rival.contend();
            shift.think();
        }
    });
    let stop = Arc::new(AtomicBool::new(false));
    let moving = {
        let (service, stop) = (service.clone(), Arc::clone(&stop));
        thread::spawn(move || {
            while !stop.load(Ordering::Acquire) {
                move_some(&service);
            }
        })
    };

    let besieged = service.group(ONE);
    let find_leader = |servers: &[usize]| besieged.newest_leader(servers);
    Siege::new(&besieged, plan, reliable, &find_leader).carry_out();
    workers.stop();
    stop.store(true, Ordering::Release);
    service.must_end_within("a change of the configuration to end when all faults have", PATIENCE, || {
        moving.is_finished()
    });
    workers.join_within(cluster, PATIENCE);
    let reader = cluster.client();
    for key in Rival::<ConfigStore>::keys() {
        let _ = reader.get(&key);
    }
    let config = controller.query().expect("nobody stops it");
    service.must_be_settled(&config);
    cluster.check_linearizable();
}

/// A new controller moves some shards to a group.
fn move_some(service: &Service) {
    let cluster = service.cluster();
    let controller = service.controller();
    controller.init().expect("nobody stops it");
    let present = controller.query().expect("nobody stops it");
    let to = GroupId(1 + cluster.rand_number(3));
    let number = cluster.rand_count(1, 4);
    let shards = (0..number).map(|_| ShardId(cluster.rand_count(0, SHARDS - 1)));
    let next = given(&present, shards.collect::<Vec<_>>(), to);
    controller.change_config_to(&next).expect("nobody stops it");
    controller.stop();
    cluster.sleep(Duration::from_millis(cluster.rand_number(150)));
}
