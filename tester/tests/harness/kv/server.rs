//! The double's servers: a single one, and one of a replicated group.

use std::sync::Arc;
use std::time::Duration;

use labapi::{PutError, Raft, Replica, ReplicaServer, Rsm, StateMachine, WrongLeader};
use labrpc::Service;
use labrt::thread;
use parking_lot::Mutex;

use super::fault::Fault;
use super::rsm;
use super::store::{Answer, Request, Store};

pub struct Server {
    fault: Fault,
    store: Arc<Mutex<Store>>,
    /// `None`: the server is not replicated.
    rsm: Option<Arc<dyn Rsm>>,
}

/// The store, shared with the server.
struct Machine(Arc<Mutex<Store>>);

impl StateMachine for Machine {
    fn do_op(&mut self, request: &[u8]) -> Vec<u8> {
        self.0.lock().do_op(request)
    }

    fn snapshot(&self) -> Vec<u8> {
        self.0.lock().snapshot()
    }

    fn restore(&mut self, snapshot: &[u8]) {
        self.0.lock().restore(snapshot);
    }
}

pub fn make_single(fault: Fault) -> Vec<Service> {
    let store = Arc::new(Mutex::new(Store::new(fault)));
    vec![Arc::new(Server { fault, store, rsm: None }).service()]
}

pub fn make_replica(fault: Fault, replica: Replica) -> Arc<dyn ReplicaServer> {
    let store = Arc::new(Mutex::new(Store::new(fault)));
    let rsm = rsm::make(fault, replica, Box::new(Machine(Arc::clone(&store))));
    Arc::new(Server { fault, store, rsm: Some(rsm) })
}

#[labrpc::service]
impl Server {
    fn ask(&self, request: Request) -> Result<Answer, WrongLeader> {
        match self.fault {
            Fault::Slow => thread::sleep(Duration::from_millis(50)),
            Fault::VerySlow => thread::sleep(Duration::from_secs(3)),
            _ => {}
        }
        let Some(rsm) = &self.rsm else { return Ok(self.store.lock().answer(request)) };
        let from_here = match self.fault {
            Fault::ReadsFromFollowers => true,
            Fault::ReadsFromLeader => rsm.raft().get_state().is_leader,
            _ => false,
        };
        let from_here = from_here && matches!(request, Request::Get { .. });
        if from_here || self.fault == Fault::AsksNoOtherServer {
            return Ok(self.store.lock().answer(request));
        }
        let answer = rsm.submit(labgob::encode(&request).expect("a request"))?;
        if answer.is_empty() {
            return Ok(match request {
                Request::Get { .. } => Answer::Got(None),
                Request::Put { .. } => Answer::Put(Err(PutError::Maybe)),
            });
        }
        Ok(labgob::decode(&answer).expect("an answer"))
    }
}

impl Server {
    fn rsm(&self) -> &Arc<dyn Rsm> {
        self.rsm.as_ref().expect("the server has others")
    }
}

impl ReplicaServer for Server {
    fn raft(&self) -> Arc<dyn Raft> {
        self.rsm().raft()
    }

    fn kill(&self) {
        self.raft().kill();
    }

    fn services(self: Arc<Self>) -> Vec<Service> {
        let mut services = self.rsm().raft().services();
        services.push(self.service());
        services
    }
}
