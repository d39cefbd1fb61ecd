//! Measures how well the tests detect mistakes, with solutions that are wrong on purpose.
//!
//! A [`WrongSolution`] is a solution of a lab with one rule broken, as a student might break it; a
//! [`RightSolution`] is a correct variant. Each is a small file with exact before/after edits of the
//! [`Sources`] of a whole solution, in the folder `wrong` or `right` of the lab. That is the reference, or a
//! *base*: another correct solution, a crate in the lab's folder `bases`. A reference has guards that make
//! some mistakes harmless, and a base that is built in another way has others. A [`Scratch`] workspace has a
//! crate for each variant and one command line that links all of them. So building dozens takes about as long
//! as building one, and the original workspace is not changed.
//!
//! Reading order:
//!
//! - `edit`, `changes`, `wrong_solution` and `right_solution` (the files), `corpus` (all of them), `filter`
//!   (some of them);
//! - `sources` and `scratch` (the build);
//! - `order` (which run comes first), `trial` (the runs), `cost` (the CPU time until a mistake is noticed),
//!   `rows` (a solution's results), `side_by_side` (several solutions at a time);
//! - `evidence` (the evidence of all runs of a right solution);
//! - `matrix` (all results, and their JSON), `table` (for the terminal), `page` (for the docs), `command`
//!   (`lab mutants`);
//! - `times` (what was measured, apart from the results), `shards` (solutions divided among machines).

mod changes;
pub(crate) mod command;
mod corpus;
mod cost;
mod edit;
pub mod evidence;
mod file;
mod filter;
pub mod matrix;
mod order;
pub mod page;
mod right_solution;
mod rows;
#[cfg(test)]
mod sample;
pub(crate) mod scratch;
pub(crate) mod shards;
mod side_by_side;
mod sources;
mod table;
mod times;
mod trial;
mod wrong_solution;

pub use changes::Changes;
pub use corpus::{Corpus, Family, Variant};
pub use edit::{Edit, EditError};
pub use file::FileError;
pub use right_solution::RightSolution;
pub use scratch::{Scratch, ScratchError};
pub use sources::Sources;
pub use wrong_solution::{CaughtBy, WrongSolution};
