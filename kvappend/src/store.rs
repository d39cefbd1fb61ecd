//! The state machine of the service: keys with their texts, and the duplicate table.
//!
//! It does the same on every replica, for it looks at nothing but its state and the request.

use std::collections::BTreeMap;

use labapi::StateMachine;
use serde::{Deserialize, Serialize};

/// Identifies a clerk: a random number. If clerks counted, two of them would have the same numbers.
pub(crate) type ClientId = u64;

/// The position of a put or append among those of its client, from 1.
pub(crate) type SequenceNumber = u64;

/// A client's request.
///
/// A get goes through the log as well. A leader may have been deposed without knowing it; if it answered
/// from its own copy, the answer could be out of date (§8).
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum Request {
    /// Answered by the text.
    Get(GetArgs),
    /// Answered by nothing: it is done.
    Put(ChangeArgs),
    /// Answered by nothing: it is done.
    Append(ChangeArgs),
}

/// The text of a key. The request needs no number: it may be executed again.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct GetArgs {
    pub(crate) key: String,
}

/// A text for a key, to be put or appended once.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct ChangeArgs {
    pub(crate) key: String,
    pub(crate) value: String,
    pub(crate) client: ClientId,
    /// The same in all transmissions of the request.
    pub(crate) number: SequenceNumber,
}

/// One replica's copy of the service.
///
/// The maps are in order, so that the same state always gives the same snapshot.
#[derive(Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Store {
    /// The texts of the keys that were put or appended to.
    keys: BTreeMap<String, String>,
    /// The duplicate table: the last put or append of each client that was executed.
    done: BTreeMap<ClientId, SequenceNumber>,
}

impl StateMachine for Store {
    fn do_op(&mut self, request: &[u8]) -> Vec<u8> {
        match labgob::decode(request).expect("all requests were encoded by a server") {
            Request::Get(args) => labgob::encode(&self.get(&args)),
            Request::Put(args) => labgob::encode(&self.once(args, |text, value| *text = value)),
            Request::Append(args) => labgob::encode(&self.once(args, |text, value| text.push_str(&value))),
        }
        .expect("strings can be encoded")
    }

    fn snapshot(&self) -> Vec<u8> {
        labgob::encode(self).expect("strings and numbers can be encoded")
    }

    fn restore(&mut self, snapshot: &[u8]) {
        *self = labgob::decode(snapshot).expect("these bytes were made by `snapshot`");
    }
}

impl Store {
    fn get(&self, args: &GetArgs) -> String {
        self.keys.get(&args.key).cloned().unwrap_or_default()
    }

    /// Changes the text of a key, unless this was done before.
    ///
    /// Not only the last request may come again: a copy of an earlier one may have been on its way since, or
    /// in the log.
    fn once(&mut self, args: ChangeArgs, change: impl FnOnce(&mut String, String)) {
        let last = self.done.entry(args.client).or_default();
        if args.number > *last {
            *last = args.number;
            change(self.keys.entry(args.key).or_default(), args.value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn args(client: ClientId, number: SequenceNumber, value: &str) -> ChangeArgs {
        ChangeArgs { key: "k".to_owned(), value: value.to_owned(), client, number }
    }

    /// The text of the key after these requests.
    fn after(store: &mut Store, requests: Vec<Request>) -> String {
        for request in requests {
            store.do_op(&labgob::encode(&request).unwrap());
        }
        let get = Request::Get(GetArgs { key: "k".to_owned() });
        labgob::decode(&store.do_op(&labgob::encode(&get).unwrap())).unwrap()
    }

    #[test]
    fn each_request_takes_effect_once() {
        use Request::{Append, Put};

        let mut store = Store::default();
        assert_eq!(after(&mut store, vec![]), "", "a key that does not exist");
        assert_eq!(after(&mut store, vec![Append(args(1, 1, "a")), Append(args(1, 1, "a"))]), "a");
        assert_eq!(after(&mut store, vec![Append(args(2, 1, "b"))]), "ab", "another client's first");
        assert_eq!(after(&mut store, vec![Put(args(1, 2, "c")), Append(args(2, 2, "d"))]), "cd");
        assert_eq!(after(&mut store, vec![Put(args(1, 2, "c"))]), "cd", "a late copy of the last request");
        assert_eq!(after(&mut store, vec![Append(args(1, 1, "a"))]), "cd", "and of an earlier one");
        assert_eq!(after(&mut store, vec![Append(args(1, 3, "e"))]), "cde");
    }

    #[test]
    fn a_snapshot_has_the_keys_and_the_duplicate_table() {
        let mut store = Store::default();
        after(&mut store, (1..=5).map(|client| Request::Append(args(client, 1, "a"))).collect());
        let snapshot = store.snapshot();
        assert!(snapshot.len() <= 2 + 8 + 5 * 10, "{} bytes for a key and five clients", snapshot.len());

        let mut other = Store::default();
        after(&mut other, vec![Request::Put(args(7, 1, "b"))]);
        other.restore(&snapshot);
        assert_eq!(other, store, "nothing is lost, and nothing is left over");
        assert_eq!(after(&mut other, vec![Request::Append(args(3, 1, "a"))]), "aaaaa");
    }
}
