//! Names of types, variants and fields as small numbers, so that a tape holds no pointers.
//!
//! The table belongs to the process and only grows. A number depends on which thread met a name first, so it
//! never leaves this crate: it is compared for equality and turned back into the name.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::sync::{Mutex, OnceLock, PoisonError};

use crate::accounting::uncounted;

/// The number of a name; 0 stands for none.
pub(crate) type NameId = u16;

/// More names than any lab has. Further ones read as [`UNKNOWN`].
const NAMES_MAX: usize = 4096;

/// What a name beyond the table reads as.
const UNKNOWN: &str = "?";

/// By number. Reading takes no lock.
static NAMES: [OnceLock<&'static str>; NAMES_MAX] = [const { OnceLock::new() }; NAMES_MAX];

/// The numbers by name.
static NUMBERS: Mutex<BTreeMap<&'static str, NameId>> = Mutex::new(BTreeMap::new());

/// Slots of the cache, a power of two.
const CACHE_SLOTS: usize = 512;

thread_local! {
    /// Address, length and number of names that were met lately. A static name never changes, so its address
    /// and length stand for it.
    static CACHE: [Cell<(usize, usize, NameId)>; CACHE_SLOTS] = const { [const { Cell::new((0, 0, 0)) }; CACHE_SLOTS] };
}

/// The number of a name, the same for equal names.
#[inline]
pub(crate) fn id(name: &'static str) -> NameId {
    let (address, len) = (name.as_ptr() as usize, name.len());
    CACHE.with(|cache| {
        let slot = &cache[(address ^ (address >> 9) ^ len) % CACHE_SLOTS];
        let (cached_address, cached_len, id) = slot.get();
        if cached_address == address && cached_len == len {
            return id;
        }
        let id = number(name);
        slot.set((address, len, id));
        id
    })
}

/// The name of this number; `None` of 0.
pub(crate) fn name(id: NameId) -> Option<&'static str> {
    let position = usize::from(id).checked_sub(1)?;
    Some(NAMES.get(position).and_then(OnceLock::get).copied().unwrap_or(UNKNOWN))
}

#[cold]
fn number(name: &'static str) -> NameId {
    let mut numbers = NUMBERS.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(id) = numbers.get(name) {
        return *id;
    }
    let position = numbers.len();
    if position == NAMES_MAX {
        return NameId::MAX;
    }
    let id = (position + 1) as NameId;
    uncounted(|| numbers.insert(name, id));
    NAMES[position].get_or_init(|| name);
    id
}

#[cfg(test)]
mod tests {
    use super::{id, name};

    #[test]
    fn equal_names_have_one_number() {
        let elsewhere: &'static str = Box::leak("a field".to_owned().into_boxed_str());
        assert_ne!("a field".as_ptr(), elsewhere.as_ptr());
        assert_eq!(id("a field"), id(elsewhere));
        assert_eq!(name(id("a field")), Some("a field"));
        assert_ne!(id("a field"), id("a fiel"));
        assert_eq!(name(0), None);
    }
}
