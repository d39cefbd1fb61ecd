//! A server that says what it is told.

use std::sync::Arc;

use labapi::{Echo, MakeEcho};
use labrpc::{ClientEnd, Service};
use serde::{Deserialize, Serialize};

/// The solution that the tests run.
pub const SOLUTION: MakeEcho = |other| Arc::new(Server { other });

struct Server {
    other: ClientEnd,
}

#[derive(Serialize, Deserialize)]
struct Words {
    text: String,
}

#[labrpc::service]
impl Server {
    fn repeat(&self, words: Words) -> Words {
        Words { text: words.text }
    }
}

impl Echo for Server {
    fn ask(&self, text: &str) -> Option<String> {
        self.other.repeat(&Words { text: text.to_owned() }).map(|words| words.text)
    }

    fn services(self: Arc<Self>) -> Vec<Service> {
        vec![self.service()]
    }
}
