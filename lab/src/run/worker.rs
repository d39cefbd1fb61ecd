//! A worker: carries out one run after another until its parent is gone.

use std::io::{self, Write};
use std::os::fd::{AsFd, AsRawFd, RawFd};
use std::os::unix::net::UnixStream;
use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant};

use labrt::world::{Backend, Tap};
use tester::nemesis::smallest;
use tester::{Detail, Report, RunOptions};

use super::event_file::Header;
use super::event_lines::{self, Form};
use super::log_stream::{self, LogStream};
use super::protocol::{
    BATCH_TIME, Event, Instruction, MARK, MAX_BYTES, Received, Receiver, RunRequest, send,
};
use crate::error::CommandError;
use crate::{Lab, Verdict};

/// Serves the parent at the other end of the standard input until that end is closed.
///
/// # Errors
///
/// The standard input is no such connection, or the connection breaks.
pub fn serve(lab: &Lab) -> Result<Verdict, CommandError> {
    serve_after(lab, |_| Ok(()))
}

/// As [`serve`], after a call of `prepare` with the file descriptors of the connection.
///
/// # Errors
///
/// The errors of [`serve`], and those of `prepare`.
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
                "`worker` is started by `lab test` and `lab replay`, which send it the runs to carry out",
            )
        };
        let socket = take_stdin().map_err(by_hand)?;
        let incoming = socket.try_clone().map_err(broken)?;
        Ok(Self { socket, incoming })
    }

    fn work(self, lab: &Lab) -> Result<Verdict, CommandError> {
        // A thread for each of thousands of short runs takes longer than they.
        labrt::world::keep_os_threads();
        let (requests, keys) = receive(self.incoming);
        let mut batch = Batch::new(&self.socket);
        let mut number = 0;
        while let Some(request) = batch.next_request(&requests).map_err(broken)? {
            if request.batched {
                batch.add(run(lab, &request, None).map_err(broken)?).map_err(broken)?;
            } else {
                batch.send().map_err(broken)?;
                carry_out(lab, number, &request, &keys, &self.socket).map_err(broken)?;
            }
            number += 1;
            if labrt::world::abandoned_runs() > 0 {
                // An OS thread cannot be stopped, and keeps its resources. A new worker starts without it.
                break;
            }
        }
        batch.send().map_err(broken)?;
        Ok(Verdict::Passed)
    }
}

/// Reports of batched runs that have not been sent.
struct Batch<'a> {
    socket: &'a UnixStream,
    reports: Vec<Report>,
    /// When the first of them came.
    since: Instant,
}

impl<'a> Batch<'a> {
    fn new(socket: &'a UnixStream) -> Self {
        Self { socket, reports: Vec::new(), since: Instant::now() }
    }

    /// The next request; `None` if the parent is gone. The reports are sent before a wait for it.
    fn next_request(&mut self, requests: &mpsc::Receiver<RunRequest>) -> io::Result<Option<RunRequest>> {
        match requests.try_recv() {
            Ok(request) => Ok(Some(request)),
            Err(_) => {
                self.send()?;
                Ok(requests.recv().ok())
            }
        }
    }

    fn add(&mut self, report: Report) -> io::Result<()> {
        if self.reports.is_empty() {
            self.since = Instant::now();
        }
        // A report of a failure may be long, and somebody waits for it.
        let is_urgent = !report.passed();
        self.reports.push(report);
        if is_urgent || self.since.elapsed() >= BATCH_TIME { self.send() } else { Ok(()) }
    }

    fn send(&mut self) -> io::Result<()> {
        if self.reports.is_empty() {
            return Ok(());
        }
        send(self.socket, &Event::Reports(std::mem::take(&mut self.reports)))
    }
}

fn broken(cause: io::Error) -> CommandError {
    CommandError::new(format!("a worker cannot go on: {cause}"))
}

