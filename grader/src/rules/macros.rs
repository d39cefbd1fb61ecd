//! What the macros of a solution can do to the meaning of words.

use std::collections::BTreeSet;

use proc_macro2::{TokenStream, TokenTree};

use super::tokens::{list, plain};

/// The names of macros that mean something else here than elsewhere: those that are defined here, and all that is imported
/// under another name. `*` if a macro defines macros of names that it is given.
pub(super) fn own_macros(tokens: &TokenStream) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    each_level(tokens, &mut |tokens| {
        for window in tokens.windows(3) {
            match window {
                [TokenTree::Ident(word), TokenTree::Punct(_), TokenTree::Ident(name)]
                    if word == "macro_rules" =>
                {
                    names.insert(plain(name));
                }
                [TokenTree::Ident(word), TokenTree::Punct(_), TokenTree::Punct(_)]
                    if word == "macro_rules" =>
                {
                    names.insert("*".to_owned());
                }
                [TokenTree::Ident(word), TokenTree::Ident(name), _] if word == "as" => {
                    names.insert(plain(name));
                }
                _ => {}
            }
        }
    });
    names
}

/// Whether some macro may declare a module, so that what belongs to tests alone cannot be told.
pub(super) fn macro_declares_module(tokens: &TokenStream) -> bool {
    let mut declares = false;
    each_level(tokens, &mut |tokens| {
        for window in tokens.windows(3) {
            let group = match window {
                [TokenTree::Ident(_), TokenTree::Punct(bang), TokenTree::Group(group)]
                    if bang.as_char() == '!' =>
                {
                    group
                }
                [TokenTree::Punct(bang), TokenTree::Ident(_), TokenTree::Group(group)]
                    if bang.as_char() == '!' =>
                {
                    group
                }
                _ => continue,
            };
            each_level(&group.stream(), &mut |tokens| {
                declares |=
                    tokens.iter().any(|token| matches!(token, TokenTree::Ident(word) if word == "mod"));
            });
        }
    });
    declares
}

fn each_level(tokens: &TokenStream, look: &mut dyn FnMut(&[TokenTree])) {
    let tokens = list(tokens);
    look(&tokens);
    for token in &tokens {
        if let TokenTree::Group(group) = token {
            each_level(&group.stream(), look);
        }
    }
}
