//! A server that says what it is told, to be written.

use std::sync::Arc;

use labapi::{Echo, MakeEcho};
use labrpc::{ClientEnd, Service};

/// The solution that the tests run.
pub const SOLUTION: MakeEcho = |other| Arc::new(Server { _other: other });

struct Server {
    _other: ClientEnd,
}

impl Echo for Server {
    fn ask(&self, _: &str) -> Option<String> {
        todo!("echo::ask, part E1")
    }

    fn services(self: Arc<Self>) -> Vec<Service> {
        todo!("echo::services, part E1")
    }
}
