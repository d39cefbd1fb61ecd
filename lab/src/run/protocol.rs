//! The messages between the command and a worker: JSON values, each after its length in bytes, a
//! little-endian `u32`.

use std::io::{self, Read, Write};
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use tester::Report;
use tester::nemesis::FaultPlan;

/// A message to a worker.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) enum Instruction {
    /// Carry out these runs, in order.
    Runs(Vec<RunRequest>),
    /// The answer to [`Event::Ended`]: the key that the report must carry.
    Key(String),
}

/// A run to carry out. A worker does one after the other; the next one may be sent before the current one
/// ends.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct RunRequest {
    pub(super) test: String,
    pub(super) backend: String,
    pub(super) seed: u64,
    pub(super) solution: String,
    pub(super) policy: String,
    /// The fault plan, instead of the one that the seed draws.
    pub(super) plan: Option<FaultPlan>,
    /// Whether a run that fails is repeated with smaller fault plans. The report is then that of the smallest
    /// plan that fails so.
    pub(super) shrink: bool,
    pub(super) record: bool,
    /// Whether the events of the run are watched, for the rules that it breaks.
    pub(super) watch: bool,
    /// Whether a broken rule fails the run.
    pub(super) strict: bool,
    /// Whether to send every line of the log when it is written.
    pub(super) lines: bool,
    /// Whether to send the events of the run, with its log, when it has ended.
    pub(super) events: bool,
    /// Whether to send the outlines of the events of the run when it has ended.
    pub(super) outlines: bool,
    /// The limit on the time between two calls of labrt, in seconds.
    pub(super) patience_seconds: f64,
    /// The limit on the run's CPU time, in seconds.
    pub(super) cpu_seconds: f64,
    /// Whether to print [`MARK`] before the run, which separates the output of runs.
    pub(super) mark_output: bool,
    /// Whether the report may come with those of other runs, by [`Event::Reports`]. No other message is sent
    /// of such a run.
    pub(super) batched: bool,
}

/// The byte in a worker's output where a run begins: ASCII's record separator.
pub(super) const MARK: u8 = 0x1e;

/// The character after each line of a log, which may contain line breaks: ASCII's record separator.
pub(super) const END_OF_LINE: char = '\x1e';

/// A message from a worker. Requests are numbered from 0. Each that is not batched has one message of each
/// kind, except `Logged`, `Recorded` and `Reports`.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum Event {
    /// The run begins.
    Started(u64),
    /// Lines of the log, with [`END_OF_LINE`] after each.
    Logged(String),
    /// The run's lab code has ended, so the worker may have the key now.
    Ended(u64),
    /// Lines of the file of events, each with its line break.
    Recorded(String),
    /// The run has ended. The text is the key.
    Finished(String, Box<Report>),
    /// The next batched runs have ended.
    Reports(Vec<Report>),
}

/// The longest time for which the report of a batched run waits for others.
pub(super) const BATCH_TIME: Duration = Duration::from_millis(20);

/// The limit on the bytes of a value: the log of a long run has some megabytes.
pub(super) const MAX_BYTES: usize = 1 << 30;

/// The limit on the bytes of a report without a log.
pub(super) const MAX_BYTES_WITHOUT_LOG: usize = 1 << 24;

const HEADER: usize = size_of::<u32>();

/// Sends one value.
pub(super) fn send<T: Serialize>(mut socket: &UnixStream, value: &T) -> io::Result<()> {
    let mut frame = vec![0; HEADER];
    serde_json::to_writer(&mut frame, value)?;
    let length = u32::try_from(frame.len() - HEADER).ok().filter(|&length| length as usize <= MAX_BYTES);
    let length = length.ok_or_else(|| io::Error::other("a value too long to send"))?;
    frame[..HEADER].copy_from_slice(&length.to_le_bytes());
    // One write, so that a frame is not sent in part unless it exceeds the socket's buffer.
    socket.write_all(&frame)
}

/// Receives values, and keeps the bytes of an incomplete one.
#[derive(Debug)]
pub(super) struct Receiver {
    socket: UnixStream,
    arrived: Vec<u8>,
    max_bytes: usize,
}

/// The result of [`Receiver::receive`].
#[derive(Debug)]
pub(super) enum Received<T> {
    /// A value.
    Value(T),
    /// No complete value arrived in time; a partial one is kept.
    NotYet,
    /// The other end is closed.
    Closed,
}

