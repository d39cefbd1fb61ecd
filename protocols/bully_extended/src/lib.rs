//! The Bully algorithm, cured.
#![warn(missing_docs)]

// In reading order.
mod node;

mod messages;

mod state;

mod timer;

mod election;

mod heartbeat;

// The cures, in the order in which they are stacked.
mod generation;

mod inquiry;

mod quorum;

mod publication;

// A form of its own.
mod priorities;

use labapi::BullyExtended;

/// The reference, as the tester and the command line know it.
pub const SOLUTION: BullyExtended = BullyExtended {
    generations: node::make_generations,
    asks_others: node::make_asks_others,
    quorum: node::make_quorum,
    publishes: node::make_publishes,
    priorities: priorities::make,
};
