//! [`Network`]: end points, servers and settings, for the harness.

mod faults;

use std::fmt;
use std::sync::{Arc, OnceLock};

use labrt::world::{Backend, Node, World};
use parking_lot::Mutex;

use crate::end::ClientEnd;
use crate::fault_model::FaultModel;
use crate::faults::HeldReply;
use crate::observer::{Event, Observer, Step};
use crate::router::{EndId, Lost, Router};
use crate::server::Server;

/// A network of end points and servers. Clones are the same network.
///
/// At first it is reliable, without long delays and without long reordering. It exists until the last clone
/// is dropped; after that every call gives `None`.
///
/// Changes take effect at once, and none of them is a scheduling point. A call in flight is polled about
/// every 100 ms. If its end is disabled or its server deleted or replaced, it gives `None` at the next poll,
/// whether or not the handler ran. If the server can be reached again by then, the reply gets through.
///
/// ```
/// use labrpc::{Network, Server, Service};
/// use labrt::world::{Options, simulate};
///
/// let run = simulate(Options::new(1), |world| {
///     let network = Network::new(world);
///     let mut server = Server::new(&world.node("server"));
///     server.add_service(Service::new("Counter").method("next", |number: u64| number + 1));
///     network.add_server("server", server);
///
///     let end = network.make_end("client");
///     network.connect("client", "server");
///     network.enable("client", true);
///     assert_eq!(end.call::<u64, u64>("Counter.next", &7), Some(8));
///
///     network.enable("client", false);
///     assert_eq!(end.call::<u64, u64>("Counter.next", &7), None);
///     assert_eq!((network.total_count(), network.count("server")), (2, 1));
/// });
/// run.result.unwrap();
/// ```
#[derive(Clone)]
pub struct Network {
    shared: Arc<Shared>,
}

/// The network itself, shared by handles, end points and events.
pub(crate) struct Shared {
    pub(crate) world: World,
    /// Never locked across a call of labrt that waits, nor while lab code runs.
    pub(crate) router: Mutex<Router>,
    /// The node of threads that run lab code for the network, such as destructors.
    pub(crate) node: Node,
    observer: OnceLock<Arc<dyn Observer>>,
}

impl Shared {
    /// Reports an event to the observer, if there is one. Returns the observer's number of the event, else 0.
    /// Must not be called under the lock.
    #[inline]
    pub(crate) fn report<'a>(&self, event: impl FnOnce() -> Event<'a>) -> u64 {
        self.observer.get().map_or(0, |observer| observer.on(&event()))
    }
}

impl Network {
    /// Makes a network without end points and servers. It draws from the world's random stream `network`, and
    /// in a simulation also from `network: transit`.
    #[must_use]
    pub fn new(world: &World) -> Self {
        let transit_rng = (world.backend() == Backend::Simulation).then(|| world.rng("network: transit"));
        let fault_model = FaultModel::new(world.rng("network"), transit_rng);
        let shared = Shared {
            world: world.clone(),
            router: Mutex::new(Router::new(fault_model)),
            node: world.node("network"),
            observer: OnceLock::new(),
        };
        Self { shared: Arc::new(shared) }
    }

    /// Sets the observer, which is told of every message from now on.
    ///
    /// # Panics
    ///
    /// Panics if the network already has an observer.
    pub fn observe(&self, observer: Arc<dyn Observer>) {
        assert!(self.shared.observer.set(observer).is_ok(), "the network has an observer");
    }

    /// Makes an end point, disabled and not connected.
    ///
    /// # Panics
    ///
    /// Panics if there already is an end point of that name.
    pub fn make_end(&self, name: impl Into<String>) -> ClientEnd {
        let name = name.into();
        let id = self.shared.router.lock().add_end(name.clone());
        let id = id.unwrap_or_else(|| panic!("there are two end points called {name:?}"));
        ClientEnd::new(Arc::downgrade(&self.shared), id)
    }

    /// Deletes an end point. From now on no call through it reaches a server. For calls in flight it is
    /// disabled.
    ///
    /// # Panics
    ///
    /// Panics if there is no end point of that name.
    pub fn delete_end(&self, name: &str) {
        let held = self.change(|router| router.remove_end(name));
        let Lost { calls, replies } = held.unwrap_or_else(|| panic!("{}", no_end(name)));
        for (number, call) in calls {
            self.shared.report(|| Event { method: &call.full_name, ..Event::new(number, Step::RequestLost) });
        }
        for HeldReply { number, full_name, .. } in replies {
            self.shared.report(|| Event { method: &full_name, ..Event::new(number, Step::ReplyLost) });
        }
    }

