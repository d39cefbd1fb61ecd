//! In-sync replicas under a controller, as in Kafka: a small experiment.
//!
//! One partition of a topic, with a replica on each broker. A *controller* says who leads, in which epoch,
//! and who is in sync; it stands for a quorum of its own (`controller.rs`). Followers fetch from the leader.
//! A write is acknowledged when all replicas that are in sync have it, however few they are (`broker.rs`,
//! `replication.rs`). Who lags is taken out of the in-sync replicas (ISR), and comes back when it has caught
//! up (`isr.rs`). The next leader comes from the ISR, and from nowhere else. A write is refused while fewer
//! replicas are in sync than `min.insync.replicas`.
//!
//! Brokers acknowledge from memory, and write to disk from time to time: a crash loses the end of the log.
//! That is Kafka's choice: not the disk but the other replicas in sync keep a write. So it promises that a
//! write is kept while one replica that was in sync runs on, and that f + 1 replicas are enough for f
//! failures. It gives up writes if the last one in sync crashes. `min.insync.replicas` says how many copies
//! there are at least.

mod broker;
mod controller;
mod isr;
mod messages;
mod replication;

use std::sync::Arc;

use crate::contestant::Contestant;
use crate::replica::{StartReplica, StartedReplica};
use broker::{Broker, Handle};
use controller::Controller;

/// In-sync replicas, two of them at least.
pub(crate) const KAFKA: Contestant = Contestant {
    name: "kafka",
    title: "Kafka's ISR, at least 2",
    lab: None,
    has_leaders: true,
    takes_writes: true,
    controllers: 1,
    why: "The controller takes a broker for dead after a session of 500 ms, and brokers hear of the next \
          leader with their next heartbeat: some 580 ms. Nobody votes. A write waits for all replicas in \
          sync, however few they are. So a replica that fails stops all writes until it has been taken out, \
          for 350 ms, even if it did not lead; that is what an unstable node costs. In exchange f + 1 \
          replicas are enough for f failures. A leader that was deposed does not know, and answers reads \
          with what it has: in a partition a quarter of the reads is stale. Brokers acknowledge from \
          memory. With two replicas in sync at least, a leader that is left alone takes no writes, and none \
          are lost. Followers ask again and again for what comes next, so a write takes more messages than \
          where a leader sends it.",
    start: |_| Some(start(2)),
};

/// In-sync replicas, of which one is enough.
pub(crate) const KAFKA_MIN_ISR_1: Contestant = Contestant {
    name: "kafka-min-isr-1",
    title: "Kafka's ISR, at least 1",
    why: "As with two replicas in sync, but one is enough. It differs under one plan: a leader that is left \
          alone goes on alone, and half of the time without progress is gone. What it acknowledges then is \
          in its memory and nowhere else. When it crashes, the writes since it last wrote to disk are lost, \
          although each of them was acknowledged by all replicas in sync. min.insync.replicas is the number \
          of copies that an acknowledgement stands for.",
    start: |_| Some(start(1)),
    ..KAFKA
};

/// Brokers on the first servers, and the controller on the one after them.
fn start(min_isr: usize) -> StartReplica {
    Arc::new(move |env, brokers, outcomes| {
        if env.me() == brokers {
            let controller = Controller::new(brokers);
            let it = Arc::clone(&controller);
            env.run("controller", move || it.run());
            let services = vec![Arc::clone(&controller).service()];
            return Some(StartedReplica { replica: controller, services });
        }
        let broker = Broker::new(env, min_isr, outcomes);
        for (name, run) in Broker::THREADS {
            let it = Arc::clone(&broker);
            env.run(name, move || run(&it));
        }
        let services = vec![Arc::clone(&broker).service()];
        Some(StartedReplica { replica: Arc::new(Handle(broker)), services })
    })
}
