//! What one value may use while it is decoded: how many elements, how much memory, and how deep it may nest.
//!
//! bincode on its own reserves whatever length it reads for strings and byte strings, counts up to
//! any length when the elements take no bytes (`Vec<()>`), and follows a recursive type until the
//! stack ends. serde reserves up to 1 MiB for each collection as soon as it has read a length, and
//! collections nest. Here
//!
//! - strings and byte strings are taken from the input, so they cannot be longer than it;
//! - nobody is told how many elements are to come, so a collection has room for those that did;
//! - elements are paid for out of a budget, one for each byte of the input;
//! - what takes no bytes at all, be it memory or work, has a budget of its own;
//! - each level of nesting is counted.
//!
//! So the memory follows what has been read, never what is announced. This file keeps the account, `guarded`
//! charges it.

use serde::de::Error;

/// How deep collections, structs, enums and options may nest.
pub(crate) const MAX_DEPTH: u32 = 128;

/// How many bytes the values on one path, each in another, may take besides three times the largest one.
///
/// While it is read, a value is on the stack, up to fourteen times, so this is some 450 KiB of stack where
/// values of 4 KiB nest. What nests because its type says so, and not the bytes, is let pass by the three
/// times.
const PATH: usize = 16 << 10;

/// How many elements without bytes, such as the units of a `Vec<()>`, one value may hold besides those that
/// take at least a byte each; and how many bytes of memory such elements may take in all (their fields are
/// skipped, for instance).
pub(crate) const FREE: usize = 1 << 16;

/// Why a guard stopped the decoding.
#[derive(Clone, Copy)]
pub(crate) enum Refusal {
    /// A collection of so many elements cannot be in these bytes.
    Length(usize),
    /// Deeper than [`MAX_DEPTH`], or than [`PATH`].
    Depth,
    /// Elements that take no bytes fill more memory than [`FREE`].
    FreeMemory,
}

/// What there is around a value that was entered.
#[derive(Clone, Copy)]
pub(crate) struct Entered {
    path: usize,
    largest: usize,
}

/// What a [`Guard`] had counted when an element began.
#[derive(Clone, Copy)]
pub(crate) struct Begun {
    reads: usize,
    made: usize,
}

/// What one value may still use.
pub(crate) struct Guard {
    /// Elements that may still be read.
    elements: usize,
    /// Levels that may still be entered.
    depth: u32,
    /// Bytes of the values that are being read, each in another, and of the largest of them.
    path: usize,
    largest: usize,
    /// How often something was read: not more than there were bytes.
    reads: usize,
    /// Bytes of all parts that were made, and one for each part at least.
    made: usize,
    /// What elements may still make of nothing.
    free: usize,
    refusal: Option<Refusal>,
}

impl Guard {
    /// The allowance of a value in `len` bytes.
    pub(crate) fn new(len: usize) -> Self {
        let budget = len.saturating_add(FREE);
        Self {
            elements: budget,
            depth: MAX_DEPTH,
            path: 0,
            largest: 0,
            reads: 0,
            made: 0,
            free: budget,
            refusal: None,
        }
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

    /// Goes one level down, into a value of `size` bytes. Answers what [`leave`](Self::leave) wants to know.
    #[inline]
    pub(crate) fn enter<E: Error>(&mut self, size: usize) -> Result<Entered, E> {
        let outer = Entered { path: self.path, largest: self.largest };
        self.path += size;
        self.largest = self.largest.max(size);
        match self.depth.checked_sub(1) {
            Some(left) if self.path <= PATH.saturating_add(self.largest.saturating_mul(3)) => {
                self.depth = left;
                Ok(outer)
            }
            _ => Err(self.refuse(Refusal::Depth)),
        }
    }

    /// Comes back up.
    #[inline]
    pub(crate) fn leave(&mut self, outer: Entered) {
        self.depth += 1;
        self.path = outer.path;
        self.largest = outer.largest;
    }

    /// Takes note that at least a byte is read.
    #[inline]
    pub(crate) fn read(&mut self) {
        self.reads += 1;
    }

    /// Takes note that a part of so many bytes of memory is made.
    #[inline]
    pub(crate) fn make(&mut self, size: usize) {
        self.made += size.max(1);
    }

    /// Where an element begins.
    #[inline]
    pub(crate) fn begin(&self) -> Begun {
        Begun { reads: self.reads, made: self.made }
    }

    /// Pays for an element of `size` bytes that is complete, if nothing was read for it.
    #[inline]
    pub(crate) fn end<E: Error>(&mut self, begun: Begun, size: usize) -> Result<(), E> {
        if self.reads != begun.reads {
            return Ok(());
        }
        let cost = (self.made - begun.made).max(size).max(1);
        match self.free.checked_sub(cost) {
            Some(left) => {
                self.free = left;
                Ok(())
            }
            None => Err(self.refuse(Refusal::FreeMemory)),
        }
    }

    #[cold]
    fn refuse<E: Error>(&mut self, refusal: Refusal) -> E {
        self.refusal = Some(refusal);
        E::custom("refused")
    }
}
