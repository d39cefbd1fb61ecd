//! For the harness: capturing the values that lab code encodes, as [values](Value) with names.
//!
//! A value is recorded in the same pass in which it is encoded: `Serialize` is called once, with or without a
//! recorder, and the bytes are the same. So a run does not change when it is captured.
//!
//! Without a [`Session`], the cost for each encode is a load of one atomic.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde::Serialize;

use crate::accounting;
use crate::tape::Tuple;
use crate::value::Value;
use crate::write::{EncodeError, write, write_recorded};

/// Initial capacity in bytes of an encoding, so that a typical message of the labs takes one allocation.
pub(crate) const TYPICAL_LEN: usize = 64;

/// A recorder of the values that lab code encodes. A process has one.
///
/// It is called on threads of lab code during an encode, so it must not wait, and must not call labrt's
/// scheduling points.
pub trait Recorder: Send + Sync {
    /// Whether encodes of the calling thread are captured. Called at each encode during a [`Session`].
    fn wants(&self) -> bool;

    /// Called when lab code has encoded `value` as `bytes`: after [`encode`](crate::encode()) and
    /// [`encode_into`](crate::encode_into), and at the end of an [`Encoder`](crate::Encoder), whose values
    /// are one tuple. Not called after a failure, nor for this module's [`encode`].
    fn encoded(&self, bytes: &[u8], value: Value);

    /// Calls `f` once, at once. Memory that is allocated or freed meanwhile is the harness's and not charged
    /// to the run. Calls may nest.
    fn uncounted(&self, f: &mut dyn FnMut());
}

static RECORDER: OnceLock<&'static dyn Recorder> = OnceLock::new();

/// The number of sessions that have begun and not ended.
static SESSIONS: AtomicUsize = AtomicUsize::new(0);

/// Installs the recorder of the process.
///
/// # Panics
///
/// Panics if the process already has a recorder.
pub fn install(recorder: &'static dyn Recorder) {
    assert!(RECORDER.set(recorder).is_ok(), "the process has a recorder");
    accounting::install(|f| RECORDER.get().expect("it was installed").uncounted(f));
}

/// A period during which each encode in the process asks the recorder whether it [wants](Recorder::wants) the
/// value. It ends when this is dropped.
#[derive(Debug)]
#[must_use = "nothing is captured once the session is dropped"]
pub struct Session(());

/// Begins a session. Sessions may overlap.
pub fn begin() -> Session {
    SESSIONS.fetch_add(1, Ordering::Relaxed);
    Session(())
}

impl Drop for Session {
    fn drop(&mut self) {
        SESSIONS.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Encodes a message; also gives its value if the calling thread's run is captured. The recorder is not
/// called.
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

/// Whether a session has begun, so that a run may be captured.
#[inline]
pub(crate) fn is_active() -> bool {
    SESSIONS.load(Ordering::Relaxed) > 0
}

/// The recorder, if the calling thread's run is captured.
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

/// Appends the bytes of a value that lab code encodes, and passes the value to the recorder.
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

    /// Passes the values to the recorder: the encoder has finished.
    #[cold]
    pub(crate) fn finish(self, bytes: &[u8]) {
        if let Some(recorder) = recorder()
            && let Some(value) = Value::of_tape(&self.0.finish())
        {
            recorder.encoded(bytes, value);
        }
    }
}
