//! [`Answers`]: a clerk answers what a server has told it during the operation. And a change that is done is
//! in the log of a majority (paper, §5.3 and §8): messages that causally follow the clerk's request have
//! reached a majority, and the server that replies knows that.
//!
//! A get may be answered from a lease (the thesis, §6.4.1), and so may a put that is refused: these need a
//! reply and no more.

use std::time::Duration;

use labrpc::Step;
use rustc_hash::FxHashMap;

use crate::causality::{Causality, LogicalTime};
use crate::display::{Seconds, with_article};
use crate::event::{Event, Incarnation, Interests, Kind, Message, Party};
use crate::invariant::{Invariant, Violation};

/// The requests and replies of each client's present operation.
#[derive(Default)]
pub(crate) struct Answers {
    clients: FxHashMap<u32, Operation>,
    /// The calls of clients that have not ended.
    underway: FxHashMap<u64, ClientCall>,
    /// The number of the last call that a client made.
    last_call: u64,
    begun: u64,
    checked: u64,
}

#[derive(Clone, Default)]
struct Operation {
    /// The number of the last call before the operation began.
    since: u64,
    at: Duration,
    /// The servers that a request has reached, and the logical time of the first arrival at each.
    reached: Vec<(Incarnation, LogicalTime)>,
    /// Whether a reply has come to one of its requests.
    answered: bool,
    /// Whether such a reply came from a server that knew of a majority.
    by_a_majority: bool,
}

#[derive(Clone, Copy)]
struct ClientCall {
    client: u32,
    server: Incarnation,
    /// The number of copies of the request that may still arrive.
    requests: u8,
    /// Whether a copy has arrived.
    delivered: bool,
    /// Whether no reply can come any more.
    over: bool,
    by_a_majority: bool,
}

impl Answers {
    /// Records the beginning of a client's operation.
    fn begins(&mut self, client: u32, at: Duration) {
        self.begun += 1;
        self.clients.insert(client, Operation { since: self.last_call, at, ..Operation::default() });
    }

    /// Checks the end of a client's operation.
    fn ends(&mut self, client: u32, what: &str, done: bool, at: Duration) -> Result<(), Violation> {
        self.checked += 1;
        let Some(operation) = self.clients.get(&client) else { return Ok(()) };
        if !operation.answered {
            return Err(Violation::new(format!(
                "expected a clerk to answer what a server has told it; saw {what} of client {client} return \
                 at {}, when \
                 no reply had come to any request that it sent since the call, at {}",
                Seconds(at),
                Seconds(operation.at),
            )));
        }
        if done && !operation.by_a_majority {
            return Err(Violation::new(format!(
                "expected {} to be done when a majority of the servers store it (§5.3); saw {what} of client \
                 {client} done at {}, when no server had replied of which a majority can have known the \
                 request (sent at {} or later)",
                with_article(what),
                Seconds(at),
                Seconds(operation.at),
            )));
        }
        Ok(())
    }

    /// Records a step of a client's call.
    fn message(&mut self, client: u32, message: &Message, moment: LogicalTime, causality: &Causality) {
        let Message { call, step, to: server, .. } = *message;
        match step {
            Step::RequestSent { .. } => {
                self.last_call = self.last_call.max(call);
                let (requests, delivered, over, by_a_majority) = (1, false, false, false);
                self.underway
                    .insert(call, ClientCall { client, server, requests, delivered, over, by_a_majority });
            }
            Step::RequestDuplicated => {
                if let Some(asked) = self.underway.get_mut(&call) {
                    asked.requests += 1;
                }
            }
            Step::RequestDelivered => {
                if let Some((asked, operation)) = self.call_and_operation(call) {
                    asked.delivered = true;
                    if !operation.reached.iter().any(|(reached, _)| same(*reached, server)) {
                        operation.reached.push((server, moment));
                    }
                }
                self.request_ended(call);
            }
            Step::ReplySent => {
                if let Some((asked, operation)) = self.call_and_operation(call) {
                    let know = |&(reached, moment): &(Incarnation, LogicalTime)| {
                        reached.group == asked.server.group
                            && causality.majority_reached(asked.server, reached.server, moment)
                    };
                    asked.by_a_majority = operation.reached.iter().any(know);
                }
            }
            Step::ReplyDelivered => {
                if let Some((asked, operation)) = self.call_and_operation(call) {
                    operation.answered = true;
                    operation.by_a_majority |= asked.by_a_majority;
                }
                self.caller_returned(call);
            }
            Step::RequestLost => {
                // If it was the only copy, there is no reply either.
                self.request_ended(call);
                if self.underway.get(&call).is_some_and(|asked| asked.requests == 0 && !asked.delivered) {
                    self.underway.remove(&call);
                }
            }
            Step::ReplyLost => self.caller_returned(call),
            Step::ReplyLate { .. } => {}
        }
    }

    /// Records that a copy of the request has arrived or is lost.
    fn request_ended(&mut self, call: u64) {
        if let Some(asked) = self.underway.get_mut(&call) {
            asked.requests -= 1;
            if asked.requests == 0 && asked.over {
                self.underway.remove(&call);
            }
        }
    }

    /// Records that the caller has its reply, or has given up.
    fn caller_returned(&mut self, call: u64) {
        if let Some(asked) = self.underway.get_mut(&call) {
            asked.over = true;
            if asked.requests == 0 {
                self.underway.remove(&call);
            }
        }
    }

