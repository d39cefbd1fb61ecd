//! Nodes: calls, pauses, probes, events and oneshot channels.

use std::time::Duration;

use labrt::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use labrt::sync::{Arc, Mutex};
use labrt::thread;
use labrt::time::Instant;
use labrt::world::{Backend, NodeDied, oneshot};

use crate::{both, passes, passes_simulated};

const MS: Duration = Duration::from_millis(1);

#[test]
fn a_call_runs_on_the_node_and_returns() {
    passes(|world| {
        let node = world.node("server 0");
        assert_eq!(node.call("add", || 1 + 1), Ok(2));
    });
}

#[test]
fn a_call_into_a_dead_node_reports_it() {
    both(|world| {
        let node = world.node("server 0");
        node.kill();
        assert_eq!(node.call("add", || 1 + 1), Err(NodeDied));
        assert!(!node.is_alive());
    });
}

#[test]
fn a_call_reports_that_the_node_was_killed() {
    passes(|world| {
        let node = world.node("server 0");
        let killer = node.clone();
        thread::spawn(move || {
            thread::sleep(5 * MS);
            killer.kill();
        });
        assert_eq!(node.call("wait", || thread::sleep(Duration::from_secs(1))), Err(NodeDied));
    });
}

#[test]
fn a_paused_node_does_not_run_until_it_is_resumed() {
    passes(|world| {
        let node = world.node("server 0");
        let count = Arc::new(AtomicUsize::new(0));
        let shared = count.clone();
        drop(node.spawn("counter", move || {
            loop {
                thread::sleep(10 * MS);
                shared.fetch_add(1, SeqCst);
            }
        }));
        let until = |reached: usize| {
            while count.load(SeqCst) < reached {
                thread::sleep(MS);
            }
        };
        until(3);
        node.pause();
        thread::sleep(20 * MS); // on real threads it may be about to count once more
        let paused = count.load(SeqCst);
        thread::sleep(100 * MS);
        assert_eq!(count.load(SeqCst), paused);
        node.resume();
        until(paused + 1);
    });
}

#[test]
fn a_paused_node_can_be_killed() {
    both(|world| {
        let node = world.node("server 0");
        let alive = Arc::new(());
        let held = alive.clone();
        drop(node.spawn("holder", move || {
            let _held = held;
            loop {
                thread::yield_now();
                thread::sleep(MS);
            }
        }));
        thread::sleep(MS / 2);
        node.pause();
        thread::sleep(5 * MS);
        node.kill();
        assert_eq!(Arc::strong_count(&alive), 1);
    });
}

#[test]
fn events_run_in_the_order_of_their_times() {
    both(|world| {
        let order = Arc::new(parking_lot::Mutex::new(Vec::new()));
        for (delay, name) in [(20, 'c'), (10, 'a'), (10, 'b')] {
            let order = order.clone();
            world.schedule(delay * MS, move || order.lock().push(name));
        }
        if world.backend() == Backend::Simulation {
            thread::sleep(15 * MS);
            assert_eq!(*order.lock(), ['a', 'b']);
        }
        while order.lock().len() < 3 {
            thread::sleep(MS);
        }
        assert!(world.now() >= 20 * MS);
        assert_eq!(*order.lock(), ['a', 'b', 'c']);
    });
}

#[test]
fn an_event_sends_on_a_oneshot_channel() {
    both(|world| {
        let start = Instant::now();
        let (sender, receiver) = oneshot::channel();
        world.schedule(10 * MS, move || sender.send(7));
        assert_eq!(receiver.recv(), Some(7));
        assert!(start.elapsed() >= 10 * MS);

        let (sender, receiver) = oneshot::channel::<i32>();
        world.schedule(10 * MS, move || drop(sender));
        assert_eq!(receiver.recv(), None);
    });
}

#[test]
fn a_probe_is_called_when_the_node_is_quiet() {
    passes_simulated(|world| {
        let node = world.node("server 0");
        // Threads of the node run between the two changes, so the probe never observes one without the other.
        let pair = Arc::new((AtomicUsize::new(0), AtomicUsize::new(0)));
        let (seen, looks) = (pair.clone(), Arc::new(AtomicUsize::new(0)));
        let counter = looks.clone();
        node.when_quiet("probe", move || {
            counter.fetch_add(1, SeqCst);
            assert_eq!(seen.0.load(SeqCst), seen.1.load(SeqCst));
        });
        for _ in 0..2 {
            let pair = pair.clone();
            drop(node.spawn("changer", move || {
                for _ in 0..5 {
                    pair.0.fetch_add(1, SeqCst);
                    thread::yield_now();
                    pair.1.fetch_add(1, SeqCst);
                    thread::sleep(MS);
                }
            }));
        }
        thread::sleep(20 * MS);
        assert!((5..=12).contains(&looks.load(SeqCst)), "{looks:?} looks");
    });
}

#[test]
fn a_probe_that_waits_is_called_again_later() {
    passes_simulated(|world| {
        let node = world.node("server 0");
        let state = Arc::new(Mutex::new(0));
        let seen = Arc::new(AtomicUsize::new(0));
        let (probed, result) = (state.clone(), seen.clone());
        node.when_quiet("probe", move || result.store(*probed.lock(), SeqCst));
        let worker = node.spawn("holder", move || {
            let mut guard = state.lock();
            thread::sleep(10 * MS);
            *guard = 5;
        });
        worker.join().unwrap();
        thread::sleep(MS);
        assert_eq!(seen.load(SeqCst), 5);
    });
}
