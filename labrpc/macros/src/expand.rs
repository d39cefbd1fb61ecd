//! The expansion of an `impl` block of handlers: the service and the client trait.

use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{Error, ItemImpl, PathArguments, Result, Type};

use crate::handler::Handler;

/// The expansion of `#[labrpc::service]` on `item`: `item` itself, followed by the generated items or by all
/// errors.
pub(crate) fn expand(arguments: &TokenStream, item: TokenStream) -> TokenStream {
    match parse(arguments, item.clone()) {
        Ok((name, handlers)) => {
            let service = service(&name, &handlers);
            let client = client(&name, &handlers);
            quote! { #item #service #client }
        }
        Err(error) => {
            let error = error.into_compile_error();
            quote! { #item #error }
        }
    }
}

/// Parses the block into the type's name and its handlers.
fn parse(arguments: &TokenStream, item: TokenStream) -> Result<(Ident, Vec<Handler>)> {
    if !arguments.is_empty() {
        return Err(Error::new_spanned(arguments, "#[labrpc::service] takes no arguments"));
    }
    let whole = item.clone();
    let block: ItemImpl = syn::parse2(item).map_err(|_| {
        Error::new_spanned(whole, "#[labrpc::service] belongs on an impl block of RPC handlers")
    })?;
    let name = service_name(&block)?;

    let mut handlers = Vec::new();
    let mut wrong: Option<Error> = None;
    for item in &block.items {
        match Handler::from_item(item) {
            Ok(handler) => handlers.push(handler),
            Err(error) => match &mut wrong {
                Some(earlier) => earlier.combine(error),
                None => wrong = Some(error),
            },
        }
    }
    match wrong {
        Some(error) => Err(error),
        None if handlers.is_empty() => {
            Err(Error::new_spanned(&block.self_ty, "a #[labrpc::service] block needs an RPC handler"))
        }
        None => Ok((name, handlers)),
    }
}

fn service_name(block: &ItemImpl) -> Result<Ident> {
    if let Some((_, path, _)) = &block.trait_ {
        return Err(Error::new_spanned(
            path,
            "#[labrpc::service] belongs on a type's own impl block, not a trait's",
        ));
    }
    if !block.generics.params.is_empty() {
        return Err(Error::new_spanned(
            &block.generics,
            "a service cannot be generic: both ends of an RPC must know every type",
        ));
    }
    match block.self_ty.as_ref() {
        Type::Path(path) => match path.path.segments.last() {
            Some(last) if matches!(last.arguments, PathArguments::None) => Ok(last.ident.clone()),
            _ => {
                Err(Error::new_spanned(path, "a service cannot be generic: name one type without parameters"))
            }
        },
        other => Err(Error::new_spanned(other, "a service is a struct of this crate")),
    }
}

/// The visibility of the generated items: that of the least visible handler.
fn visibility(handlers: &[Handler]) -> TokenStream {
    if handlers.iter().all(|handler| handler.is_pub) { quote!(pub) } else { quote!(pub(crate)) }
}

fn service(name: &Ident, handlers: &[Handler]) -> TokenStream {
    let visibility = visibility(handlers);
    let service_name = name.to_string();
    let about = format!("The RPC service `{name}`, for `labrpc::Server::add_service`.");
    let methods = handlers.iter().map(|handler| {
        let Handler { name, args, reply, .. } = handler;
        let cfg = handler.attributes.iter().filter(|attribute| attribute.path().is_ident("cfg"));
        let method = name.to_string();
        let pass = if handler.by_reference { quote!(&args) } else { quote!(args) };
        // With the span of the types, so that a missing `Serialize` is reported there.
        let types = quote_spanned!(args.span()=> ::<#args, #reply, _>);
        // With the span of the handler, whose line is then the location of the method.
        let add = quote_spanned!(name.span()=> method);
        let arguments = quote_spanned! {name.span()=>
            (#method, move |args: #args| Self::#name(&this, #pass))
        };
        quote! {
            #(#cfg)*
            let service = {
                let this = ::std::sync::Arc::clone(self);
                service.#add #types #arguments
            };
        }
    });
    quote! {
        impl #name {
            #[doc = #about]
            #visibility fn service(self: &::std::sync::Arc<Self>) -> ::labrpc::Service {
                let service = ::labrpc::Service::new(#service_name);
                #(#methods)*
                service
            }
        }
    }
}

fn client(name: &Ident, handlers: &[Handler]) -> TokenStream {
    let visibility = visibility(handlers);
    let client = format_ident!("{name}Client");
    let about =
        format!("The RPCs of `{name}`, as called at an end point that leads to a server with that service.");
    let declarations = handlers.iter().map(|handler| {
        let Handler { name, attributes, args, reply, .. } = handler;
        quote! {
            #(#attributes)*
            #[track_caller]
            fn #name(&self, args: &#args) -> ::std::option::Option<#reply>;
        }
    });
    let definitions = handlers.iter().map(|handler| {
        let Handler { name: method, args, reply, .. } = handler;
        let cfg = handler.attributes.iter().filter(|attribute| attribute.path().is_ident("cfg"));
        let full_name = format!("{name}.{method}");
        quote! {
            #(#cfg)*
            #[track_caller]
            fn #method(&self, args: &#args) -> ::std::option::Option<#reply> {
                ::labrpc::ClientEnd::call(self, #full_name, args)
            }
        }
    });
    quote! {
        #[doc = #about]
        // The trait is visible in the whole crate, but its types perhaps only in a module. And the argument
        // is a reference to the handler's type, even if that is a `String`.
        #[allow(private_interfaces, clippy::ptr_arg)]
        #visibility trait #client {
            #(#declarations)*
        }

        #[allow(private_interfaces, clippy::ptr_arg)]
        impl #client for ::labrpc::ClientEnd {
            #(#definitions)*
        }
    }
}

#[cfg(test)]
mod tests;
