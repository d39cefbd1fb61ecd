//! Clients of a key/value service, their operations in the tests of labs 2 and 4, and their history.
//!
//! Every operation of every client is recorded, and every test ends with a check that the history is
//! linearizable. A client is the same for each kind of service ([`ServiceModel`]); what is about versions is
//! for those with a [`labapi::Clerk`] alone ([`KeyValueProtocol`]).

mod answers;
mod client;
mod concurrent_puts;
mod contention;
mod links;
mod logged;
mod operation_log;
mod puts;
mod rules;
mod scenario;
pub(crate) mod situations;
mod unrecorded;

use std::sync::Arc;

use labrpc::ClientEnd;

use crate::Cluster;
use crate::linearizability::{Budget, KeyValue, Model, Recorder, check};
use crate::protocol::Protocol;
pub(crate) use answers::Answers;
pub use client::Client;
pub use concurrent_puts::{Load, Results};
pub(crate) use contention::Rival;
pub use links::ClientLinks;
pub(crate) use logged::put_output;
pub(crate) use operation_log::OperationLog;
pub(crate) use rules::{
    Call, Judge, KV8, KV10, KeyValueAnalysis, Leaders, Moment, Operation, OperationAnalysis, Readable,
    finding, on_one_server, on_several_servers, other_leader, unsupported, words,
};
pub(crate) use scenario::Scenario;
pub(crate) use unrecorded::Unrecorded;

/// A kind of service: the sequential object that its history is compared with, and the clerks by which
/// clients use it.
pub trait ServiceModel:
    Model<Input: Clone + Send + Sync + 'static, Output: Clone + Send + Sync + 'static>
    + Default
    + Send
    + Sync
    + 'static
{
    /// A client's access to the service.
    type Clerk: ?Sized + Send + Sync + 'static;

    /// A clerk that records each operation in the log.
    fn logged(clerk: Arc<Self::Clerk>, log: OperationLog<Self>) -> Arc<Self::Clerk>;
}

/// A protocol whose servers clerks can call.
pub trait ClerkProtocol: Protocol {
    /// The kind of service.
    type Service: ServiceModel;

    /// A function that makes a clerk which calls the servers at the given end points. A clerk that has to
    /// reach servers of other clusters makes end points to them by its client's `links`.
    fn clerk_maker(
        &self,
        links: &Arc<ClientLinks>,
    ) -> impl Fn(Vec<ClientEnd>) -> Arc<ClerkOf<Self>> + Send + 'static;

    /// The state that all clients of the test share.
    fn clients(&self) -> &Clients<Self::Service>;
}

/// The clerks of a protocol.
pub type ClerkOf<P> = <<P as ClerkProtocol>::Service as ServiceModel>::Clerk;

/// A protocol whose servers keep keys with versions.
pub trait KeyValueProtocol: ClerkProtocol<Service = KeyValue> {}

impl<P: ClerkProtocol<Service = KeyValue>> KeyValueProtocol for P {}

/// The state that all clients of a test share.
pub struct Clients<M: ServiceModel = KeyValue> {
    history: Arc<Recorder<M::Input, M::Output>>,
}

impl<M: ServiceModel> Default for Clients<M> {
    fn default() -> Self {
        Self { history: Arc::default() }
    }
}

impl<P: ClerkProtocol> Cluster<P> {
    /// Fails unless one store that executes one operation at a time can explain the history of the clients
    /// so far.
    ///
    /// An operation that has not returned may or may not have been executed.
    #[track_caller]
    pub fn check_linearizable(&self) {
        let clients = self.protocol().clients();
        // Without a verdict within the budget the test fails. The check of versioned keys is exact, and needs
        // no budget.
        let verdict = check(&P::Service::default(), &clients.history.so_far(), Budget::default());
        if verdict.is_linearizable() {
            self.note(|| verdict.to_string());
        } else {
            self.fail(verdict.to_string());
        }
    }
}
