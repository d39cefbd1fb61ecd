//! Asking all nodes at once.

use labrt::channel;
use labrt::time::{Duration, Instant};

use crate::ballot::NodeId;
use crate::node::Node;

/// How long answers are waited for: longer than a call over a network that delays messages takes. Whoever has
/// not answered by then is asked again, in another ballot.
const PATIENCE: Duration = Duration::from_millis(150);

impl Node {
    /// Has `ask` ask each node, on threads of their own. The result are the answers with their senders, one
    /// from each node at most, in the order in which they come; it ends with the patience.
    pub(crate) fn ask_all<T: Send + 'static>(
        &self,
        name: &'static str,
        ask: impl Fn(&Node, NodeId) -> Option<T> + Clone + Send + 'static,
    ) -> impl Iterator<Item = (NodeId, T)> {
        let (sender, answers) = channel::unbounded();
        for peer in 0..self.peers.len() {
            let (sender, ask) = (sender.clone(), ask.clone());
            self.spawn(name, move |node| {
                if let Some(answer) = ask(node, peer) {
                    let _ = sender.send((peer, answer)); // perhaps nobody waits any more
                }
            });
        }
        drop(sender); // with the last of the others, the answers end
        let deadline = Instant::now() + PATIENCE;
        std::iter::from_fn(move || answers.recv_deadline(deadline).ok())
    }

    /// More than half of the nodes. Any two majorities have a node in common.
    pub(crate) fn majority(&self) -> usize {
        self.peers.len() / 2 + 1
    }
}
