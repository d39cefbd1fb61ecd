//! The simulation backend: threads as coroutines, a seeded scheduler, a virtual clock.
//!
//! A simulation has an OS thread of its own, for as long as it runs. A thread-local of that points to
//! [`Sim`](simulation::Sim), where all simulated threads find it, and no other thread does.

mod cell;
mod choice;
mod deadlock;
mod frames;
mod harness;
mod kill;
mod kill_state;
mod look;
pub(crate) mod mutex;
mod node_clocks;
mod nodes;
pub(crate) mod os_thread;
mod preemption;
pub(crate) mod run;
pub(crate) mod rwlock;
mod scheduler;
pub(crate) mod simulation;
mod std_clock;
#[cfg_attr(not(all(target_os = "linux", target_env = "gnu")), allow(dead_code))]
mod std_compat;
mod threads;
mod timers;
mod verdict;
pub(crate) mod watchdog;
