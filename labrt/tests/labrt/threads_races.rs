//! Races of real threads: kills against calls, messages, notifications and joins. The counts must be right
//! whichever thread is faster, and no thread may hang.

use std::sync::atomic::{AtomicU32, Ordering::SeqCst};
use std::time::Duration;

use labrt::channel::{self, RecvTimeoutError, SendTimeoutError, select};
use labrt::sync::{Arc, Condvar, Mutex};
use labrt::thread;
use labrt::world::{NodeDied, World, simulate};

use crate::{on_real_threads, on_threads};

const ROUNDS: u64 = 40;

/// Many rounds on real threads. Each must pass without abandoned threads.
fn rounds(main: impl Fn(&World, u64) + Copy + Send + 'static) {
    for round in 0..ROUNDS {
        let run = simulate(on_threads(round), move |world| main(world, round));
        run.result.unwrap_or_else(|failure| panic!("round {round}: {failure}"));
        assert_eq!(run.warnings, [""; 0], "round {round}");
    }
}

/// A value that counts its live instances.
struct Counted {
    alive: Arc<AtomicU32>,
}

impl Counted {
    fn new(alive: &Arc<AtomicU32>) -> Self {
        alive.fetch_add(1, SeqCst);
        Self { alive: alive.clone() }
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.alive.fetch_sub(1, SeqCst);
    }
}

/// Waits for a time that differs from round to round.
fn jitter(round: u64) {
    for _ in 0..round % 8 * 20 {
        std::hint::spin_loop();
    }
    if round % 3 == 1 {
        thread::yield_now();
    }
    if round % 5 == 2 {
        thread::sleep(Duration::from_micros(round * 7));
    }
}

#[test]
fn every_call_into_a_node_that_dies_returns() {
    rounds(|world, round| {
        let node = world.node("server");
        let callers: Vec<_> = (0..4)
            .map(|caller| {
                let node = node.clone();
                thread::spawn(move || {
                    let mut answers: u64 = 0;
                    loop {
                        let answer = node.call("ask", move || {
                            if caller % 2 == 0 {
                                thread::sleep(Duration::from_micros(50));
                            }
                            answers
                        });
                        match answer {
                            Ok(number) => assert_eq!(number, answers),
                            Err(NodeDied) => return,
                        }
                        answers += 1;
                    }
                })
            })
            .collect();
        jitter(round);
        node.kill();
        for caller in callers {
            caller.join().unwrap();
        }
    });
}

#[test]
fn a_second_kill_returns_when_the_threads_have_ended() {
    struct Slow(Arc<AtomicU32>);
    impl Drop for Slow {
        fn drop(&mut self) {
            std::thread::sleep(Duration::from_millis(50));
            self.0.store(1, SeqCst);
        }
    }
    on_real_threads(1, |world| {
        let node = world.node("server");
        let gone = Arc::new(AtomicU32::new(0));
        let slow = Slow(gone.clone());
        node.run("slow", move || {
            let _slow = slow;
            thread::sleep(Duration::from_secs(1000));
        });
        let killer = {
            let node = node.clone();
            thread::spawn(move || node.kill())
        };
        while node.is_alive() {
            thread::sleep(Duration::from_millis(1));
        }
        node.kill();
        assert_eq!(gone.load(SeqCst), 1);
        killer.join().unwrap();
    });
}

#[test]
fn concurrent_kills_leave_a_dead_node() {
    rounds(|world, round| {
        let node = world.node("server");
        for _ in 0..3 {
            node.run("worker", || {
                loop {
                    thread::sleep(Duration::from_micros(10));
                }
            });
        }
        let amid = {
            let node = node.clone();
            thread::spawn(move || {
                node.kill_after(u32::try_from(round).unwrap(), Duration::from_millis(1));
                assert!(!node.is_alive());
            })
        };
        let paused = {
            let node = node.clone();
            thread::spawn(move || {
                node.pause();
                jitter(round);
                node.resume();
                node.pause();
            })
        };
        jitter(round + 1);
        node.kill();
        assert!(!node.is_alive());
        amid.join().unwrap();
        paused.join().unwrap();
    });
}

#[test]
fn a_thread_that_kills_its_own_node_ends() {
    let reached = Arc::new(AtomicU32::new(0));
    let seen = reached.clone();
    let run = simulate(on_threads(1), move |world| {
        let node = world.node("server");
        let own = node.clone();
        let thread = node.spawn("desperate", move || {
            own.kill();
            reached.store(1, SeqCst);
        });
        thread.join().unwrap_err();
        assert!(!node.is_alive());
    });
    run.result.unwrap();
    assert_eq!(run.warnings, [""; 0]);
    assert_eq!(seen.load(SeqCst), 0, "a dead thread went on");
}

