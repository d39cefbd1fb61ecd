//! The `#[labrpc::service]` attribute, which `labrpc` re-exports and documents.
//!
//! In reading order: `handler` parses the handlers of an `impl` block and reports functions that are none;
//! `expand` generates the service and the client trait.

#![warn(missing_docs)]

mod expand;
mod handler;

use proc_macro::TokenStream;

/// Turns an `impl` block of RPC handlers into a service, and makes a trait for calling it.
///
/// ```text
/// #[labrpc::service]
/// impl Raft {
///     fn request_vote(&self, args: RequestVoteArgs) -> RequestVoteReply { .. }
/// }
/// ```
///
/// Each function of the block is a handler: `fn name(&self, args: Args) -> Reply`, or `args: &Args`, or with
/// `self: &Arc<Self>` for a handler that starts threads. The types derive `Serialize` and `Deserialize`. The
/// block does not change. The attribute adds
///
/// - `Raft::service(self: &Arc<Self>) -> labrpc::Service`, for `labrpc::Server::add_service`; the service has
///   the name of the type (`Raft`);
/// - `trait RaftClient`, which `labrpc::ClientEnd` implements, with one function a handler:
///   `fn request_vote(&self, args: &RequestVoteArgs) -> Option<RequestVoteReply>`.
///
/// Both are `pub` if every handler is, else `pub(crate)`. A block with an item that is not a handler does not
/// compile: move the item to another `impl` block.
#[proc_macro_attribute]
pub fn service(arguments: TokenStream, item: TokenStream) -> TokenStream {
    expand::expand(&arguments.into(), item.into()).into()
}
