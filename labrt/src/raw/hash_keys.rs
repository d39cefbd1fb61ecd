//! The keys of std's hash maps, for each node its own.
//!
//! `RandomState::new` takes two words from a thread-local of std and counts the first one up. All nodes of a
//! simulation live on one OS thread, so that they would share this counter: a server could read what another
//! one has counted. Std draws the words once an OS thread, and has no function that sets them. So the place
//! where they lie is found, once a process, and a simulation exchanges what lies there whenever another node
//! goes on.

use std::collections::hash_map::RandomState;

/// What `RandomState::new` copies and counts up, in the order in which std keeps it.
pub(crate) type Keys = [u64; 2];

#[cfg(all(target_os = "linux", target_env = "gnu"))]
mod system {
    use std::cell::Cell;
    use std::ffi::{c_int, c_void};
    use std::ops::Range;
    use std::ptr;
    use std::sync::OnceLock;

    use super::{Keys, RandomState};

    thread_local! {
        /// Its address, plus a distance that is the same on all threads, is that of std's keys.
        static ANCHOR: Cell<u64> = const { Cell::new(0) };
    }

    /// The distance, in bytes; `None` if the keys are not there.
    static DISTANCE: OnceLock<Option<isize>> = OnceLock::new();

    fn anchor() -> usize {
        ANCHOR.with(|anchor| ptr::from_ref(anchor).addr())
    }

    /// Looks for the keys, the first time in the thread-locals of the calling thread. Says whether they were
    /// found.
    pub(crate) fn find() -> bool {
        DISTANCE.get_or_init(distance).is_some()
    }

    fn distance() -> Option<isize> {
        let block = thread_locals()?;
        let (one, next) = (draw()?, draw()?);
        let counts = |at: usize| one[at].wrapping_add(1) == next[at] && one[1 - at] == next[1 - at];
        let counter = (0..2).find(|&at| counts(at))?;
        let mut kept = next;
        kept[counter] = kept[counter].wrapping_add(1);
        let (kept, turned) = (kept, [kept[1], kept[0]]);

        let last = block.end.checked_sub(size_of::<Keys>())?;
        let places = (block.start.next_multiple_of(align_of::<u64>())..=last).step_by(align_of::<u64>());
        let mut found = places.filter(|&place| {
            let there = read(place);
            there == kept || there == turned
        });
        let place = found.next()?;
        if found.next().is_some() || !is_place_of_keys(place) {
            return None;
        }
        Some(place.wrapping_sub(anchor()).cast_signed())
    }

    /// Whether what is written there is what `RandomState::new` takes.
    fn is_place_of_keys(place: usize) -> bool {
        let before = read(place);
        let ours = [0x0123_4567_89ab_cdef, 0xfedc_ba98_7654_3210];
        write(place, ours);
        let (drawn, after) = (draw(), read(place));
        write(place, before);
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
        // SAFETY: the place is `state`, which has this size and is aligned for it. It is two keys of 64 bits,
        // so that none of its bytes is padding, in whatever order they are.
        Some(unsafe { ptr::from_ref(&state).cast::<[u64; 2]>().read() })
    }

    fn read(place: usize) -> Keys {
        // SAFETY: `place` lies with the keys' size and alignment in the block of the calling thread's
        // thread-locals: `distance` goes no further, and later it is the place that was found there. The
        // loader has initialised all of the block. Nothing else runs on this thread while it is read, and
        // nobody else knows the block.
        unsafe { ptr::with_exposed_provenance::<Keys>(place).read_volatile() }
    }

    fn write(place: usize, keys: Keys) {
        // SAFETY: as in `read`, and what lies there are the keys of `RandomState::new`: two words that it
        // just drew, which lie nowhere else in the block, in a `Cell` of plain integers that nobody borrows.
        unsafe { ptr::with_exposed_provenance_mut::<Keys>(place).write_volatile(keys) };
    }

    /// Where the calling thread has the thread-locals of the program itself, std's among them.
    fn thread_locals() -> Option<Range<usize>> {
        let mut search = Search { anchor: anchor(), found: None };
        // SAFETY: `look` is a callback of the right type, and `search` outlives the call.
        unsafe { libc::dl_iterate_phdr(Some(look), (&raw mut search).cast()) };
        search.found
    }

    struct Search {
        anchor: usize,
        found: Option<Range<usize>>,
    }

    /// # Safety
    ///
    /// As `dl_iterate_phdr` calls it: with the description of a program or library, and the [`Search`] that
    /// it was given.
    unsafe extern "C" fn look(info: *mut libc::dl_phdr_info, _: usize, search: *mut c_void) -> c_int {
        // SAFETY: the caller passes both for the time of the call; nothing else refers to them meanwhile.
        let (info, search) = unsafe { (&*info, &mut *search.cast::<Search>()) };
        let start = info.dlpi_tls_data.expose_provenance();
        for number in 0..usize::from(info.dlpi_phnum) {
            // SAFETY: there are so many program headers.
            let header = unsafe { &*info.dlpi_phdr.add(number) };
            let length = usize::try_from(header.p_memsz).unwrap_or(0);
            let block = start..start.saturating_add(length);
            if header.p_type == libc::PT_TLS && start != 0 && block.contains(&search.anchor) {
                search.found = Some(block);
                return 1;
            }
        }
        0
    }

    /// The keys of this OS thread.
    pub(crate) struct KeySlot {
        /// `None`: nobody knows where.
        at: Option<usize>,
        /// It is that of one thread.
        _of_one_thread: std::marker::PhantomData<*const ()>,
    }

    impl KeySlot {
        /// The place on the calling OS thread. Has std draw its keys, so that it will not do that later.
        pub(crate) fn of_this_thread() -> Self {
            std::hint::black_box(RandomState::new());
            let distance = DISTANCE.get().copied().flatten();
            let at = distance.map(|distance| anchor().wrapping_add_signed(distance));
            Self { at, _of_one_thread: std::marker::PhantomData }
        }

        /// Puts `keys` there, and answers what was there.
        #[inline]
        pub(crate) fn replace(&self, keys: Keys) -> Keys {
            let Some(place) = self.at else { return keys };
            let before = read(place);
            write(place, keys);
            before
        }
    }
}

#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
mod system {
    use super::Keys;

    pub(crate) fn find() -> bool {
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

pub(crate) use system::{KeySlot, find};

#[cfg(all(test, target_os = "linux", target_env = "gnu"))]
mod tests {
    use std::hash::BuildHasher;

    use super::*;

    #[test]
    fn a_map_takes_the_keys_that_were_written() {
        assert!(find());
        let elsewhere = std::thread::spawn(|| {
            let place = KeySlot::of_this_thread();
            let hash = |keys| {
                place.replace(keys);
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
        assert!(find());
        let place = KeySlot::of_this_thread();
        let ours = place.replace([1, 2]);
        std::hint::black_box(RandomState::new());
        let counted = place.replace(ours);
        assert_ne!(counted, [1, 2]);
        assert_eq!(place.replace(ours), ours);
    }
}
