//! [`InFlight`]: the calls in flight, by number.

use std::collections::VecDeque;

/// A value for each call in flight.
///
/// Calls are numbered consecutively and mostly end in about that order, so a value is found without hashing.
pub(crate) struct InFlight<T> {
    /// The number of the first one in `window`.
    first: u64,
    window: VecDeque<Option<T>>,
    live: usize,
}

impl<T> Default for InFlight<T> {
    fn default() -> Self {
        Self { first: 0, window: VecDeque::new(), live: 0 }
    }
}

impl<T> InFlight<T> {
    /// Adds the call of this number, which must be new. On real threads a call may be added before an earlier
    /// one.
    pub fn insert(&mut self, call: u64, value: T) {
        if self.live == 0 {
            self.window.clear();
            self.first = call;
        }
        while call < self.first {
            self.window.push_front(None);
            self.first -= 1;
        }
        let position = usize::try_from(call - self.first).expect("fewer calls than fit in memory");
        while self.window.len() <= position {
            self.window.push_back(None);
        }
        self.window[position] = Some(value);
        self.live += 1;
    }

    /// The call of this number, if it is in flight.
    pub fn get_mut(&mut self, call: u64) -> Option<&mut T> {
        let position = usize::try_from(call.checked_sub(self.first)?).ok()?;
        self.window.get_mut(position)?.as_mut()
    }

    /// Removes the call of this number.
    pub fn remove(&mut self, call: u64) -> Option<T> {
        let position = usize::try_from(call.checked_sub(self.first)?).ok()?;
        let value = self.window.get_mut(position)?.take()?;
        self.live -= 1;
        while let Some(None) = self.window.front() {
            self.window.pop_front();
            self.first += 1;
        }
        Some(value)
    }

    /// All calls.
    pub fn iter_mut(&mut self) -> impl Iterator<Item = &mut T> {
        self.window.iter_mut().flatten()
    }

    /// Whether there are none.
    #[cfg(test)]
    pub fn is_empty(&self) -> bool {
        self.live == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_is_found_until_it_is_taken_out() {
        let mut calls = InFlight::default();
        for call in [5, 6, 9, 7, 3] {
            calls.insert(call, call * 10);
        }
        assert_eq!(calls.get_mut(7).copied(), Some(70));
        assert!([2, 8, 10].iter().all(|call| calls.get_mut(*call).is_none()));
        assert_eq!((calls.remove(5), calls.remove(5)), (Some(50), None));
        assert_eq!(calls.iter_mut().map(|it| *it).collect::<Vec<_>>(), [30, 60, 70, 90]);
        for call in [3, 9, 7, 6] {
            assert_eq!(calls.remove(call), Some(call * 10));
        }
        assert!(calls.is_empty());
        calls.insert(1000, 1);
        assert_eq!(calls.window.len(), 1);
    }

    #[test]
    fn ended_calls_take_no_memory() {
        let mut calls = InFlight::default();
        for call in 1..10_000_u64 {
            calls.insert(call, call);
            if call > 3 {
                assert_eq!(calls.remove(call - 3), Some(call - 3));
            }
        }
        assert!(calls.window.capacity() < 64);
    }
}
