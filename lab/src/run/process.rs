//! [`Process`]: a worker as its parent has it: the process, the socket, the output.

use std::fmt;
use std::io::{self, PipeReader, Read, Write};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::protocol::{Event, Instruction, MARK, Received, Receiver, send};

/// Bytes of a worker's output that are kept: enough for a panic's message and its backtrace.
const MAX_OUTPUT: usize = 8 * 1024;

/// The time to wait for the rest of a dead worker's output. The worker's children may keep the pipe open.
const OUTPUT_TIMEOUT: Duration = Duration::from_millis(500);

/// The time for a worker that has closed its socket to exit. Writing a core file takes a while.
const EXIT_TIMEOUT: Duration = Duration::from_secs(5);

/// The destination of a worker's output.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Output {
    /// The end of the output is kept, as evidence in case the worker dies.
    Kept,
    /// The output goes to that of the command, with control characters escaped.
    Shown,
    /// All output goes to the command's standard error, with control characters escaped.
    ShownAsErrors,
}

/// Makes the commands that start workers.
#[derive(Clone)]
pub struct Starter(Arc<dyn Fn() -> io::Result<Command> + Send + Sync>);

impl Starter {
    /// Workers are copies of this program.
    pub fn this_program() -> Self {
        Self::new(|| {
            let mut command = Command::new(this_program()?);
            command.arg("worker");
            Ok(command)
        })
    }

    /// Workers are started by these commands. Their standard input, output and error are set later.
    pub fn new(command: impl Fn() -> io::Result<Command> + Send + Sync + 'static) -> Self {
        Self(Arc::new(command))
    }
}

impl fmt::Debug for Starter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Starter")
    }
}

/// A running worker. Dropping it kills the process.
pub(super) struct Process {
    child: Child,
    socket: UnixStream,
    events: Receiver,
    output: CapturedOutput,
}

impl Process {
    /// Starts a worker whose messages have at most `max_bytes` bytes.
    pub(super) fn start(starter: &Starter, output: Output, max_bytes: usize) -> io::Result<Self> {
        let (near, far) = UnixStream::pair()?;
        let mut command = (starter.0)()?;
        command.stdin(Stdio::from(OwnedFd::from(far)));
        // Ctrl-C goes to the command alone, which ends its workers.
        command.process_group(0);
        let captured = match output {
            Output::Kept => {
                let (reader, writer) = io::pipe()?;
                command.stdout(writer.try_clone()?).stderr(writer);
                CapturedOutput::keep(reader)
            }
            Output::Shown | Output::ShownAsErrors => {
                let ((out, stdout), (err, stderr)) = (io::pipe()?, io::pipe()?);
                command.stdout(stdout).stderr(stderr);
                let to: Box<dyn Write + Send> = match output {
                    Output::ShownAsErrors => Box::new(io::stderr()),
                    _ => Box::new(io::stdout()),
                };
                CapturedOutput::show([(out, to), (err, Box::new(io::stderr()))])
            }
        };
        let child = command.spawn()?;
        // Dropping `command` closes the parent's copies of the child's ends.
        Ok(Self {
            child,
            events: Receiver::new(near.try_clone()?, max_bytes),
            socket: near,
            output: captured,
        })
    }

    /// The process id.
    pub(super) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Sends an instruction to the worker. Fails if the worker is dead.
    pub(super) fn send(&self, instruction: &Instruction) -> io::Result<()> {
        send(&self.socket, instruction)
    }

    /// Waits for the worker's next message, for at most `timeout`.
    pub(super) fn receive(&mut self, timeout: Duration) -> io::Result<Received<Event>> {
        self.events.receive(Some(timeout))
    }

    /// Kills the worker if it is alive.
    pub(super) fn kill(&mut self) {
        // The only error is that it has exited already.
        let _ = self.child.kill();
    }

    /// Waits for a worker that is dead or dying. Returns the exit status, `None` if it had to be killed, and
    /// the output since its last run began.
    pub(super) fn wait(mut self) -> io::Result<(Option<ExitStatus>, String)> {
        let deadline = Instant::now() + EXIT_TIMEOUT;
        let mut status = self.child.try_wait()?;
        while status.is_none() && Instant::now() < deadline {
            std::thread::sleep(Duration::from_millis(1));
            status = self.child.try_wait()?;
        }
        if status.is_none() {
            self.kill();
            self.child.wait()?;
        }
        Ok((status, self.output.of_last_run()))
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
        let _ = self.child.wait();
        if self.output.is_shown {
            // The output is to stand before the verdict on the run.
            self.output.wait();
        }
    }
}

/// The path of this program, also if a new build has replaced its file.
fn this_program() -> io::Result<std::path::PathBuf> {
    if cfg!(target_os = "linux") { Ok("/proc/self/exe".into()) } else { std::env::current_exe() }
}

/// A worker's output, kept or shown.
struct CapturedOutput {
    kept: Arc<Mutex<Vec<u8>>>,
    /// Closed when all output has been read.
    closed: mpsc::Receiver<()>,
    is_shown: bool,
}

impl CapturedOutput {
    /// Keeps the end of the output. A thread of its own reads the pipe, so that the worker never waits.
    fn keep(mut pipe: PipeReader) -> Self {
        let kept = Arc::new(Mutex::new(Vec::new()));
        let (sender, closed) = mpsc::channel::<()>();
        let shared = Arc::clone(&kept);
        std::thread::spawn(move || {
            let _closes_when_done = sender;
            let mut bytes = [0; 4096];
            while let Ok(count @ 1..) = pipe.read(&mut bytes) {
                let mut kept = shared.lock().unwrap_or_else(PoisonError::into_inner);
                kept.extend_from_slice(&bytes[..count]);
                let surplus = kept.len().saturating_sub(MAX_OUTPUT);
                kept.drain(..surplus);
            }
        });
        Self { kept, closed, is_shown: false }
    }

    /// Passes on the output, with control characters escaped.
    fn show(pipes: [(PipeReader, Box<dyn Write + Send>); 2]) -> Self {
        let (sender, closed) = mpsc::channel::<()>();
        for (mut pipe, to) in pipes {
            let closes_when_done = sender.clone();
            std::thread::spawn(move || {
                let mut output = labreport::Output::new(to);
                // If the command's output is closed, the pipe is still read, so that the worker never waits.
                let shown = io::copy(&mut pipe, &mut output).and_then(|_| output.finish());
                if shown.is_err() {
                    let _ = io::copy(&mut pipe, &mut io::sink());
                }
                drop(closes_when_done);
            });
        }
        Self { kept: Arc::default(), closed, is_shown: true }
    }

    /// Waits until all output of a dead worker has been read.
    fn wait(&self) {
        // After a timeout, some other process holds the pipe open, and the output so far is used.
        let _ = self.closed.recv_timeout(OUTPUT_TIMEOUT);
    }

    /// The output since the last run began.
    fn of_last_run(&self) -> String {
        self.wait();
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let run = kept.rsplit(|&byte| byte == MARK).next().unwrap_or_default();
        String::from_utf8_lossy(run).into_owned()
    }
}
