//! The hand-out is what it should be: complete, quiet, without the solutions, and a workspace in which the labs can be done.
//!
//! `files` looks at what is written; `workspace` builds it and works in it as a student would, which takes minutes
//! the first time.

mod files;
mod part_3a;
mod students;
mod workspace;
