//! [`Network`]: what the harness sets up and changes.

mod faults;

use std::fmt;
use std::sync::{Arc, OnceLock};

use labrt::world::{Backend, Node, World};
use parking_lot::Mutex;

use crate::end::ClientEnd;
use crate::fault_model::FaultModel;
use crate::observer::{Event, Observer};
use crate::router::{EndId, Router};
use crate::server::Server;

/// A network of end points and servers. Clones are the same network.
///
/// At first it is reliable, with neither long delays nor long reordering. It is there as long as one of the
/// clones; after that every call gives `None`.
///
/// Changes take effect at once, and none of them is a scheduling point. A call under way when its end is
/// disabled or its server deleted or replaced gives `None`, whether or not its handler ran, at the next of
/// its polls, about every 100 ms; if it can be reached again by then, its reply gets through.
#[derive(Clone)]
pub struct Network {
    shared: Arc<Shared>,
}

/// What the network's handles, end points and events have in common.
pub(crate) struct Shared {
    pub(crate) world: World,
    /// Never locked across a call of labrt that waits, nor while lab code runs.
    pub(crate) router: Mutex<Router>,
    /// For what must not be done outside every thread.
    pub(crate) node: Node,
    observer: OnceLock<Arc<dyn Observer>>,
}

impl Shared {
    /// Tells the observer, if there is one; answers the number by which it knows the event. Not under the
    /// lock.
    #[inline]
    pub(crate) fn report<'a>(&self, event: impl FnOnce() -> Event<'a>) -> u64 {
        self.observer.get().map_or(0, |observer| observer.on(&event()))
    }
}

impl Network {
    /// A network without end points and servers. Its random streams are the world's `network`, and in a
    /// simulation `network: transit`.
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

    /// Has `observer` told of every message from now on.
    ///
    /// # Panics
    ///
    /// Panics if the network has an observer.
    pub fn observe(&self, observer: Arc<dyn Observer>) {
        assert!(self.shared.observer.set(observer).is_ok(), "the network has an observer");
    }

    /// Makes an end point, connected to nothing and disabled.
    ///
    /// # Panics
    ///
    /// Panics if there is an end point of that name.
    pub fn make_end(&self, name: impl Into<String>) -> ClientEnd {
        let name = name.into();
        let id = self.shared.router.lock().add_end(name.clone());
        let id = id.unwrap_or_else(|| panic!("there are two end points called {name:?}"));
        ClientEnd::new(Arc::downgrade(&self.shared), id)
    }

    /// Forgets an end point. Calls through it find nobody from now on, those under way as if it were
    /// disabled.
    ///
    /// # Panics
    ///
    /// Panics if there is no end point of that name.
    pub fn delete_end(&self, name: &str) {
        let removed = self.change(|router| router.remove_end(name));
        assert!(removed, "{}", no_end(name));
    }

    /// Lets an end point lead to the server of that name, which need not exist yet. Meant to be done once.
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

    /// Enables or disables an end point. Through a disabled one nobody can be reached.
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

    /// Gives the name to this server, and takes it from the one that had it.
    pub fn add_server(&self, name: impl Into<String>, server: Server) {
        let name = name.into();
        let former = self.change(|router| router.replace_server(&name, Some(server)));
        drop(former);
    }

    /// Takes the name from the server that has it, if there is one. What it does from now on reaches nobody.
    pub fn delete_server(&self, name: &str) {
        let former = self.change(|router| router.replace_server(name, None));
        drop(former);
    }

    /// Whether all requests and replies get through, or some are delayed and lost.
    ///
    /// Each message that gets through takes 5 to 50 µs, drawn from the seed; on real threads, what the
    /// machine takes. On an unreliable network a request is delayed by 0 to 26 ms more, and lost with a
    /// probability of 10 %; a reply is lost with another 10 %. A lost message is known to the caller at once,
    /// as the course has it.
    pub fn set_reliable(&self, reliable: bool) {
        self.shared.router.lock().fault_model.settings.reliable = reliable;
    }

    /// Whether a server that cannot be reached costs its caller up to 7 s instead of up to 100 ms.
    pub fn set_long_delays(&self, long_delays: bool) {
        self.shared.router.lock().fault_model.settings.long_delays = long_delays;
    }

    /// Whether two replies in three are late, by 200 to 2199 ms. Also on a reliable network.
    pub fn set_long_reordering(&self, long_reordering: bool) {
        self.shared.router.lock().fault_model.settings.long_reordering = long_reordering;
    }

    /// What [`set_reliable`](Self::set_reliable) has set.
    #[must_use]
    pub fn is_reliable(&self) -> bool {
        self.shared.router.lock().fault_model.settings.reliable
    }

    /// What [`set_long_delays`](Self::set_long_delays) has set.
    #[must_use]
    pub fn is_long_delays(&self) -> bool {
        self.shared.router.lock().fault_model.settings.long_delays
    }

    /// How many requests have reached the server that has this name now, whether or not their replies got
    /// through. A server that restarts begins at 0.
    ///
    /// # Panics
    ///
    /// Panics if no server has that name.
    #[must_use]
    pub fn count(&self, server: &str) -> u64 {
        let count = self.shared.router.lock().server(server).map(Server::requests);
        count.unwrap_or_else(|| panic!("{}", no_server(server)))
    }

    /// How many calls were made, whatever became of them.
    #[must_use]
    pub fn total_count(&self) -> u64 {
        self.shared.router.lock().total_count
    }

    /// The bytes of the arguments of all calls, and of the replies that got through.
    #[must_use]
    pub fn total_bytes(&self) -> u64 {
        self.shared.router.lock().total_bytes
    }

    /// Closes the network: later calls give `None` at once. Those under way go on.
    pub fn cleanup(&self) {
        self.shared.router.lock().closed = true;
    }

    /// Changes who reaches whom, and sets polls for the calls that this cuts off.
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
