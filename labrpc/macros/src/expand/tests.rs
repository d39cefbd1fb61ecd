//! The expansion of valid blocks, and the errors of invalid ones.

use proc_macro2::TokenStream;
use quote::quote;

use super::expand;

/// The tokens as text without white space, for searching.
fn text(tokens: &TokenStream) -> String {
    tokens.to_string().split_whitespace().collect()
}

fn expanded(item: TokenStream) -> String {
    let tokens = expand(&TokenStream::new(), item);
    syn::parse2::<syn::File>(tokens.clone()).expect("the expansion is Rust");
    let text = text(&tokens);
    assert!(!text.contains("compile_error"), "{text}");
    text
}

/// The messages of all errors, in order.
fn errors(item: TokenStream) -> Vec<String> {
    let file: syn::File = syn::parse2(expand(&TokenStream::new(), item)).expect("the expansion is Rust");
    file.items
        .iter()
        .filter_map(|item| match item {
            syn::Item::Macro(item) => Some(item.mac.parse_body::<syn::LitStr>().expect("a message").value()),
            _ => None,
        })
        .collect()
}

#[track_caller]
fn one_error(item: TokenStream, message: &str) {
    let errors = errors(item);
    assert_eq!(errors.len(), 1, "{errors:?}");
    assert!(errors[0].contains(message), "{:?} does not say {message:?}", errors[0]);
}

