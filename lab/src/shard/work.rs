//! [`Work`]: the work that is divided among shards.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The work that is divided: a command, a version and a seed. Results of different work are not merged.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Work {
    /// The name of the command: `test`, `grade` or `mutants`.
    pub command: String,
    /// The command's arguments as a line for a shell, without `--shard`, `--out` and what affects no result.
    pub line: String,
    /// The hash of the sources, of [`tester::replay::build_id`].
    pub build: String,
    /// The first seed, `0x` and hexadecimal.
    pub first_seed: String,
    /// The number of shards.
    pub shards: u32,
    /// What else decides the results, in the command's own form.
    pub settings: Value,
}

impl Work {
    /// What this work is in contrast to `other`, such as `another seed, 0x1f`; `None` if they are the same.
    #[must_use]
    pub fn difference(&self, other: &Self) -> Option<String> {
        if self.command != other.command {
            return Some(format!("another command, `lab {}`", self.command));
        }
        if self.build != other.build {
            return Some(format!("another version of the sources, build {}", self.build));
        }
        if self.first_seed != other.first_seed {
            return Some(format!("another seed, {}", self.first_seed));
        }
        if self.shards != other.shards {
            return Some(format!("another number of shards, {}", self.shards));
        }
        let is_same = self.line == other.line && self.settings == other.settings;
        (!is_same).then(|| format!("another command, `lab {} {}`", self.command, self.line))
    }

    /// The command that does the part of a shard.
    #[must_use]
    pub fn command_of(&self, shard: u32, out: &str) -> String {
        format!("cargo lab {} {} --shard {shard}/{} --out {out}", self.command, self.line, self.shards)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_difference_is_named() {
        let work = Work {
            command: "test".to_owned(),
            line: "3A --seed 0x1".to_owned(),
            build: "0x2".to_owned(),
            first_seed: "0x1".to_owned(),
            shards: 4,
            settings: Value::Null,
        };
        assert_eq!(work.difference(&work), None);
        for (other, says) in [
            (Work { command: "grade".to_owned(), ..work.clone() }, "another command, `lab grade`"),
            (Work { line: "3B --seed 0x1".to_owned(), ..work.clone() }, "`lab test 3B --seed 0x1`"),
            (Work { build: "0x3".to_owned(), ..work.clone() }, "build 0x3"),
            (Work { first_seed: "0x5".to_owned(), ..work.clone() }, "another seed, 0x5"),
            (Work { shards: 5, ..work.clone() }, "another number of shards, 5"),
            (Work { settings: Value::Bool(true), ..work.clone() }, "another command"),
        ] {
            let difference = other.difference(&work).expect("a difference");
            assert!(difference.contains(says), "{difference}");
        }
        assert_eq!(work.command_of(2, "there"), "cargo lab test 3A --seed 0x1 --shard 2/4 --out there");
    }
}
