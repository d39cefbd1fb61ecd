//! One Raft server: what it consists of, how it starts, and what can be asked of it.

use std::sync::{Arc, Weak};

use labapi::{ApplyMsg, LogIndex, Solution, Started};
use labrpc::{ClientEnd, Service};
use labrt::channel::Sender;
use labrt::sync::Mutex;
use labrt::sync::atomic::{AtomicBool, Ordering};
use labrt::thread;
use persister::Persister;

/// The solution under test: a Raft that [`make`] starts.
pub const SOLUTION: Solution = Solution::new("raft").with_raft(make);

/// One Raft server.
pub(crate) struct Raft {
    /// How to call each server, in the same order everywhere. The end at `me` leads to itself; do not call
    /// it.
    pub(crate) peers: Vec<ClientEnd>,
    /// The index of this server in `peers`.
    pub(crate) me: usize,
    /// Where to save what must survive a crash (3C).
    pub(crate) persister: Persister,
    /// Set by `kill`. Whoever loops looks at it, and ends.
    killed: AtomicBool,
    /// This server itself, for `start_thread`.
    itself: Weak<Self>,
    /// All that changes, under one lock. Let nobody wait while holding it: not for a reply, not for the
    /// service.
    pub(crate) state: Mutex<State>,
}

/// The state of a server: the box "State" of Figure 2.
#[derive(Default)]
pub(crate) struct State {
    // Your data here (3A, 3B, 3C).
    //
    // For 3A: the term and the vote (`labapi::Term`, `Option<usize>`), what the server is at the moment
    // (follower, candidate or leader: an enum that carries what only a leader knows keeps you from using it
    // elsewhere), and when it last heard of a leader (`labrt::time::Instant`).
    //
    // For 3B: the log, `commit_index` and `last_applied` (`labapi::LogIndex`); on a leader `next_index` and
    // `match_index` of each server. A first entry that nobody can see, at index 0 and of term 0, saves many
    // special cases, and its place is where 3D will want the end of the snapshot.
}

/// Starts a server. It is called again, with what was saved, after each crash.
///
/// Returns at once: whatever takes time is for threads.
pub fn make(
    ends: Vec<ClientEnd>,
    me: usize,
    persister: Persister,
    apply_ch: Sender<ApplyMsg>,
) -> Arc<dyn labapi::Raft> {
    let raft = Arc::new_cyclic(|itself| Raft {
        state: Mutex::new(State::restore(&persister)),
        peers: ends,
        me,
        persister,
        killed: AtomicBool::new(false),
        itself: Weak::clone(itself),
    });
    raft.start_thread("ticker", Raft::run_ticker);
    raft.start_thread("applier", move |raft| raft.run_applier(&apply_ch));
    raft
}

impl Raft {
    /// Runs `body` in a thread of this server, which the log calls `name`.
    ///
    /// Calls to other servers wait for seconds if these cannot be reached. So each belongs in a thread of its
    /// own:
    ///
    /// ```text
    /// let args = ...;                                  // under the lock
    /// self.start_thread("request_vote", move |raft| {
    ///     if let Some(reply) = raft.peers[peer].request_vote(&args) {
    ///         let mut state = raft.state.lock();       // who knows what has happened meanwhile?
    ///     }
    /// });
    /// ```
    pub(crate) fn start_thread(&self, name: &'static str, body: impl FnOnce(&Self) + Send + 'static) {
        let raft = self.itself.upgrade().expect("it is there while a method of it is called");
        let thread = thread::Builder::new().name(name).spawn(move || body(&raft));
        thread.expect("there is always room for a thread");
    }

    /// Whether the server is needed no longer.
    pub(crate) fn is_killed(&self) -> bool {
        self.killed.load(Ordering::Acquire)
    }
}

/// The interface for the service on this server and for the tester. `labapi` documents each function.
impl labapi::Raft for Raft {
    fn get_state(&self) -> labapi::State {
        todo!("raft::get_state, part 3A")
    }

    /// A client wants `command` in the log. Only a leader takes it, and nobody waits here until it is
    /// committed.
    fn start(&self, command: Vec<u8>) -> Option<Started> {
        todo!("raft::start, part 3B")
    }

    fn snapshot(&self, index: LogIndex, snapshot: Vec<u8>) {
        self.take_snapshot(index, snapshot);
    }

    fn persist_bytes(&self) -> usize {
        self.persister.raft_state_size()
    }

    fn kill(&self) {
        self.killed.store(true, Ordering::Release);
        // Your code here, if you have threads that wait for something that comes no more (3B): wake them.
    }

    // You may add `inspect`, which tells your state: `cargo lab replay` then shows it, and explanations of
    // failed runs know more. See `labapi::Raft::inspect`.

    fn services(self: Arc<Self>) -> Vec<Service> {
        let calls_of_peers = self.service();
        vec![calls_of_peers]
    }
}