/// The socket that the parent passed as standard input, which is replaced by an empty one for lab code.
fn take_stdin() -> io::Result<UnixStream> {
    let socket = UnixStream::from(io::stdin().as_fd().try_clone_to_owned()?);
    socket.peer_addr()?;
    rustix::stdio::dup2_stdin(std::fs::File::open("/dev/null")?)?;
    Ok(socket)
}

/// Receives instructions in a thread of its own, so that the next request is there when a run ends.
///
/// When the parent closes the connection or dies, the thread ends the process: the current run may never end.
fn receive(socket: UnixStream) -> (mpsc::Receiver<RunRequest>, mpsc::Receiver<String>) {
    let ((to_requests, requests), (to_keys, keys)) = (mpsc::channel(), mpsc::channel());
    std::thread::spawn(move || {
        let mut receiver = Receiver::new(socket, MAX_BYTES);
        while let Ok(Received::Value(instruction)) = receiver.receive(None) {
            let received = match instruction {
                Instruction::Runs(requests) => {
                    requests.into_iter().all(|request| to_requests.send(request).is_ok())
                }
                Instruction::Key(key) => to_keys.send(key).is_ok(),
            };
            if !received {
                return;
            }
        }
        std::process::exit(0);
    });
    (requests, keys)
}

/// Carries out a run that is not batched: says when it begins and when its lab code has ended, and gets the
/// key for its report.
fn carry_out(
    lab: &Lab,
    number: u64,
    request: &RunRequest,
    keys: &mpsc::Receiver<String>,
    socket: &UnixStream,
) -> io::Result<()> {
    if request.mark_output {
        io::stderr().write_all(&[MARK])?;
    }
    send(socket, &Event::Started(number))?;
    let log = request.lines.then(|| LogStream::open(socket, request.events)).transpose()?;
    let mut report = run(lab, request, log.as_ref().map(|_| log_stream::tap()))?;
    let log = log.map(LogStream::close).transpose()?;
    send(socket, &Event::Ended(number))?;
    let key = keys.recv().map_err(io::Error::other)?;
    let (recording, log) = (report.recording.take(), log.unwrap_or_default());
    if let Some(recording) = recording.as_ref().filter(|_| request.events || request.outlines) {
        let form = if request.outlines { Form::Outlines } else { Form::Whole };
        event_lines::send_all(socket, &Header::of(request, recording, &log), recording, &log, form)?;
    }
    // As it was allocated.
    labrt::world::uncounted(|| drop((recording, log)));
    send(socket, &Event::Finished(key, Box::new(report)))
}

/// Carries out a run, whose log goes to `tap`.
fn run(lab: &Lab, request: &RunRequest, tap: Option<Tap>) -> io::Result<Report> {
    let case = tester::cases().iter().find(|case| case.name == request.test);
    let solution = case.and_then(|case| lab.solution_for(&request.solution, case));
    let (backend, policy) = (request.backend.parse(), request.policy.parse());
    // The parent is the same program, and has the same names.
    let (Some(case), Some(solution), Ok(backend), Ok(policy)) = (case, solution, backend, policy) else {
        return Err(io::Error::other(format!("a request with an unknown name: {request:?}")));
    };
    let options = RunOptions {
        backend,
        policy,
        record: request.record,
        detail: match request {
            RunRequest { events: true, .. } => Detail::Recorded,
            RunRequest { outlines: true, .. } => Detail::Outlined,
            RunRequest { watch: true, .. } => Detail::Watched,
            _ => Detail::Bare,
        },
        strict: request.strict,
        tap,
        patience: Duration::from_secs_f64(request.patience_seconds),
        max_cpu_time: Duration::from_secs_f64(request.cpu_seconds),
        plan: request.plan.clone().map(Arc::new),
        ..RunOptions::new(request.seed)
    };
    let report = (lab.run)(case, solution, &options);
    if request.shrink && backend == Backend::Simulation {
        return Ok(smallest(report, &options, &mut |options| (lab.run)(case, solution, options)));
    }
    Ok(report)
}
