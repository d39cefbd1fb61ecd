//! A worker: carries out one order after the other until its parent is gone.

use std::io::{self, Write};
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::sync::mpsc;
use std::time::Duration;

use tester::RunOptions;

use super::lines::{self, Lines};
use super::protocol::{Event, LONGEST, MARK, Order, Received, Receiver, send};
use crate::error::CommandError;
use crate::{Lab, Verdict};

/// Serves the parent at the other end of the standard input until that end is closed.
pub(crate) fn serve(lab: &Lab) -> Result<Verdict, CommandError> {
    let by_hand = |_: io::Error| {
        CommandError::new(
            "`worker` is started by `lab test` and `lab replay`, and takes its orders from them",
        )
    };
    let broken = |cause: io::Error| CommandError::new(format!("a worker cannot go on: {cause}"));
    let socket = take_stdin().map_err(by_hand)?;
    let orders = receive_orders(socket.try_clone().map_err(broken)?);
    for order in orders {
        carry_out(lab, &order, &socket).map_err(broken)?;
        if labrt::world::given_up() > 0 {
            // An OS thread is lost, with all that it holds. A fresh process has neither.
            break;
        }
    }
    Ok(Verdict::Passed)
}

/// The socket that the parent passed as standard input; lab code that reads its input finds it empty.
fn take_stdin() -> io::Result<UnixStream> {
    let socket = UnixStream::from(io::stdin().as_fd().try_clone_to_owned()?);
    socket.peer_addr()?;
    rustix::stdio::dup2_stdin(std::fs::File::open("/dev/null")?)?;
    Ok(socket)
}

/// Reads orders ahead, so that the next one is there when a run ends.
///
/// It also notices when the parent is gone, however it went, and then ends the process: the run
/// that is going on may never end.
fn receive_orders(socket: UnixStream) -> mpsc::Receiver<Order> {
    let (sender, orders) = mpsc::channel();
    std::thread::spawn(move || {
        let mut receiver = Receiver::new(socket, LONGEST);
        while let Ok(Received::Value(order)) = receiver.receive(None) {
            if sender.send(order).is_err() {
                return;
            }
        }
        std::process::exit(0);
    });
    orders
}

fn carry_out(lab: &Lab, order: &Order, socket: &UnixStream) -> io::Result<()> {
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
    send(socket, &Event::Started(order.key.clone()))?;
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
    send(socket, &Event::Finished(order.key.clone(), Box::new(report)))
}