#[test]
fn threads_that_start_during_a_kill_end() {
    rounds(|world, round| {
        let node = world.node("server");
        let alive = Arc::new(AtomicU32::new(0));
        let starter = {
            let (node, alive) = (node.clone(), alive.clone());
            thread::spawn(move || {
                while node.is_alive() {
                    let counted = Counted::new(&alive);
                    let parent = alive.clone();
                    node.run("parent", move || {
                        let (_counted, child) = (counted, Counted::new(&parent));
                        drop(thread::spawn(move || drop(child)));
                    });
                    thread::sleep(Duration::from_micros(20));
                }
            })
        };
        jitter(round);
        node.kill();
        starter.join().unwrap();
        assert_eq!(alive.load(SeqCst), 0);
    });
}

#[test]
fn joins_return_at_any_end_of_the_thread() {
    rounds(|_, round| {
        for _ in 0..20 {
            let threads: Vec<_> = (0..4).map(|number| thread::spawn(move || number)).collect();
            jitter(round);
            for (number, thread) in threads.into_iter().enumerate() {
                assert_eq!(thread.join().unwrap(), number);
            }
        }
    });
}

#[test]
fn messages_arrive_once_even_with_timeouts() {
    rounds(|_, round| {
        let (sender, receiver) = channel::bounded::<u64>(usize::try_from(round % 2).unwrap());
        let sent = thread::spawn(move || {
            let mut sent = 0;
            for message in 0..200 {
                match sender.send_timeout(message, Duration::from_micros(message % 7 * 10)) {
                    Ok(()) => sent += message,
                    Err(SendTimeoutError::Timeout(back)) => assert_eq!(back, message),
                    Err(SendTimeoutError::Disconnected(_)) => unreachable!(),
                }
            }
            sent
        });
        let receivers: Vec<_> = (0..2)
            .map(|_| {
                let receiver = receiver.clone();
                thread::spawn(move || {
                    let mut received = 0;
                    for wait in 0.. {
                        match receiver.recv_timeout(Duration::from_micros(wait % 5 * 10)) {
                            Ok(message) => received += message,
                            Err(RecvTimeoutError::Timeout) => {}
                            Err(RecvTimeoutError::Disconnected) => break,
                        }
                    }
                    received
                })
            })
            .collect();
        drop(receiver);
        let received: u64 = receivers.into_iter().map(|thread| thread.join().unwrap()).sum();
        assert_eq!(received, sent.join().unwrap());
    });
}

#[test]
fn selects_neither_lose_nor_duplicate_messages() {
    rounds(|_, _| {
        let (sender, receiver) = channel::bounded::<u64>(0);
        let (queue_in, queue_out) = channel::bounded::<u64>(1);
        let threads: Vec<_> = (0..4u64)
            .map(|number| {
                let (sender, receiver) = (sender.clone(), receiver.clone());
                let (queue_in, queue_out) = (queue_in.clone(), queue_out.clone());
                thread::spawn(move || {
                    let (mut given, mut taken) = (0, 0);
                    for step in 0..50 {
                        let message = number * 1000 + step;
                        select! {
                            send(sender, message) -> result => { result.unwrap(); given += message; }
                            recv(receiver) -> got => taken += got.unwrap(),
                            send(queue_in, message) -> result => { result.unwrap(); given += message; }
                            recv(queue_out) -> got => taken += got.unwrap(),
                        }
                    }
                    (given, taken)
                })
            })
            .collect();
        let (mut given, mut taken) = (0, 0);
        // The last select may have no partner, so another thread receives what is left and sends what is
        // missing.
        while !threads.iter().all(thread::JoinHandle::is_finished) {
            select! {
                recv(receiver) -> got => taken += got.unwrap(),
                recv(queue_out) -> got => taken += got.unwrap(),
                send(queue_in, 1) -> result => { result.unwrap(); given += 1; }
                default(Duration::from_micros(100)) => {}
            }
        }
        for thread in threads {
            let (gave, took) = thread.join().unwrap();
            given += gave;
            taken += took;
        }
        taken += queue_out.try_iter().sum::<u64>();
        assert_eq!(given, taken);
    });
}

