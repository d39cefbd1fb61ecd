//! Whoever leads does what it is asked, and the others do not learn of it.

use std::collections::HashMap;
use std::sync::Arc;

use labapi::{
    ApplyMsg, Clerk, KvRaft, PutError, Raft, Replica, ReplicaServer, Rsm, StateMachine, Version, Versioned,
    WrongLeader,
};
use labrpc::ClientEnd;
use labrt::sync::Mutex;

/// What the tests run.
pub const SOLUTION: KvRaft = KvRaft { make_rsm, make_server, make_clerk };

struct Alone {
    raft: Arc<dyn Raft>,
    machine: Mutex<Box<dyn StateMachine>>,
}

impl Rsm for Alone {
    fn submit(&self, request: Vec<u8>) -> Result<Vec<u8>, WrongLeader> {
        if !self.raft.get_state().is_leader {
            return Err(WrongLeader);
        }
        Ok(self.machine.lock().do_op(&request))
    }

    fn raft(&self) -> Arc<dyn Raft> {
        Arc::clone(&self.raft)
    }
}

/// The Raft of a replica, of which nobody looks at what it delivers.
fn make_raft(replica: Replica) -> Arc<dyn Raft> {
    let (service, messages) = labrt::channel::unbounded::<ApplyMsg>();
    labrt::thread::spawn(move || for _ in messages.iter() {});
    (replica.make_raft)(replica.peers, replica.me, replica.persister, service)
}

fn make_rsm(replica: Replica, machine: Box<dyn StateMachine>) -> Arc<dyn Rsm> {
    Arc::new(Alone { raft: make_raft(replica), machine: Mutex::new(machine) })
}

type Map = HashMap<String, Versioned>;

struct Server {
    raft: Arc<dyn Raft>,
    map: Mutex<Map>,
}

#[labrpc::service]
impl Server {
    fn get(&self, key: String) -> Option<Versioned> {
        self.map.lock().get(&key).cloned()
    }

    fn put(&self, (key, value, version): (String, String, Version)) -> Result<(), PutError> {
        let mut map = self.map.lock();
        let now = map.get(&key).map_or(Version(0), |found| found.version);
        if now != version {
            return Err(if now == Version(0) { PutError::NoKey } else { PutError::Version });
        }
        map.insert(key, Versioned { value, version: version.next() });
        Ok(())
    }
}

impl ReplicaServer for Server {
    fn raft(&self) -> Arc<dyn Raft> {
        Arc::clone(&self.raft)
    }

    fn kill(&self) {
        self.raft.kill();
    }

    fn services(self: Arc<Self>) -> Vec<labrpc::Service> {
        let mut services = Arc::clone(&self.raft).services();
        services.push(self.service());
        services
    }
}

fn make_server(replica: Replica) -> Arc<dyn ReplicaServer> {
    Arc::new(Server { raft: make_raft(replica), map: Mutex::new(Map::new()) })
}

/// Calls the first server alone.
struct ToTheFirst(ClientEnd);

fn make_clerk(mut servers: Vec<ClientEnd>) -> Arc<dyn Clerk> {
    Arc::new(ToTheFirst(servers.swap_remove(0)))
}

impl Clerk for ToTheFirst {
    fn get(&self, key: &str) -> Option<Versioned> {
        loop {
            if let Some(answer) = self.0.get(&key.to_owned()) {
                return answer;
            }
        }
    }

    fn put(&self, key: &str, value: &str, version: Version) -> Result<(), PutError> {
        let request = (key.to_owned(), value.to_owned(), version);
        let mut asked = false;
        loop {
            match self.0.put(&request) {
                Some(Err(PutError::Version)) if asked => return Err(PutError::Maybe),
                Some(answer) => return answer,
                None => asked = true,
            }
        }
    }
}
