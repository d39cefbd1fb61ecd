//! Measures what the tests notice, with solutions that are wrong on purpose.
//!
//! A [`WrongSolution`] is a [`Reference`] with one rule broken, as a student might break it; a
//! [`RightSolution`] is one done otherwise and still right. Each is a small file with exact before/after
//! edits of the reference's [`Sources`]. A [`Scratch`] workspace has a crate for each and one command line
//! with all of them compiled in, so that building dozens takes about as long as building one, and the
//! workspace that people work in stays as it is.
//!
//! And makes the workspace that students are given: [`handout`].
//!
//! Read in this order: `reference`, `edit`, `wrong_solution` and `right_solution` (the files), `corpus` (all
//! of them), `sources` and `scratch` (how they are built), `results` (what the tests said), `page` (the table
//! in the docs).
//!
//! And grades what students hand in, which is other people's code: [`submission`] (what is taken of it),
//! [`rules`] (what must not be in it), [`build`] (its crates and a command line), [`rubric`] (what a test is
//! worth), [`score`] (what runs become), [`report`] (what is told of it).

#![warn(missing_docs)]

pub mod build;
mod copy;
mod corpus;
mod edit;
mod file;
pub mod handout;
mod hash;
pub mod page;
mod profile;
mod reference;
pub mod report;
mod results;
mod right_solution;
pub mod rubric;
pub mod rules;
pub mod sandbox;
pub mod score;
mod scratch;
mod sources;
pub mod submission;
mod wrong_solution;

pub use copy::copy_workspace;
pub use corpus::{Corpus, Family};
pub use edit::{Edit, EditError};
pub use file::FileError;
pub use reference::Reference;
pub use results::{Failure, Results, TestResult};
pub use right_solution::RightSolution;
pub use scratch::{Scratch, ScratchError};
pub use sources::Sources;
pub use wrong_solution::{CaughtBy, WrongSolution};
