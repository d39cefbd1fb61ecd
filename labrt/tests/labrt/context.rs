//! The context of the harness's code in a run: the attached value, the current node, and the trace context.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::time::Duration;

use labrt::thread;
use labrt::world::{
    FailureKind, Node, Options, World, current_node, local, oneshot, set_trace_context, simulate,
    trace_context, with_local,
};

use crate::{both, on_threads};

/// Adds to the number that is attached to the run.
fn add(number: u64) {
    with_local(|value| value.downcast_ref::<AtomicU64>().unwrap().fetch_add(number, SeqCst)).unwrap();
}

/// The result of `f` in an event.
fn in_event<T: Send + 'static>(world: &World, f: impl FnOnce() -> T + Send + 'static) -> T {
    let (sender, receiver) = oneshot::channel();
    world.schedule(Duration::from_millis(1), move || sender.send(f()));
    receiver.recv().unwrap()
}

#[test]
fn the_attached_value_is_available_in_the_whole_run() {
    both(|world| {
        assert!(local().is_none() && with_local(|_| ()).is_none());
        world.set_local(Arc::new(AtomicU64::new(0)));
        add(1);
        thread::spawn(|| add(10)).join().unwrap();
        world.node("server 0").call("adder", || add(100)).unwrap();
        in_event(world, || add(1000));
        let value = local().unwrap().downcast::<AtomicU64>().unwrap();
        assert_eq!(value.load(SeqCst), 1111);
    });
    assert!(local().is_none() && with_local(|_| ()).is_none());
}

#[test]
fn each_run_has_its_own_value_until_it_is_over() {
    struct Dropped(Arc<AtomicU64>);
    impl Drop for Dropped {
        fn drop(&mut self) {
            self.0.fetch_add(1, SeqCst);
        }
    }
    /// Uses the value while its thread unwinds.
    struct Looks(Arc<AtomicU64>);
    impl Drop for Looks {
        fn drop(&mut self) {
            self.0.fetch_add(u64::from(local().is_some()), SeqCst);
        }
    }
    for options in [Options::new(1), on_threads(1)] {
        let (drops, seen) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicU64::new(0)));
        for ends_well in [true, false] {
            let (drops, looks) = (drops.clone(), Looks(seen.clone()));
            let result = simulate(options, move |world| {
                assert!(local().is_none());
                world.set_local(Arc::new(Dropped(drops)));
                thread::spawn(move || {
                    let _looks = looks;
                    thread::sleep(Duration::from_secs(1000));
                });
                thread::sleep(Duration::from_millis(1));
                assert!(ends_well);
            });
            assert_eq!(result.result.is_ok(), ends_well);
        }
        assert_eq!((drops.load(SeqCst), seen.load(SeqCst)), (2, 2));
    }
}

#[test]
fn a_second_value_is_refused() {
    for options in [Options::new(1), on_threads(1)] {
        let result = simulate(options, |world| (0..2).for_each(|number| world.set_local(Arc::new(number))));
        let failure = result.result.unwrap_err();
        assert_eq!(failure.kind, FailureKind::Panic);
        assert!(failure.message.contains("set_local` was called twice"), "{failure}");
    }
}

#[test]
fn a_thread_runs_on_its_node_and_an_event_on_none() {
    both(|world| {
        let servers = [world.node("server 0"), world.node("server 1")];
        let [first, second] = servers.each_ref().map(Node::id);
        assert!(first != second && first != 0 && second != 0);
        assert_eq!(current_node(), Some(0));
        for node in &servers {
            assert_eq!(node.call("look", current_node), Ok(Some(node.id())));
            let spawned = node.call("spawn", || thread::spawn(current_node).join().unwrap());
            assert_eq!(spawned, Ok(Some(node.id())));
        }
        assert_eq!(in_event(world, current_node), None);
    });
    assert_eq!(current_node(), None);
}

#[test]
fn a_thread_inherits_the_trace_context_of_its_starter() {
    both(|world| {
        assert_eq!(trace_context(), 0);
        set_trace_context(7);
        let server = world.node("server 0");
        let spawned = thread::spawn(|| (trace_context(), set_trace_context(8), trace_context()));
        assert_eq!(spawned.join().unwrap(), (7, (), 8));
        assert_eq!(server.call("call", || thread::spawn(trace_context).join().unwrap()), Ok(7));
        assert_eq!(server.spawn("spawn", trace_context).join().unwrap(), 7);
        let (sender, receiver) = oneshot::channel();
        server.run("run", move || sender.send(trace_context()));
        assert_eq!(receiver.recv(), Some(7));
        assert_eq!(trace_context(), 7);
    });
}

#[test]
fn an_event_has_no_trace_context() {
    both(|world| {
        set_trace_context(7);
        let (sender, receiver) = oneshot::channel();
        let server = world.node("server 0");
        let seen = in_event(world, move || {
            set_trace_context(9);
            server.run("started", move || sender.send(trace_context()));
            trace_context()
        });
        assert_eq!((seen, receiver.recv()), (0, Some(0)));
        assert_eq!(trace_context(), 7);
    });
    set_trace_context(9);
    assert_eq!(trace_context(), 0);
}

#[test]
fn a_reused_slot_has_no_trace_context_of_its_last_thread() {
    both(|_| {
        thread::spawn(|| set_trace_context(7)).join().unwrap();
        assert_eq!(thread::spawn(trace_context).join().unwrap(), 0);
    });
}

#[test]
fn trace_contexts_do_not_change_the_run() {
    let main = |numbers: bool| {
        simulate(Options::new(5), move |_| {
            let threads: Vec<_> = (1..=4)
                .map(|number| {
                    thread::spawn(move || {
                        (0..10).for_each(|round| {
                            if numbers {
                                set_trace_context(number * round);
                            }
                            thread::yield_now();
                        });
                    })
                })
                .collect();
            threads.into_iter().for_each(|thread| thread.join().unwrap());
        })
    };
    assert_eq!(main(false).fingerprint, main(true).fingerprint);
}
