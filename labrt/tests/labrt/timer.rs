//! Timers and tickers that are reset and stopped while threads wait for them.

use std::time::Duration;

use labrt::channel::{RecvTimeoutError, TryRecvError, bounded, select, unbounded};
use labrt::sync::{Arc, Mutex};
use labrt::thread;
use labrt::time::{Instant, Ticker, Timer};
use labrt::world::{FailureKind, Options, simulate};

use crate::{both, found, passes, passes_simulated, wanted};

const MS: Duration = Duration::from_millis(1);

#[test]
fn a_timer_fires_once_when_it_is_due() {
    both(|_| {
        let start = Instant::now();
        let timer = Timer::new(10 * MS);
        assert_eq!(timer.channel().try_recv(), Err(TryRecvError::Empty));
        let due = timer.channel().recv().unwrap();
        assert!(due >= start + 10 * MS && due <= Instant::now());
        assert_eq!(timer.channel().recv_timeout(20 * MS), Err(RecvTimeoutError::Timeout));
    });
}

#[test]
fn a_waiting_receive_waits_for_the_new_time() {
    passes_simulated(|_| {
        for (first, then) in [(10, 40), (40, 10)] {
            let start = Instant::now();
            let timer = Arc::new(Timer::new(first * MS));
            let waiting = timer.clone();
            let waiter = thread::spawn(move || {
                waiting.channel().recv().unwrap();
                start.elapsed()
            });
            thread::sleep(5 * MS);
            assert!(timer.reset(then * MS), "it had not fired");
            let waited = waiter.join().unwrap();
            assert!(waited >= (5 + then) * MS && waited < (6 + then) * MS, "{waited:?}");
        }
    });
}

#[test]
fn a_waiting_select_waits_for_the_new_time() {
    passes_simulated(|_| {
        for (first, then) in [(10, 40), (40, 10)] {
            let start = Instant::now();
            let timer = Arc::new(Timer::new(first * MS));
            let (stop, stopped) = bounded::<()>(0);
            let waiting = timer.clone();
            let waiter = thread::spawn(move || {
                select! {
                    recv(waiting.channel()) -> _ => start.elapsed(),
                    recv(stopped) -> _ => Duration::ZERO,
                }
            });
            thread::sleep(5 * MS);
            assert!(timer.reset(then * MS));
            let waited = waiter.join().unwrap();
            assert!(waited >= (5 + then) * MS && waited < (6 + then) * MS, "{waited:?}");
            drop(stop);
        }
    });
}

#[test]
fn a_reset_changes_waits_on_real_threads() {
    passes(|_| {
        let timer = Arc::new(Timer::new(Duration::from_secs(1000)));
        let (waiting, selecting) = (timer.clone(), timer.clone());
        let (_stop, stopped) = bounded::<()>(0);
        let (sender, receiver) = unbounded();
        let also = sender.clone();
        let waiter = thread::spawn(move || {
            waiting.channel().recv().unwrap();
            sender.send(()).unwrap();
        });
        let selector = thread::spawn(move || {
            select! {
                recv(selecting.channel()) -> _ => also.send(()).unwrap(),
                recv(stopped) -> _ => {}
            }
        });
        for _ in 0..2 {
            thread::sleep(MS);
            timer.reset(MS);
            receiver.recv().unwrap();
        }
        waiter.join().unwrap();
        selector.join().unwrap();
    });
}

#[test]
fn a_stopped_timer_wakes_nobody_until_it_is_reset() {
    passes(|_| {
        let timer = Arc::new(Timer::new(2 * MS));
        assert!(timer.stop());
        assert!(!timer.stop(), "it is stopped already");
        assert_eq!(timer.channel().recv_timeout(5 * MS), Err(RecvTimeoutError::Timeout));
        let waiting = timer.clone();
        let waiter = thread::spawn(move || waiting.channel().recv().unwrap());
        thread::sleep(MS);
        assert!(!timer.reset(MS), "it was stopped");
        waiter.join().unwrap();
        assert!(!timer.stop(), "its message has been received");
    });
}

