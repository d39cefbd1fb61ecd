//! The page of a run: one HTML file, without network, on which a run can be walked through event by event.
//!
//! [`Page`] has what is known of the run. Its [events](Events) are the JSON objects of a recorded run.
//!
//! Read in this order: `events` (which events a page shows, and in what form), `meaning` (what a message says
//! in Raft's terms), `difference` (saves as differences), `line` (an event in one line), `comparison` (two
//! runs), `history` and `deadlock` (what messages of failures tell), `shell` (the HTML), `assets` (style and
//! script), `file` (a file that is written completely or not at all).

#![warn(missing_docs)]

mod assets;
mod comparison;
mod deadlock;
mod difference;
mod events;
mod file;
mod history;
mod line;
mod log_lines;
mod meaning;
mod page;
mod shell;

pub use assets::hash;
pub use comparison::Shapes;
pub use events::{Events, Focus, MAX_EVENTS};
pub use file::{WriteError, write};
pub use page::{Comparison, Failure, Page, Rule, RuleEvent};
