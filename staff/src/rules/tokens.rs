//! Predicates on tokens.

use proc_macro2::{Ident, Spacing, TokenStream, TokenTree};

pub(super) fn list(tokens: &TokenStream) -> Vec<TokenTree> {
    tokens.clone().into_iter().collect()
}

/// An identifier without the `r#` of a raw identifier.
pub(super) fn plain(word: &Ident) -> String {
    word.to_string().trim_start_matches("r#").to_owned()
}

pub(super) fn is_punct(token: Option<&TokenTree>, c: char) -> bool {
    matches!(token, Some(TokenTree::Punct(punct)) if punct.as_char() == c)
}

pub(super) fn is_word(token: Option<&TokenTree>, word: &str) -> bool {
    matches!(token, Some(TokenTree::Ident(ident)) if ident == word)
}

/// Whether there is `::` at `at`.
pub(super) fn is_separator(tokens: &[TokenTree], at: usize) -> bool {
    let joint = matches!(tokens.get(at), Some(TokenTree::Punct(punct))
        if punct.as_char() == ':' && punct.spacing() == Spacing::Joint);
    joint && is_punct(tokens.get(at + 1), ':')
}
