//! [`Scenario`]: the clients and the faults of a test in rounds.

/// The clients, keys and faults of a test.
#[derive(Clone, Copy)]
pub(crate) struct Scenario {
    pub clients: usize,
    pub crashes: bool,
    pub partitions: bool,
    pub random_keys: bool,
}

impl Scenario {
    /// So many clients, without faults.
    pub const fn clients(clients: usize) -> Self {
        Self { clients, crashes: false, partitions: false, random_keys: false }
    }

    /// In addition, all servers crash after each round.
    pub const fn crashes(self) -> Self {
        Self { crashes: true, ..self }
    }

    /// In addition, the servers are partitioned at random, from a second after the clients have begun.
    pub const fn partitions(self) -> Self {
        Self { partitions: true, ..self }
    }

    /// The clients draw a key for each operation.
    pub const fn random_keys(self) -> Self {
        Self { random_keys: true, ..self }
    }
}
