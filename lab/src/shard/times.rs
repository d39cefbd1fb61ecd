//! [`Times`]: what a shard measured. It differs from machine to machine, so no file of results has it.

use std::io::{self, Write};
use std::path::Path;
use std::{fs, time::Duration};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::Shard;
use super::file::{draft, keep};

/// The version of the form.
const SCHEMA: u32 = 1;

/// The machine that did a shard, or the whole command.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Machine {
    /// The shard; none if one process did everything.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shard: Option<Shard>,
    /// The name of the machine.
    pub host: String,
    /// The number of runs at a time.
    pub jobs: u32,
    /// Real seconds.
    pub wall_seconds: f64,
}

impl Machine {
    /// This machine.
    #[must_use]
    pub fn this(shard: Option<Shard>, jobs: u32, wall: Duration) -> Self {
        let host = rustix::system::uname().nodename().to_string_lossy().into_owned();
        Self { shard, host, jobs, wall_seconds: wall.as_secs_f64() }
    }
}

/// The file of a shard's times, beside that of its results.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Times<T> {
    schema: u32,
    /// The machine.
    pub machine: Machine,
    /// What was measured for each item of the results, in their order.
    pub items: Vec<T>,
}

impl<T: Serialize + DeserializeOwned> Times<T> {
    /// The times of these items.
    #[must_use]
    pub fn new(machine: Machine, items: Vec<T>) -> Self {
        Self { schema: SCHEMA, machine, items }
    }

    /// Writes the file, in place of an earlier one.
    ///
    /// # Errors
    ///
    /// It cannot be written.
    pub fn write(&self, path: &Path) -> io::Result<()> {
        replace(path, &(serde_json::to_string(self)? + "\n"))
    }

    /// Reads the file of results that have this many items. `None` if it is missing, or not of these results:
    /// nothing but a measured time is lost then.
    #[must_use]
    pub fn read(path: &Path, items: usize) -> Option<Self> {
        let times: Self = serde_json::from_slice(&fs::read(path).ok()?).ok()?;
        (times.schema == SCHEMA && times.items.len() == items).then_some(times)
    }
}

/// The file `times.json` of a folder of results.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AllTimes<T> {
    schema: u32,
    /// The machines.
    pub machines: Vec<Machine>,
    /// What was measured.
    #[serde(flatten)]
    pub measured: T,
}

impl<T: Serialize> AllTimes<T> {
    /// The times of a whole command.
    #[must_use]
    pub fn new(machines: Vec<Machine>, measured: T) -> Self {
        Self { schema: SCHEMA, machines, measured }
    }

    /// Writes `times.json` into a folder.
    ///
    /// # Errors
    ///
    /// It cannot be written.
    pub fn write(&self, folder: &Path) -> io::Result<()> {
        replace(&folder.join(NAME), &(serde_json::to_string_pretty(self)? + "\n"))
    }
}

/// The name of the file with the times of a whole command.
pub const NAME: &str = "times.json";

fn replace(path: &Path, text: &str) -> io::Result<()> {
    let mut file = draft(path)?;
    file.write_all(text.as_bytes())?;
    keep(file, path)
}
