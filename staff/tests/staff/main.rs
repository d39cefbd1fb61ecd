//! Everything but what takes long or needs a process of its own: one target, so that it is linked once.

mod copied;
mod docs;
mod handout_command;
mod hostile_submissions;
mod object_code;
mod on;
mod report;
mod rubric;
mod rules;
mod submission;
mod swap;
