//! Selects.

use std::collections::BTreeSet;
use std::time::Duration;

use labrt::channel::{RecvError, Select, after, bounded, never, select, tick, unbounded};
use labrt::thread;
use labrt::time::Instant;

use crate::{both, passes, run};

const MS: Duration = Duration::from_millis(1);

#[test]
fn the_first_ready_operation_is_selected() {
    passes(|_| {
        let (fast, from_fast) = bounded(0);
        let (slow, from_slow) = bounded(0);
        thread::spawn(move || {
            thread::sleep(5 * MS);
            let _ = slow.send("slow");
        });
        thread::spawn(move || {
            thread::sleep(MS);
            let _ = fast.send("fast");
        });
        let got = select! {
            recv(from_slow) -> message => message,
            recv(from_fast) -> message => { message }
        };
        assert_eq!(got, Ok("fast"));
    });
}

#[test]
fn a_default_arm_may_have_a_timeout() {
    run(1, |_| {
        let (_sender, receiver) = bounded::<i32>(0);
        let start = Instant::now();
        let timed_out = select! {
            recv(receiver) -> _ => false,
            recv(after(10 * MS)) -> _ => true,
        };
        assert!(timed_out && start.elapsed() >= 10 * MS);
        let timed_out = select! {
            recv(receiver) -> _ => false,
            default(10 * MS) => true,
        };
        assert!(timed_out && start.elapsed() >= 20 * MS);
        let nothing = select! {
            recv(receiver) -> _ => false,
            default => true,
        };
        assert!(nothing && start.elapsed() < 21 * MS);
    });
}

#[test]
fn a_message_is_evaluated_only_when_it_is_sent() {
    both(|_| {
        let (full, _receiver) = bounded(1);
        full.send(0).unwrap();
        let mut evaluated = 0;
        let mut message = || {
            evaluated += 1;
            7
        };
        let sent = select! {
            send(full, message()) -> _ => true,
            default => false,
        };
        assert!(!sent);
        assert_eq!(evaluated, 0);
    });
}

#[test]
fn selects_can_exchange_a_message_without_a_buffer() {
    passes(|_| {
        let (sender, receiver) = bounded(0);
        let thread = thread::spawn(move || {
            select! {
                send(sender, 5) -> result => result.is_ok(),
                recv(never::<()>()) -> _ => false,
            }
        });
        let got = select! {
            recv(receiver) -> message => message,
            recv(after(100 * MS)) -> _ => Err(RecvError),
        };
        assert_eq!(got, Ok(5));
        assert!(thread.join().unwrap());
    });
}

#[test]
fn a_select_gets_its_message_from_a_plain_send() {
    passes(|_| {
        let (sender, receiver) = bounded(0);
        let thread = thread::spawn(move || sender.send(1).is_ok());
        let mut got = 0;
        let ticks = tick(MS);
        while got == 0 {
            select! {
                recv(receiver) -> message => got = message.unwrap(),
                recv(ticks) -> _ => thread::sleep(MS / 2),
            }
        }
        assert!(thread.join().unwrap());
    });
}

#[test]
fn no_message_is_lost_between_selects() {
    passes(|_| {
        let (one, from_one) = bounded(0);
        let (two, from_two) = bounded(1);
        for (sender, base) in [(one, 0), (two, 10)] {
            thread::spawn(move || (base..base + 5).for_each(|i| sender.send(i).unwrap()));
        }
        let readers: Vec<_> = (0..2)
            .map(|_| {
                let (from_one, from_two) = (from_one.clone(), from_two.clone());
                thread::spawn(move || {
                    let mut seen = Vec::new();
                    let mut open = 2;
                    while open == 2 {
                        select! {
                            recv(from_one) -> message => match message {
                                Ok(i) => seen.push(i),
                                Err(_) => open -= 1,
                            },
                            recv(from_two) -> message => match message {
                                Ok(i) => seen.push(i),
                                Err(_) => open -= 1,
                            },
                        }
                    }
                    seen
                })
            })
            .collect();
        let mut seen: Vec<i32> = readers.into_iter().flat_map(|reader| reader.join().unwrap()).collect();
        seen.extend(from_one.iter());
        seen.extend(from_two.iter());
        seen.sort_unstable();
        assert_eq!(seen, [0, 1, 2, 3, 4, 10, 11, 12, 13, 14]);
    });
}

