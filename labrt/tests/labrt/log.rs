//! The log: kept in recorded runs, with time, server and thread, and without influence on the run.

use std::fmt;
use std::time::Duration;

use labrt::sync::{Arc, Mutex};
use labrt::thread;
use labrt::world::{self, Options, Run, Tap, World, simulate};

fn recorded(record: bool, main: impl Fn(&World) + Send + 'static) -> Run<()> {
    simulate(Options { record, ..Options::new(3) }, main)
}

/// A value whose formatting takes a lock, as a student's `Display` may do.
struct Locking(Arc<Mutex<i32>>);

impl fmt::Display for Locking {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.lock().fmt(f)
    }
}

fn chatty(world: &World) {
    let (lock, shown) = (Arc::new(Mutex::new(1)), Arc::new(Mutex::new(7)));
    for id in 0..3 {
        let (lock, shown) = (lock.clone(), shown.clone());
        drop(world.node(format!("server {id}")).spawn("ticker", move || {
            for _ in 0..5 {
                thread::sleep(Duration::from_millis(10));
                *lock.lock() += 1;
                log::debug!("counter {} and {}", lock.lock(), Locking(shown.clone()));
            }
        }));
    }
    thread::sleep(Duration::from_millis(12));
    world.note("tester", || format!("disconnect {}", 2));
    thread::sleep(Duration::from_secs(1));
}

#[test]
fn recording_does_not_change_the_run() {
    let (quiet, loud) = (recorded(false, chatty), recorded(true, chatty));
    assert_eq!(quiet.fingerprint, loud.fingerprint);
    assert_eq!(quiet.log, []);
    assert_eq!(loud.log.len(), 16);
}

#[test]
fn lines_are_stamped_with_time_server_and_thread() {
    let run = recorded(true, chatty);
    let line = &run.log[0];
    assert_eq!(line.at.as_millis(), 10);
    assert!(line.node.starts_with("server "));
    assert_eq!(line.thread, "ticker");
    assert_eq!(line.level, log::Level::Debug);
    assert!(line.text.starts_with("counter ") && line.text.ends_with(" and 7"), "{line}");
    let note = run.log.iter().find(|line| line.target == "tester").unwrap();
    assert_eq!(note.text, "disconnect 2");
    assert!(note.to_string().contains("0.012"), "{note}");
}

#[test]
fn a_tap_receives_every_line_as_it_is_written() {
    static TAPPED: std::sync::Mutex<Vec<String>> = std::sync::Mutex::new(Vec::new());
    let run = |tap| {
        simulate(Options { record: true, tap, ..Options::new(1) }, |_| {
            for number in 0..3 {
                thread::sleep(Duration::from_secs(1));
                log::info!("line {number}");
            }
        })
    };
    let tapped = run(Some(Tap::new(|line| TAPPED.lock().unwrap().push(line.to_string()))));
    let kept = run(None);
    assert_eq!(tapped.fingerprint, kept.fingerprint);
    assert!(tapped.log.is_empty());
    assert_eq!(*TAPPED.lock().unwrap(), kept.log.iter().map(ToString::to_string).collect::<Vec<_>>());
}

#[test]
fn the_end_of_a_long_log_is_kept() {
    let run = simulate(Options { record: true, ..Options::new(1) }, |_| {
        for number in 0..100_005 {
            log::info!("line {number}");
        }
    });
    assert_eq!(run.log.len(), 100_000);
    assert_eq!((&*run.log[0].text, &*run.log[99_999].text), ("line 5", "line 100004"));
}

/// The harness numbers its events; a line says after which one of them it was written.
#[test]
fn lines_have_the_trace_context_of_their_thread_and_the_newest_one() {
    let run = recorded(true, |world| {
        world::set_trace_context(3);
        let thread = world.node("server 0").spawn("ticker", || {
            log::info!("as its parent");
            world::set_trace_context(8);
            log::info!("by itself");
        });
        drop(thread);
        thread::sleep(Duration::from_millis(1));
        log::info!("the parent again");
    });
    let contexts: Vec<_> = run.log.iter().map(|line| (line.text.as_str(), line.cause, line.after)).collect();
    assert_eq!(contexts, [("as its parent", 3, 3), ("by itself", 8, 8), ("the parent again", 3, 8)]);
}
