//! What goes over the socket between the command and a worker: JSON values, each after its length
//! in bytes as four bytes, the lowest first.

use std::io::{self, Read, Write};
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use tester::Report;

/// To a worker.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) enum Instruction {
    /// Run this.
    Order(Order),
    /// The answer to [`Event::Ended`]: what the report must have to be taken for one.
    Key(String),
}

/// A run. A worker does one order after the other, so the next one can already lie ready.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Order {
    pub(super) test: String,
    pub(super) backend: String,
    pub(super) seed: u64,
    pub(super) solution: String,
    pub(super) policy: String,
    pub(super) record: bool,
    /// Whether to tell of every line of the log when it is written.
    pub(super) lines: bool,
    /// How long the run may go on without a call of labrt, in seconds.
    pub(super) patience_seconds: f64,
    /// The processor time that the run may take, in seconds.
    pub(super) cpu_seconds: f64,
    /// Whether to print [`MARK`] before the run, so that what lab code prints can be told apart by runs.
    pub(super) mark: bool,
}

/// Stands in a worker's output where a run begins: ASCII's record separator.
pub(super) const MARK: u8 = 0x1e;

/// Stands behind each line of a log, which may have line breaks in it: ASCII's record separator.
pub(super) const END_OF_LINE: char = '\x1e';

/// From a worker, each once for each order, which are numbered from 0.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum Event {
    /// It is being carried out.
    Started(u64),
    /// Lines of the log, with [`END_OF_LINE`] after each.
    Logged(String),
    /// Its lab code has ended for good: its key may be known now.
    Ended(u64),
    /// It came to this. The text is its key.
    Finished(String, Box<Report>),
}

/// A longer value is no report: the log of a long run has some megabytes.
pub(super) const LONGEST: usize = 1 << 30;

/// The same of a report without a log.
pub(super) const LONGEST_WITHOUT_LOG: usize = 1 << 24;

const HEADER: usize = size_of::<u32>();

/// Writes one value.
pub(super) fn send<T: Serialize>(mut socket: &UnixStream, value: &T) -> io::Result<()> {
    let mut frame = vec![0; HEADER];
    serde_json::to_writer(&mut frame, value)?;
    let length = u32::try_from(frame.len() - HEADER).ok().filter(|&length| length as usize <= LONGEST);
    let length = length.ok_or_else(|| io::Error::other("a value too long to send"))?;
    frame[..HEADER].copy_from_slice(&length.to_le_bytes());
    // One write: a frame is either sent or not begun, unless it is longer than the socket's buffer.
    socket.write_all(&frame)
}

/// Reads values, and keeps what has arrived of a value while waiting for the rest.
#[derive(Debug)]
pub(super) struct Receiver {
    socket: UnixStream,
    arrived: Vec<u8>,
    longest: usize,
}

/// What [`Receiver::receive`] came to.
#[derive(Debug)]
pub(super) enum Received<T> {
    Value(T),
    /// Nothing whole arrived in time; nothing is lost.
    NotYet,
    /// The other end is gone.
    Closed,
}

impl Receiver {
    /// Reads values of no more than `longest` bytes.
    pub(super) fn new(socket: UnixStream, longest: usize) -> Self {
        Self { socket, arrived: Vec::new(), longest }
    }

    /// Waits for the next value, for at most `patience`; for ever if that is `None`.
    ///
    /// # Errors
    ///
    /// When what arrives is not made by [`send`], or the socket fails.
    pub(super) fn receive<T: DeserializeOwned>(
        &mut self,
        patience: Option<Duration>,
    ) -> io::Result<Received<T>> {
        let deadline = patience.map(|patience| Instant::now() + patience);
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

    /// The first value, if all of it has arrived.
    fn take<T: DeserializeOwned>(&mut self) -> io::Result<Option<T>> {
        let Some(header) = self.arrived.first_chunk::<HEADER>() else {
            return Ok(None);
        };
        let length = u32::from_le_bytes(*header) as usize;
        if length > self.longest {
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

    fn order(seed: u64) -> Order {
        Order {
            test: "backup_3b".to_owned(),
            backend: "sim".to_owned(),
            seed,
            solution: "raft".to_owned(),
            policy: "random".to_owned(),
            record: false,
            lines: false,
            patience_seconds: 5.0,
            cpu_seconds: 60.0,
            mark: true,
        }
    }

    fn value(received: Received<Order>) -> Order {
        match received {
            Received::Value(order) => order,
            other => panic!("expected an order, got {other:?}"),
        }
    }

    #[test]
    fn values_arrive_in_order_and_then_the_end() {
        let (near, far) = UnixStream::pair().expect("a pair of sockets");
        for seed in [1, u64::MAX] {
            send(&near, &order(seed)).expect("sent");
        }
        drop(near);
        let mut receiver = Receiver::new(far, LONGEST);
        for seed in [1, u64::MAX] {
            assert_eq!(value(receiver.receive(None).expect("received")), order(seed));
        }
        assert!(matches!(receiver.receive::<Order>(None), Ok(Received::Closed)));
    }

    #[test]
    fn half_a_value_waits_for_its_other_half() {
        let (mut near, far) = UnixStream::pair().expect("a pair of sockets");
        let mut receiver = Receiver::new(far, LONGEST);
        let body = serde_json::to_vec(&order(7)).expect("bytes");
        let length = u32::try_from(body.len()).expect("a short order");
        let mut frame = length.to_le_bytes().to_vec();
        frame.extend(body);
        for part in frame.chunks(3) {
            let early = receiver.receive::<Order>(Some(Duration::from_millis(1)));
            assert!(matches!(early, Ok(Received::NotYet)), "{early:?}");
            near.write_all(part).expect("sent");
        }
        assert_eq!(value(receiver.receive(None).expect("received")), order(7));
    }

    #[test]
    fn what_is_no_value_is_an_error() {
        for garbage in [&b"\xff\xff\xff\xff"[..], b"\x02\x00\x00\x00hi"] {
            let (mut near, far) = UnixStream::pair().expect("a pair of sockets");
            near.write_all(garbage).expect("sent");
            assert!(Receiver::new(far, LONGEST).receive::<Order>(None).is_err(), "{garbage:?} was taken");
        }
    }
}
