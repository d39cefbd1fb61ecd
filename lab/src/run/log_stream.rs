//! [`LogStream`]: sends the log of a run to the parent during the run.

use std::fmt::Write as _;
use std::io;
use std::mem;
use std::os::unix::net::UnixStream;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use labrt::world::{LogLine, Tap};

use super::protocol::{END_OF_LINE, Event, send};

/// The longest time that a line waits for others to be sent with.
const FLUSH_DELAY: Duration = Duration::from_millis(50);

/// Bytes after which lines are sent at once.
const FLUSH_BYTES: usize = 256 * 1024;

/// The most lines that are kept of a run.
const MAX_KEPT: usize = 1_000_000;

/// Lines that are to be sent next. Memory of the simulation's thread is measured, so that thread must not
/// allocate memory that another thread frees: the capacity is allocated before the run. The memory of kept
/// lines is not counted, as in any tap.
struct Buffer {
    text: Mutex<State>,
    changed: Condvar,
}

struct State {
    text: String,
    open: bool,
    /// All lines so far, if they are kept.
    kept: Option<KeptLog>,
}

/// The lines of a run's log.
#[derive(Default)]
pub(super) struct KeptLog {
    /// The lines, in order.
    pub(super) lines: Vec<LogLine>,
    /// The number of later lines.
    pub(super) left_out: u64,
}

impl KeptLog {
    fn push(&mut self, line: &LogLine) {
        if self.lines.len() < MAX_KEPT {
            self.lines.push(line.clone());
        } else {
            self.left_out += 1;
        }
    }
}

static BUFFER: Buffer = Buffer { text: Mutex::new(State::closed()), changed: Condvar::new() };

impl State {
    const fn closed() -> Self {
        Self { text: String::new(), open: false, kept: None }
    }
}

/// The tap that passes lines to the open [`LogStream`], if there is one.
pub(super) fn tap() -> Tap {
    Tap::new(record)
}

fn record(line: &LogLine) {
    let mut state = BUFFER.text.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(kept) = &mut state.kept {
        kept.push(line);
    }
    while state.open && state.text.len() > FLUSH_BYTES {
        // The sending thread empties the buffer.
        state = BUFFER.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
    }
    if state.open {
        write!(state.text, "{line}{END_OF_LINE}").expect("a string takes any text");
        if state.text.len() > FLUSH_BYTES {
            BUFFER.changed.notify_all();
        }
    }
}

/// The thread that sends a run's lines.
pub(super) struct LogStream(JoinHandle<io::Result<()>>);

impl LogStream {
    /// Sends lines from now on, and keeps them if `kept`.
    pub(super) fn open(socket: &UnixStream, kept: bool) -> io::Result<Self> {
        let socket = Arc::new(socket.try_clone()?);
        {
            let mut state = BUFFER.text.lock().unwrap_or_else(PoisonError::into_inner);
            let kept = kept.then(KeptLog::default);
            *state = State { text: String::with_capacity(2 * FLUSH_BYTES), open: true, kept };
        }
        Ok(Self(thread::spawn(move || send_lines(&socket))))
    }

    /// Sends the remaining lines, and ends the thread. Returns the lines that were kept.
    pub(super) fn close(self) -> io::Result<KeptLog> {
        close();
        self.0.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))?;
        let kept = BUFFER.text.lock().unwrap_or_else(PoisonError::into_inner).kept.take();
        Ok(kept.unwrap_or_default())
    }
}

fn close() {
    BUFFER.text.lock().unwrap_or_else(PoisonError::into_inner).open = false;
    BUFFER.changed.notify_all();
}

fn send_lines(socket: &UnixStream) -> io::Result<()> {
    let mut spare = String::with_capacity(2 * FLUSH_BYTES);
    loop {
        let open = {
            let mut state = BUFFER.text.lock().unwrap_or_else(PoisonError::into_inner);
            if state.open && state.text.len() <= FLUSH_BYTES {
                state =
                    BUFFER.changed.wait_timeout(state, FLUSH_DELAY).unwrap_or_else(PoisonError::into_inner).0;
            }
            mem::swap(&mut state.text, &mut spare);
            BUFFER.changed.notify_all();
            state.open
        };
        if !spare.is_empty() {
            let event = Event::Logged(mem::take(&mut spare));
            let sent = send(socket, &event);
            if let Event::Logged(text) = event {
                spare = text;
                spare.clear();
            }
            if sent.is_err() {
                // The parent does not listen any more: the run goes on without a log.
                close();
                return sent;
            }
        }
        if !open {
            return Ok(());
        }
    }
}
