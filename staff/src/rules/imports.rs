//! The paths that a `use` imports.

use proc_macro2::{Span, TokenTree};

use super::paths::End;
use super::tokens::{is_punct, is_word, list, plain};

/// The maximum number of names in a path, beyond which it is refused: nested braces could expand a megabyte
/// to many gigabytes of names.
pub(super) const DEEPEST: usize = 64;

/// A path of an import.
pub(super) struct Import {
    pub(super) path: Vec<String>,
    pub(super) end: End,
    pub(super) at: Span,
}

/// The paths of an import, from the tokens between `use` and `;`, or in braces after `prefix`.
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
        if path.len() > DEEPEST {
            break;
        }
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

/// The number of tokens in the import whose `use` precedes `tokens`. The next `use` ends it too, because no
/// valid import contains one; so no token is read twice.
pub(super) fn import_length(tokens: &[TokenTree]) -> usize {
    let is_end = |token: &TokenTree| is_punct(Some(token), ';') || is_word(Some(token), "use");
    tokens.iter().position(is_end).unwrap_or(tokens.len())
}

/// Whether an import is complete: it contains no macro variable and no other `use`.
pub(super) fn is_whole(tree: &[TokenTree]) -> bool {
    tree.iter().all(|token| match token {
        TokenTree::Punct(punct) => punct.as_char() != '$',
        TokenTree::Ident(word) => word != "use",
        TokenTree::Group(group) => is_whole(&list(&group.stream())),
        TokenTree::Literal(_) => true,
    })
}
