//! A clerk asks: what it answers, a server has told it within the operation. And a put that is done is in
//! the log of a majority (paper, §5.3 and §8), so the server that says so knows, as cause and effect, that
//! what came after the clerk's request has reached a majority.
//!
//! A get may be answered from a lease (the thesis, §6.4.1), and a put that is refused too: of these a reply
//! is expected, and no more.

use std::time::Duration;

use labapi::PutError;
use labrpc::{Event, Step};
use rustc_hash::FxHashMap;

use super::Verdict;
use super::clocks::{Clocks, Moment};
use super::parties::{Owner, Parties};
use crate::words::Seconds;

/// What came of the requests of each client's present operation.
#[derive(Default)]
pub(super) struct Answers {
    clients: FxHashMap<u32, Operation>,
    /// The calls of clients that are under way.
    underway: FxHashMap<u64, Asked>,
    /// The number of the last call that anybody made.
    last_call: u64,
    pub begun: u64,
    pub looked: u64,
}

#[derive(Clone, Default)]
struct Operation {
    /// The last call that was made before it began.
    since: u64,
    at: Duration,
    /// When its first request reached a server, for each that one has reached.
    reached: Vec<(usize, Moment)>,
    /// A reply has come to one of its requests.
    answered: bool,
    /// And from a server that knew of a majority.
    by_a_majority: bool,
}

#[derive(Clone, Copy)]
struct Asked {
    client: u32,
    server: usize,
    /// How many times the request may still arrive.
    requests: u8,
    /// Whether it has arrived.
    delivered: bool,
    /// Whether no reply can come any more.
    over: bool,
    by_a_majority: bool,
}

/// What a client's operation has come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// Something is changed: a put is done.
    Done,
    /// Anything else.
    Told,
}

impl Outcome {
    pub fn of_put(answer: Result<(), PutError>) -> Self {
        if answer.is_ok() { Self::Done } else { Self::Told }
    }
}

impl Answers {
    /// An operation of a client begins.
    pub fn begins(&mut self, client: u32, at: Duration) {
        self.begun += 1;
        self.clients.insert(client, Operation { since: self.last_call, at, ..Operation::default() });
    }

    /// The operation of a client ends.
    pub fn ends(&mut self, client: u32, what: &str, outcome: Outcome, at: Duration) -> Verdict {
        self.looked += 1;
        let Some(operation) = self.clients.get(&client) else { return Ok(()) };
        if !operation.answered {
            return Err(format!(
                "expected a clerk to answer what a server has told it; saw {what} of client {client} return at {}, when \
                 no reply had come to any request that it sent since the call, at {}",
                Seconds(at),
                Seconds(operation.at),
            ));
        }
        if outcome == Outcome::Done && !operation.by_a_majority {
            return Err(format!(
                "expected a put to be done when a majority of the servers store it (§5.3); saw {what} of client {client} done at \
                 {}, when no server had replied of which a majority can have known the request (sent at {} or later)",
                Seconds(at),
                Seconds(operation.at),
            ));
        }
        Ok(())
    }

    /// Whether it happens to a message of a client's call, or of the reply to it.
    pub fn concerns(&self, event: &Event, parties: &Parties) -> bool {
        match event.step {
            Step::RequestSent { end } => parties.of_end(end).0.client().is_some(),
            _ => !self.underway.is_empty() && self.underway.contains_key(&event.call),
        }
    }

    /// A call is made, whoever makes it.
    pub fn counts(&mut self, call: u64) {
        self.last_call = self.last_call.max(call);
    }

    /// Takes note of what happens to such a message.
    pub fn on(&mut self, event: &Event, parties: &Parties, clocks: &mut Clocks) {
        let call = event.call;
        match event.step {
            Step::RequestSent { end } => {
                let (owner, server) = parties.of_end(end);
                if let Some(client) = Owner::client(owner) {
                    self.underway.insert(
                        call,
                        Asked {
                            client,
                            server,
                            requests: 1,
                            delivered: false,
                            over: false,
                            by_a_majority: false,
                        },
                    );
                }
            }
            Step::RequestDuplicated => {
                if let Some(asked) = self.underway.get_mut(&call) {
                    asked.requests += 1;
                }
            }
            Step::RequestDelivered => {
                if let Some((asked, operation)) = self.of(call) {
                    asked.delivered = true;
                    let server = asked.server;
                    if !operation.reached.iter().any(|(reached, _)| *reached == server) {
                        operation.reached.push((server, clocks.mark(server)));
                    }
                }
                self.arrives(call);
            }
            Step::ReplySent => {
                if let Some((asked, operation)) = self.of(call) {
                    let know = |&(server, moment): &(usize, Moment)| {
                        clocks.majority_reached(asked.server, server, moment)
                    };
                    asked.by_a_majority = operation.reached.iter().any(know);
                }
            }
            Step::ReplyDelivered => {
                if let Some((asked, operation)) = self.of(call) {
                    operation.answered = true;
                    operation.by_a_majority |= asked.by_a_majority;
                }
                self.is_over(call);
            }
            Step::RequestLost => {
                // If it is the only one, there is no reply either.
                self.arrives(call);
                if self.underway.get(&call).is_some_and(|asked| asked.requests == 0 && !asked.delivered) {
                    self.underway.remove(&call);
                }
            }
            Step::ReplyLost => self.is_over(call),
        }
    }

