//! Interned names of types, variants and fields: small numbers, so that a tape holds no pointers.
//!
//! The process has one table, which only grows. A number depends on the order in which threads intern names,
//! so it never leaves this crate: numbers are only compared for equality and turned back into names.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::sync::{Mutex, OnceLock, PoisonError};

use crate::accounting::uncounted;

/// The number of a name; 0 stands for none.
pub(crate) type NameId = u16;

/// The size of the table, more than any lab needs. Further names become [`UNKNOWN`].
const MAX_NAMES: usize = 4096;

/// The text for names that do not fit into the table.
const UNKNOWN: &str = "?";

/// The names by number. Reading takes no lock.
static NAMES: [OnceLock<&'static str>; MAX_NAMES] = [const { OnceLock::new() }; MAX_NAMES];

/// The numbers by name.
static NUMBERS: Mutex<BTreeMap<&'static str, NameId>> = Mutex::new(BTreeMap::new());

/// The number of slots of the cache, a power of two.
const CACHE_SLOTS: usize = 512;

thread_local! {
    /// Address, length and number of recent names. A static name never changes, so its address and length
    /// identify it.
    static CACHE: [Cell<(usize, usize, NameId)>; CACHE_SLOTS] =
        const { [const { Cell::new((0, 0, 0)) }; CACHE_SLOTS] };
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
    if position == MAX_NAMES {
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
