//! What a `use` names.

use proc_macro2::{Span, TokenTree};

use super::paths::End;
use super::tokens::{is_punct, list, plain};

/// A path of an import.
pub(super) struct Import {
    pub(super) path: Vec<String>,
    pub(super) end: End,
    pub(super) at: Span,
}

/// The paths of an import: of what stands between `use` and `;`, or in braces behind `prefix`.
pub(super) fn imports_of(tree: &[TokenTree], prefix: &[String]) -> Vec<Import> {
    let is_comma = |token: &TokenTree| is_punct(Some(token), ',');
    tree.split(is_comma).flat_map(|tree| imports_of_one(tree, prefix)).collect()
}

fn imports_of_one(tree: &[TokenTree], prefix: &[String]) -> Vec<Import> {
    let Some(first) = tree.first() else { return Vec::new() };
    let mut path = prefix.to_vec();
    let mut end = End::Plain;
    let mut tokens = tree.iter().peekable();
    while let Some(token) = tokens.next() {
        match token {
            TokenTree::Ident(word) if word == "as" => {
                if let Some(TokenTree::Ident(name)) = tokens.peek() {
                    end = End::As(plain(name));
                }
                break;
            }
            TokenTree::Ident(word) if word == "self" && !path.is_empty() => {}
            TokenTree::Ident(word) => path.push(plain(word)),
            TokenTree::Punct(punct) if punct.as_char() == '*' => end = End::Glob,
            TokenTree::Group(group) => return imports_of(&list(&group.stream()), &path),
            _ => {}
        }
    }
    vec![Import { path, end, at: first.span() }]
}

pub(super) fn has_pieces(tree: &[TokenTree]) -> bool {
    tree.iter().any(|token| match token {
        TokenTree::Punct(punct) => punct.as_char() == '$',
        TokenTree::Group(group) => has_pieces(&list(&group.stream())),
        _ => false,
    })
}
