//! The walk over the tokens of a file.

mod macro_calls;
mod resolve;

use std::collections::{BTreeMap, BTreeSet};

use proc_macro2::{Delimiter, Ident, Span, TokenStream, TokenTree};

use super::finding::{Finding, Rule, cut};
use super::imports::{Import, imports_of};
use super::items::Items;
use super::macros::Macros;
use super::paths::End;
use super::tokens::{is_punct, is_separator, is_word, list, plain};
use super::{attributes, forbidden_idents, lifetimes};

/// The maximum number of imports of one name in a file: each of its uses is checked against all of them.
const MEANINGS: usize = 16;

/// All findings of a file, sorted by location, at most one of each rule per location.
pub(super) fn scan(file: &str, tokens: &TokenStream, items: Option<&Items>, macros: &Macros) -> Vec<Finding> {
    let mut scan = Scan {
        file,
        items,
        macros,
        imports: BTreeMap::new(),
        inside: None,
        in_macro: false,
        found: BTreeMap::new(),
    };
    let tokens = list(tokens);
    scan.imports_in(&tokens);
    scan.tokens(&tokens, Within::Code);
    for (word, shown) in lifetimes::extending(&tokens) {
        if !scan.is_test(word.span()) {
            scan.find(Rule::Lifetime, word.span(), &shown);
        }
    }
    scan.found.into_values().collect()
}

/// The context of tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Within {
    Code,
    /// A macro that uses its arguments unchanged.
    PlainMacro,
    /// A macro that may reassemble its arguments, or the definition of a macro.
    Macro,
    Attribute {
        code_in_texts: bool,
    },
    /// A string literal in a macro's arguments: text for people, or code in the end.
    Text,
}

struct Scan<'a> {
    file: &'a str,
    items: Option<&'a Items>,
    macros: &'a Macros,
    /// The full paths of imported names, over the whole file.
    imports: BTreeMap<String, BTreeSet<Vec<String>>>,
    /// The string literal whose tokens are scanned: findings get its location.
    inside: Option<Span>,
    /// Whether [`pieces`](Self::pieces) has already checked the tokens.
    in_macro: bool,
    found: BTreeMap<(usize, usize, Rule), Finding>,
}

