//! Attempts to exceed resource limits.

use std::fs::File;
use std::hint::black_box;
use std::io::{self, Write};
use std::sync::{Arc, Barrier};
use std::thread;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use rustix::time::{ClockId, clock_gettime};

/// More than the limits of the tests, and little enough that a test without a sandbox is fast.
const THREADS: usize = 200;
const BYTES: usize = 3 << 30;
const FILE: usize = 8 << 20;
const FILES: usize = 400;
const SECONDS: i64 = 3;

pub(super) fn attempt(action: &str) -> Option<io::Result<()>> {
    Some(match action {
        "start many threads" => many_threads(),
        "take much memory" => {
            let mut bytes: Vec<u8> = Vec::new();
            bytes.try_reserve_exact(BYTES).map_err(io::Error::other)
        }
        "take much time" => burn(),
        "write a large file" => File::create("large").and_then(|mut file| file.write_all(&vec![0; FILE])),
        "open many files" => {
            (0..FILES).map(|_| File::open("/dev/null")).collect::<io::Result<Vec<_>>>().map(drop)
        }
        "print for ever" => loop {
            if let Err(error) = io::stdout().write_all(&[b'x'; 4096]) {
                break Err(error);
            }
        },
        "raise a limit" => raise(),
        _ => return None,
    })
}

/// Starts all threads at the same time.
fn many_threads() -> io::Result<()> {
    let barrier = Arc::new(Barrier::new(THREADS + 1));
    for _ in 0..THREADS {
        let barrier = Arc::clone(&barrier);
        thread::Builder::new().stack_size(16 << 10).spawn(move || barrier.wait())?;
    }
    barrier.wait();
    Ok(())
}

fn burn() -> io::Result<()> {
    let mut sum = 0_u64;
    while clock_gettime(ClockId::ProcessCPUTime).tv_sec < SECONDS {
        sum = (0..1_000_000).fold(sum, |sum, it| black_box(sum ^ it));
    }
    Ok(())
}

/// Raises the soft limit to the hard limit.
fn raise() -> io::Result<()> {
    let most = getrlimit(Resource::Nofile).maximum;
    setrlimit(Resource::Nofile, Rlimit { current: most, maximum: most })?;
    Ok(())
}
