//! `lab grade` and `--submission`, as instructors see them.
//!
//! Submissions are built, so this takes a while: the first time two or three minutes of processor time for
//! the framework, which is kept in the target folder for the next time, and then some seconds for each
//! submission.

#![cfg(target_os = "linux")]

mod ended;
mod evidence;
mod first_edition;
mod hostile;
mod resume;
mod scores;
mod shards;
mod stage;
mod swap;
