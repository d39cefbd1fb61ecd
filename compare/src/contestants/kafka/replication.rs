//! How entries come to all replicas in sync, and are committed.

use std::time::Duration;

use labrt::thread;
use labrt::time::Instant;

use super::broker::{Broker, BrokerClient, State};
use super::messages::{Entry, Fetch, Fetched};
use crate::replica::Write;

/// How long a fetch waits at the leader for something new.
const FETCH_WAIT: Duration = Duration::from_millis(100);

/// How long a follower waits before it asks again, if it got nothing.
const RETRY: Duration = Duration::from_millis(20);

/// The leader's side.
impl Broker {
    /// Appends a write, if this broker leads and enough replicas are in sync.
    pub fn append(&self, write: Write) -> bool {
        let mut state = self.state.lock();
        if !state.leads(self.me) || state.assignment.isr.len() < self.min_isr {
            return false;
        }
        let (offset, epoch) = (state.log.len(), state.assignment.epoch);
        state.log.push(Entry { epoch, write });
        state.taken.insert(offset, write);
        self.commit(&mut state);
        self.news.notify_all();
        true
    }

    pub fn handle_fetch(&self, fetch: &Fetch) -> Fetched {
        let mut state = self.state.lock();
        let leads = |state: &State| state.leads(self.me) && state.assignment.epoch == fetch.epoch;
        if !leads(&state) {
            return Fetched::Refused;
        }
        let is_beginning = match fetch.offset.checked_sub(1) {
            None => true,
            Some(last) => state.log.get(last).is_some_and(|entry| entry.epoch == fetch.last_epoch),
        };
        if !is_beginning {
            // What both have of the follower's last epoch and of earlier ones is the same.
            let shared = state.log.partition_point(|entry| entry.epoch <= fetch.last_epoch);
            return Fetched::Truncate { length: shared.min(fetch.offset - 1) };
        }
        let length = state.log.len();
        if let Some(follower) = state.followers.get_mut(&fetch.follower) {
            follower.offset = fetch.offset;
            if fetch.offset == length {
                follower.caught_up = Instant::now();
            }
        }
        self.commit(&mut state);
        let until = Instant::now() + FETCH_WAIT;
        while leads(&state)
            && (state.log.len(), state.high_watermark) == (fetch.offset, fetch.high_watermark)
            && !self.news.wait_until(&mut state, until).timed_out()
        {}
        if !leads(&state) {
            return Fetched::Refused;
        }
        let entries = state.log.get(fetch.offset..).unwrap_or_default().to_vec();
        Fetched::Entries { entries, high_watermark: state.high_watermark }
    }

    /// Commits what all replicas in sync have, and answers the clients.
    pub fn commit(&self, state: &mut State) {
        if !state.leads(self.me) {
            return;
        }
        let in_sync = state.assignment.isr.union(&state.joining).filter(|replica| **replica != self.me);
        let offsets = in_sync.map(|replica| state.followers.get(replica).map_or(0, |it| it.offset));
        let committed = offsets.min().unwrap_or(usize::MAX).min(state.log.len());
        if committed <= state.high_watermark {
            return;
        }
        state.high_watermark = committed;
        let later = state.taken.split_off(&committed);
        let done = std::mem::replace(&mut state.taken, later);
        // Of the others the client is told that the outcome is unknown.
        let is_certain = |offset: &usize| {
            state.assignment.isr.len() >= self.min_isr && state.log[*offset].epoch == state.assignment.epoch
        };
        let certain = done.into_iter().filter(|(offset, _)| is_certain(offset));
        certain.for_each(|(_, write)| self.outcomes.acknowledge(write));
        self.news.notify_all();
    }
}

/// The follower's side.
impl Broker {
    /// Follows the leader of an epoch, until that is over.
    pub fn follow(&self, epoch: u64) {
        loop {
            let (leader, fetch) = {
                let state = self.state.lock();
                let present = &state.assignment;
                let leader = present.leader.filter(|leader| *leader != self.me && present.epoch == epoch);
                let Some(leader) = leader.filter(|_| !state.stopped) else { return };
                let fetch = Fetch {
                    follower: self.me,
                    epoch,
                    offset: state.log.len(),
                    last_epoch: state.log.last().map_or(0, |entry| entry.epoch),
                    high_watermark: state.high_watermark,
                };
                (leader, fetch)
            };
            if !self.fetch_once(leader, &fetch) {
                thread::sleep(RETRY);
            }
        }
    }

    /// Asks the leader for what comes next. Returns whether it answered.
    fn fetch_once(&self, leader: usize, fetch: &Fetch) -> bool {
        let Some(fetched) = self.peers[leader].fetch(fetch) else { return false };
        let mut state = self.state.lock();
        // The assignment may have changed meanwhile.
        if state.assignment.epoch != fetch.epoch {
            return true;
        }
        match fetched {
            Fetched::Entries { entries, high_watermark } => {
                state.log.extend(entries);
                state.high_watermark = high_watermark.min(state.log.len());
                true
            }
            Fetched::Truncate { length } => {
                state.log.truncate(length);
                state.high_watermark = state.high_watermark.min(length);
                // What was taken here and is cut off will not be committed any more.
                let cut_off = state.taken.split_off(&length);
                cut_off.into_values().for_each(|write| self.outcomes.fail(write));
                true
            }
            Fetched::Refused => false,
        }
    }
}
