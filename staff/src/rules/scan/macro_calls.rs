//! The scan of macro calls: a macro may reassemble the identifiers in its arguments.

use proc_macro2::{Group, Ident, Literal, TokenStream, TokenTree};

use super::{Scan, Within};
use crate::rules::finding::Rule;
use crate::rules::tokens::{is_punct, is_separator, list, plain};
use crate::rules::{depth, forbidden_idents, paths};

impl Scan<'_> {
    pub(super) fn macro_call(&mut self, first: &Ident, name: &str, arguments: &Group, within: Within) {
        if let Some(rule) = forbidden_idents::as_macro(name) {
            self.find(rule, first.span(), &format!("{name}!"));
        }
        let own = self.macros.are_own(name);
        let is_plain = forbidden_idents::PLAIN_MACROS.contains(&name)
            || forbidden_idents::WRITING_MACROS.contains(&name);
        let within = match within {
            Within::Macro | Within::Text => within,
            _ if own || !is_plain => Within::Macro,
            _ => Within::PlainMacro,
        };
        if within == Within::Macro {
            self.macro_tokens(&arguments.stream());
        } else {
            self.tokens(&list(&arguments.stream()), within);
        }
    }

    /// Scans the arguments of a macro that may reassemble them, or the definition of a macro.
    pub(super) fn macro_tokens(&mut self, tokens: &TokenStream) {
        let tokens = list(tokens);
        let outside = std::mem::replace(&mut self.in_macro, true);
        if !outside {
            self.pieces(&tokens, Within::Macro);
        }
        self.tokens(&tokens, Within::Macro);
        self.in_macro = outside;
    }

    /// Checks each token in a macro's arguments by itself: the macro may drop the tokens before an
    /// identifier, and with them its usual meaning.
    pub(super) fn pieces(&mut self, tokens: &[TokenTree], within: Within) {
        let mut checked_up_to = 0;
        for (at, token) in tokens.iter().enumerate() {
            if self.is_test(token.span()) {
                continue;
            }
            match token {
                TokenTree::Ident(word) if at == 0 || !is_punct(tokens.get(at - 1), '\'') => {
                    self.keyword(tokens, at, word, within);
                    if at < checked_up_to {
                        continue;
                    }
                    // The continuation of a path is checked with the path, unless it is forbidden by itself.
                    let continues_path = at >= 2 && is_separator(tokens, at - 2);
                    let most = if continues_path { paths::LONGEST } else { usize::MAX };
                    let name = plain(word);
                    if !continues_path
                        || forbidden_idents::in_pieces(&name).is_some()
                        || matches!(&*name, "tester" | "lab")
                    {
                        let before = self.found.len();
                        let (_, end) = self.names(tokens, at, within, most);
                        if self.found.len() > before {
                            checked_up_to = end;
                        }
                    }
                }
                TokenTree::Group(group) => self.pieces(&list(&group.stream()), within),
                TokenTree::Literal(literal) if within == Within::Macro => {
                    self.literal(literal, Within::Text);
                }
                _ => {}
            }
        }
    }

    pub(super) fn literal(&mut self, literal: &Literal, within: Within) {
        let syn::Lit::Str(text) = syn::Lit::new(literal.clone()) else { return };
        let Ok(tokens) = text.value().parse::<TokenStream>() else { return };
        let inside = self.inside.or(Some(literal.span()));
        if depth::too_deep(&tokens).is_some() {
            return self.find(Rule::Depth, literal.span(), &text.value());
        }
        let outside = std::mem::replace(&mut self.inside, inside);
        let outside_macro = std::mem::replace(&mut self.in_macro, false);
        let tokens = list(&tokens);
        if within == Within::Text {
            self.pieces(&tokens, within);
        }
        self.tokens(&tokens, within);
        (self.inside, self.in_macro) = (outside, outside_macro);
    }
}
