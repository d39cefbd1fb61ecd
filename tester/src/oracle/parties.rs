//! [`Parties`]: who calls whom through which end point of the network.

use crate::words::Lived;

/// Who calls through an end point.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Owner {
    /// A server's number, or a client's and [`CLIENT`].
    number: u32,
    /// Of a server.
    life: u32,
}

/// Marks the number of a client.
const CLIENT: u32 = 1 << 31;

impl Owner {
    pub fn of_server(who: Lived) -> Self {
        let number = u32::try_from(who.server).expect("a cluster is small");
        Self { number, life: who.life }
    }

    pub fn of_client(number: u32) -> Self {
        Self { number: number | CLIENT, life: 0 }
    }

    /// The server that it is.
    pub fn server(self) -> Option<usize> {
        (self.number & CLIENT == 0).then_some(self.number as usize)
    }

    /// The client that it is.
    pub fn client(self) -> Option<u32> {
        (self.number & CLIENT != 0).then_some(self.number & !CLIENT)
    }
}

/// All end points of the run, by number, and the present life of each server.
pub(super) struct Parties {
    ends: Vec<(Owner, usize)>,
    lives: Vec<u32>,
}

impl Parties {
    pub fn new(servers: usize) -> Self {
        Self { ends: Vec::new(), lives: vec![0; servers] }
    }

    /// A server begins another life.
    pub fn begin_life(&mut self, who: Lived) {
        self.lives[who.server] = who.life;
    }

    /// There is an end point of this number through which `owner` calls the server `to`. They are numbered
    /// as they are made.
    pub fn add_end(&mut self, number: u32, owner: Owner, to: usize) {
        let position = number as usize;
        if position >= self.ends.len() {
            self.ends.resize(position + 1, (owner, to));
        }
        self.ends[position] = (owner, to);
    }

    /// From whom and to whom an end point leads.
    ///
    /// # Panics
    ///
    /// Panics if nobody has told of it.
    pub fn of_end(&self, number: u32) -> (Owner, usize) {
        self.ends[number as usize]
    }

    /// Whether a server is still in that life. Clients have but one.
    pub fn lives(&self, owner: Owner) -> bool {
        owner.server().is_none_or(|server| self.lives[server] == owner.life)
    }
}
