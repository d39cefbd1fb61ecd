//! What one value may use while it is decoded: how many elements, and how deep it may nest.
//!
//! bincode on its own reserves whatever length it reads for strings and byte strings, counts up to
//! any length when the elements take no bytes (`Vec<()>`), and follows a recursive type until the
//! stack ends. Here strings and byte strings are taken from the input, so they cannot be longer
//! than it; elements are paid for out of a budget; and each level of nesting is counted. This file
//! keeps the account, `guarded` charges it.

use serde::de::Error;

/// How deep collections, structs, enums and options may nest.
pub(crate) const MAX_DEPTH: u32 = 128;

/// How many elements without bytes, such as the units of a `Vec<()>`, one value may hold besides
/// those that take at least a byte each.
const FREE_ELEMENTS: usize = 1 << 16;

/// Why a guard stopped the decoding.
#[derive(Clone, Copy)]
pub(crate) enum Refusal {
    /// A collection of so many elements cannot be in these bytes.
    Length(usize),
    /// Deeper than [`MAX_DEPTH`].
    Depth,
}

/// What one value may still use.
pub(crate) struct Guard {
    /// Elements that may still be read.
    elements: usize,
    /// Levels that may still be entered.
    depth: u32,
    refusal: Option<Refusal>,
}

impl Guard {
    /// The allowance of a value in `len` bytes.
    pub(crate) fn new(len: usize) -> Self {
        Self { elements: len.saturating_add(FREE_ELEMENTS), depth: MAX_DEPTH, refusal: None }
    }

    /// Why the decoding was stopped, if the guard did it.
    pub(crate) fn refusal(&self) -> Option<Refusal> {
        self.refusal
    }

    /// Pays for the elements of a collection before any memory is reserved for them.
    #[inline]
    pub(crate) fn claim<E: Error>(&mut self, elements: usize) -> Result<(), E> {
        match self.elements.checked_sub(elements) {
            Some(left) => {
                self.elements = left;
                Ok(())
            }
            None => Err(self.refuse(Refusal::Length(elements))),
        }
    }

    /// Goes one level down.
    #[inline]
    pub(crate) fn enter<E: Error>(&mut self) -> Result<(), E> {
        match self.depth.checked_sub(1) {
            Some(left) => {
                self.depth = left;
                Ok(())
            }
            None => Err(self.refuse(Refusal::Depth)),
        }
    }

    /// Comes back up.
    #[inline]
    pub(crate) fn leave(&mut self) {
        self.depth += 1;
    }

    #[cold]
    fn refuse<E: Error>(&mut self, refusal: Refusal) -> E {
        self.refusal = Some(refusal);
        E::custom("refused")
    }
}
