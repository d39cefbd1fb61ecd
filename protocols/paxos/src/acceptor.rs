//! The acceptor: it keeps its promises, and what it has accepted, across crashes.

use persister::Storage;
use serde::{Deserialize, Serialize};

use crate::ballot::Ballot;
use crate::messages::{Accept, Accepted, Instance, Nack, Prepare, Promise};
use crate::node::Node;
use crate::proposal::Proposal;

/// The state of an acceptor in one instance. All of it is saved.
#[derive(Default, Serialize, Deserialize)]
pub(crate) struct Acceptor {
    /// The highest ballot that it has promised: it takes part in no lower one.
    promised: Ballot,
    /// The highest-numbered proposal that it has accepted.
    accepted: Option<Proposal>,
}

impl Acceptor {
    /// The acceptor as an earlier incarnation saved it.
    pub(crate) fn restore(storage: &Storage, instance: Instance) -> Self {
        let bytes = storage.read(&record(instance));
        if bytes.is_empty() {
            return Self::default();
        }
        labgob::decode(&bytes).expect("the record was made by `save`")
    }

    /// Saves the state. Before this, no answer leaves the node: "an acceptor must remember this information
    /// even if it fails and then restarts" (§2.2).
    pub(crate) fn save(&self, storage: &Storage, instance: Instance) {
        let bytes = labgob::encode(self).expect("numbers and bytes can be encoded");
        storage.save(&record(instance), &bytes);
    }

    /// Phase 1b. It promises "never again to accept a proposal numbered less than n", and tells what it has
    /// accepted; unless it has promised more.
    ///
    /// The same ballot again comes from the same proposer, and is answered again.
    pub(crate) fn promise(&mut self, ballot: Ballot) -> Result<Promise, Nack> {
        self.check(ballot)?;
        self.promised = ballot;
        Ok(Promise { accepted: self.accepted.clone() })
    }

    /// Phase 2b, and P1a: it accepts a proposal "iff it has not responded to a prepare request having a
    /// number greater than n".
    fn accept(&mut self, proposal: Proposal) -> Result<Accepted, Nack> {
        self.check(proposal.ballot)?;
        // To accept is to promise as well: nothing of a lower ballot may be accepted after this.
        self.promised = proposal.ballot;
        self.accepted = Some(proposal);
        Ok(Accepted)
    }

    fn check(&self, ballot: Ballot) -> Result<(), Nack> {
        if ballot < self.promised { Err(Nack { promised: self.promised }) } else { Ok(()) }
    }

    /// The highest ballot that it has promised.
    pub(crate) fn promised(&self) -> Ballot {
        self.promised
    }

    /// What it has accepted.
    pub(crate) fn accepted(&self) -> Option<&Proposal> {
        self.accepted.as_ref()
    }
}

/// The name of an instance's record in the storage.
fn record(instance: Instance) -> String {
    format!("acceptor of instance {instance}")
}

impl Node {
    /// A proposer asks for a promise.
    pub(crate) fn handle_prepare(&self, args: &Prepare) -> Result<Promise, Nack> {
        let mut state = self.state.lock();
        let acceptor = &mut self.decree(&mut state, args.instance).acceptor;
        let promise = acceptor.promise(args.ballot)?;
        acceptor.save(&self.storage, args.instance);
        Ok(promise)
    }

    /// A proposer asks to accept.
    pub(crate) fn handle_accept(&self, args: Accept) -> Result<Accepted, Nack> {
        let mut state = self.state.lock();
        let acceptor = &mut self.decree(&mut state, args.instance).acceptor;
        let accepted = acceptor.accept(Proposal { ballot: args.ballot, value: args.value })?;
        acceptor.save(&self.storage, args.instance);
        Ok(accepted)
    }
}
