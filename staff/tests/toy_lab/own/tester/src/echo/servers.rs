//! [`EchoServers`]: two servers that can ask each other.

use std::sync::Arc;

use labapi::{Echo, MakeEcho};

use crate::Cluster;
use crate::protocol::{NodeEnv, Protocol, StartedNode};

/// The protocol of the echo tests.
pub struct EchoServers {
    make: MakeEcho,
}

impl EchoServers {
    /// Servers made by `make`.
    #[must_use]
    pub fn new(make: MakeEcho) -> Self {
        Self { make }
    }
}

impl Protocol for EchoServers {
    type Instance = dyn Echo;

    fn start(&self, env: &NodeEnv<'_>) -> Option<StartedNode<dyn Echo>> {
        let (make, other) = (self.make, env.peers().swap_remove(1 - env.me()));
        let (instance, services) = env.make("make_echo", move || {
            let server = make(other);
            (Arc::clone(&server), server.services())
        })?;
        Some(StartedNode { instance, services })
    }

    fn stop(_: &dyn Echo) {}
}

impl Cluster<EchoServers> {
    /// The answer that server 0 gets when it asks the other one to repeat `text`.
    pub(super) fn ask(&self, text: &'static str) -> Option<String> {
        self.call(0, "ask", move |_, server| server.ask(text)).and_then(|(_, heard)| heard)
    }
}
