//! For the harness: what lab code encodes, as [values](Value) with names, while a run is captured.
//!
//! A value is noted while it is encoded, in the same pass: `Serialize` is called once, whether anybody
//! listens or not, and the bytes are the same. So a captured run is the same run as one that is not.
//!
//! With no [`Session`] alive, this costs an encode the look at one atomic.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde::Serialize;

use crate::accounting;
use crate::tape::Tuple;
use crate::value::Value;
use crate::write::{EncodeError, write, write_recorded};

/// Initial capacity in bytes of an encoding, so that a typical message of the labs takes one allocation.
pub(crate) const TYPICAL_LEN: usize = 64;

/// Who is told what lab code encodes. One for the process.
///
/// It is called on lab code's threads, in the middle of what they do, so it must not wait and not call
/// labrt's scheduling points.
pub trait Recorder: Send + Sync {
    /// Whether what the calling thread encodes is to be captured. Asked at each encode while a [`Session`]
    /// lives.
    fn wants(&self) -> bool;

    /// Lab code has encoded a value: `bytes` are all that it became. Told of [`encode`](crate::encode()) and
    /// [`encode_into`](crate::encode_into), and of an [`Encoder`](crate::Encoder) when it is finished, whose
    /// values come as one tuple. Not told of what failed, nor of this module's [`encode`].
    fn encoded(&self, bytes: &[u8], value: Value);

    /// Calls `f` once, at once. Memory that is allocated or freed meanwhile belongs to the harness, not to
    /// the run. May be called in another call of itself.
    fn uncounted(&self, f: &mut dyn FnMut());
}

static RECORDER: OnceLock<&'static dyn Recorder> = OnceLock::new();

/// How many sessions are alive.
static SESSIONS: AtomicUsize = AtomicUsize::new(0);

/// Says who is told.
///
/// # Panics
///
/// Panics if the process has a recorder.
pub fn install(recorder: &'static dyn Recorder) {
    assert!(RECORDER.set(recorder).is_ok(), "the process has a recorder");
    accounting::install(|f| RECORDER.get().expect("it was installed").uncounted(f));
}

/// While one lives, each encode in the process asks the recorder whether it [wants](Recorder::wants) the
/// value.
#[derive(Debug)]
#[must_use = "nothing is captured once the session is dropped"]
pub struct Session(());

/// Begins a session. Several may be alive at a time.
pub fn begin() -> Session {
    SESSIONS.fetch_add(1, Ordering::Relaxed);
    Session(())
}

impl Drop for Session {
    fn drop(&mut self) {
        SESSIONS.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Encodes a message, and gives its value too if the calling thread's run is captured. The recorder is not
/// told.
///
/// # Errors
///
/// Those of [`labgob::encode`](crate::encode()).
pub fn encode<T: Serialize + ?Sized>(value: &T) -> Result<(Vec<u8>, Option<Value>), EncodeError> {
    let mut bytes = Vec::with_capacity(TYPICAL_LEN);
    let value =
        if is_active() { capture(value, &mut bytes)? } else { write(value, &mut bytes).map(|()| None)? };
    Ok((bytes, value))
}

/// Whether any run may be captured.
#[inline]
pub(crate) fn is_active() -> bool {
    SESSIONS.load(Ordering::Relaxed) > 0
}

/// Who is told, if the calling thread's run is captured.
fn recorder() -> Option<&'static dyn Recorder> {
    RECORDER.get().copied().filter(|recorder| recorder.wants())
}

#[inline(never)]
fn capture<T: Serialize + ?Sized>(value: &T, bytes: &mut Vec<u8>) -> Result<Option<Value>, EncodeError> {
    match recorder() {
        Some(_) => write_recorded(value, bytes).map(|tape| Value::of_tape(&tape)),
        None => write(value, bytes).map(|()| None),
    }
}

/// Appends the bytes of a value that lab code encodes, and tells the recorder.
#[inline(never)]
pub(crate) fn encode_into<T: Serialize + ?Sized>(value: &T, bytes: &mut Vec<u8>) -> Result<(), EncodeError> {
    let Some(recorder) = recorder() else { return write(value, bytes) };
    let before = bytes.len();
    let tape = write_recorded(value, bytes)?;
    if let Some(value) = Value::of_tape(&tape) {
        recorder.encoded(&bytes[before..], value);
    }
    Ok(())
}

/// The values of an [`Encoder`](crate::Encoder) in a captured run.
#[derive(Clone, Debug)]
pub(crate) struct Values(Tuple);

impl Values {
    /// Appends the bytes of one more value. `values` are those of the encoder so far; `None` if they are not
    /// all known.
    #[inline(never)]
    pub(crate) fn encode_into<T: Serialize + ?Sized>(
        values: &mut Option<Self>,
        value: &T,
        bytes: &mut Vec<u8>,
    ) -> Result<(), EncodeError> {
        // Not left in its place: if the encoding panics, the values are no longer known.
        let mut known = values.take();
        if recorder().is_none() || (known.is_none() && !bytes.is_empty()) {
            return write(value, bytes);
        }
        let result = write_recorded(value, bytes).map(|tape| match tape.bytes() {
            Some(record) => known.get_or_insert_with(|| Self(Tuple::new())).0.add(record),
            None => known = None,
        });
        *values = known;
        result
    }

    /// The encoder has finished: tells the recorder.
    #[cold]
    pub(crate) fn finish(self, bytes: &[u8]) {
        if let Some(recorder) = recorder()
            && let Some(value) = Value::of_tape(&self.0.finish())
        {
            recorder.encoded(bytes, value);
        }
    }
}