    /// A call of a client, with the operation during which it was made.
    fn call_and_operation(&mut self, call: u64) -> Option<(&mut ClientCall, &mut Operation)> {
        let asked = self.underway.get_mut(&call)?;
        let operation = self.clients.get_mut(&asked.client).filter(|operation| call > operation.since)?;
        Some((asked, operation))
    }
}

/// Whether these are incarnations of the same server.
fn same(one: Incarnation, other: Incarnation) -> bool {
    (one.group, one.server) == (other.group, other.server)
}

impl Invariant for Answers {
    fn name(&self) -> &'static str {
        "clerks answer what servers have told them"
    }

    fn interests(&self) -> Interests {
        Interests::OPERATIONS | Interests::CLIENT_MESSAGES | Interests::CAUSALITY
    }

    fn on(&mut self, event: &Event<'_>) -> Result<(), Violation> {
        match (event.party, event.kind) {
            (_, Kind::Message(message)) => {
                if let Party::Client(client) = message.from {
                    self.message(client, message, event.moment(), event.causality());
                }
            }
            (Party::Client(client), Kind::OperationBegan { .. }) => self.begins(client, event.at),
            (Party::Client(client), Kind::OperationEnded { what, done, .. }) => {
                self.ends(client, what, done, event.at)?;
            }
            _ => {}
        }
        Ok(())
    }

    /// Without an operation there is nothing to check.
    fn exercised(&self) -> bool {
        self.begun == 0 || self.checked > 0
    }

    fn subject(&self) -> &'static str {
        "an answer of a clerk"
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Group;

    const GROUP: Group = Group { number: 0, name: "" };

    struct Run {
        answers: Answers,
        causality: Causality,
    }

    /// Client 4 has end 0 to server 0 of three; server 0 has end 1 to server 1.
    fn start() -> Run {
        let mut causality = Causality::default();
        causality.track();
        for server in 0..3 {
            causality.add_server(GROUP, server);
            causality.start(Incarnation { group: GROUP, server, number: 1 });
        }
        causality.add_end(0, Party::Client(4), GROUP, 0);
        causality.add_end(1, Incarnation { group: GROUP, server: 0, number: 1 }.into(), GROUP, 1);
        Run { answers: Answers::default(), causality }
    }

    impl Run {
        fn happen(&mut self, call: u64, steps: &[Step]) {
            for &step in steps {
                let sides = self.causality.on(call, step, 0).expect("the call is on its way");
                if let Party::Client(client) = sides.from {
                    let (from, to, content, location) = (sides.from, sides.to, None, None);
                    let message = Message { call, step, from, to, method: "", bytes: 0, content, location };
                    let moment = sides.moment.unwrap_or_default();
                    self.answers.message(client, &message, moment, &self.causality);
                }
            }
        }

        fn begins(&mut self) {
            self.answers.begins(4, Duration::ZERO);
        }

        fn ends(&mut self, what: &str, done: bool) -> Result<(), Violation> {
            self.answers.ends(4, what, done, Duration::ZERO)
        }
    }

    const TO_THE_SERVER: [Step; 2] = [Step::RequestSent { end: 0 }, Step::RequestDelivered];
    const BACK: [Step; 2] = [Step::ReplySent, Step::ReplyDelivered];

    #[test]
    fn a_reply_to_an_earlier_operation_does_not_count() {
        let mut run = start();
        run.begins();
        run.happen(1, &TO_THE_SERVER);
        assert!(run.ends("get", false).is_err());
        run.begins();
        run.happen(1, &BACK);
        assert!(run.ends("get", false).is_err());
        run.happen(2, &TO_THE_SERVER);
        run.happen(2, &BACK);
        assert_eq!(run.ends("get", false), Ok(()));
        assert!(run.answers.underway.is_empty());
    }

    #[test]
    fn a_put_is_done_when_the_server_has_heard_of_a_majority() {
        let mut run = start();
        run.begins();
        run.happen(1, &TO_THE_SERVER);
        run.happen(1, &BACK);
        assert_eq!(run.ends("put", false), Ok(()));
        assert!(run.ends("put", true).is_err());
        // The reply is lost, and the repeated request is answered at once.
        run.begins();
        run.happen(2, &TO_THE_SERVER);
        run.happen(3, &[Step::RequestSent { end: 1 }, Step::RequestDelivered]);
        run.happen(3, &BACK);
        run.happen(2, &[Step::ReplySent, Step::ReplyLost]);
        run.happen(4, &TO_THE_SERVER);
        run.happen(4, &BACK);
        assert_eq!(run.ends("put", true), Ok(()));
        assert!(run.answers.underway.is_empty());
    }

    #[test]
    fn lost_and_duplicated_calls_are_dropped_in_the_end() {
        let mut run = start();
        run.begins();
        run.happen(1, &[Step::RequestSent { end: 0 }, Step::RequestLost]);
        assert!(run.answers.underway.is_empty());
        run.happen(2, &[Step::RequestSent { end: 0 }, Step::RequestDuplicated, Step::RequestDelivered]);
        run.happen(2, &BACK);
        assert_eq!(run.answers.underway.len(), 1);
        run.happen(2, &[Step::RequestDelivered]);
        assert!(run.answers.underway.is_empty());
        assert_eq!(run.ends("get", false), Ok(()));
    }

    #[test]
    fn an_operation_without_an_answer_does_not_exercise_the_invariant() {
        let mut answers = Answers::default();
        assert!(answers.exercised());
        answers.begins(4, Duration::ZERO);
        assert!(!answers.exercised());
        let _ = answers.ends(4, "get", false, Duration::ZERO);
        assert!(answers.exercised());
    }
}
