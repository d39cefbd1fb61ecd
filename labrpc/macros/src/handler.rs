//! [`Handler`]: the parts of an RPC handler, and the errors for functions that are none.

use proc_macro2::{Ident, TokenStream, TokenTree};
use quote::ToTokens;
use syn::spanned::Spanned;
use syn::{Attribute, Error, FnArg, ImplItem, ImplItemFn, Receiver, Result, ReturnType, Type, Visibility};

/// Names of functions of `ClientEnd` and of the expansion, which handlers cannot have.
const RESERVED: [&str; 2] = ["call", "service"];

/// An RPC handler.
pub(crate) struct Handler {
    pub(crate) name: Ident,
    /// The documentation and the `cfg` conditions, which the generated functions get too.
    pub(crate) attributes: Vec<Attribute>,
    pub(crate) is_pub: bool,
    /// The type of the arguments; `Args` for `args: &Args`.
    pub(crate) args: Type,
    /// Whether the handler takes its arguments by reference.
    pub(crate) by_reference: bool,
    pub(crate) reply: Type,
}

impl Handler {
    /// Parses an item of the `impl` block.
    ///
    /// # Errors
    ///
    /// The first way in which the item is not a handler, with its span.
    pub(crate) fn from_item(item: &ImplItem) -> Result<Self> {
        let ImplItem::Fn(function) = item else {
            return Err(Error::new(
                item.span(),
                "a #[labrpc::service] block holds RPC handlers only: move this to another impl block",
            ));
        };
        check_signature(function)?;
        let (args, by_reference) = args(function)?;
        Ok(Self {
            name: function.sig.ident.clone(),
            attributes: function.attrs.iter().filter(|attribute| is_repeated(attribute)).cloned().collect(),
            is_pub: matches!(function.vis, Visibility::Public(_)),
            args,
            by_reference,
            reply: reply(function)?,
        })
    }
}

fn is_repeated(attribute: &Attribute) -> bool {
    ["doc", "cfg"].iter().any(|name| attribute.path().is_ident(name))
}

fn check_signature(function: &ImplItemFn) -> Result<()> {
    let signature = &function.sig;
    let name = &signature.ident;
    let refuse = |at: &dyn ToTokens, why: String| Err(Error::new_spanned(at, why));
    if let Some(keyword) = &signature.asyncness {
        return refuse(
            keyword,
            format!("RPC handler `{name}` cannot be async: it runs on its own thread and may block"),
        );
    }
    if let Some(keyword) = &signature.constness {
        return refuse(keyword, format!("RPC handler `{name}` cannot be const"));
    }
    if let Some(keyword) = &signature.unsafety {
        return refuse(keyword, format!("RPC handler `{name}` cannot be unsafe: the network calls it"));
    }
    if let Some(keyword) = &signature.abi {
        return refuse(keyword, format!("RPC handler `{name}` cannot be extern"));
    }
    if !signature.generics.params.is_empty() {
        return refuse(
            &signature.generics,
            format!("RPC handler `{name}` cannot be generic: the bytes of a message do not name their type"),
        );
    }
    if let Some(clause) = &signature.generics.where_clause {
        return refuse(clause, format!("RPC handler `{name}` cannot have a where clause"));
    }
    if RESERVED.iter().any(|reserved| name == reserved) {
        return refuse(name, format!("an RPC handler cannot be called `{name}`: labrpc uses that name"));
    }
    match signature.inputs.first() {
        Some(FnArg::Receiver(receiver)) if is_shared(receiver) => Ok(()),
        Some(FnArg::Receiver(receiver)) => refuse(
            receiver,
            format!(
                "RPC handler `{name}` must take `&self` (or `self: &Arc<Self>`): handlers of one server run \
                 concurrently, so what they change must be behind a lock"
            ),
        ),
        _ => refuse(
            name,
            format!(
                "`{name}` has no receiver: an RPC handler is `fn {name}(&self, args: Args) -> Reply`; move \
                 other functions to another impl block"
            ),
        ),
    }
}

/// `&self` or `self: &Arc<Self>`.
fn is_shared(receiver: &Receiver) -> bool {
    match receiver.ty.as_ref() {
        Type::Reference(reference) if reference.mutability.is_none() => match reference.elem.as_ref() {
            Type::Path(path) => path
                .path
                .segments
                .last()
                .is_some_and(|segment| segment.ident == "Self" || segment.ident == "Arc"),
            _ => false,
        },
        _ => false,
    }
}

fn args(function: &ImplItemFn) -> Result<(Type, bool)> {
    let name = &function.sig.ident;
    let shape = "an RPC handler takes one argument, a struct";
    let mut inputs = function.sig.inputs.iter().skip(1);
    let Some(FnArg::Typed(first)) = inputs.next() else {
        return Err(Error::new(name.span(), format!("`{name}` takes no arguments: {shape}")));
    };
    if let Some(second) = inputs.next() {
        return Err(Error::new(second.span(), format!("`{name}` takes more than one argument: {shape}")));
    }
    let (ty, by_reference) = match first.ty.as_ref() {
        Type::Reference(reference) => {
            if let Some(mutability) = &reference.mutability {
                return Err(Error::new(
                    mutability.span(),
                    format!("`{name}` cannot take `&mut`: the caller would not see the change"),
                ));
            }
            if let Some(lifetime) = &reference.lifetime {
                return Err(Error::new(
                    lifetime.span(),
                    format!("`{name}` cannot name a lifetime: its arguments live as long as the call"),
                ));
            }
            (reference.elem.as_ref().clone(), true)
        }
        other => (other.clone(), false),
    };
    check_type(&ty)?;
    Ok((ty, by_reference))
}

fn reply(function: &ImplItemFn) -> Result<Type> {
    let name = &function.sig.ident;
    match &function.sig.output {
        ReturnType::Type(_, ty) => {
            check_type(ty)?;
            Ok(ty.as_ref().clone())
        }
        ReturnType::Default => Err(Error::new(
            name.span(),
            format!("`{name}` has no return type: an RPC handler returns a reply, even if it is `-> ()`"),
        )),
    }
}

/// Checks a type of a handler. It is repeated outside the block, where `Self` and `impl` mean something else.
fn check_type(ty: &Type) -> Result<()> {
    for (word, why) in [
        ("Self", "write the type's name: the type is also named outside this impl block"),
        ("impl", "write the type's name: caller and handler must name the same type"),
    ] {
        if let Some(found) = find(word, ty.to_token_stream()) {
            return Err(Error::new(found.span(), why));
        }
    }
    Ok(())
}

fn find(word: &str, tokens: TokenStream) -> Option<Ident> {
    tokens.into_iter().find_map(|token| match token {
        TokenTree::Ident(ident) if ident == word => Some(ident),
        TokenTree::Group(group) => find(word, group.stream()),
        _ => None,
    })
}