impl Receiver {
    /// A receiver of values of at most `max_bytes` bytes.
    pub(super) fn new(socket: UnixStream, max_bytes: usize) -> Self {
        Self { socket, arrived: Vec::new(), max_bytes }
    }

    /// Waits for the next value, for at most `timeout`; without limit if that is `None`.
    ///
    /// # Errors
    ///
    /// The bytes that arrive were not sent by [`send`], or the socket fails.
    pub(super) fn receive<T: DeserializeOwned>(
        &mut self,
        timeout: Option<Duration>,
    ) -> io::Result<Received<T>> {
        let deadline = timeout.map(|timeout| Instant::now() + timeout);
        loop {
            if let Some(value) = self.take()? {
                return Ok(Received::Value(value));
            }
            let left = deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
            if left == Some(Duration::ZERO) {
                return Ok(Received::NotYet);
            }
            self.socket.set_read_timeout(left)?;
            let mut bytes = [0; 16 * 1024];
            match self.socket.read(&mut bytes) {
                Ok(0) => return Ok(Received::Closed),
                Ok(count) => self.arrived.extend_from_slice(&bytes[..count]),
                Err(error) => match error.kind() {
                    io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut | io::ErrorKind::Interrupted => {}
                    io::ErrorKind::ConnectionReset => return Ok(Received::Closed),
                    _ => return Err(error),
                },
            }
        }
    }

    /// The first value, if it is complete.
    fn take<T: DeserializeOwned>(&mut self) -> io::Result<Option<T>> {
        let Some(header) = self.arrived.first_chunk::<HEADER>() else {
            return Ok(None);
        };
        let length = u32::from_le_bytes(*header) as usize;
        if length > self.max_bytes {
            return Err(io::Error::other(format!("a value of {length} bytes was announced")));
        }
        let Some(body) = self.arrived.get(HEADER..HEADER + length) else {
            return Ok(None);
        };
        let value = serde_json::from_slice(body)?;
        self.arrived.drain(..HEADER + length);
        Ok(Some(value))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(seed: u64) -> RunRequest {
        RunRequest {
            test: "backup_3b".to_owned(),
            backend: "sim".to_owned(),
            seed,
            solution: "reference".to_owned(),
            policy: "random".to_owned(),
            plan: None,
            shrink: false,
            record: false,
            watch: false,
            strict: false,
            lines: false,
            events: false,
            outlines: false,
            patience_seconds: 5.0,
            cpu_seconds: 60.0,
            mark_output: true,
            batched: false,
        }
    }

    fn value(received: Received<RunRequest>) -> RunRequest {
        match received {
            Received::Value(request) => request,
            other => panic!("expected a request, got {other:?}"),
        }
    }

    #[test]
    fn values_arrive_in_order_and_then_the_end() {
        let (near, far) = UnixStream::pair().expect("a pair of sockets");
        for seed in [1, u64::MAX] {
            send(&near, &request(seed)).expect("sent");
        }
        drop(near);
        let mut receiver = Receiver::new(far, MAX_BYTES);
        for seed in [1, u64::MAX] {
            assert_eq!(value(receiver.receive(None).expect("received")), request(seed));
        }
        assert!(matches!(receiver.receive::<RunRequest>(None), Ok(Received::Closed)));
    }

    #[test]
    fn a_partial_value_is_kept_until_it_is_complete() {
        let (mut near, far) = UnixStream::pair().expect("a pair of sockets");
        let mut receiver = Receiver::new(far, MAX_BYTES);
        let body = serde_json::to_vec(&request(7)).expect("bytes");
        let length = u32::try_from(body.len()).expect("a short request");
        let mut frame = length.to_le_bytes().to_vec();
        frame.extend(body);
        for part in frame.chunks(3) {
            let early = receiver.receive::<RunRequest>(Some(Duration::from_millis(1)));
            assert!(matches!(early, Ok(Received::NotYet)), "{early:?}");
            near.write_all(part).expect("sent");
        }
        assert_eq!(value(receiver.receive(None).expect("received")), request(7));
    }

    #[test]
    fn malformed_values_are_errors() {
        for garbage in [&b"\xff\xff\xff\xff"[..], b"\x02\x00\x00\x00hi"] {
            let (mut near, far) = UnixStream::pair().expect("a pair of sockets");
            near.write_all(garbage).expect("sent");
            assert!(
                Receiver::new(far, MAX_BYTES).receive::<RunRequest>(None).is_err(),
                "{garbage:?} was accepted"
            );
        }
    }
}
