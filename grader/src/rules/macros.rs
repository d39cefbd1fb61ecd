//! What the macros of a solution can do to the meaning of words.

use std::collections::BTreeSet;

use proc_macro2::{TokenStream, TokenTree};

use super::tokens::{is_punct, list, plain};

/// The macros of a solution. A crate may use those of another.
pub(super) struct Macros {
    /// `*` if a macro defines macros of names that it is given.
    own: BTreeSet<String>,
    /// Whether some macro may declare a module, so that what belongs to tests alone cannot be told.
    pub(super) declare_modules: bool,
}

impl Macros {
    pub(super) fn of<'a>(files: impl Iterator<Item = &'a TokenStream> + Clone) -> Self {
        Self {
            own: files.clone().flat_map(own_macros).collect(),
            declare_modules: files.clone().any(|tokens| macro_declares_module(&list(tokens), false)),
        }
    }

    /// Whether macros of this name may mean something else here than elsewhere.
    pub(super) fn are_own(&self, name: &str) -> bool {
        self.own.contains(name) || self.own.contains("*")
    }
}

/// The names of macros that mean something else here than elsewhere: those that are defined here, and all that is imported
/// under another name.
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

/// Whether the word that declares a module stands in a macro.
fn macro_declares_module(tokens: &[TokenTree], in_macro: bool) -> bool {
    tokens.iter().enumerate().any(|(at, token)| match token {
        TokenTree::Ident(word) => in_macro && word == "mod",
        TokenTree::Group(group) => {
            let before = |by: usize| at.checked_sub(by).and_then(|at| tokens.get(at));
            let is_name = |token: Option<&TokenTree>| matches!(token, Some(TokenTree::Ident(_)));
            // `name!(…)` and `macro_rules! name {…}`
            let begins = is_punct(before(1), '!') && is_name(before(2))
                || is_name(before(1)) && is_punct(before(2), '!');
            macro_declares_module(&list(&group.stream()), in_macro || begins)
        }
        _ => false,
    })
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
