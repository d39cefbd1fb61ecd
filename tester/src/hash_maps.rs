//! [`unseeded_hash_maps`]: a warning for systems on which std's hash maps do not follow the seed.

/// A warning, if std's hash maps do not follow the seed on this system.
///
/// On Linux with glibc they do. Elsewhere the order in which lab code iterates over a map can differ between
/// two runs of one seed.
#[must_use]
pub fn unseeded_hash_maps() -> Option<&'static str> {
    let warning = "the order of std's HashMap and HashSet does not follow the seed on this system (it does \
                   on Linux with \
                   glibc): a run whose code iterates over one may not be replayed. Iterate over a BTreeMap, \
                   or sort the keys";
    (!labrt::world::hash_keys_are_separate()).then_some(warning)
}
