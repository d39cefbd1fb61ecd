//! Clients of a key/value service, their operations in the tests of labs 2 and 4, and their history.
//!
//! Every operation of every client is recorded, and every test ends with a check that the history is
//! linearizable.

mod answers;
mod client;
mod concurrent_puts;
mod contention;
mod links;
mod logged;
mod puts;
mod rules;
pub(crate) mod situations;
mod unrecorded;

use std::sync::Arc;

use labapi::Clerk;
use labrpc::ClientEnd;

use crate::Cluster;
use crate::linearizability::{Budget, KeyValue, KeyValueInput, KeyValueOutput, Recorder, check};
use crate::protocol::Protocol;
pub(crate) use answers::Answers;
pub use client::Client;
pub use concurrent_puts::{Load, Results};
pub(crate) use contention::Rival;
pub use links::ClientLinks;
pub(crate) use logged::put_output;
pub(crate) use rules::{
    KV10, KeyValueAnalysis, Leaders, Moment, finding, on_one_server, on_several_servers, words,
};
pub(crate) use unrecorded::Unrecorded;

/// A protocol whose servers clerks can call.
pub trait KeyValueProtocol: Protocol {
    /// A function that makes a clerk which calls the servers at the given end points. A clerk that has to
    /// reach servers of other clusters makes end points to them by its client's `links`.
    fn clerk_maker(
        &self,
        links: &Arc<ClientLinks>,
    ) -> impl Fn(Vec<ClientEnd>) -> Arc<dyn Clerk> + Send + 'static;

    /// The state that all clients of the test share.
    fn clients(&self) -> &Clients;
}

/// The state that all clients of a test share.
#[derive(Default)]
pub struct Clients {
    history: Arc<Recorder<KeyValueInput, KeyValueOutput>>,
}

impl<P: KeyValueProtocol> Cluster<P> {
    /// Fails unless one key/value store that executes one operation at a time can explain the history of the
    /// clients so far.
    ///
    /// An operation that has not returned may or may not have been executed.
    #[track_caller]
    pub fn check_linearizable(&self) {
        let clients = self.protocol().clients();
        // For this model the check is exact. It needs no budget, and there is always a verdict.
        let verdict = check(&KeyValue, &clients.history.so_far(), Budget::default());
        if verdict.is_linearizable() {
            self.note(|| verdict.to_string());
        } else {
            self.fail(verdict.to_string());
        }
    }
}