impl Scan<'_> {
    fn tokens(&mut self, tokens: &[TokenTree], within: Within) {
        let mut at = 0;
        while let Some(token) = tokens.get(at) {
            if self.is_test(token.span()) {
                at += 1;
                continue;
            }
            at = match token {
                TokenTree::Punct(punct) => match punct.as_char() {
                    // A lifetime.
                    '\'' => at + 2,
                    '#' => self.attribute(tokens, at, within),
                    // A macro variable. Its value is checked where the macro is called.
                    '$' if matches!(tokens.get(at + 1), Some(TokenTree::Ident(_))) => {
                        if is_punct(tokens.get(at + 2), '!')
                            && matches!(tokens.get(at + 3), Some(TokenTree::Group(_)))
                        {
                            // A macro with a variable name: the name is checked where it is given.
                            at + 3
                        } else {
                            at + 2
                        }
                    }
                    '.' => self.method(tokens, at),
                    _ => at + 1,
                },
                TokenTree::Ident(word) => self.word(tokens, at, word, within),
                TokenTree::Group(group) => {
                    self.tokens(&list(&group.stream()), within);
                    at + 1
                }
                TokenTree::Literal(literal) => {
                    if matches!(within, Within::Attribute { code_in_texts: true }) {
                        self.literal(literal, within);
                    }
                    at + 1
                }
            };
        }
    }

    fn is_test(&self, at: Span) -> bool {
        self.inside.is_none() && self.items.is_some_and(|items| items.is_test(at.byte_range().start))
    }

    /// Checks a keyword that begins a forbidden construct.
    fn keyword(&mut self, tokens: &[TokenTree], at: usize, word: &Ident, within: Within) {
        let span = word.span();
        // In text for people these are ordinary words.
        let is_code = within != Within::Text;
        match word.to_string().as_str() {
            "unsafe" if is_code => self.find(Rule::Unsafe, span, "unsafe"),
            "extern" if is_code && is_word(tokens.get(at + 1), "crate") => {
                self.find(Rule::ExternCrate, span, "extern crate");
            }
            "extern" if is_code => self.find(Rule::Extern, span, "extern"),
            "static" => self.static_item(tokens, at, within),
            _ => {}
        }
    }

    fn word(&mut self, tokens: &[TokenTree], at: usize, word: &Ident, within: Within) -> usize {
        self.keyword(tokens, at, word, within);
        match word.to_string().as_str() {
            "use" if !is_punct(tokens.get(at + 1), '<') => {
                if let Some(next) = self.import(tokens, at, within) {
                    return next;
                }
            }
            "macro_rules" if is_punct(tokens.get(at + 1), '!') => {
                let name = if is_punct(tokens.get(at + 2), '$') { at + 3 } else { at + 2 };
                if let (Some(TokenTree::Ident(_)), Some(TokenTree::Group(body))) =
                    (tokens.get(name), tokens.get(name + 1))
                {
                    self.macro_tokens(&body.stream());
                    return name + 2;
                }
            }
            _ => {}
        }
        self.path(tokens, at, within)
    }

    /// Checks an item that begins with `static`, which must be plain data.
    fn static_item(&mut self, tokens: &[TokenTree], at: usize, within: Within) {
        let is_item = is_word(tokens.get(at + 1), "mut")
            || matches!(tokens.get(at + 1), Some(TokenTree::Ident(_))) && is_punct(tokens.get(at + 2), ':')
            || is_punct(tokens.get(at + 1), '$');
        let is_plain = within == Within::Code
            && self.items.is_some_and(|items| items.is_plain_static(tokens[at].span().byte_range().start));
        if (is_item || within != Within::Text) && !is_plain {
            let name = tokens.get(at + 1).map(ToString::to_string).unwrap_or_default();
            self.find(Rule::Static, tokens[at].span(), &format!("static {name}"));
        }
    }

    /// Checks `.name`. Returns the index after it.
    fn method(&mut self, tokens: &[TokenTree], at: usize) -> usize {
        let Some(TokenTree::Ident(name)) = tokens.get(at + 1) else { return at + 1 };
        let is_call = matches!(tokens.get(at + 2), Some(TokenTree::Group(arguments))
            if arguments.delimiter() == Delimiter::Parenthesis);
        match plain(name).as_str() {
            "leak" | "into_raw" if is_call => self.find(Rule::Leak, name.span(), &format!(".{name}")),
            word => {
                if let Some(rule) = forbidden_idents::anywhere(word) {
                    self.find(rule, name.span(), &format!(".{name}"));
                }
            }
        }
        at + 2
    }

    /// Checks a path, which may be one identifier and may be a macro's name. Returns the index after it.
    fn path(&mut self, tokens: &[TokenTree], start: usize, within: Within) -> usize {
        let TokenTree::Ident(first) = &tokens[start] else { return start + 1 };
        let (name, at) = self.names(tokens, start, within, usize::MAX);
        match (tokens.get(at), tokens.get(at + 1)) {
            (Some(TokenTree::Punct(bang)), Some(TokenTree::Group(arguments)))
                if bang.as_char() == '!' && !forbidden_idents::is_keyword(&name) =>
            {
                self.macro_call(first, &name, arguments, within);
                at + 2
            }
            _ => at,
        }
    }

    /// Checks the names of a path, of which at most `most` are read. Returns the last name, and the index
    /// after it.
    fn names(&mut self, tokens: &[TokenTree], start: usize, within: Within, most: usize) -> (String, usize) {
        let TokenTree::Ident(first) = &tokens[start] else { return (String::new(), start + 1) };
        let mut path = vec![plain(first)];
        let mut at = start + 1;
        let mut end = End::Plain;
        while path.len() < most && is_separator(tokens, at) {
            match tokens.get(at + 2) {
                Some(TokenTree::Ident(name)) => {
                    path.push(plain(name));
                    at += 3;
                }
                Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Brace => {
                    // Part of an import that a macro generates.
                    for import in imports_of(&list(&group.stream()), &path) {
                        self.judge(&import, true, within);
                    }
                    at += 3;
                    break;
                }
                Some(TokenTree::Punct(punct)) if punct.as_char() == '*' => {
                    end = End::Glob;
                    at += 3;
                    break;
                }
                _ => {
                    self.incomplete_path(tokens, at + 2, first, &path);
                    at += 2;
                    break;
                }
            }
        }
        if path.len() == 1 && is_root(&path[0]) && continues_after_arguments(tokens, at) {
            self.find(Rule::Alias, first.span(), &path[0]);
        }
        let import = Import { path, end, at: first.span() };
        self.judge(&import, false, within);
        let alone = at == start + 1;
        let name = import.path.last().map_or("", String::as_str);
        if let Some(rule) = forbidden_idents::anywhere(name) {
            self.find(rule, first.span(), name);
        } else if within == Within::Macro && alone && !is_separator(tokens, at) {
            if let Some(rule) = forbidden_idents::in_pieces(name) {
                self.find(rule, first.span(), name);
            } else if name == "path" && is_punct(tokens.get(at), '=') {
                self.find(Rule::Attribute, first.span(), name);
            }
        }
        (name.to_owned(), at)
    }

    /// Checks a path that ends in `::` without a name: a macro may complete it, or something hides the rest.
    fn incomplete_path(&mut self, tokens: &[TokenTree], at: usize, first: &Ident, path: &[String]) {
        let own = self.items.is_some_and(|items| items.has_module(&path[path.len() - 1]));
        let is_reported = self.broken(path, &End::Plain, false).is_some();
        if path.last().is_some_and(|name| is_root(name) || name == "io" || name == "panic")
            && !own
            && !is_reported
            && tokens.get(at).is_some()
        {
            self.find(Rule::Alias, first.span(), &format!("{}::", path.join("::")));
        }
    }

    /// Checks `#[…]`. Returns the index after it.
    fn attribute(&mut self, tokens: &[TokenTree], at: usize, within: Within) -> usize {
        let at = if is_punct(tokens.get(at + 1), '!') { at + 2 } else { at + 1 };
        let Some(TokenTree::Group(group)) = tokens.get(at) else { return at };
        if group.delimiter() != Delimiter::Bracket {
            return at;
        }
        // Text for people may contain this.
        if within != Within::Text {
            self.one_attribute(&list(&group.stream()));
        }
        at + 1
    }

    fn one_attribute(&mut self, attribute: &[TokenTree]) {
        let Some(first) = attribute.first() else { return };
        let name = attributes::name(attribute);
        if !attributes::is_allowed(&name) {
            self.find(Rule::Attribute, first.span(), &name);
        }
        let arguments = attribute.iter().find_map(|token| match token {
            TokenTree::Group(group) => Some(group.stream()),
            _ => None,
        });
        if name == "cfg_attr" {
            for attribute in arguments.into_iter().flat_map(attributes::of_cfg_attr) {
                self.one_attribute(&attribute);
            }
            return;
        }
        if attributes::sets_lints(&name) {
            for lint in arguments.into_iter().flatten() {
                if let TokenTree::Ident(lint) = lint
                    && attributes::is_guarded(&lint)
                {
                    self.find(Rule::Attribute, first.span(), &format!("{name}({lint})"));
                }
            }
            return;
        }
        self.tokens(attribute, Within::Attribute { code_in_texts: attributes::has_code_in_texts(&name) });
    }

    fn find(&mut self, rule: Rule, at: Span, found: &str) {
        self.find_with(rule, at, found, rule.advice());
    }

    fn find_with(&mut self, rule: Rule, at: Span, found: &str, advice: &str) {
        let place = self.inside.unwrap_or(at).start();
        let (line, column) = (place.line, place.column + 1);
        let finding = Finding {
            file: self.file.to_owned(),
            line,
            column,
            rule,
            found: cut(found),
            advice: advice.to_owned(),
        };
        self.found.entry((line, column, rule)).or_insert(finding);
    }
}

/// Whether an identifier is followed by arguments and then continues as a path: `std<>::fs`, `std()::fs`.
fn continues_after_arguments(tokens: &[TokenTree], at: usize) -> bool {
    is_punct(tokens.get(at), '<') && is_punct(tokens.get(at + 1), '>')
        || matches!(tokens.get(at), Some(TokenTree::Group(_))) && is_separator(tokens, at + 1)
}

/// Whether the name is a crate of std or of the framework.
fn is_root(name: &str) -> bool {
    matches!(name, "std" | "core" | "alloc" | "labrt" | "labrpc")
}
