//! Channels: capacities, disconnection, timeouts, and timer channels.

use std::time::Duration;

use labrt::channel::{
    RecvError, RecvTimeoutError, SendError, SendTimeoutError, TryRecvError, TrySendError, after, bounded,
    tick, unbounded,
};
use labrt::thread;
use labrt::time::Instant;

use crate::{both, passes, passes_simulated, run};

const MS: Duration = Duration::from_millis(1);

#[test]
fn messages_arrive_in_order_with_any_capacity() {
    for capacity in [Some(0), Some(1), Some(3), None] {
        passes(move |_| {
            let (sender, receiver) = capacity.map_or_else(unbounded, bounded);
            let thread = thread::spawn(move || (0..10).for_each(|i| sender.send(i).unwrap()));
            assert_eq!(receiver.iter().collect::<Vec<_>>(), (0..10).collect::<Vec<_>>());
            thread.join().unwrap();
        });
    }
}

#[test]
fn many_receivers_get_each_message_once() {
    for capacity in [0, 2] {
        passes(move |_| {
            let (sender, receiver) = bounded(capacity);
            for part in 0..3 {
                let sender = sender.clone();
                thread::spawn(move || (0..5).for_each(|i| sender.send(part * 5 + i).unwrap()));
            }
            drop(sender);
            let readers: Vec<_> = (0..2)
                .map(|_| {
                    let receiver = receiver.clone();
                    thread::spawn(move || receiver.into_iter().collect::<Vec<_>>())
                })
                .collect();
            drop(receiver);
            let mut all: Vec<i32> = readers.into_iter().flat_map(|reader| reader.join().unwrap()).collect();
            all.sort_unstable();
            assert_eq!(all, (0..15).collect::<Vec<_>>());
        });
    }
}

#[test]
fn without_a_buffer_a_send_waits_for_the_receiver() {
    passes_simulated(|_| {
        let (sender, receiver) = bounded(0);
        thread::spawn(move || {
            thread::sleep(10 * MS);
            receiver.recv().unwrap();
            thread::sleep(10 * MS);
        });
        let start = Instant::now();
        sender.send(1).unwrap();
        let took = start.elapsed();
        assert!(took >= 10 * MS && took < 15 * MS, "{took:?}");
    });
}

#[test]
fn a_full_channel_makes_the_sender_wait() {
    both(|_| {
        let (sender, receiver) = bounded(1);
        sender.send(1).unwrap();
        assert!(sender.is_full());
        assert_eq!(sender.try_send(2), Err(TrySendError::Full(2)));
        assert_eq!(sender.send_timeout(2, 10 * MS), Err(SendTimeoutError::Timeout(2)));
        assert_eq!(receiver.recv(), Ok(1));
        assert_eq!(sender.try_send(3), Ok(()));
        assert_eq!(receiver.try_recv(), Ok(3));
        assert_eq!(receiver.try_recv(), Err(TryRecvError::Empty));
    });
}

#[test]
fn try_send_succeeds_if_a_receiver_waits() {
    both(|_| {
        let (sender, receiver) = bounded(0);
        assert_eq!(sender.try_send(1), Err(TrySendError::Full(1)));
        let thread = thread::spawn(move || receiver.recv());
        // On real threads it is not known when the receiver waits.
        let handed_over = (0..10_000).any(|_| {
            thread::sleep(MS);
            sender.try_send(2).is_ok()
        });
        assert!(handed_over);
        assert_eq!(thread.join().unwrap(), Ok(2));
    });
}

#[test]
fn buffered_messages_are_received_after_disconnection() {
    both(|_| {
        let (sender, receiver) = unbounded();
        sender.send(1).unwrap();
        drop(sender);
        assert_eq!(receiver.recv(), Ok(1));
        assert_eq!(receiver.recv(), Err(RecvError));
        assert_eq!(receiver.try_recv(), Err(TryRecvError::Disconnected));
        assert_eq!(receiver.recv_timeout(MS), Err(RecvTimeoutError::Disconnected));
    });
}

#[test]
fn a_send_without_receivers_returns_the_message() {
    passes(|_| {
        let (sender, receiver) = bounded(0);
        thread::spawn(move || {
            thread::sleep(MS);
            drop(receiver);
        });
        assert_eq!(sender.send("lost"), Err(SendError("lost")));
        assert_eq!(sender.try_send("lost"), Err(TrySendError::Disconnected("lost")));
    });
}

#[test]
fn a_waiting_receive_ends_when_the_senders_are_dropped() {
    passes(|_| {
        let (sender, receiver) = bounded::<i32>(0);
        let thread = thread::spawn(move || receiver.recv());
        thread::sleep(MS);
        drop(sender);
        assert_eq!(thread.join().unwrap(), Err(RecvError));
    });
}

#[test]
fn a_receive_times_out() {
    run(1, |_| {
        let (sender, receiver) = bounded::<i32>(0);
        let start = Instant::now();
        assert_eq!(receiver.recv_timeout(10 * MS), Err(RecvTimeoutError::Timeout));
        assert_eq!(receiver.recv_deadline(start + 20 * MS), Err(RecvTimeoutError::Timeout));
        assert!(start.elapsed() >= 20 * MS && start.elapsed() < 21 * MS);
        assert_eq!(sender.try_send(1), Err(TrySendError::Full(1)), "a receiver that gave up is forgotten");
    });
}

#[test]
fn a_message_may_own_an_end_of_its_channel() {
    both(|_| {
        struct Loop(#[allow(dead_code, reason = "owned, never read")] labrt::channel::Sender<Loop>);
        let (sender, receiver) = unbounded();
        sender.send(Loop(sender.clone())).unwrap();
        drop(receiver);
        assert!(sender.is_empty());
    });
}

#[test]
fn after_delivers_once_and_tick_periodically() {
    passes_simulated(|_| {
        let start = Instant::now();
        let once = after(10 * MS);
        let due = once.recv().unwrap();
        assert_eq!(due - start, due.duration_since(start));
        assert!(due >= start + 10 * MS && due < start + 11 * MS);
        assert_eq!(once.try_recv(), Err(TryRecvError::Empty));

        let ticks = tick(10 * MS);
        let start = Instant::now();
        let seen: Vec<u128> = ticks.iter().take(3).map(|at| (at - start).as_millis()).collect();
        assert!(seen == [9, 19, 29] || seen == [10, 20, 30], "{seen:?}");
        thread::sleep(35 * MS);
        assert_eq!(ticks.try_iter().count(), 1, "ticks that were not received in time are skipped");
    });
}

#[test]
fn a_timed_send_succeeds_exactly_if_its_message_was_received() {
    for capacity in [0, 1] {
        passes(move |_| {
            let (sender, receiver) = bounded(capacity);
            let thread = thread::spawn(move || {
                let mut sent: Vec<u32> = (0..30).collect();
                sent.retain(|i| sender.send_timeout(*i, MS).is_ok());
                sent
            });
            let mut received = Vec::new();
            loop {
                match receiver.recv_timeout(MS) {
                    Ok(i) => received.push(i),
                    Err(RecvTimeoutError::Timeout) => {}
                    Err(RecvTimeoutError::Disconnected) => break,
                }
                thread::sleep(MS);
            }
            assert_eq!(thread.join().unwrap(), received);
        });
    }
}
