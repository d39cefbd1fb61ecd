//! Clients of a key/value service, what they do in the tests of labs 2 and 4, and the history of what they
//! saw.
//!
//! Every operation of every client is noted, and every test ends with the question whether the history is
//! linearizable.

mod answers;
mod client;
mod concurrent_puts;
mod logged;
mod puts;

use std::sync::Arc;

use labapi::Clerk;
use labrpc::ClientEnd;
use labrt::world::FailureKind;

use crate::Cluster;
use crate::linearizability::{Budget, KeyValue, KeyValueInput, KeyValueOutput, Recorder, Verdict, check};
use crate::protocol::Protocol;
pub(crate) use answers::Answers;
pub use client::Client;
pub use concurrent_puts::{Load, Results};

/// A protocol whose servers clerks can call.
pub trait KeyValueProtocol: Protocol {
    /// A function that makes a clerk which calls the servers at the given end points.
    fn clerk_maker(&self) -> impl Fn(Vec<ClientEnd>) -> Arc<dyn Clerk> + Send + 'static;

    /// The state that all clients of the test share.
    fn clients(&self) -> &Clients;
}

/// The state that all clients of a test share.
pub struct Clients {
    history: Arc<Recorder<KeyValueInput, KeyValueOutput>>,
    budget: Budget,
}

impl Clients {
    /// No client yet; verdicts on the history of this test cost no more than `budget`.
    pub(crate) fn new(budget: Budget) -> Self {
        Self { history: Arc::default(), budget }
    }
}

impl<P: KeyValueProtocol> Cluster<P> {
    /// Fails unless what clients have seen so far can be explained by one key/value store that does one thing
    /// at a time.
    ///
    /// Operations that are under way are taken as ones that may or may not have been done.
    #[track_caller]
    pub fn check_linearizable(&self) {
        let clients = self.protocol().clients();
        let verdict = check(&KeyValue, &clients.history.so_far(), clients.budget);
        match &verdict {
            Verdict::Linearizable { .. } => self.note(|| verdict.to_string()),
            Verdict::Violation(_) => self.fail(verdict.to_string()),
            Verdict::Unknown { .. } => self.world().fail(FailureKind::Unknown, verdict.to_string()),
        }
    }
}
