//! [`Server`]: services, and the node on which their handlers run.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};

use labrt::world::Node;

use crate::service::{Method, Service, Types};

/// One incarnation of a server, as the network sees it. A server that restarts is another one.
pub struct Server {
    pub(crate) node: Node,
    services: Vec<Service>,
    /// The number of requests that have arrived.
    requests: AtomicU64,
}

/// The position of a method in a server.
#[derive(Clone, Copy)]
pub(crate) struct MethodId {
    service: usize,
    method: usize,
}

impl Server {
    /// Makes a server without services. Its handlers run on threads of `node`, and are killed with it.
    #[must_use]
    pub fn new(node: &Node) -> Self {
        Self { node: node.clone(), services: Vec::new(), requests: AtomicU64::new(0) }
    }

    /// Adds a service.
    ///
    /// # Panics
    ///
    /// Panics if the server already has a service of that name.
    pub fn add_service(&mut self, service: Service) {
        assert!(
            self.services.iter().all(|known| known.name != service.name),
            "the server has two services {}",
            service.name
        );
        self.services.push(service);
    }

    /// Finds `Service.method` for a caller with these types of arguments and reply.
    ///
    /// A server has few methods, so a linear search is faster than hashing.
    pub(crate) fn find(&self, full_name: &str, types: Types) -> Result<MethodId, String> {
        let found = full_name.rsplit_once('.').and_then(|(service_name, method_name)| {
            let service = self.services.iter().position(|service| service.name == service_name)?;
            let method = self.services[service].find(method_name)?;
            Some(MethodId { service, method })
        });
        match found {
            Some(id) if self.method(id).types == types => Ok(id),
            Some(id) => Err(type_mismatch(full_name, types, self.method(id).types)),
            None => Err(self.unknown(full_name)),
        }
    }

    pub(crate) fn method(&self, id: MethodId) -> &Method {
        &self.services[id.service].methods[id.method]
    }

    /// Counts a request that has arrived.
    pub(crate) fn count_request(&self) {
        self.requests.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn requests(&self) -> u64 {
        self.requests.load(Ordering::Relaxed)
    }

    #[cold]
    fn unknown(&self, full_name: &str) -> String {
        let Some((service_name, method_name)) = full_name.rsplit_once('.') else {
            return format!("a remote call must name `Service.method`, not `{full_name}`");
        };
        let (kind, name, known): (_, _, Vec<&str>) =
            match self.services.iter().find(|service| service.name == service_name) {
                Some(service) => ("method", method_name, service.methods.iter().map(|m| m.name).collect()),
                None => ("service", service_name, self.services.iter().map(|s| s.name).collect()),
            };
        let known = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
        format!("call of {full_name}: {} has no {kind} `{name}`; it has {known}", self.node.name())
    }
}

#[cold]
fn type_mismatch(full_name: &str, caller: Types, server: Types) -> String {
    let (what, sent, expected) = if caller.args == server.args {
        ("a reply", caller.reply, server.reply)
    } else {
        ("arguments", caller.args, server.args)
    };
    format!("call of {full_name}: the caller has {what} of type {sent}, the handler of type {expected}")
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server")
            .field("node", &self.node)
            .field("services", &self.services)
            .finish_non_exhaustive()
    }
}