    /// Connects an end point to the server of that name, which need not exist yet.
    ///
    /// # Panics
    ///
    /// Panics if there is no end point of that name.
    pub fn connect(&self, end: &str, server: &str) {
        let mut router = self.shared.router.lock();
        match router.end(end) {
            Some(id) => router.connect(id, server),
            None => {
                drop(router);
                panic!("{}", no_end(end));
            }
        }
    }

    /// Enables or disables an end point. No call through a disabled one reaches a server.
    ///
    /// # Panics
    ///
    /// Panics if there is no end point of that name.
    pub fn enable(&self, end: &str, enabled: bool) {
        let found = self.change(|router| {
            let id: Option<EndId> = router.end(end);
            id.map(|id| router.enable(id, enabled)).is_some()
        });
        assert!(found, "{}", no_end(end));
    }

    /// Adds a server under a name. It replaces the server that had the name.
    pub fn add_server(&self, name: impl Into<String>, server: Server) {
        let name = name.into();
        let former = self.change(|router| router.replace_server(&name, Some(server)));
        drop(former);
    }

    /// Deletes the server that has this name, if there is one. Its replies are discarded from now on.
    pub fn delete_server(&self, name: &str) {
        let former = self.change(|router| router.replace_server(name, None));
        drop(former);
    }

    /// Makes the network reliable or unreliable. At first it is reliable.
    ///
    /// Each message that arrives takes 5 to 50 µs, drawn from the seed; on real threads, the time that the
    /// machine takes. An unreliable network delays each request by another 0 to 26 ms, and loses it with a
    /// probability of 10 %; it loses each reply with a probability of 10 % too. The caller of a lost message
    /// gets `None` at once, as in the course.
    pub fn set_reliable(&self, reliable: bool) {
        self.shared.router.lock().fault_model.settings.reliable = reliable;
    }

    /// Switches long delays on or off. With them a call to an unreachable server fails after up to 7 s
    /// instead of up to 100 ms.
    pub fn set_long_delays(&self, long_delays: bool) {
        self.shared.router.lock().fault_model.settings.long_delays = long_delays;
    }

    /// Switches long reordering on or off. With it two replies in three are late, by 200 to 2199 ms, also on
    /// a reliable network.
    pub fn set_long_reordering(&self, long_reordering: bool) {
        self.shared.router.lock().fault_model.settings.long_reordering = long_reordering;
    }

    /// Whether the network [is reliable](Self::set_reliable).
    #[must_use]
    pub fn is_reliable(&self) -> bool {
        self.shared.router.lock().fault_model.settings.reliable
    }

    /// Whether [long delays](Self::set_long_delays) are on.
    #[must_use]
    pub fn is_long_delays(&self) -> bool {
        self.shared.router.lock().fault_model.settings.long_delays
    }

    /// The number of requests that have arrived at the server that has this name now, whether or not their
    /// replies got through. A server that restarts begins at 0.
    ///
    /// # Panics
    ///
    /// Panics if no server has that name.
    #[must_use]
    pub fn count(&self, server: &str) -> u64 {
        let count = self.shared.router.lock().server(server).map(Server::requests);
        count.unwrap_or_else(|| panic!("{}", no_server(server)))
    }

    /// The number of calls so far, whatever their outcome.
    #[must_use]
    pub fn total_count(&self) -> u64 {
        self.shared.router.lock().total_count
    }

    /// The number of bytes of the arguments of all calls, and of the replies that got through.
    #[must_use]
    pub fn total_bytes(&self) -> u64 {
        self.shared.router.lock().total_bytes
    }

    /// Closes the network: later calls give `None` at once. Calls in flight go on.
    pub fn cleanup(&self) {
        self.shared.router.lock().closed = true;
    }

    /// Changes the routes, and schedules polls for the calls that this cuts off.
    fn change<T>(&self, change: impl FnOnce(&mut Router) -> T) -> T {
        let (result, polls) = {
            let mut router = self.shared.router.lock();
            let result = change(&mut router);
            (result, router.take_calls_to_poll())
        };
        self.shared.schedule_polls(polls);
        result
    }
}

fn no_server(name: &str) -> String {
    format!("there is no server called {name:?}")
}

fn no_end(name: &str) -> String {
    format!("there is no end point called {name:?}")
}

impl fmt::Debug for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Network").finish_non_exhaustive()
    }
}
