//! Streams of the reference are evidence, and doctored ones are not.

mod doctored;
mod recorded;
mod reference;