#[test]
fn messages_of_a_killed_node_are_dropped_or_delivered() {
    rounds(|world, round| {
        let alive = Arc::new(AtomicU32::new(0));
        {
            let (sender, receiver) = channel::bounded::<Counted>(usize::try_from(round % 3 / 2).unwrap());
            let node = world.node("server");
            for number in 0..3 {
                let (receiver, sender, alive) = (receiver.clone(), sender.clone(), alive.clone());
                node.run("both ways", move || {
                    loop {
                        if number == 0 {
                            sender.send(Counted::new(&alive)).unwrap();
                        } else if number == 1 {
                            drop(receiver.recv().unwrap());
                        } else {
                            select! {
                                recv(receiver) -> got => drop(got),
                                send(sender, Counted::new(&alive)) -> result => result.unwrap(),
                            }
                        }
                    }
                });
            }
            let feeder = {
                let (node, alive) = (node.clone(), alive.clone());
                thread::spawn(move || {
                    while node.is_alive() {
                        let _ = sender.send_timeout(Counted::new(&alive), Duration::from_micros(100));
                        let _ = receiver.recv_timeout(Duration::from_micros(50));
                    }
                })
            };
            jitter(round);
            node.kill();
            feeder.join().unwrap();
        }
        assert_eq!(alive.load(SeqCst), 0);
    });
}

#[test]
fn no_notification_is_lost() {
    rounds(|_, _| {
        let shared = Arc::new((Mutex::new(Vec::new()), Condvar::new(), Condvar::new()));
        let consumers: Vec<_> = (0..3)
            .map(|number| {
                let shared = shared.clone();
                thread::spawn(move || {
                    let (queue, filled, emptied) = &*shared;
                    let mut sum: u64 = 0;
                    loop {
                        let mut queue = queue.lock();
                        while queue.is_empty() {
                            if number == 0 {
                                filled.wait_for(&mut queue, Duration::from_micros(30));
                            } else {
                                filled.wait(&mut queue);
                            }
                        }
                        let message: u64 = queue.remove(0);
                        emptied.notify_one();
                        if message == 0 {
                            return sum;
                        }
                        sum += message;
                    }
                })
            })
            .collect();
        let (queue, filled, emptied) = &*shared;
        for message in (1..=100).chain([0; 3]) {
            let mut queue = queue.lock();
            while queue.len() == 2 {
                emptied.wait(&mut queue);
            }
            queue.push(message);
            drop(queue);
            filled.notify_one();
        }
        let sum: u64 = consumers.into_iter().map(|consumer| consumer.join().unwrap()).sum();
        assert_eq!(sum, 5050);
    });
}

#[test]
fn a_kill_ends_waits_for_locks() {
    rounds(|world, round| {
        let node = world.node("server");
        let shared = Arc::new((Mutex::new(0), Condvar::new()));
        for number in 0..4 {
            let shared = shared.clone();
            node.run("waiter", move || {
                let (lock, changed) = &*shared;
                let mut value = lock.lock();
                loop {
                    *value += 1;
                    if number == 0 {
                        changed.notify_one();
                        changed.wait_for(&mut value, Duration::from_micros(20));
                    } else {
                        changed.wait(&mut value);
                        changed.notify_all();
                    }
                }
            });
        }
        jitter(round);
        node.kill();
        assert!(shared.0.try_lock().is_some(), "a dead thread holds the lock");
    });
}

#[test]
fn an_ended_thread_is_not_mistaken_for_one_of_another_run() {
    for round in 0..20 {
        on_real_threads(round, |_| {
            let threads: Vec<_> = (0..4).map(|_| thread::spawn(|| ())).collect();
            while !threads.iter().all(thread::JoinHandle::is_finished) {
                thread::sleep(Duration::from_millis(1));
            }
            thread::sleep(Duration::from_millis(1)); // so that the OS threads are reused
            let (ready, begun) = std::sync::mpsc::channel();
            let stop = Arc::new(AtomicU32::new(0));
            let stopped = stop.clone();
            let other = std::thread::spawn(move || {
                on_real_threads(2, move |_| {
                    let threads: Vec<_> = (0..4)
                        .map(|_| {
                            let stopped = stopped.clone();
                            thread::spawn(move || {
                                while stopped.load(SeqCst) == 0 {
                                    thread::sleep(Duration::from_millis(1));
                                }
                            })
                        })
                        .collect();
                    ready.send(()).unwrap();
                    threads.into_iter().for_each(|thread| thread.join().unwrap());
                });
            });
            begun.recv().unwrap();
            let ended = threads.iter().all(thread::JoinHandle::is_finished);
            stop.store(1, SeqCst);
            other.join().unwrap();
            assert!(ended, "a thread that had ended runs again");
        });
    }
}
