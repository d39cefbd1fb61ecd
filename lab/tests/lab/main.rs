//! The command line, and the reference's runs: one target, so that it is linked once.

mod commands;
mod details;
mod determinism;
mod events;
mod faults;
mod key_value_rules;
mod other_log;
