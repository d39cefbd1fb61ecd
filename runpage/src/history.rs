//! [`Told`]: what the message of a failure tells of a history of clients that has no order.

use serde::Serialize;

/// The operation that fits nowhere, and the others that the message names.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Told {
    /// The first operation whose answer no order explains.
    operation: Operation,
    /// Operations that contradict each other.
    core: Vec<Operation>,
    /// The end of an order of the operations before it.
    order: Vec<Operation>,
    /// The number of operations of that order that come before these.
    hidden: usize,
}

/// An operation, by which the page finds its events.
#[derive(Clone, Debug, PartialEq, Serialize)]
struct Operation {
    client: u32,
    /// The time of the call in milliseconds.
    called_ms: f64,
    /// The request, such as `Get(x)`.
    text: String,
}

/// What the message tells; `None` if it is of another failure.
pub(crate) fn told(message: &str) -> Option<Told> {
    let mut lines = message.lines();
    lines.next().filter(|line| line.contains("to be linearizable"))?;
    let operation = lines.next().and_then(parse)?;
    let mut told = Told { operation, core: Vec::new(), order: Vec::new(), hidden: 0 };
    let mut lines = lines.peekable();
    let mut is_order = false;
    for line in lines.by_ref() {
        if line.contains("have an order:") || line.contains("have orders, such as:") {
            is_order = true;
        } else if line.trim_start().starts_with("which leaves") {
            // The other orders are as good as the first.
            break;
        } else if let Some(operation) = parse(line) {
            if is_order { &mut told.order } else { &mut told.core }.push(operation);
        } else if let Some(number) = line.trim().strip_suffix(", then").filter(|_| is_order) {
            told.hidden = number.split(' ').next().and_then(|number| number.parse().ok()).unwrap_or(0);
        }
    }
    Some(told)
}

/// An operation such as `client 3, 1.204 s to 1.260 s: Get(x) -> "a", version 2`.
fn parse(line: &str) -> Option<Operation> {
    let rest = line.trim_start_matches([' ', '>']).strip_prefix("client ")?;
    let (client, rest) = rest.split_once(", ")?;
    let (called, rest) = rest.split_once(" s ")?;
    let (_, rest) = rest.split_once(": ")?;
    let text = rest.split_once(" -> ").map_or(rest, |(text, _)| text);
    let seconds: f64 = called.parse().ok()?;
    Some(Operation { client: client.parse().ok()?, called_ms: seconds * 1000.0, text: text.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_of_the_checker_is_read() {
        let message = "expected the operations on key x to be linearizable: each takes effect at one moment \
                       between its call and its return; saw an answer that no order explains:\n    \
                       client 3, 1.204 s to 1.260 s: Get(x) -> \"a\", version 2\n\
                       these 2 contradict each other, whatever else happened:\n    \
                       client 1, 0.500 s to 0.600 s: Put(x, \"b: -> c\", 2) -> done\n  \
                       > client 3, 1.204 s to 1.260 s: Get(x) -> \"a\", version 2\n\
                       no moment is left at which version 3 of x can have begun; the last one is ruled out \
                       by client 1, 0.500 s to 0.600 s: Put(x, \"b\", 2) -> done\n\
                       without it the operations so far (9) have an order:\n    \
                       5 operations, then\n    \
                       client 2, 0.400 s on, without a return: Put(x, \"a\", 1)\n    \
                       client 1, 0.500 s to 0.600 s: Put(x, \"b\", 2) -> done\n  \
                       which leaves x \"b\", version 3; there the answer would be \"b\", version 3\n";
        let told = told(message).expect("it is read");
        let names = |operations: &[Operation]| -> Vec<(u32, f64)> {
            operations.iter().map(|operation| (operation.client, operation.called_ms)).collect()
        };
        assert_eq!((told.operation.client, told.operation.text.as_str()), (3, "Get(x)"));
        assert_eq!(names(&told.core), [(1, 500.0), (3, 1204.0)]);
        assert_eq!((names(&told.order), told.hidden), (vec![(2, 400.0), (1, 500.0)], 5));
    }

    #[test]
    fn other_messages_tell_nothing() {
        assert_eq!(told("expected server 1 to be linearizable in time"), None);
        assert_eq!(told("expected one leader; saw none"), None);
    }
}
