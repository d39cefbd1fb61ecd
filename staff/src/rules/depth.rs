//! Source that nests too deeply.
//!
//! The parser recurses for each level, and `!!!!x` or `a else if b else if c` are levels as brackets are. A
//! megabyte of them would overflow any stack. The parser's depth at a token is bounded by the number of
//! tokens before it in its statement, plus those before the enclosing brackets in their statement, and so on.

use proc_macro2::{Delimiter, TokenStream, TokenTree, token_stream::IntoIter};

/// The limit on the number of these tokens. Real source has some hundreds.
const LIMIT: usize = 4_000;

/// The line of the first token that is too deep; `None` if there is none.
pub(super) fn too_deep(tokens: &TokenStream) -> Option<usize> {
    let mut levels: Vec<(IntoIter, Run)> = vec![(tokens.clone().into_iter(), Run::default())];
    let mut outside = 0;
    while let Some((tokens, run)) = levels.last_mut() {
        let Some(token) = tokens.next() else {
            levels.pop();
            outside -= levels.last().map_or(0, |(_, run)| run.length);
            continue;
        };
        run.add(&token);
        if outside + run.length > LIMIT {
            return Some(token.span().start().line);
        }
        if let TokenTree::Group(group) = token {
            outside += run.length;
            levels.push((group.stream().into_iter(), Run::default()));
        }
    }
    None
}

/// The tokens since the beginning of a statement, an item or an element.
#[derive(Default)]
struct Run {
    length: usize,
    after_braces: bool,
    after_brackets: bool,
}

impl Run {
    fn add(&mut self, token: &TokenTree) {
        let begins = match token {
            TokenTree::Punct(punct) => matches!(punct.as_char(), ';' | ','),
            // Braces end a statement unless `else`, `as` or an operator follows.
            TokenTree::Ident(word) if self.after_braces => word != "else" && word != "as",
            _ => false,
        };
        // An attribute after braces begins an item, a statement or an arm.
        let attribute =
            self.after_braces && matches!(token, TokenTree::Punct(punct) if punct.as_char() == '#');
        if begins || attribute {
            self.length = 0;
        }
        self.length += 1;
        let is_group = |delimiter| matches!(token, TokenTree::Group(group) if group.delimiter() == delimiter);
        self.after_braces = is_group(Delimiter::Brace);
        self.after_brackets = is_group(Delimiter::Bracket);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_too_deep(source: &str) -> bool {
        too_deep(&source.parse().unwrap()).is_some()
    }

    #[test]
    fn every_way_to_nest_is_counted() {
        for (open, close) in [
            ("(", ")"),
            ("[", "]"),
            ("{", "}"),
            ("{(", ")}"),
            ("!", ""),
            ("-", ""),
            ("& ", ""),
            ("a + ", ""),
            ("x = ", ""),
            ("return ", ""),
            ("|a| ", ""),
            ("Box < ", "> "),
            ("if a {} else ", ""),
            ("if a { b } else if c { d } else ", ""),
            ("a;(", ")"),
            ("m!{} - ", ""),
            ("#[a] - ", ""),
            ("a[0] + ", ""),
        ] {
            let source =
                |times: usize| format!("fn f() {{ {}x{} }}", open.repeat(times), close.repeat(times));
            assert!(is_too_deep(&source(LIMIT)), "{open}");
            assert!(!is_too_deep(&source(100)), "{open}");
        }
    }

    #[test]
    fn length_is_not_depth() {
        for piece in [
            "fn f() -> u8 { 1 }",
            "#[test] fn f() {}",
            "a(1, 2);",
            "(1, 2),",
            "if a {} if b {}",
            "{} #[x] a;",
        ] {
            assert!(!is_too_deep(&piece.repeat(LIMIT)), "{piece}");
        }
    }

    #[test]
    fn the_line_is_reported() {
        let source = format!("fn f() {{}}\n\nfn g() {{ {}x }}", "!".repeat(LIMIT));
        assert_eq!(too_deep(&source.parse().unwrap()), Some(3));
    }
}
