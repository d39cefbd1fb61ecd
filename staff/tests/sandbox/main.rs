//! The sandbox against a hostile program: each action succeeds outside and fails inside, started by root and
//! by an ordinary user.
#![cfg(target_os = "linux")]

mod bench;
mod files;
mod network;
mod processes;
mod resources;
mod stage;
mod worker;
