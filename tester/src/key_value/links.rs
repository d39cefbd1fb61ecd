//! [`ClientLinks`]: the end points of a client to servers that it finds by their names.

use std::sync::{Arc, Weak};

use labrpc::ClientEnd;
use parking_lot::Mutex;

use crate::event::Party;
use crate::testbed::Testbed;

/// The end points that a client has made to servers of any cluster. All of them can be cut at once.
pub struct ClientLinks {
    /// Weak: the clerk keeps this, and the testbed outlives all clerks.
    testbed: Weak<Testbed>,
    client: u32,
    state: Mutex<LinkState>,
}

#[derive(Default)]
struct LinkState {
    /// The names of the end points.
    ends: Vec<String>,
    is_cut: bool,
}

impl ClientLinks {
    pub(crate) fn new(testbed: &Arc<Testbed>, client: u32) -> Arc<Self> {
        let state = Mutex::default();
        Arc::new(Self { testbed: Arc::downgrade(testbed), client, state })
    }

    /// Makes an end point to the server of this name in the network. It works unless the client is cut off.
    ///
    /// # Panics
    ///
    /// Panics if there never was a server of that name.
    #[must_use]
    pub fn dial(&self, server: &str) -> ClientEnd {
        let testbed = self.testbed.upgrade().expect("a client makes end points while the test goes on");
        let made = testbed.make_end_to(Party::Client(self.client), server);
        let (name, end) = made.unwrap_or_else(|| panic!("there is no server called {server:?}"));
        let mut state = self.state.lock();
        testbed.network.enable(&name, !state.is_cut);
        state.ends.push(name);
        end
    }

    /// Cuts the client off from these servers, those that it dials later included; or connects it again.
    pub(crate) fn set_cut(&self, is_cut: bool) {
        let mut state = self.state.lock();
        state.is_cut = is_cut;
        self.on_each_end(&state, |testbed, end| testbed.network.enable(end, !is_cut));
    }

    /// Deletes the end points.
    pub(crate) fn delete(&self) {
        let mut state = self.state.lock();
        self.on_each_end(&state, |testbed, end| testbed.network.delete_end(end));
        state.ends.clear();
    }

    fn on_each_end(&self, state: &LinkState, what: impl Fn(&Testbed, &str)) {
        if let Some(testbed) = self.testbed.upgrade() {
            state.ends.iter().for_each(|end| what(&testbed, end));
        }
    }
}
