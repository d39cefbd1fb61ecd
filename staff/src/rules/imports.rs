//! What a `use` names.

use proc_macro2::{Span, TokenTree};

use super::paths::End;
use super::tokens::{is_punct, is_word, list, plain};

/// A path of more names is not read further, and refused: braces in braces would make of a megabyte many
/// gigabytes of names.
pub(super) const DEEPEST: usize = 64;

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

/// How far an import goes whose `use` stands before `tokens`. The next `use` ends it too: it would be none
/// then, and must not be read again for each.
pub(super) fn import_length(tokens: &[TokenTree]) -> usize {
    let is_end = |token: &TokenTree| is_punct(Some(token), ';') || is_word(Some(token), "use");
    tokens.iter().position(is_end).unwrap_or(tokens.len())
}

/// Whether an import is all there: a macro's pieces are not in it, and no other import.
pub(super) fn is_whole(tree: &[TokenTree]) -> bool {
    tree.iter().all(|token| match token {
        TokenTree::Punct(punct) => punct.as_char() != '$',
        TokenTree::Ident(word) => word != "use",
        TokenTree::Group(group) => is_whole(&list(&group.stream())),
        TokenTree::Literal(_) => true,
    })
}
