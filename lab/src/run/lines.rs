//! [`Lines`]: the log of a run, told while the run goes on.

use std::fmt::Write as _;
use std::io;
use std::mem;
use std::os::unix::net::UnixStream;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use labrt::world::{LogLine, Tap};

use super::protocol::{END_OF_LINE, Event, send};

/// How long a line waits for others at the most.
const DELAY: Duration = Duration::from_millis(50);

/// So many bytes are told at once.
const ENOUGH: usize = 256 * 1024;

/// Lines that are to be told next. The simulation's thread must not wait, and not allocate what others free:
/// its own memory is measured. So there is room before it begins.
struct Page {
    text: Mutex<State>,
    changed: Condvar,
}

struct State {
    text: String,
    open: bool,
}

static PAGE: Page =
    Page { text: Mutex::new(State { text: String::new(), open: false }), changed: Condvar::new() };

/// Takes lines, while [`Lines`] are open.
pub(super) fn tap() -> Tap {
    Tap::new(note)
}

fn note(line: &LogLine) {
    let mut state = PAGE.text.lock().unwrap_or_else(PoisonError::into_inner);
    while state.open && state.text.len() > ENOUGH {
        // The teller is at it.
        state = PAGE.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
    }
    if state.open {
        write!(state.text, "{line}{END_OF_LINE}").expect("a string takes any text");
        if state.text.len() > ENOUGH {
            PAGE.changed.notify_all();
        }
    }
}

/// The thread that tells of a run's lines.
pub(super) struct Lines(JoinHandle<io::Result<()>>);

impl Lines {
    /// Tells of lines from now on.
    pub(super) fn open(socket: &UnixStream) -> io::Result<Self> {
        let socket = Arc::new(socket.try_clone()?);
        {
            let mut state = PAGE.text.lock().unwrap_or_else(PoisonError::into_inner);
            *state = State { text: String::with_capacity(2 * ENOUGH), open: true };
        }
        Ok(Self(thread::spawn(move || tell(&socket))))
    }

    /// Tells of what is left, and of no more.
    pub(super) fn close(self) -> io::Result<()> {
        close();
        self.0.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    }
}

fn close() {
    PAGE.text.lock().unwrap_or_else(PoisonError::into_inner).open = false;
    PAGE.changed.notify_all();
}

fn tell(socket: &UnixStream) -> io::Result<()> {
    let mut spare = String::with_capacity(2 * ENOUGH);
    loop {
        let open = {
            let mut state = PAGE.text.lock().unwrap_or_else(PoisonError::into_inner);
            if state.open && state.text.len() <= ENOUGH {
                state = PAGE.changed.wait_timeout(state, DELAY).unwrap_or_else(PoisonError::into_inner).0;
            }
            mem::swap(&mut state.text, &mut spare);
            PAGE.changed.notify_all();
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
                // Nobody listens: the run goes on, and its lines are nobody's.
                close();
                return sent;
            }
        }
        if !open {
            return Ok(());
        }
    }
}
