//! [`Calls`]: the calls into the solution that have not returned.
//!
//! Hardly any call into a solution may wait for other servers, so a call that takes long is most likely the
//! reason why a test hangs. When the time limit ends a test, its message names these calls.

use std::fmt::Write;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;

use crate::display::Seconds;
use crate::event::Party;

/// The calls that have not returned.
#[derive(Default)]
pub(crate) struct Calls {
    underway: Mutex<Vec<Call>>,
}

#[derive(Clone, Copy, PartialEq)]
struct Call {
    who: Party,
    what: &'static str,
    since: Duration,
}

/// Keeps a call on the list for as long as it lives.
pub(crate) struct Underway {
    calls: Arc<Calls>,
    call: Call,
}

impl Calls {
    /// Adds the call `what` into `who` to the list.
    pub fn enter(self: &Arc<Self>, who: impl Into<Party>, what: &'static str, since: Duration) -> Underway {
        let call = Call { who: who.into(), what, since };
        self.underway.lock().push(call);
        Underway { calls: Arc::clone(self), call }
    }

    /// Names the calls that have not returned, oldest first; nothing if there are none.
    pub fn describe(&self) -> String {
        let mut underway = self.underway.lock().clone();
        underway.sort_by_key(|call| (call.since, call.who));
        let mut text = String::new();
        for (count, Call { who, what, since }) in underway.iter().enumerate() {
            text.push_str(if count == 0 { "; not returned: " } else { ", " });
            write!(text, "{what} of {who} (called at {})", Seconds(*since)).expect("a string takes any text");
        }
        text
    }
}

impl Drop for Underway {
    fn drop(&mut self) {
        let mut underway = self.calls.underway.lock();
        let position = underway.iter().position(|call| *call == self.call);
        underway.swap_remove(position.expect("a call that is under way is on the list"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{Group, Incarnation};

    #[test]
    fn calls_under_way_are_named_oldest_first() {
        let calls = Arc::new(Calls::default());
        let who = |server| Incarnation { group: Group { number: 0, name: "" }, server, number: 1 };
        let _put = calls.enter(Party::Client(4), "put", Duration::from_millis(2400));
        let _late = calls.enter(who(2), "snapshot", Duration::from_millis(2300));
        let _early = calls.enter(who(0), "start", Duration::from_millis(1200));
        drop(calls.enter(who(1), "get_state", Duration::ZERO));
        assert_eq!(
            calls.describe(),
            "; not returned: start of server 0 (called at 1.200 s), snapshot of server 2 (called at 2.300 \
             s), \
             put of client 4 (called at 2.400 s)"
        );
    }

    #[test]
    fn calls_that_returned_are_not_named() {
        assert_eq!(Calls::default().describe(), "");
    }
}
