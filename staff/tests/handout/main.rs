//! The hand-out is complete, has no warnings and no solutions, and is a workspace in which the labs can be
//! done.
//!
//! `files` checks the written files; `workspace` builds the hand-out and works in it as a student would,
//! which takes minutes the first time.

mod files;
mod part_3a;
mod students;
mod workspace;
