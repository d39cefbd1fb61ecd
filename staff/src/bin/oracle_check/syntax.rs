//! Queries on syntax trees and tokens.

use std::ops::Range;

use proc_macro2::{TokenStream, TokenTree};
use quote::ToTokens;
use syn::Expr;
use syn::spanned::Spanned;

/// The name of the called function or method.
pub fn called(expr: &Expr) -> Option<String> {
    match expr {
        Expr::MethodCall(call) => Some(call.method.to_string()),
        Expr::Call(call) => match &*call.func {
            Expr::Path(path) => path.path.segments.last().map(|segment| segment.ident.to_string()),
            _ => None,
        },
        _ => None,
    }
}

/// The first string literal in the tokens, without its quotes.
pub fn literal(tokens: TokenStream) -> Option<String> {
    tokens.into_iter().find_map(|token| match token {
        TokenTree::Literal(literal) => {
            let text = literal.to_string();
            text.strip_prefix('"').and_then(|text| text.strip_suffix('"')).map(ToOwned::to_owned)
        }
        TokenTree::Group(group) => literal(group.stream()),
        _ => None,
    })
}

/// Whether a block is just `true`.
pub fn is_true(block: &syn::Block) -> bool {
    block.to_token_stream().to_string() == "{ true }"
}

/// The byte range of a node.
pub fn range(node: &impl Spanned) -> Range<usize> {
    node.span().byte_range()
}

/// The line of a node, from 1.
pub fn line(node: &impl Spanned) -> usize {
    node.span().start().line
}
