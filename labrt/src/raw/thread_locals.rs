//! The thread-locals of the program: where they are, and whether they have changed.

use std::marker::PhantomData;
use std::ops::Range;

#[cfg(all(target_os = "linux", target_env = "gnu"))]
mod system {
    use std::cell::Cell;
    use std::ffi::{c_int, c_void};
    use std::ops::Range;
    use std::ptr;

    thread_local! {
        /// A thread-local of this module, by which the others are found.
        static ANCHOR: Cell<u64> = const { Cell::new(0) };
    }

    /// The address of a thread-local of the calling OS thread. The distances to all others of the program are
    /// the same on all threads.
    pub(crate) fn anchor() -> usize {
        ANCHOR.with(|anchor| ptr::from_ref(anchor).addr())
    }

    /// The addresses of the calling thread's block of thread-locals of the program itself, std's among them;
    /// not those of shared libraries.
    pub(crate) fn block() -> Option<Range<usize>> {
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
    /// To be called by `dl_iterate_phdr` with a valid description of a program or library, and the [`Search`]
    /// that was passed to it.
    unsafe extern "C" fn look(info: *mut libc::dl_phdr_info, _: usize, search: *mut c_void) -> c_int {
        // SAFETY: both are valid for the time of the call, and nothing else refers to them meanwhile.
        let (info, search) = unsafe { (&*info, &mut *search.cast::<Search>()) };
        let start = info.dlpi_tls_data.expose_provenance();
        for number in 0..usize::from(info.dlpi_phnum) {
            // SAFETY: `number` is below the number of program headers.
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

    /// Copies the calling thread's block, which is at these addresses.
    pub(super) fn copy(block: &Range<usize>, to: &mut Vec<u8>) {
        to.clear();
        to.reserve(block.len());
        // SAFETY: the addresses are those of the calling thread's thread-locals, which the loader has
        // initialised as a whole, padding included. No other thread accesses them, and nothing else runs on
        // this one meanwhile. `to` has room for so many bytes, which are initialised when its length is set.
        unsafe {
            let from = ptr::with_exposed_provenance::<u8>(block.start);
            ptr::copy_nonoverlapping(from, to.as_mut_ptr(), block.len());
            to.set_len(block.len());
        }
    }
}

#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
mod system {
    use std::ops::Range;

    pub(crate) fn block() -> Option<Range<usize>> {
        None
    }

    pub(super) fn copy(_: &Range<usize>, _: &mut Vec<u8>) {}
}

#[cfg(all(target_os = "linux", target_env = "gnu"))]
pub(super) use system::anchor;
pub(super) use system::block;

/// The thread-locals of the calling OS thread as they were at some time.
pub(crate) struct ThreadLocals {
    block: Range<usize>,
    before: Vec<u8>,
    now: Vec<u8>,
    /// Makes the type `!Send`: it describes the calling thread.
    _of_one_thread: PhantomData<*const ()>,
}

impl ThreadLocals {
    /// Those of the calling thread; `None` on systems where they are not found.
    pub(crate) fn of_this_thread() -> Option<Self> {
        let (before, now) = (Vec::new(), Vec::new());
        block().map(|block| Self { block, before, now, _of_one_thread: PhantomData })
    }

    /// Notes what they are.
    pub(crate) fn note(&mut self) {
        system::copy(&self.block, &mut self.before);
    }

    /// Whether they are what was noted last, to the last byte. A thread-local with a destructor has a state
    /// in its bytes, which says whether it was used.
    pub(crate) fn are_unchanged(&mut self) -> bool {
        system::copy(&self.block, &mut self.now);
        self.now == self.before
    }
}