#[test]
fn a_block_becomes_a_service_and_a_client() {
    let text = expanded(quote! {
        impl Raft {
            fn request_vote(&self, args: RequestVoteArgs) -> RequestVoteReply { self.vote(args) }
        }
    });
    assert!(
        text.contains("fnrequest_vote(&self,args:RequestVoteArgs)->RequestVoteReply{self.vote(args)}"),
        "{text}"
    );
    assert!(text.contains("pub(crate)fnservice(self:&::std::sync::Arc<Self>)->::labrpc::Service"), "{text}");
    assert!(text.contains(r#"Service::new("Raft")"#), "{text}");
    assert!(text.contains(r#".method::<RequestVoteArgs,RequestVoteReply,_>("request_vote","#), "{text}");
    assert!(text.contains("pub(crate)traitRaftClient"), "{text}");
    assert!(
        text.contains(
            "fnrequest_vote(&self,args:&RequestVoteArgs)->::std::option::Option<RequestVoteReply>;"
        ),
        "{text}"
    );
    assert!(text.contains("implRaftClientfor::labrpc::ClientEnd"), "{text}");
    assert!(text.contains("#[track_caller]fnrequest_vote"), "a panic must name the student's line: {text}");
    assert!(text.contains(r#"call(self,"Raft.request_vote",args)"#), "{text}");
}

#[test]
fn attributes_stay_and_conditions_and_docs_are_repeated() {
    let text = expanded(quote! {
        impl Raft {
            /// Figure 2.
            #[cfg(feature = "snapshots")]
            #[inline]
            pub fn install(&self, args: A) -> R { todo!() }
        }
    });
    assert_eq!(text.matches(r#"#[cfg(feature="snapshots")]"#).count(), 4, "{text}");
    assert_eq!(text.matches("Figure2.").count(), 2, "{text}");
    assert_eq!(text.matches("#[inline]").count(), 1, "{text}");
}

#[test]
fn the_least_visible_handler_decides() {
    let all = expanded(quote! {
        impl Store { pub fn get(&self, args: Get) -> Got { todo!() } pub fn put(&self, args: Put) -> () {} }
    });
    assert!(all.contains("pubtraitStoreClient") && all.contains("pubfnservice"), "{all}");
    let some = expanded(quote! {
        impl Store { pub fn get(&self, args: Get) -> Got { todo!() } fn put(&self, args: Put) -> () {} }
    });
    assert!(some.contains("pub(crate)traitStoreClient") && some.contains("pub(crate)fnservice"), "{some}");
}

#[test]
fn arguments_by_reference_and_self_by_arc() {
    let text = expanded(quote! {
        impl Raft { fn append(self: &Arc<Self>, Entries { term, .. }: &Entries) -> Reply { todo!() } }
    });
    assert!(text.contains("move|args:Entries|Self::append(&this,&args)"), "{text}");
    assert!(text.contains("fnappend(&self,args:&Entries)->"), "{text}");
}

#[test]
fn functions_of_another_shape_are_refused() {
    one_error(quote! { impl R { async fn f(&self, a: A) -> B {} } }, "cannot be async");
    one_error(quote! { impl R { const fn f(&self, a: A) -> B {} } }, "cannot be const");
    one_error(quote! { impl R { unsafe fn f(&self, a: A) -> B {} } }, "cannot be unsafe");
    one_error(quote! { impl R { extern "C" fn f(&self, a: A) -> B {} } }, "cannot be extern");
    one_error(quote! { impl R { fn f<T>(&self, a: A) -> B {} } }, "cannot be generic");
    one_error(quote! { impl R { fn f(&self, a: A) -> B where A: Copy {} } }, "where clause");
    one_error(quote! { impl R { fn f(&self, a: A) {} } }, "has no return type");
    one_error(quote! { impl R { fn f(&mut self, a: A) -> B {} } }, "must take `&self`");
    one_error(quote! { impl R { fn f(self, a: A) -> B {} } }, "must take `&self`");
    one_error(quote! { impl R { fn f(self: Arc<Self>, a: A) -> B {} } }, "must take `&self`");
    one_error(quote! { impl R { fn f(a: A) -> B {} } }, "`f` has no receiver");
    one_error(quote! { impl R { fn f(&self) -> B {} } }, "takes no arguments");
    one_error(quote! { impl R { fn f(&self, a: A, b: A) -> B {} } }, "more than one argument");
    one_error(quote! { impl R { fn f(&self, a: &mut A) -> B {} } }, "cannot take `&mut`");
    one_error(quote! { impl R { fn f(&self, a: &'static A) -> B {} } }, "cannot name a lifetime");
    one_error(quote! { impl R { fn f(&self, a: Vec<Self>) -> B {} } }, "write the type's name");
    one_error(quote! { impl R { fn f(&self, a: A) -> impl Copy {} } }, "write the type's name");
    one_error(quote! { impl R { fn call(&self, a: A) -> B {} } }, "cannot be called `call`");
    one_error(quote! { impl R { fn service(&self, a: A) -> B {} } }, "cannot be called `service`");
}

#[test]
fn what_is_no_function_belongs_elsewhere() {
    one_error(quote! { impl R { const N: u8 = 1; } }, "move this to another impl block");
    one_error(quote! { impl R { type T = u8; } }, "move this to another impl block");
}

#[test]
fn items_of_another_shape_are_refused() {
    one_error(quote! { struct R; }, "belongs on an impl block");
    one_error(quote! { impl Clone for R { fn f(&self, a: A) -> B {} } }, "not a trait's");
    one_error(quote! { impl<T> R<T> { fn f(&self, a: A) -> B {} } }, "cannot be generic");
    one_error(quote! { impl R<u8> { fn f(&self, a: A) -> B {} } }, "cannot be generic");
    one_error(quote! { impl [u8] { fn f(&self, a: A) -> B {} } }, "a struct of this crate");
    one_error(quote! { impl R {} }, "needs an RPC handler");
}

#[test]
fn arguments_of_the_attribute_are_refused() {
    let block = quote! { impl R { fn f(&self, a: A) -> B {} } };
    let text = text(&expand(&quote!(name = "x"), block));
    assert!(text.contains("takesnoarguments"), "{text}");
}

/// Every invalid item is reported at once. The block itself stays, so that there are no further errors about
/// missing functions in the student's crate.
#[test]
fn all_errors_are_reported_and_the_block_stays() {
    let item = quote! {
        impl R {
            async fn f(&self, a: A) -> B {}
            fn g(&self, a: A) -> B {}
            fn h() {}
        }
    };
    let errors = errors(item.clone());
    assert_eq!(errors.len(), 2, "{errors:?}");
    assert!(text(&expand(&TokenStream::new(), item)).contains("fng(&self,a:A)->B{}"));
}
