//! Part E1: a text comes back.

use super::EchoServers;
use crate::{Case, Cluster};

pub(super) fn cases() -> [Case; 2] {
    [
        case("says_it_e1", "Test (E1): one text", says_it_e1),
        case("says_it_again_e1", "Test (E1): many texts", says_it_again_e1),
    ]
}

fn case(name: &'static str, title: &'static str, body: fn(&Cluster<EchoServers>)) -> Case {
    Case::new(name, "E1", title, &["echo"], move |stage| super::play(stage, body)).servers(2).points(5)
}

fn says_it_e1(cluster: &Cluster<EchoServers>) {
    cluster.expect_echo("hello");
}

fn says_it_again_e1(cluster: &Cluster<EchoServers>) {
    for text in ["one", "two", "three"] {
        cluster.expect_echo(text);
    }
}

impl Cluster<EchoServers> {
    /// Asserts that a text comes back as it is.
    #[track_caller]
    fn expect_echo(&self, text: &'static str) {
        let heard = self.ask(text);
        if heard.as_deref() != Some(text) {
            self.fail(format!("expected the answer `{text}`; saw {heard:?}"));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use labapi::{Echo, MakeEcho, Solution};
    use labrpc::Service;

    use crate::{RunOptions, cases, run};

    struct Mute;

    impl Echo for Mute {
        fn ask(&self, _: &str) -> Option<String> {
            None
        }

        fn services(self: Arc<Self>) -> Vec<Service> {
            Vec::new()
        }
    }

    const MUTE: MakeEcho = |_| Arc::new(Mute);

    #[test]
    fn who_says_nothing_is_noticed() {
        let solution = Solution::new("mute").with(&[("echo", &MUTE)]);
        for name in ["says_it_e1", "says_it_again_e1"] {
            let case = cases().iter().find(|case| case.name == name).expect("a case");
            let report = run(case, &solution, &RunOptions::new(1));
            assert!(report.failure.is_some_and(|failure| failure.message.contains("expected the answer")));
        }
    }
}
