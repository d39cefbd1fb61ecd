//! The double's clerk.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use labapi::{PutError, Version, Versioned};
use labrpc::ClientEnd;
use labrt::thread;
use parking_lot::Mutex;

use super::fault::Fault;
use super::injected;
use super::server::ServerClient;
use super::store::{Answer, Request, Store};

struct Clerk {
    fault: Fault,
    servers: Vec<ClientEnd>,
    /// The server that answered last, and the number of answers.
    leader: AtomicUsize,
    answers: AtomicUsize,
    /// The store of a clerk that asks no server.
    own: Mutex<Store>,
}

pub fn make(fault: Fault, servers: Vec<ClientEnd>) -> Arc<dyn labapi::Clerk> {
    Arc::new(Clerk {
        fault,
        servers,
        leader: AtomicUsize::new(0),
        answers: AtomicUsize::new(0),
        own: Mutex::new(Store::new(fault)),
    })
}

impl labapi::Clerk for Clerk {
    fn get(&self, key: &str) -> Option<Versioned> {
        let request = Request::Get { key: key.to_owned() };
        if self.fault == Fault::ReadsFromFollowers {
            self.leader.store(self.answers.load(Ordering::Relaxed) % self.servers.len(), Ordering::Relaxed);
        }
        let answer = match self.ask(&request) {
            (Answer::Got(answer), _) => answer,
            // An answer to another request.
            (Answer::Put(_), _) => None,
        };
        if self.fault == Fault::Injected { injected::get(answer) } else { answer }
    }

    fn put(&self, key: &str, value: &str, version: Version) -> Result<(), PutError> {
        let request = Request::Put { key: key.to_owned(), value: value.to_owned(), version };
        if self.fault == Fault::Injected
            && let Some(answer) = injected::lost_put(version)
        {
            // A server is called, and its answer is not used.
            self.ask(&Request::Get { key: key.to_owned() });
            return answer;
        }
        let answer = match self.ask(&request) {
            (Answer::Put(Err(PutError::Version)), transmissions)
                if transmissions > 1 && self.fault != Fault::NeverMaybe =>
            {
                Err(PutError::Maybe)
            }
            (Answer::Put(answer), _) => answer,
            (Answer::Got(_), _) => Ok(()),
        };
        match self.fault {
            Fault::AlwaysMaybe => Err(PutError::Maybe),
            Fault::Injected => injected::put(answer),
            _ => answer,
        }
    }
}

impl Clerk {
    /// The answer, and the number of calls made for it.
    fn ask(&self, request: &Request) -> (Answer, usize) {
        if self.fault == Fault::AsksNobody {
            return (self.own.lock().answer(request.clone()), 1);
        }
        if self.fault == Fault::AnswersFromItsMap {
            let (Request::Get { key } | Request::Put { key, .. }) = request;
            let is_known = self.own.lock().get(key).is_some();
            let question = Request::Get { key: key.clone() };
            let answer = self.servers[0].ask(if is_known { &question } else { request });
            let own = self.own.lock().answer(request.clone());
            return (answer.and_then(Result::ok).filter(|_| !is_known).unwrap_or(own), 1);
        }
        if self.fault == Fault::DoesNotWait {
            let (server, question) = (self.servers[0].clone(), request.clone());
            thread::spawn(move || server.ask(&question));
            return (self.own.lock().answer(request.clone()), 1);
        }
        let mut server = self.leader.load(Ordering::Relaxed);
        let mut calls = 1;
        loop {
            if let Some(Ok(answer)) = self.servers[server].ask(request) {
                self.leader.store(server, Ordering::Relaxed);
                self.answers.fetch_add(1, Ordering::Relaxed);
                return (answer, calls);
            }
            if calls % self.servers.len() == 0 {
                thread::sleep(Duration::from_millis(50));
            }
            calls += 1;
            let stays = self.fault == Fault::NeverAsksAnother && self.answers.load(Ordering::Relaxed) > 0;
            if !stays {
                server = (server + 1) % self.servers.len();
            }
        }
    }
}
