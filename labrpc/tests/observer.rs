//! The events that an observer gets for each message.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use labrpc::{ClientEnd, Event, Network, Observer, Server, Step};
use labrt::thread;
use labrt::world::{Options, World, simulate};
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize)]
struct Args {
    milliseconds: u64,
}

struct Sleeper;

const HANDLER_LINE: u32 = line!() + 3;
#[labrpc::service]
impl Sleeper {
    fn sleep(&self, args: Args) -> u64 {
        thread::sleep(Duration::from_millis(args.milliseconds));
        args.milliseconds
    }
}

/// Keeps a line for each event, without the content, which only captured runs have.
#[derive(Default)]
struct Lines(Mutex<Vec<String>>);

impl Observer for Lines {
    fn on(&self, event: &Event<'_>) -> u64 {
        let Event { call, step, method, bytes, content, location } = event;
        assert_eq!(*content, None, "nothing is captured");
        let line = location.map_or(0, |location| {
            assert!(location.file().ends_with("observer.rs"), "{location}");
            location.line()
        });
        self.0.lock().unwrap().push(format!("{call} {step:?} {method} {bytes} {line}"));
        0
    }
}

/// The events of a run with one server, `Sleeper`, and an enabled end point to it.
fn events(body: impl FnOnce(&Network, &ClientEnd) + Send + 'static) -> Vec<String> {
    let lines = Arc::new(Lines::default());
    let observer: Arc<dyn Observer> = Arc::clone(&lines) as _;
    let run = simulate(Options::new(1), move |world: &World| {
        let network = Network::new(world);
        network.observe(observer);
        let mut server = Server::new(&world.node("server"));
        server.add_service(Arc::new(Sleeper).service());
        network.add_server("server", server);
        let end = network.make_end("end");
        network.connect("end", "server");
        network.enable("end", true);
        body(&network, &end);
    });
    run.result.unwrap();
    std::mem::take(&mut lines.0.lock().unwrap())
}

#[test]
fn each_step_names_the_method_and_the_lines_of_lab_code() {
    let call_line = line!() + 1;
    let events = events(|_, end| assert_eq!(end.sleep(&Args { milliseconds: 300 }), Some(300)));
    assert_eq!(
        events,
        [
            format!("1 RequestSent {{ end: 0 }} Sleeper.sleep 3 {call_line}"),
            format!("1 RequestDelivered Sleeper.sleep 3 {HANDLER_LINE}"),
            format!("1 ReplySent Sleeper.sleep 3 {HANDLER_LINE}"),
            "1 ReplyDelivered Sleeper.sleep 3 0".to_owned(),
        ]
    );
}

#[test]
fn the_event_of_a_lost_message_names_the_method() {
    let unreachable = events(|network, end| {
        network.enable("end", false);
        assert_eq!(end.sleep(&Args { milliseconds: 1 }), None);
    });
    assert_eq!(unreachable[1..], ["1 RequestLost Sleeper.sleep 1 0"]);
    let cut_off = events(|network, end| {
        let (end, network) = (end.clone(), network.clone());
        let call = thread::spawn(move || end.sleep(&Args { milliseconds: 200 }));
        thread::sleep(Duration::from_millis(10));
        network.enable("end", false);
        assert_eq!(call.join().unwrap(), None);
    });
    assert_eq!(cut_off[2..], ["1 ReplyLost Sleeper.sleep 0 0"]);
    let unreliable = events(|network, end| {
        network.set_reliable(false);
        for _ in 0..100 {
            let _: Option<u64> = end.sleep(&Args { milliseconds: 0 });
        }
    });
    for what in ["RequestLost Sleeper.sleep 1 0", "ReplyLost Sleeper.sleep 1 0"] {
        assert!(unreliable.iter().any(|line| line.ends_with(what)), "no event says {what}");
    }
    let steps = [Step::ReplySent, Step::ReplyDelivered];
    assert!(steps.iter().all(|step| unreliable.iter().any(|line| line.contains(&format!("{step:?}")))));
}
