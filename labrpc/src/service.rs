//! [`Service`]: handlers that can be called over the network.

use std::any::type_name;
use std::fmt;
use std::panic::Location;
use std::sync::Arc;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::message::Message;

/// Handlers under a common name, such as `Raft`.
///
/// [`#[labrpc::service]`](macro@crate::service) makes one from an `impl` block. By hand:
///
/// ```
/// let service = labrpc::Service::new("Echo").method("say", |text: String| text);
/// ```
pub struct Service {
    pub(crate) name: &'static str,
    pub(crate) methods: Vec<Method>,
}

/// One handler, from encoded arguments to an encoded reply.
pub(crate) struct Method {
    pub(crate) name: &'static str,
    /// The method with the service's name, such as `Raft.request_vote`.
    pub(crate) full_name: Arc<str>,
    pub(crate) types: Types,
    pub(crate) run: Run,
    /// The line of lab code that adds the method. With the attribute, it is the line of the handler.
    pub(crate) location: &'static Location<'static>,
}

/// Decodes the arguments, runs the handler, and encodes the reply.
type Run = Box<dyn Fn(&[u8]) -> Message + Send + Sync>;

/// The types of arguments and reply, as the caller or the handler names them.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Types {
    pub(crate) args: &'static str,
    pub(crate) reply: &'static str,
}

impl Types {
    pub(crate) fn of<A, R>() -> Self {
        Self { args: type_name::<A>(), reply: type_name::<R>() }
    }
}

impl Service {
    /// Makes a service without methods.
    #[must_use]
    pub fn new(name: &'static str) -> Self {
        Self { name, methods: Vec::new() }
    }

    /// Adds a handler. Each call of the handler runs on its own thread.
    ///
    /// The handler's thread panics with the name of the method if the arguments cannot be decoded or the
    /// reply cannot be encoded. With derived `Serialize` and `Deserialize` that does not happen.
    ///
    /// # Panics
    ///
    /// Panics if the service already has a method of that name.
    #[must_use]
    #[track_caller]
    pub fn method<A, R, F>(mut self, name: &'static str, handler: F) -> Self
    where
        A: DeserializeOwned,
        R: Serialize,
        F: Fn(A) -> R + Send + Sync + 'static,
    {
        let service = self.name;
        assert!(self.find(name).is_none(), "service {service} has two methods {name}");
        let run = Box::new(move |args: &[u8]| {
            let args = labgob::decode(args)
                .unwrap_or_else(|error| panic!("the arguments of {service}.{name} are unreadable: {error}"));
            let reply = handler(args);
            Message::encode(&reply)
                .unwrap_or_else(|error| panic!("the reply of {service}.{name} cannot be sent: {error}"))
        });
        let full_name = format!("{service}.{name}").into();
        let (types, location) = (Types::of::<A, R>(), Location::caller());
        self.methods.push(Method { name, full_name, types, run, location });
        self
    }

    pub(crate) fn find(&self, method: &str) -> Option<usize> {
        self.methods.iter().position(|known| known.name == method)
    }
}

impl fmt::Debug for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let methods: Vec<_> = self.methods.iter().map(|method| method.name).collect();
        f.debug_struct("Service").field("name", &self.name).field("methods", &methods).finish()
    }
}
