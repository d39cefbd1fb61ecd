//! What the macros of a solution can do to the meaning of words.

use std::collections::BTreeSet;

use proc_macro2::{TokenStream, TokenTree};

use super::tokens::{list, plain};

/// The macros of a solution. A crate may use those of another.
pub(super) struct Macros {
    /// `*` if a macro defines macros of names that it is given.
    own: BTreeSet<String>,
}

impl Macros {
    pub(super) fn of<'a>(files: impl Iterator<Item = &'a TokenStream>) -> Self {
        Self { own: files.flat_map(own_macros).collect() }
    }

    /// Whether macros of this name may mean something else here than elsewhere.
    pub(super) fn are_own(&self, name: &str) -> bool {
        self.own.contains(name) || self.own.contains("*")
    }
}

/// The names of macros that mean something else here than elsewhere: those that are defined here, and all
/// that is imported under another name.
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
