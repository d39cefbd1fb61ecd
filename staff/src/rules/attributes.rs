//! The attributes that lab code may use.

use proc_macro2::{Ident, TokenStream, TokenTree};

use super::forbidden_idents;
use super::tokens::plain;

/// The name of an attribute: `serde`, `labrpc::service`.
pub(super) fn name(attribute: &[TokenTree]) -> String {
    let mut name = String::new();
    for token in attribute {
        match token {
            TokenTree::Ident(word) => name += word.to_string().trim_start_matches("r#"),
            TokenTree::Punct(punct) if matches!(punct.as_char(), ':' | '$') => name.push(punct.as_char()),
            _ => break,
        }
    }
    name
}

/// Whether lab code may have an attribute of this name. Its arguments are checked separately.
pub(super) fn is_allowed(name: &str) -> bool {
    const ALLOWED: [&str; 28] = [
        "allow",
        "warn",
        "deny",
        "forbid",
        "expect",
        "cfg",
        "cfg_attr",
        "cold",
        "default",
        "deprecated",
        "derive",
        "doc",
        "ignore",
        "inline",
        "macro_export",
        "macro_use",
        "must_use",
        "non_exhaustive",
        "repr",
        "rustfmt::skip",
        "serde",
        "service",
        "labrpc::service",
        "::labrpc::service",
        "should_panic",
        "test",
        "track_caller",
        "unsafe",
    ];
    // An attribute that is a macro variable is checked where the macro is called.
    ALLOWED.contains(&name) || name.starts_with("diagnostic::") || name.starts_with('$')
}

/// Whether the attribute sets lints.
pub(super) fn sets_lints(name: &str) -> bool {
    matches!(name, "allow" | "warn" | "deny" | "forbid" | "expect")
}

/// Whether lab code must not set this lint.
pub(super) fn is_guarded(lint: &Ident) -> bool {
    let lint = plain(lint);
    lint.starts_with("unsafe") || forbidden_idents::is_guarded_lint(&lint)
}

/// Whether string literals in the attribute are code.
pub(super) fn has_code_in_texts(name: &str) -> bool {
    name == "serde" || !is_allowed(name)
}

/// The attributes in `#[cfg_attr(condition, …)]`.
pub(super) fn of_cfg_attr(content: TokenStream) -> Vec<Vec<TokenTree>> {
    let tokens: Vec<_> = content.into_iter().collect();
    let is_comma = |token: &TokenTree| matches!(token, TokenTree::Punct(punct) if punct.as_char() == ',');
    tokens.split(is_comma).skip(1).map(<[_]>::to_vec).collect()
}
