//! The macros that a solution defines or renames.

use std::collections::BTreeSet;

use proc_macro2::{TokenStream, TokenTree};

use super::tokens::{list, plain};

/// The macros of a solution. A crate may use macros of another.
pub(super) struct Macros {
    /// The names, and `*` if a macro defines macros with names from its arguments.
    own: BTreeSet<String>,
}

impl Macros {
    pub(super) fn of<'a>(files: impl Iterator<Item = &'a TokenStream>) -> Self {
        Self { own: files.flat_map(own_macros).collect() }
    }

    /// Whether a macro of this name may differ from the standard one.
    pub(super) fn are_own(&self, name: &str) -> bool {
        self.own.contains(name) || self.own.contains("*")
    }
}

/// The names of macros that may differ from the standard ones: those that are defined here, and all names
/// introduced by `as`.
fn own_macros(tokens: &TokenStream) -> BTreeSet<String> {
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

fn each_level(tokens: &TokenStream, look: &mut dyn FnMut(&[TokenTree])) {
    let tokens = list(tokens);
    look(&tokens);
    for token in &tokens {
        if let TokenTree::Group(group) = token {
            each_level(&group.stream(), look);
        }
    }
}
