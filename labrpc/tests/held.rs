//! Messages that the harness holds and releases.

use std::sync::Arc;
use std::time::Duration;

use labrpc::{Network, Server, Service};
use labrt::sync::atomic::{AtomicU64, Ordering};
use labrt::thread;
use labrt::world::{Options, World, simulate};

const MS: Duration = Duration::from_millis(1);

/// A network with a server that counts its calls, and an end point `end` that leads to it.
fn network(world: &World) -> (Network, labrpc::ClientEnd, Arc<AtomicU64>) {
    let (network, calls) = (Network::new(world), Arc::new(AtomicU64::new(0)));
    let mut server = Server::new(&world.node("server"));
    let counted = Arc::clone(&calls);
    server.add_service(Service::new("Echo").method("echo", move |number: u64| {
        counted.fetch_add(1, Ordering::Relaxed);
        number
    }));
    network.add_server("server", server);
    let end = network.make_end("end");
    network.connect("end", "server");
    network.enable("end", true);
    (network, end, calls)
}

fn test(body: impl Fn(&World) + Copy + Send + 'static) {
    for seed in 1..5 {
        simulate(Options::new(seed), move |world| body(world)).result.expect("the run passes");
    }
}

fn call(end: &labrpc::ClientEnd, number: u64) -> thread::JoinHandle<Option<u64>> {
    let end = end.clone();
    thread::spawn(move || end.call::<u64, u64>("Echo.echo", &number))
}

#[test]
fn held_requests_arrive_when_they_are_released_and_later_ones_pass() {
    test(|world| {
        let (network, end, calls) = network(world);
        network.hold_requests("end", true);
        let held = [call(&end, 1), call(&end, 2)];
        thread::sleep(500 * MS);
        assert_eq!(calls.load(Ordering::Relaxed), 0);
        network.hold_requests("end", false);
        assert_eq!(end.call::<u64, u64>("Echo.echo", &3), Some(3));
        assert_eq!(calls.load(Ordering::Relaxed), 1);
        let released = world.now();
        // A request that is on its way arrives although the link was cut meanwhile, and so does its reply.
        network.release("end");
        let replies = held.map(|call| call.join().expect("the call returns"));
        assert_eq!(replies, [Some(1), Some(2)]);
        assert!(world.now() - released < MS);
        // Nothing is held any more.
        network.release("end");
        assert_eq!(end.call::<u64, u64>("Echo.echo", &4), Some(4));
    });
}

#[test]
fn held_replies_come_although_the_server_is_gone() {
    test(|world| {
        let (network, end, calls) = network(world);
        network.hold_replies("end", true);
        let held = call(&end, 7);
        thread::sleep(300 * MS);
        assert_eq!(calls.load(Ordering::Relaxed), 1);
        network.delete_server("server");
        thread::sleep(300 * MS);
        network.release("end");
        assert_eq!(held.join().expect("the call returns"), Some(7));
    });
}

#[test]
fn what_a_deleted_end_point_has_held_is_lost() {
    test(|world| {
        let (network, end, calls) = network(world);
        network.hold_requests("end", true);
        let request = call(&end, 1);
        thread::sleep(MS);
        network.hold_requests("end", false);
        network.hold_replies("end", true);
        let reply = call(&end, 2);
        thread::sleep(MS);
        network.delete_end("end");
        assert_eq!(request.join().expect("the call returns"), None);
        assert_eq!(reply.join().expect("the call returns"), None);
        assert_eq!(calls.load(Ordering::Relaxed), 1);
    });
}