    /// A request, or its copy, has arrived or is lost.
    fn arrives(&mut self, call: u64) {
        if let Some(asked) = self.underway.get_mut(&call) {
            asked.requests -= 1;
            if asked.requests == 0 && asked.over {
                self.underway.remove(&call);
            }
        }
    }

    /// The caller goes on.
    fn is_over(&mut self, call: u64) {
        if let Some(asked) = self.underway.get_mut(&call) {
            asked.over = true;
            if asked.requests == 0 {
                self.underway.remove(&call);
            }
        }
    }

    /// A call of a client, and its operation, if it was made in that.
    fn of(&mut self, call: u64) -> Option<(&mut Asked, &mut Operation)> {
        let asked = self.underway.get_mut(&call)?;
        let operation = self.clients.get_mut(&asked.client).filter(|operation| call > operation.since)?;
        Some((asked, operation))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::words::Lived;

    /// Client 4 has end 0 to server 0 of three; server 0 has end 1 to server 1.
    fn start() -> (Answers, Parties, Clocks) {
        let mut parties = Parties::new(3);
        let server = Lived { server: 0, life: 1 };
        parties.begin_life(server);
        parties.add_end(0, Owner::of_client(4), 0);
        parties.add_end(1, Owner::of_server(server), 1);
        (Answers::default(), parties, Clocks::new(3))
    }

    fn happen(run: &mut (Answers, Parties, Clocks), call: u64, steps: &[Step]) {
        let (answers, parties, clocks) = run;
        for &step in steps {
            let event = Event { call, step };
            answers.counts(call);
            if answers.concerns(&event, parties) {
                answers.on(&event, parties, clocks);
            } else {
                clocks.on(&event, parties);
            }
        }
    }

    const TO_THE_SERVER: [Step; 2] = [Step::RequestSent { end: 0 }, Step::RequestDelivered];
    const BACK: [Step; 2] = [Step::ReplySent, Step::ReplyDelivered];

    #[test]
    fn a_reply_to_an_earlier_operation_is_none_to_this_one() {
        let mut run = start();
        run.0.begins(4, Duration::ZERO);
        happen(&mut run, 1, &TO_THE_SERVER);
        assert!(run.0.ends(4, "get", Outcome::Told, Duration::ZERO).is_err());
        run.0.begins(4, Duration::ZERO);
        happen(&mut run, 1, &BACK);
        assert!(run.0.ends(4, "get", Outcome::Told, Duration::ZERO).is_err());
        happen(&mut run, 2, &TO_THE_SERVER);
        happen(&mut run, 2, &BACK);
        assert_eq!(run.0.ends(4, "get", Outcome::Told, Duration::ZERO), Ok(()));
        assert!(run.0.underway.is_empty());
    }

    #[test]
    fn a_put_is_done_when_the_server_has_heard_of_a_majority() {
        let mut run = start();
        run.0.begins(4, Duration::ZERO);
        happen(&mut run, 1, &TO_THE_SERVER);
        happen(&mut run, 1, &BACK);
        assert_eq!(run.0.ends(4, "put", Outcome::Told, Duration::ZERO), Ok(()));
        assert!(run.0.ends(4, "put", Outcome::Done, Duration::ZERO).is_err());
        // The reply is lost, and what is asked again is answered at once.
        run.0.begins(4, Duration::ZERO);
        happen(&mut run, 2, &TO_THE_SERVER);
        happen(&mut run, 3, &[Step::RequestSent { end: 1 }, Step::RequestDelivered]);
        happen(&mut run, 3, &BACK);
        happen(&mut run, 2, &[Step::ReplySent, Step::ReplyLost]);
        happen(&mut run, 4, &TO_THE_SERVER);
        happen(&mut run, 4, &BACK);
        assert_eq!(run.0.ends(4, "put", Outcome::Done, Duration::ZERO), Ok(()));
        assert!(run.0.underway.is_empty());
    }

    #[test]
    fn what_is_lost_or_copied_is_forgotten_in_the_end() {
        let mut run = start();
        run.0.begins(4, Duration::ZERO);
        happen(&mut run, 1, &[Step::RequestSent { end: 0 }, Step::RequestLost]);
        assert!(run.0.underway.is_empty());
        happen(&mut run, 2, &[Step::RequestSent { end: 0 }, Step::RequestDuplicated, Step::RequestDelivered]);
        happen(&mut run, 2, &BACK);
        assert_eq!(run.0.underway.len(), 1);
        happen(&mut run, 2, &[Step::RequestDelivered]);
        assert!(run.0.underway.is_empty());
        assert_eq!(run.0.ends(4, "get", Outcome::Told, Duration::ZERO), Ok(()));
    }
}