#[test]
fn every_ready_operation_is_selected_sometimes() {
    let mut seen = BTreeSet::new();
    for seed in 0..50 {
        seen.insert(run(seed, |_| {
            let (one, from_one) = unbounded();
            let (two, from_two) = unbounded();
            one.send(1).unwrap();
            two.send(2).unwrap();
            select! {
                recv(from_one) -> message => message.unwrap(),
                recv(from_two) -> message => message.unwrap(),
            }
        }));
    }
    assert_eq!(seen.into_iter().collect::<Vec<_>>(), [1, 2]);
}

#[test]
fn operations_can_be_added_and_removed_at_run_time() {
    both(|_| {
        let channels: Vec<_> = (0..3).map(|_| bounded::<usize>(1)).collect();
        let mut select = Select::new();
        let indices: Vec<_> = channels.iter().map(|(_, receiver)| select.recv(receiver)).collect();
        assert_eq!(indices, [0, 1, 2]);
        assert!(select.try_select().is_err());
        channels[1].0.send(10).unwrap();
        channels[2].0.send(20).unwrap();
        select.remove(1);
        assert_eq!(select.ready(), 2);
        let selected = select.select_timeout(MS).unwrap();
        assert_eq!(selected.index(), 2);
        assert_eq!(selected.recv(&channels[2].1), Ok(20));
        assert!(select.select_timeout(MS).is_err());
    });
}

#[test]
fn an_arm_may_break_out_of_a_loop() {
    both(|_| {
        let ticks = tick(MS);
        let mut count = 0;
        loop {
            select! {
                recv(ticks) -> _ => {
                    count += 1;
                    if count == 3 {
                        break;
                    }
                }
                default(10 * MS) => unreachable!("a tick comes first"),
            }
        }
        assert_eq!(count, 3);
    });
}

#[test]
fn ready_does_not_receive() {
    passes(|_| {
        let (sender, receiver) = bounded(0);
        let thread = thread::spawn(move || sender.send(7));
        let mut select = Select::new();
        select.recv(&receiver);
        assert_eq!(select.ready(), 0);
        assert_eq!(receiver.recv_timeout(MS), Ok(7));
        assert_eq!(thread.join().unwrap(), Ok(()));
    });
}

#[test]
fn a_select_may_send_and_receive_on_one_channel() {
    for send_first in [true, false] {
        passes(move |_| {
            let (sender, receiver) = bounded(0);
            let ends = (sender.clone(), receiver.clone());
            let thread = thread::spawn(move || {
                if send_first {
                    select! {
                        send(ends.0, 1) -> sent => { sent.unwrap(); },
                        recv(ends.1) -> _ => { unreachable!("nobody sends") }
                    }
                } else {
                    select! {
                        recv(ends.1) -> _ => { unreachable!("nobody sends") },
                        send(ends.0, 1) -> sent => { sent.unwrap(); }
                    }
                }
            });
            thread::sleep(MS);
            assert_eq!(receiver.recv(), Ok(1));
            thread.join().unwrap();
        });
    }
}

#[test]
fn dropping_a_selected_operation_panics() {
    let run = labrt::world::simulate(labrt::world::Options::new(1), |_| {
        let (sender, receiver) = bounded(1);
        sender.send(1).unwrap();
        let mut select = Select::new();
        select.recv(&receiver);
        drop(select.select());
    });
    assert!(run.result.unwrap_err().message.contains("without having been completed"));
}

