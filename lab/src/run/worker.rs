//! A worker: carries out one order after the other until its parent is gone.

use std::io::{self, Write};
use std::os::fd::{AsFd, AsRawFd, RawFd};
use std::os::unix::net::UnixStream;
use std::sync::mpsc;
use std::time::Duration;

use tester::RunOptions;

use super::lines::{self, Lines};
use super::protocol::{Event, Instruction, LONGEST, MARK, Order, Received, Receiver, send};
use crate::error::CommandError;
use crate::{Lab, Verdict};

/// Serves the parent at the other end of the standard input until that end is closed.
///
/// # Errors
///
/// The standard input is no such connection, or it breaks.
pub fn serve(lab: &Lab) -> Result<Verdict, CommandError> {
    serve_after(lab, |_| Ok(()))
}

/// The same, after `prepare`, which is given the descriptors of the connection.
///
/// # Errors
///
/// As [`serve`], or those of `prepare`.
pub fn serve_after(
    lab: &Lab,
    prepare: impl FnOnce([RawFd; 2]) -> Result<(), CommandError>,
) -> Result<Verdict, CommandError> {
    let worker = Worker::start()?;
    prepare([&worker.socket, &worker.incoming].map(AsRawFd::as_raw_fd))?;
    worker.work(lab)
}

/// The connection to the parent.
struct Worker {
    socket: UnixStream,
    /// The same socket, for reading ahead.
    incoming: UnixStream,
}

impl Worker {
    fn start() -> Result<Self, CommandError> {
        let by_hand = |_: io::Error| {
            CommandError::new(
                "`worker` is started by `lab test` and `lab replay`, and takes its orders from them",
            )
        };
        let socket = take_stdin().map_err(by_hand)?;
        let incoming = socket.try_clone().map_err(broken)?;
        Ok(Self { socket, incoming })
    }

    fn work(self, lab: &Lab) -> Result<Verdict, CommandError> {
        let (orders, keys) = receive(self.incoming);
        for (number, order) in (0..).zip(orders) {
            carry_out(lab, number, &order, &keys, &self.socket).map_err(broken)?;
            if labrt::world::abandoned_runs() > 0 {
                // An OS thread is lost, with all that it holds. A fresh process has neither.
                break;
            }
        }
        Ok(Verdict::Passed)
    }
}

fn broken(cause: io::Error) -> CommandError {
    CommandError::new(format!("a worker cannot go on: {cause}"))
}

/// The socket that the parent passed as standard input; lab code that reads its input finds it empty.
fn take_stdin() -> io::Result<UnixStream> {
    let socket = UnixStream::from(io::stdin().as_fd().try_clone_to_owned()?);
    socket.peer_addr()?;
    rustix::stdio::dup2_stdin(std::fs::File::open("/dev/null")?)?;
    Ok(socket)
}

/// Reads ahead, so that the next order is there when a run ends.
///
/// It also notices when the parent is gone, however it went, and then ends the process: the run
/// that is going on may never end.
fn receive(socket: UnixStream) -> (mpsc::Receiver<Order>, mpsc::Receiver<String>) {
    let ((to_orders, orders), (to_keys, keys)) = (mpsc::channel(), mpsc::channel());
    std::thread::spawn(move || {
        let mut receiver = Receiver::new(socket, LONGEST);
        while let Ok(Received::Value(instruction)) = receiver.receive(None) {
            let heard = match instruction {
                Instruction::Order(order) => to_orders.send(order).is_ok(),
                Instruction::Key(key) => to_keys.send(key).is_ok(),
            };
            if !heard {
                return;
            }
        }
        std::process::exit(0);
    });
    (orders, keys)
}

fn carry_out(
    lab: &Lab,
    number: u64,
    order: &Order,
    keys: &mpsc::Receiver<String>,
    socket: &UnixStream,
) -> io::Result<()> {
    let case = tester::cases().iter().find(|case| case.name == order.test);
    let solution = lab.solutions.iter().find(|solution| solution.name == order.solution);
    let (backend, policy) = (order.backend.parse(), order.policy.parse());
    // The parent is the same program: it knows the same names.
    let (Some(case), Some(solution), Ok(backend), Ok(policy)) = (case, solution, backend, policy) else {
        return Err(io::Error::other(format!("an order that names something unknown: {order:?}")));
    };
    if order.mark {
        io::stderr().write_all(&[MARK])?;
    }
    send(socket, &Event::Started(number))?;
    let patience = Duration::from_secs_f64(order.patience_seconds);
    let max_cpu_time = Duration::from_secs_f64(order.cpu_seconds);
    let lines = order.lines.then(|| Lines::open(socket)).transpose()?;
    let options = RunOptions {
        backend,
        policy,
        record: order.record,
        tap: lines.as_ref().map(|_| lines::tap()),
        patience,
        max_cpu_time,
        ..RunOptions::new(order.seed)
    };
    let report = (lab.run)(case, solution, &options);
    if let Some(lines) = lines {
        lines.close()?;
    }
    send(socket, &Event::Ended(number))?;
    let key = keys.recv().map_err(io::Error::other)?;
    send(socket, &Event::Finished(key, Box::new(report)))
}
