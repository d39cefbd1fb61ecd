//! The `#[labrpc::service]` attribute, which `labrpc` re-exports and documents.
//!
//! In reading order: `handler` takes the handlers out of an `impl` block and says what is wrong
//! with those that are none; `expand` writes the service and the client trait.

#![warn(missing_docs)]

mod expand;
mod handler;

use proc_macro::TokenStream;

/// Makes an `impl` block of RPC handlers into a service, and a trait for calling it.
///
/// ```text
/// #[labrpc::service]
/// impl Raft {
///     fn request_vote(&self, args: RequestVoteArgs) -> RequestVoteReply { .. }
/// }
/// ```
///
/// Each function of the block is a handler: `fn name(&self, args: Args) -> Reply`, or `args: &Args`,
/// or with `self: &Arc<Self>` for a handler that starts threads of its own. The types derive
/// `Serialize` and `Deserialize`. The block stays as it is; beside it come
///
/// - `Raft::service(self: &Arc<Self>) -> labrpc::Service`, which is named after the type (`Raft`) and
///   goes to `labrpc::Server::add_service`;
/// - `trait RaftClient`, which `labrpc::ClientEnd` implements, with one function a handler:
///   `fn request_vote(&self, args: &RequestVoteArgs) -> Option<RequestVoteReply>`.
///
/// Both are `pub` if every handler is, else `pub(crate)`. What is not a handler belongs in another
/// `impl` block; a block with something else does not compile.
#[proc_macro_attribute]
pub fn service(arguments: TokenStream, item: TokenStream) -> TokenStream {
    expand::expand(&arguments.into(), item.into()).into()
}
