//! [`Echo`]: a server that says what it is told.

use std::sync::Arc;

use labrpc::{ClientEnd, Service};

/// A server that can ask another one to repeat a text.
pub trait Echo: Send + Sync {
    /// The answer of the other server to `text`; `None` if there is none.
    fn ask(&self, text: &str) -> Option<String>;

    /// The RPC services that other servers call.
    fn services(self: Arc<Self>) -> Vec<Service>;
}

/// The implementation of the lab: makes a server, given the end point to the other one.
pub type MakeEcho = fn(ClientEnd) -> Arc<dyn Echo>;
