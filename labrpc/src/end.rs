//! [`ClientEnd`]: an end point, through which a server or client makes its calls.

use std::fmt;
use std::sync::Weak;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::message::Message;
use crate::network::Shared;
use crate::router::EndId;
use crate::service::Types;
use crate::trace;

/// An end point of the network that leads to one server. Clones are the same end point.
///
/// It holds a weak reference to the network, because services own end points and the network owns services.
#[derive(Clone)]
pub struct ClientEnd {
    network: Weak<Shared>,
    id: EndId,
}

impl ClientEnd {
    pub(crate) fn new(network: Weak<Shared>, id: EndId) -> Self {
        Self { network, id }
    }

    /// The number of this end point in an [`Event`](crate::Event). It is unique in the network.
    #[must_use]
    pub fn number(&self) -> u32 {
        self.id.0
    }

    /// Calls `Service.method` on the server that this end leads to, and waits for the reply.
    ///
    /// `None`: there was no reply, for a reason that the caller cannot know (see the [crate's
    /// documentation](crate)). Calls also give `None` after the network's
    /// [`cleanup`](crate::Network::cleanup), and on a thread that is being killed. A call is a scheduling
    /// point.
    ///
    /// Lab code calls this through the trait that [`#[labrpc::service]`](macro@crate::service) makes.
    ///
    /// # Panics
    ///
    /// Panics if the server is there but has no such service or method, if the handler's types are not
    /// `A` and `R`, or if `args` cannot be encoded.
    #[track_caller]
    pub fn call<A: Serialize, R: DeserializeOwned>(&self, method: &str, args: &A) -> Option<R> {
        labrt::world::scheduling_point();
        let args = match Message::encode(args) {
            Ok(message) => message,
            Err(error) => panic!("the arguments of {method} cannot be sent: {error}"),
        };
        let reply = self.network.upgrade()?.call(self.id, method, args, Types::of::<A, R>())?;
        trace::continue_from(reply.event);
        match labgob::decode(&reply.bytes) {
            Ok(reply) => Some(reply),
            Err(error) => panic!("the reply of {method} is unreadable: {error}"),
        }
    }
}

impl fmt::Debug for ClientEnd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ClientEnd({})", self.id.0)
    }
}
