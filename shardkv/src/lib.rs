//! A key/value service whose keys are spread over groups of servers, which come and go while it is used.
//!
//! # The service in a page
//!
//! The keys are divided into twelve *shards*. A *group* of servers owns some of them, and serves their keys:
//! it is a replicated state machine over Raft, as in lab 4, so it goes on as long as a majority of its
//! servers is up. A *configuration* says which group owns which shard. It has a number, which goes up by one
//! with each change. More groups do more work, for each has its own leader and its own log.
//!
//! **A shard on a group** (`shard.rs`, `store.rs`). It is absent, served, or frozen. Requests for its keys
//! are done only while it is served. Else the answer is "wrong group", and the client asks elsewhere.
//!
//! **A move** has three steps, and each is a request in the log of a group. *Freeze*: the old owner stops
//! serving the shard, and gives out its keys. *Install*: the new owner takes them, and serves the shard.
//! *Delete*: the old owner forgets them. So there is always one copy that may be written, or none for a
//! moment; and always one that is kept.
//!
//! **Numbers.** A step carries the number of the configuration that it belongs to, and a shard remembers the
//! highest number that it has seen on a group. A step of an earlier configuration is refused: it comes from a
//! controller that is late. The same step again changes nothing, and is answered as before. With that, anyone
//! may repeat a move from its beginning, and several may do so at a time.
//!
//! **The controller** (`controller.rs`) changes the configuration. It is not a server but a library: whoever
//! changes the configuration is the controller. It announces the next configuration, moves the shards, and
//! makes the next one the present one. Both are keys of a key/value server. A put names the version that it
//! replaces; so of several controllers that announce different configurations one wins. If a controller ends
//! in the midst of a change, the next one finds what was announced, and does all of it again.
//!
//! **The clerk** (`clerk.rs`) keeps a copy of the configuration, and asks the group that owns the key. If
//! that is the wrong one, or none of its servers answers, it reads the configuration again.
//!
//! **A group, seen from outside** (`group.rs`): the clerk and the controller both have to find its leader.
//!
//! # How it runs
//!
//! Everything that a group does is in its log: gets, puts, and the steps of moves. So all its servers do it
//! at the same point, between the same two requests. A snapshot has all shards with their keys, their
//! numbers, and whether they are frozen: a server that starts from it must refuse what it has refused before.
//!
//! # What was left out
//!
//! - Moving several shards at a time. A move is some round trips, and shards that stay are served meanwhile.
//! - Moving large shards in pieces.
//! - A replicated server for the configurations. It is one server, which never fails.
//! - A configuration without groups. Its shards have no owner, and their keys are gone when it is present.

#![warn(missing_docs)]

// In reading order.
mod messages;

mod shard;

mod store;

mod server;

mod group;

mod controller;

mod clerk;

use labapi::ShardKv;

/// The reference, as the tester and the command line know it.
pub const SOLUTION: ShardKv =
    ShardKv { make_server: server::make, make_controller: controller::make, make_clerk: clerk::make };