/// A timer that has fired is stopped before its message is received: the message is discarded.
#[test]
fn no_message_of_the_previous_time_is_left() {
    both(|_| {
        let timer = Timer::new(MS);
        thread::sleep(5 * MS);
        assert!(timer.stop(), "the message was still to be had");
        assert_eq!(timer.channel().try_recv(), Err(TryRecvError::Empty));
        timer.reset(MS);
        thread::sleep(5 * MS);
        assert!(timer.reset(Duration::from_secs(1000)), "the message was still to be had");
        assert_eq!(timer.channel().try_recv(), Err(TryRecvError::Empty));
    });
}

/// Heartbeats arrive every 50 ms, and an election is due 150 ms after the last one. `wait` waits for that.
fn elections(wait: fn(&Timer)) {
    let timer = Arc::new(Timer::new(150 * MS));
    let elections = Arc::new(Mutex::new(0));
    let (waiting, counted) = (timer.clone(), elections.clone());
    thread::spawn(move || {
        loop {
            wait(&waiting);
            *counted.lock() += 1;
            waiting.reset(150 * MS);
        }
    });
    for _ in 0..20 {
        thread::sleep(50 * MS);
        timer.reset(150 * MS);
    }
    assert_eq!(*elections.lock(), 0, "elections though there were heartbeats");
    thread::sleep(200 * MS);
    assert_eq!(*elections.lock(), 1);
}

#[test]
fn heartbeats_postpone_the_election() {
    passes_simulated(|_| elections(|timer| assert!(timer.channel().recv().is_ok())));
}

/// Buggy variant: a reset does not affect a thread that sleeps.
#[test]
fn an_election_timer_that_sleeps_is_found() {
    let failure = found(|_| elections(|_| thread::sleep(150 * MS)));
    assert_eq!(failure.kind, FailureKind::Panic);
    assert!(failure.message.contains("elections though there were heartbeats"), "{failure}");
}

/// Buggy variant, as in Go's documentation before 1.23: draining the channel of a timer that has not fired,
/// or whose message was received, blocks forever.
#[test]
fn draining_the_channel_of_a_stopped_timer_is_found() {
    let run = simulate(Options::new(1), |world| {
        let node = world.node("server 1");
        let ticker = node.spawn("ticker", || {
            let timer = Timer::new(MS);
            timer.channel().recv().unwrap();
            if !timer.stop() {
                let _ = timer.channel().recv();
            }
        });
        let _ = ticker.join();
    });
    let failure = run.result.unwrap_err();
    assert_eq!(failure.kind, FailureKind::Deadlock);
    let expected = "thread `ticker` of server 1 waits for a timer at labrt/tests/labrt/timer.rs:";
    assert!(failure.message.contains(expected), "{failure}");
}

#[test]
fn a_ticker_can_be_stopped_and_restarted_with_another_period() {
    passes_simulated(|_| {
        let ticker = Arc::new(Ticker::new(10 * MS));
        let (ticking, ticks) = (ticker.clone(), Arc::new(Mutex::new(0)));
        let counted = ticks.clone();
        thread::spawn(move || {
            for _ in ticking.channel() {
                *counted.lock() += 1;
            }
        });
        thread::sleep(55 * MS);
        assert_eq!(*ticks.lock(), 5);
        ticker.stop();
        thread::sleep(50 * MS);
        assert_eq!(*ticks.lock(), 5);
        ticker.reset(2 * MS);
        thread::sleep(21 * MS);
        assert!((14..=15).contains(&*ticks.lock()), "{}", ticks.lock());
    });
}

#[test]
fn a_lock_held_while_waiting_for_a_timer_gives_a_warning() {
    let run = simulate(Options::new(1), |_| {
        wanted(|| {
            Timer::new(20 * MS).channel().recv().unwrap();
        });
    });
    run.result.unwrap();
    assert_eq!(run.warnings.len(), 1);
    assert!(run.warnings[0].contains(" waits for a timer at labrt/tests/"), "{:?}", run.warnings);
}
