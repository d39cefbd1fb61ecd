//! RPCs on real threads: one after the other, as the course's benchmark makes them, and from several clients.
//!
//! They measure real time, not processor time, because the caller's waiting time is of interest.

use std::hint::black_box;
use std::time::Duration;

use criterion::{Criterion, criterion_group, criterion_main};
use labrpc::{Network, Server, Service};
use labrt::thread;
use labrt::time::Instant;
use labrt::world::{Backend, Options, World, simulate};

/// The number of calls in the course's benchmark.
const COURSE: u64 = 100_000;

/// The time of so many calls from each of `clients`, over a reliable network to one server: a number there,
/// and the text of it back.
fn calls(count: u64, clients: usize) -> Duration {
    let options =
        Options { backend: Backend::Threads, max_virtual_time: Duration::from_secs(600), ..Options::new(1) };
    let run = simulate(options, move |world: &World| {
        let network = Network::new(world);
        let mut server = Server::new(&world.node("server"));
        server
            .add_service(Service::new("Junk").method("handler2", |number: i64| format!("handler2-{number}")));
        network.add_server("server", server);
        let start = Instant::now();
        let clients: Vec<_> = (0..clients)
            .map(|client| {
                let name = format!("end {client}");
                let end = network.make_end(name.clone());
                network.connect(&name, "server");
                network.enable(&name, true);
                thread::spawn(move || {
                    for _ in 0..count {
                        let reply: Option<String> = end.call("Junk.handler2", black_box(&111_i64));
                        assert_eq!(reply.as_deref(), Some("handler2-111"));
                    }
                })
            })
            .collect();
        for client in clients {
            client.join().expect("a client makes its calls");
        }
        start.elapsed()
    });
    run.result.expect("the benchmark passes")
}

fn rpc(c: &mut Criterion) {
    c.bench_function("threads/rpc", |b| b.iter_custom(|count| calls(count.max(1), 1)));
    let mut group = c.benchmark_group("threads/course");
    group.sample_size(10);
    group.bench_function("100,000 calls", |b| {
        b.iter_custom(|count| (0..count).map(|_| calls(COURSE, 1)).sum());
    });
    group.bench_function("10,000 calls from each of 10 clients", |b| {
        b.iter_custom(|count| (0..count).map(|_| calls(COURSE / 10, 10)).sum());
    });
    group.finish();
}

criterion_group!(benches, rpc);
criterion_main!(benches);
