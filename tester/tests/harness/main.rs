//! Tests of the tester itself, against solutions that can be told to be wrong in one way or another.

mod bully;
mod bully_extended;
mod cargo_test;
mod expect;
mod faults;
mod gossip;
mod injection;
mod inspected;
mod kv;
mod paxos;
mod protocols;
mod raft;
mod raft_extended;
mod recorded;
mod registry;
mod zab;
