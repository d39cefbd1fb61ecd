//! Tests of the tester itself, against a Raft that is none: it cheats, and it can be told to be
//! wrong in one way or another.

mod bully;
mod cargo_test;
mod cluster;
mod fake;
mod fault;
mod gossip;
mod injected;
mod kv;
mod links;
mod protocols;
mod recorded;
mod registry;
mod threads;
mod verdicts;