#[test]
fn a_reserved_receiver_waits_for_the_message() {
    both(|_| {
        let (sender, receiver) = bounded(0);
        let waiter = thread::spawn(move || receiver.recv_timeout(Duration::from_millis(50)));
        thread::sleep(Duration::from_millis(10));
        select! {
            send(sender, { thread::sleep(Duration::from_millis(100)); 7 }) -> result => result.unwrap(),
            default => panic!("there is a receiver"),
        }
        assert_eq!(waiter.join().unwrap(), Ok(7));
    });
}

#[test]
fn room_is_reserved_for_a_selected_send() {
    both(|_| {
        let (sender, receiver) = bounded(1);
        let other = sender.clone();
        select! {
            send(sender, {
                assert!(other.try_send(1).is_err(), "the room is reserved");
                2
            }) -> result => result.unwrap(),
        }
        assert_eq!(receiver.try_recv(), Ok(2));
        assert_eq!(other.try_send(3), Ok(()));
    });
}

#[test]
fn a_reserved_receiver_continues_if_the_send_is_cancelled() {
    both(|_| {
        let (sender, receiver) = bounded(0);
        let waiter = thread::spawn(move || receiver.recv());
        thread::sleep(Duration::from_millis(10));
        let giver = thread::spawn(move || {
            let mut select = Select::new();
            select.send(&sender);
            let selected = select.select();
            // Evaluating the message fails, as by a `?` in lab code.
            let _ = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
                let _selected = selected;
                std::panic::resume_unwind(Box::new("no message"))
            }));
            sender.send(5)
        });
        assert_eq!(waiter.join().unwrap(), Ok(5));
        giver.join().unwrap().unwrap();
    });
}

#[test]
fn competing_selects_lose_no_message() {
    passes(|_| {
        let (sender, receiver) = bounded(0);
        let (done, ended) = bounded::<()>(0);
        let givers: Vec<_> = (0..3)
            .map(|giver| {
                let (sender, ended) = (sender.clone(), ended.clone());
                thread::spawn(move || {
                    let mut sent = 0;
                    loop {
                        select! {
                            send(sender, giver) -> result => { result.unwrap(); sent += 1 }
                            recv(ended) -> _ => return sent,
                        }
                    }
                })
            })
            .collect();
        let takers: Vec<_> = (0..2)
            .map(|_| {
                let receiver = receiver.clone();
                let (_quiet, silence) = unbounded::<()>();
                thread::spawn(move || {
                    let _quiet = _quiet;
                    let mut taken = 0;
                    while taken < 50 {
                        select! {
                            recv(receiver) -> message => { message.unwrap(); taken += 1 }
                            recv(silence) -> _ => unreachable!(),
                        }
                    }
                    taken
                })
            })
            .collect();
        let taken: i32 = takers.into_iter().map(|taker| taker.join().unwrap()).sum();
        drop(done);
        let sent: i32 = givers.into_iter().map(|giver| giver.join().unwrap()).sum();
        assert_eq!((taken, sent), (100, 100));
    });
}

#[test]
fn a_select_misses_no_message_that_arrives_meanwhile() {
    passes(|_| {
        let (one, first) = unbounded();
        let (two, second) = unbounded();
        for sender in [one.clone(), two.clone()] {
            drop(thread::spawn(move || (0..100).for_each(|number| sender.send(number).unwrap())));
        }
        let mut sum = 0;
        for _ in 0..200 {
            sum += select! {
                recv(first) -> message => message.unwrap(),
                recv(second) -> message => message.unwrap(),
            };
        }
        drop((one, two));
        assert_eq!(sum, 2 * (0..100).sum::<i32>());
    });
}

#[test]
fn unused_reserved_room_goes_to_a_waiting_sender() {
    both(|_| {
        let (sender, receiver) = bounded(1);
        let mut select = Select::new();
        select.send(&sender);
        let selected = select.select();
        let other = sender.clone();
        let waiter = thread::spawn(move || other.send(3));
        thread::sleep(10 * MS);
        // Evaluating the message fails.
        let _ = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            let _selected = selected;
            std::panic::resume_unwind(Box::new("no message"))
        }));
        waiter.join().unwrap().unwrap();
        assert_eq!(receiver.try_recv(), Ok(3));
    });
}
