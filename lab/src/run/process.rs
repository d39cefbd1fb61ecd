//! [`Process`]: a worker as its parent sees it: the process, the socket, what it prints.

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

/// How much of what a worker prints is kept: enough for a panic's message and its backtrace.
const KEPT: usize = 8 * 1024;

/// How long to wait for the rest of what a dead worker printed. Its own children may keep the pipe open.
const LAST_WORDS: Duration = Duration::from_millis(500);

/// How long a worker that has closed its socket may take to end. Writing a core file takes a while.
const DYING: Duration = Duration::from_secs(5);

/// What becomes of what a worker prints.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Output {
    /// The end of it is kept, as evidence should the worker die.
    Kept,
    /// It goes where the command's own output goes, made visible.
    Shown,
}

/// How a worker is started.
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

    /// Workers are what these commands start, whose standard files are set by others.
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
    printed: Printed,
}

impl Process {
    /// Starts a worker whose reports are no longer than `longest` bytes.
    pub(super) fn start(starter: &Starter, output: Output, longest: usize) -> io::Result<Self> {
        let (near, far) = UnixStream::pair()?;
        let mut command = (starter.0)()?;
        command.stdin(Stdio::from(OwnedFd::from(far)));
        // Ctrl-C is for the command alone: it ends its workers.
        command.process_group(0);
        let printed = match output {
            Output::Kept => {
                let (reader, writer) = io::pipe()?;
                command.stdout(writer.try_clone()?).stderr(writer);
                Printed::collect(reader)
            }
            Output::Shown => {
                let ((out, stdout), (err, stderr)) = (io::pipe()?, io::pipe()?);
                command.stdout(stdout).stderr(stderr);
                Printed::show([(out, Box::new(io::stdout())), (err, Box::new(io::stderr()))])
            }
        };
        let child = command.spawn()?;
        // `command` holds our copies of the child's ends; they are closed here, with it.
        Ok(Self { child, events: Receiver::new(near.try_clone()?, longest), socket: near, printed })
    }

    /// The system's number of the process.
    pub(super) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Tells the worker something. Fails when it is dead.
    pub(super) fn tell(&self, instruction: &Instruction) -> io::Result<()> {
        send(&self.socket, instruction)
    }

    /// Waits for the worker's next word.
    pub(super) fn listen(&mut self, patience: Duration) -> io::Result<Received<Event>> {
        self.events.receive(Some(patience))
    }

    /// Kills the worker if it still lives.
    pub(super) fn kill(&mut self) {
        // The only error is that it is gone already.
        let _ = self.child.kill();
    }

    /// Waits for the end of a worker that is dead or dying: how it ended, `None` if it had to be
    /// killed for that, and what it printed since its last run began.
    pub(super) fn bury(mut self) -> io::Result<(Option<ExitStatus>, String)> {
        let patience = Instant::now() + DYING;
        let mut status = self.child.try_wait()?;
        while status.is_none() && Instant::now() < patience {
            std::thread::sleep(Duration::from_millis(1));
            status = self.child.try_wait()?;
        }
        if status.is_none() {
            self.kill();
            self.child.wait()?;
        }
        Ok((status, self.printed.last_words()))
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
        let _ = self.child.wait();
        if self.printed.is_shown {
            // It comes before what is said of the run.
            self.printed.wait();
        }
    }
}

/// The program to start: this one, even if its file has been replaced since, as by a new build.
fn this_program() -> io::Result<std::path::PathBuf> {
    if cfg!(target_os = "linux") { Ok("/proc/self/exe".into()) } else { std::env::current_exe() }
}

/// What a worker prints, and the end of it if it is kept.
struct Printed {
    kept: Arc<Mutex<Vec<u8>>>,
    /// Closed when all has been read.
    closed: mpsc::Receiver<()>,
    is_shown: bool,
}

impl Printed {
    /// Reads all that comes out of `pipe`, in a thread of its own, so that the worker never waits for us.
    fn collect(mut pipe: PipeReader) -> Self {
        let kept = Arc::new(Mutex::new(Vec::new()));
        let (sender, closed) = mpsc::channel::<()>();
        let shared = Arc::clone(&kept);
        std::thread::spawn(move || {
            let _closes_when_done = sender;
            let mut bytes = [0; 4096];
            while let Ok(count @ 1..) = pipe.read(&mut bytes) {
                let mut kept = shared.lock().unwrap_or_else(PoisonError::into_inner);
                kept.extend_from_slice(&bytes[..count]);
                let surplus = kept.len().saturating_sub(KEPT);
                kept.drain(..surplus);
            }
        });
        Self { kept, closed, is_shown: false }
    }

    /// Passes on all that comes out of the pipes, made visible.
    fn show(pipes: [(PipeReader, Box<dyn Write + Send>); 2]) -> Self {
        let (sender, closed) = mpsc::channel::<()>();
        for (mut pipe, to) in pipes {
            let closes_when_done = sender.clone();
            std::thread::spawn(move || {
                let mut output = labreport::Output::new(to);
                // A reader who closed the pipe has seen enough. The worker must not wait for that.
                let shown = io::copy(&mut pipe, &mut output).and_then(|_| output.finish());
                if shown.is_err() {
                    let _ = io::copy(&mut pipe, &mut io::sink());
                }
                drop(closes_when_done);
            });
        }
        Self { kept: Arc::default(), closed, is_shown: true }
    }

    /// Waits until all is read that a worker which is dead has printed.
    fn wait(&self) {
        // An answer or none: if something still holds the pipe open, what has arrived must do.
        let _ = self.closed.recv_timeout(LAST_WORDS);
    }

    /// What was printed since the last run began.
    fn last_words(&self) -> String {
        self.wait();
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let run = kept.rsplit(|&byte| byte == MARK).next().unwrap_or_default();
        String::from_utf8_lossy(run).into_owned()
    }
}
