//! The processor time of one simulated RPC: encoding both ways, the scheduler, the network.

use std::hint::black_box;
use std::time::Duration;

use criterion::{Criterion, criterion_group, criterion_main};
use labrpc::{Network, Server, Service};
use labrt::world::{Options, World, simulate};
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize)]
struct VoteArgs {
    term: u64,
    candidate_id: usize,
    last_log_index: u64,
    last_log_term: u64,
}

#[derive(Serialize, Deserialize)]
struct VoteReply {
    term: u64,
    granted: bool,
}

/// The processor time of so many calls, one after the other, from one thread to one server.
fn calls(count: u64, reliable: bool) -> Duration {
    let mut options = Options::new(count);
    options.max_virtual_time = Duration::MAX;
    let run = simulate(options, move |world: &World| {
        let network = Network::new(world);
        let mut server = Server::new(&world.node("server"));
        server.add_service(Service::new("Raft").method("request_vote", |args: VoteArgs| VoteReply {
            term: args.term,
            granted: args.last_log_index > 0,
        }));
        network.add_server("server", server);
        let end = network.make_end("end");
        network.connect("end", "server");
        network.enable("end", true);
        network.set_reliable(reliable);
        let args = VoteArgs { term: 3, candidate_id: 1, last_log_index: 1000, last_log_term: 3 };
        for _ in 0..count {
            let reply: Option<VoteReply> = end.call("Raft.request_vote", black_box(&args));
            black_box(reply);
        }
    });
    assert!(run.result.is_ok(), "{:?}", run.result);
    run.cpu_time
}

fn rpc(c: &mut Criterion) {
    c.bench_function("rpc/reliable", |b| b.iter_custom(|count| calls(count, true)));
    c.bench_function("rpc/unreliable", |b| b.iter_custom(|count| calls(count, false)));
}

criterion_group!(benches, rpc);
criterion_main!(benches);
