//! Separate keys of std's hash maps for each node.
//!
//! `RandomState::new` copies two words from a thread-local of std and increments the first one. All nodes of
//! a simulation share one OS thread and would share this counter, so that one server could observe how many
//! maps another one has made. Std draws the words once per OS thread and has no function to set them. So
//! their address is located once per process, and a simulation exchanges the words whenever it switches to
//! another node.

use std::collections::hash_map::RandomState;

/// The two words that `RandomState::new` copies, in the order in which std stores them.
pub(crate) type Keys = [u64; 2];

#[cfg(all(target_os = "linux", target_env = "gnu"))]
mod system {
    use std::ptr;
    use std::sync::OnceLock;

    use super::super::thread_locals::{anchor, block};
    use super::{Keys, RandomState};

    /// The distance from the anchor in bytes; `None` if the keys were not found.
    static DISTANCE: OnceLock<Option<isize>> = OnceLock::new();

    /// Locates the keys, in the thread-locals of the calling thread, unless that was done before. Returns
    /// whether they were found.
    pub(crate) fn locate() -> bool {
        DISTANCE.get_or_init(distance).is_some()
    }

    fn distance() -> Option<isize> {
        let block = block()?;
        let (one, next) = (draw()?, draw()?);
        let counts = |at: usize| one[at].wrapping_add(1) == next[at] && one[1 - at] == next[1 - at];
        let counter = (0..2).find(|&at| counts(at))?;
        let mut kept = next;
        kept[counter] = kept[counter].wrapping_add(1);
        let swapped = [kept[1], kept[0]];

        let last = block.end.checked_sub(size_of::<Keys>())?;
        let addresses = (block.start.next_multiple_of(align_of::<u64>())..=last).step_by(align_of::<u64>());
        let mut found = addresses.filter(|&address| {
            let words = read(address);
            words == kept || words == swapped
        });
        let address = found.next()?;
        if found.next().is_some() || !holds_keys(address) {
            return None;
        }
        Some(address.wrapping_sub(anchor()).cast_signed())
    }

    /// Whether `RandomState::new` returns the words that are written to this address.
    fn holds_keys(address: usize) -> bool {
        let before = read(address);
        let ours = [0x0123_4567_89ab_cdef, 0xfedc_ba98_7654_3210];
        write(address, ours);
        let (drawn, after) = (draw(), read(address));
        write(address, before);
        let same = drawn.is_some_and(|drawn| drawn == ours || drawn == [ours[1], ours[0]]);
        same && after != ours
    }

    /// The words of a new `RandomState`.
    fn draw() -> Option<[u64; 2]> {
        if size_of::<RandomState>() != size_of::<[u64; 2]>() || align_of::<RandomState>() < align_of::<u64>()
        {
            return None;
        }
        let state = RandomState::new();
        // SAFETY: the pointer is to `state`, which has this size and alignment. It consists of two keys of 64
        // bits, so it has no padding bytes, whatever their order.
        Some(unsafe { ptr::from_ref(&state).cast::<[u64; 2]>().read() })
    }

    fn read(address: usize) -> Keys {
        // SAFETY: `address` is in the block of the calling thread's thread-locals, with the size and
        // alignment of the keys: `distance` goes no further, and later it is the address that was found
        // there. The loader has initialised the whole block. Nothing else runs on this thread while it is
        // read, and no other thread accesses the block.
        unsafe { ptr::with_exposed_provenance::<Keys>(address).read_volatile() }
    }

    fn write(address: usize, keys: Keys) {
        // SAFETY: as in `read`, and the words are the keys of `RandomState::new`: two words that it has just
        // drawn, which occur nowhere else in the block, in a `Cell` of plain integers that is not borrowed.
        unsafe { ptr::with_exposed_provenance_mut::<Keys>(address).write_volatile(keys) };
    }

    /// The keys of the calling OS thread.
    pub(crate) struct KeySlot {
        /// The address; `None` if it was not found.
        address: Option<usize>,
        /// Makes the type `!Send`.
        _of_one_thread: std::marker::PhantomData<*const ()>,
    }

    impl KeySlot {
        /// The slot of the calling OS thread. Makes std draw its keys, so that it does not overwrite them
        /// later.
        pub(crate) fn of_this_thread() -> Self {
            std::hint::black_box(RandomState::new());
            let distance = DISTANCE.get().copied().flatten();
            let address = distance.map(|distance| anchor().wrapping_add_signed(distance));
            Self { address, _of_one_thread: std::marker::PhantomData }
        }

        /// Replaces the keys, and returns the previous ones.
        #[inline]
        pub(crate) fn replace(&self, keys: Keys) -> Keys {
            let Some(address) = self.address else { return keys };
            let before = read(address);
            write(address, keys);
            before
        }
    }
}

#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
mod system {
    use super::Keys;

    pub(crate) fn locate() -> bool {
        false
    }

    pub(crate) struct KeySlot;

    impl KeySlot {
        pub(crate) fn of_this_thread() -> Self {
            Self
        }

        pub(crate) fn replace(&self, keys: Keys) -> Keys {
            keys
        }
    }
}

pub(crate) use system::{KeySlot, locate};

#[cfg(all(test, target_os = "linux", target_env = "gnu"))]
mod tests {
    use std::hash::BuildHasher;

    use super::*;

    #[test]
    fn a_map_takes_the_keys_that_were_written() {
        assert!(locate());
        let elsewhere = std::thread::spawn(|| {
            let slot = KeySlot::of_this_thread();
            let hash = |keys| {
                slot.replace(keys);
                let (one, next) = (RandomState::new().hash_one(1), RandomState::new().hash_one(1));
                (one, next)
            };
            let (one, next) = hash([5, 6]);
            assert_eq!(hash([5, 6]), (one, next));
            assert_ne!(one, next);
            assert_ne!(hash([5, 7]).0, one);
            assert_ne!(hash([9, 6]).0, one);
        });
        elsewhere.join().unwrap();
    }

    #[test]
    fn the_previous_keys_can_be_restored() {
        assert!(locate());
        let slot = KeySlot::of_this_thread();
        let ours = slot.replace([1, 2]);
        std::hint::black_box(RandomState::new());
        let counted = slot.replace(ours);
        assert_ne!(counted, [1, 2]);
        assert_eq!(slot.replace(ours), ours);
    }
}
