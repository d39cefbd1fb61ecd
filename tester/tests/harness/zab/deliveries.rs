//! [`Deliveries`]: what a double hands to its service.

use labapi::{Delivery, Zxid};
use labrt::channel::{SendError, Sender};
use labrt::sync::Mutex;

use super::LOST;
use super::fault::Fault;

/// Stands between the reference's server and the service.
pub struct Deliveries {
    fault: Fault,
    me: usize,
    /// Whether the server has started with something in its storage.
    has_state: bool,
    service: Sender<Delivery>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    count: u64,
    /// What was delivered before its time.
    early: Vec<Zxid>,
}

impl Deliveries {
    pub fn new(fault: Fault, me: usize, has_state: bool, service: Sender<Delivery>) -> Self {
        Self { fault, me, has_state, service, state: Mutex::default() }
    }

    /// Delivers a transaction that was only proposed.
    pub fn deliver_at_once(&self, zxid: Zxid, transaction: Vec<u8>) {
        self.state.lock().early.push(zxid);
        let _ = self.service.send(Delivery::Transaction { zxid, transaction });
    }

    /// Hands a message of the server on.
    pub fn forward(&self, message: Delivery) -> Result<(), SendError<Delivery>> {
        match message {
            Delivery::Transaction { zxid, transaction } => self.transaction(zxid, transaction),
            Delivery::Snapshot { zxid, mut snapshot } => {
                if self.fault == Fault::AltersSnapshots && self.me == 1 {
                    snapshot.push(0);
                }
                self.service.send(Delivery::Snapshot { zxid, snapshot })
            }
        }
    }

    fn transaction(&self, zxid: Zxid, mut transaction: Vec<u8>) -> Result<(), SendError<Delivery>> {
        LOST.with(|lost| lost.borrow_mut().retain(|lost| lost.transaction != transaction));
        let number = {
            let mut state = self.state.lock();
            state.count += 1;
            if state.early.contains(&zxid) {
                return Ok(());
            }
            state.count
        };
        let copies = match self.fault {
            Fault::DeliversNothing => 0,
            Fault::RestartsInVain if self.has_state => 0,
            Fault::AllSkip if number.is_multiple_of(3) => 0,
            Fault::AllRepeat => 2,
            Fault::Repeats if self.me == 1 => 2,
            _ => 1,
        };
        if self.fault == Fault::AllInvent || (self.fault == Fault::Alters && self.me == 1) {
            transaction = b"another one".to_vec();
        }
        (0..copies).try_for_each(|_| {
            self.service.send(Delivery::Transaction { zxid, transaction: transaction.clone() })
        })
    }
}
