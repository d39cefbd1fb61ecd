//! [`DecodeLimits`]: the limits of one value while it is decoded: elements, memory and nesting.
//!
//! bincode on its own reserves whatever length it reads for strings and byte strings, counts up to any length
//! when the elements take no bytes (`Vec<()>`), and follows a recursive type until the stack overflows. serde
//! reserves up to 1 MiB for each collection as soon as it has read a length, and collections nest. Here
//!
//! - strings and byte strings are slices of the input, so they cannot be longer than it;
//! - visitors get no size hint, so a collection has room for the elements that have arrived;
//! - elements are charged to a budget, one for each byte of the input;
//! - elements that take no bytes of the input have a budget of their own, for memory and for work;
//! - each level of nesting is counted.
//!
//! So the memory follows what has been read, never a length that is announced. This file has the budgets;
//! `limited` charges them.

use serde::de::Error;

/// The greatest number of collections, structs, enums and options that may nest.
pub(crate) const MAX_DEPTH: u32 = 128;

/// The greatest total size in bytes of nested values, in addition to three times the largest of them.
///
/// A value is on the stack while it is read, up to fourteen times, so this is some 450 KiB of stack where
/// values of 4 KiB nest. Three times the largest is for values that nest because their types do, whatever the
/// bytes.
const NESTED_SIZE_MAX: usize = 16 << 10;

/// The greatest number of elements that take no bytes of the input, such as the units of a `Vec<()>`, in
/// addition to one for each byte of the input. Also the greatest memory in bytes that such elements may take,
/// if their fields are skipped for instance.
pub(crate) const ZERO_BYTE_MAX: usize = 1 << 16;

/// The limit that stopped the decoding.
#[derive(Clone, Copy)]
pub(crate) enum LimitExceeded {
    /// A collection of so many elements cannot be in these bytes.
    Length(usize),
    /// Values nest deeper than [`MAX_DEPTH`], or take more than [`NESTED_SIZE_MAX`].
    Depth,
    /// Elements that take no bytes of the input take more memory than [`ZERO_BYTE_MAX`].
    ZeroByteElements,
}

/// The values around one that is entered: their total size and the size of the largest, in bytes.
#[derive(Clone, Copy)]
pub(crate) struct Enclosing {
    nested_size: usize,
    largest: usize,
}

/// The counters of a [`DecodeLimits`] when an element began.
#[derive(Clone, Copy)]
pub(crate) struct ElementStart {
    reads: usize,
    memory: usize,
}

/// The remaining budgets of one value.
pub(crate) struct DecodeLimits {
    /// Elements that may still be read.
    elements: usize,
    /// Levels that may still be entered.
    depth: u32,
    /// The total size in bytes of the nested values that are being read.
    nested_size: usize,
    /// The size in bytes of the largest of them.
    largest: usize,
    /// The number of reads, each of at least one byte of the input.
    reads: usize,
    /// The size in bytes of all parts so far; each part counts one byte at least.
    memory: usize,
    /// The memory in bytes that is left for elements that take no bytes of the input.
    zero_byte_budget: usize,
    exceeded: Option<LimitExceeded>,
}

impl DecodeLimits {
    /// The limits of a value in `len` bytes.
    pub(crate) fn new(len: usize) -> Self {
        let budget = len.saturating_add(ZERO_BYTE_MAX);
        Self {
            elements: budget,
            depth: MAX_DEPTH,
            nested_size: 0,
            largest: 0,
            reads: 0,
            memory: 0,
            zero_byte_budget: budget,
            exceeded: None,
        }
    }

    /// The limit that stopped the decoding, if one did.
    pub(crate) fn exceeded(&self) -> Option<LimitExceeded> {
        self.exceeded
    }

    /// Charges the elements of a collection before any memory is reserved for them.
    #[inline]
    pub(crate) fn claim<E: Error>(&mut self, elements: usize) -> Result<(), E> {
        match self.elements.checked_sub(elements) {
            Some(left) => {
                self.elements = left;
                Ok(())
            }
            None => Err(self.exceed(LimitExceeded::Length(elements))),
        }
    }

    /// Goes one level down, into a value of `size` bytes. The result is for [`leave`](Self::leave).
    #[inline]
    pub(crate) fn enter<E: Error>(&mut self, size: usize) -> Result<Enclosing, E> {
        let outer = Enclosing { nested_size: self.nested_size, largest: self.largest };
        self.nested_size += size;
        self.largest = self.largest.max(size);
        match self.depth.checked_sub(1) {
            Some(left)
                if self.nested_size <= NESTED_SIZE_MAX.saturating_add(self.largest.saturating_mul(3)) =>
            {
                self.depth = left;
                Ok(outer)
            }
            _ => Err(self.exceed(LimitExceeded::Depth)),
        }
    }

    /// Goes one level up again.
    #[inline]
    pub(crate) fn leave(&mut self, outer: Enclosing) {
        self.depth += 1;
        self.nested_size = outer.nested_size;
        self.largest = outer.largest;
    }

    /// Counts a read of at least one byte.
    #[inline]
    pub(crate) fn read(&mut self) {
        self.reads += 1;
    }

    /// Counts a part that takes `size` bytes of memory.
    #[inline]
    pub(crate) fn add_memory(&mut self, size: usize) {
        self.memory += size.max(1);
    }

    /// The counters at the beginning of an element.
    #[inline]
    pub(crate) fn begin_element(&self) -> ElementStart {
        ElementStart { reads: self.reads, memory: self.memory }
    }

    /// Charges a complete element of `size` bytes of memory, if nothing was read for it.
    #[inline]
    pub(crate) fn end_element<E: Error>(&mut self, start: ElementStart, size: usize) -> Result<(), E> {
        if self.reads != start.reads {
            return Ok(());
        }
        let cost = (self.memory - start.memory).max(size).max(1);
        match self.zero_byte_budget.checked_sub(cost) {
            Some(left) => {
                self.zero_byte_budget = left;
                Ok(())
            }
            None => Err(self.exceed(LimitExceeded::ZeroByteElements)),
        }
    }

    #[cold]
    fn exceed<E: Error>(&mut self, exceeded: LimitExceeded) -> E {
        self.exceeded = Some(exceeded);
        E::custom("a limit was exceeded")
    }
}
