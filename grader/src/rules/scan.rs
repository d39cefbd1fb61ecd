//! The walk over the tokens of a file.

use std::collections::{BTreeMap, BTreeSet};

use proc_macro2::{Delimiter, Group, Ident, Literal, Span, TokenStream, TokenTree};

use super::finding::{Finding, Rule, cut};
use super::imports::{Import, has_pieces, imports_of};
use super::items::Items;
use super::paths::{self, End};
use super::tokens::{is_punct, is_separator, is_word, list, plain};
use super::{attributes, depth, words};

/// All findings of a file, in the order of places, each place once for each rule.
pub(super) fn scan(
    file: &str,
    tokens: &TokenStream,
    items: Option<&Items>,
    own_macros: &BTreeSet<String>,
) -> Vec<Finding> {
    let mut scan =
        Scan { file, items, own_macros, imports: BTreeMap::new(), inside: None, found: BTreeMap::new() };
    let tokens = list(tokens);
    scan.imports_in(&tokens);
    scan.tokens(&tokens, Within::Code);
    scan.found.into_values().collect()
}

/// In what the tokens stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Within {
    Code,
    /// A macro that is known to leave its arguments as they are.
    PlainMacro,
    /// A macro that may put pieces together, or the definition of one.
    Macro,
    Attribute {
        code_in_texts: bool,
    },
    /// A text that a macro is given. It may be for people, or be code in the end.
    Text,
}

struct Scan<'a> {
    file: &'a str,
    items: Option<&'a Items>,
    own_macros: &'a BTreeSet<String>,
    /// What names stand for, by the imports of the whole file.
    imports: BTreeMap<String, BTreeSet<Vec<String>>>,
    /// The text whose tokens are scanned: its place is told for theirs.
    inside: Option<Span>,
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
                    // A variable of a macro. What it stands for is looked at where the macro is called.
                    '$' if matches!(tokens.get(at + 1), Some(TokenTree::Ident(_))) => {
                        if is_punct(tokens.get(at + 2), '!')
                            && matches!(tokens.get(at + 3), Some(TokenTree::Group(_)))
                        {
                            // A macro by any name: what it may be called is looked at where the name is given.
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
                    self.literal(literal, within);
                    at + 1
                }
            };
        }
    }

    fn is_test(&self, at: Span) -> bool {
        self.inside.is_none() && self.items.is_some_and(|items| items.is_test(at.byte_range().start))
    }

    fn word(&mut self, tokens: &[TokenTree], at: usize, word: &Ident, within: Within) -> usize {
        let span = word.span();
        // In texts for people these words are words.
        let is_code = within != Within::Text;
        match word.to_string().as_str() {
            "unsafe" if is_code => self.find(Rule::Unsafe, span, "unsafe"),
            "extern" if is_code && is_word(tokens.get(at + 1), "crate") => {
                self.find(Rule::ExternCrate, span, "extern crate");
                return at + 2;
            }
            "extern" if is_code => self.find(Rule::Extern, span, "extern"),
            "static" => self.static_item(tokens, at, within),
            "use" if !is_punct(tokens.get(at + 1), '<') => {
                if let Some(next) = self.import(tokens, at, within) {
                    return next;
                }
            }
            "macro_rules" if is_punct(tokens.get(at + 1), '!') => {
                let body = tokens[at..].iter().position(|token| matches!(token, TokenTree::Group(_)));
                return match body.map(|body| &tokens[at + body]) {
                    Some(TokenTree::Group(body)) => {
                        self.tokens(&list(&body.stream()), Within::Macro);
                        at + tokens[at..]
                            .iter()
                            .position(|token| matches!(token, TokenTree::Group(_)))
                            .unwrap_or(0)
                            + 1
                    }
                    _ => at + 2,
                };
            }
            _ => {}
        }
        self.path(tokens, at, within)
    }

    /// `static`, which begins an item that must be plain.
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

    /// `.name`
    fn method(&mut self, tokens: &[TokenTree], at: usize) -> usize {
        let Some(TokenTree::Ident(name)) = tokens.get(at + 1) else { return at + 1 };
        let is_call = matches!(tokens.get(at + 2), Some(TokenTree::Group(arguments))
            if arguments.delimiter() == Delimiter::Parenthesis);
        match plain(name).as_str() {
            "leak" | "into_raw" if is_call => self.find(Rule::Leak, name.span(), &format!(".{name}")),
            word => {
                if let Some(rule) = words::anywhere(word) {
                    self.find(rule, name.span(), &format!(".{name}"));
                }
            }
        }
        at + 2
    }

    /// A path, which may be one word and may be a macro's name. Returns where it ends.
    fn path(&mut self, tokens: &[TokenTree], start: usize, within: Within) -> usize {
        let TokenTree::Ident(first) = &tokens[start] else { return start + 1 };
        let mut path = vec![plain(first)];
        let mut at = start + 1;
        let mut end = End::Plain;
        while is_separator(tokens, at) {
            match tokens.get(at + 2) {
                Some(TokenTree::Ident(name)) => {
                    path.push(plain(name));
                    at += 3;
                }
                Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Brace => {
                    // Part of an import that a macro makes.
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
                    self.strange(tokens, at + 2, first, &path);
                    at += 2;
                    break;
                }
            }
        }
        if path.len() == 1 && is_root(&path[0]) && self.goes_on_by_arguments(tokens, at) {
            self.find(Rule::Alias, first.span(), &path[0]);
        }
        let import = Import { path, end, at: first.span() };
        self.judge(&import, false, within);
        let (name, alone) = (import.path.last().map_or("", String::as_str), import.path.len() == 1);
        if let Some(rule) = words::anywhere(name) {
            self.find(rule, first.span(), name);
        } else if within == Within::Macro && alone && !is_separator(tokens, at) {
            if let Some(rule) = words::in_pieces(name) {
                self.find(rule, first.span(), name);
            } else if name == "path" && is_punct(tokens.get(at), '=') {
                self.find(Rule::Attribute, first.span(), name);
            }
        }
        match (tokens.get(at), tokens.get(at + 1)) {
            (Some(TokenTree::Punct(bang)), Some(TokenTree::Group(arguments)))
                if bang.as_char() == '!' && !words::is_keyword(name) =>
            {
                self.macro_call(first, name, arguments, within);
                at + 2
            }
            _ => at,
        }
    }

    /// A name that leads to what is forbidden, with `::` behind it and then no name: pieces that a macro puts together, or
    /// what hides the path.
    fn strange(&mut self, tokens: &[TokenTree], at: usize, first: &Ident, path: &[String]) {
        let own = self.items.is_some_and(|items| items.has_module(&path[path.len() - 1]));
        let is_told = self.broken(path, &End::Plain, false).is_some();
        if path.last().is_some_and(|name| is_root(name) || name == "io" || name == "panic")
            && !own
            && !is_told
            && tokens.get(at).is_some()
        {
            self.find(Rule::Alias, first.span(), &format!("{}::", path.join("::")));
        }
    }

    /// Whether a word is followed by arguments and goes on as a path: `std<>::fs`, `std()::fs`.
    fn goes_on_by_arguments(&self, tokens: &[TokenTree], at: usize) -> bool {
        is_punct(tokens.get(at), '<') && is_punct(tokens.get(at + 1), '>')
            || matches!(tokens.get(at), Some(TokenTree::Group(_))) && is_separator(tokens, at + 1)
    }

    fn macro_call(&mut self, first: &Ident, name: &str, arguments: &Group, within: Within) {
        if let Some(rule) = words::as_macro(name) {
            self.find(rule, first.span(), &format!("{name}!"));
        }
        let own = self.own_macros.contains(name) || self.own_macros.contains("*");
        let is_plain = words::PLAIN_MACROS.contains(&name) || words::WRITING_MACROS.contains(&name);
        let within = match within {
            Within::Macro | Within::Text => within,
            _ if own || !is_plain => Within::Macro,
            _ => Within::PlainMacro,
        };
        self.tokens(&list(&arguments.stream()), within);
    }

    fn literal(&mut self, literal: &Literal, within: Within) {
        let within = match within {
            Within::Attribute { code_in_texts: true } => within,
            Within::Macro => Within::Text,
            _ => return,
        };
        let syn::Lit::Str(text) = syn::Lit::new(literal.clone()) else { return };
        let Ok(tokens) = text.value().parse::<TokenStream>() else { return };
        let inside = self.inside.or(Some(literal.span()));
        if depth::too_deep(&tokens).is_some() {
            return self.find(Rule::Depth, literal.span(), &text.value());
        }
        let outside = std::mem::replace(&mut self.inside, inside);
        self.tokens(&list(&tokens), within);
        self.inside = outside;
    }

    /// `#[…]`. Returns where it ends.
    fn attribute(&mut self, tokens: &[TokenTree], at: usize, within: Within) -> usize {
        let at = if is_punct(tokens.get(at + 1), '!') { at + 2 } else { at + 1 };
        let Some(TokenTree::Group(group)) = tokens.get(at) else { return at };
        if group.delimiter() != Delimiter::Bracket {
            return at;
        }
        // A text for people may be written like this.
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

    /// `use …;`. Returns where it ends, or nothing if a macro's pieces are in it.
    fn import(&mut self, tokens: &[TokenTree], at: usize, within: Within) -> Option<usize> {
        let length = tokens[at..]
            .iter()
            .position(|token| matches!(token, TokenTree::Punct(it) if it.as_char() == ';'))?;
        let tree = &tokens[at + 1..at + length];
        if has_pieces(tree) {
            return None;
        }
        for import in imports_of(tree, &[]) {
            self.judge(&import, true, within);
            let rule = match &import.path[..] {
                [name] => words::as_macro(name),
                [.., name] => words::anywhere(name),
                [] => None,
            };
            if let Some(rule) = rule {
                self.find(rule, import.at, &import.path.join("::"));
            }
        }
        Some(at + length + 1)
    }

    /// Notes what the imports of a file call things, in all scopes at once.
    fn imports_in(&mut self, tokens: &[TokenTree]) {
        for (at, token) in tokens.iter().enumerate() {
            match token {
                TokenTree::Group(group) => self.imports_in(&list(&group.stream())),
                TokenTree::Ident(word) if word == "use" && !self.is_test(word.span()) => {
                    let rest = &tokens[at + 1..];
                    let is_end = |token: &TokenTree| is_punct(Some(token), ';');
                    let end = rest.iter().position(is_end).unwrap_or(rest.len());
                    for Import { path, end, .. } in imports_of(&rest[..end], &[]) {
                        let name = match &end {
                            End::Plain => path.last().cloned(),
                            End::As(name) => Some(name.clone()),
                            End::Glob => None,
                        };
                        // What is forbidden is told of where it is imported, and not at each use.
                        if let Some(name) = name
                            && path.len() > 1
                            && self.broken(&path, &end, true).is_none()
                        {
                            self.imports.entry(name).or_default().insert(path);
                        }
                    }
                }
                _ => {}
            }
        }
    }

    fn broken(&self, path: &[String], end: &End, imported: bool) -> paths::Broken {
        paths::judge(path, end, imported, &|name| self.items.is_some_and(|items| items.has_module(name)))
    }

    fn judge(&mut self, Import { path, end, at }: &Import, imported: bool, within: Within) {
        if within == Within::Text && path.len() == 1 {
            return;
        }
        let mut broken = self.broken(path, end, imported);
        if broken.is_none()
            && !imported
            && path.len() > 1
            && let Some(meanings) = self.imports.get(&path[0])
        {
            broken = meanings.iter().find_map(|meaning| {
                let full: Vec<String> = meaning.iter().chain(&path[1..]).cloned().collect();
                self.broken(&full, end, false)
            });
        }
        if let Some((rule, advice)) = broken {
            let behind = match end {
                End::Plain => String::new(),
                End::Glob => "::*".to_owned(),
                End::As(name) => format!(" as {name}"),
            };
            self.find_with(
                rule,
                *at,
                &format!("{}{behind}", path.join("::")),
                advice.unwrap_or(rule.advice()),
            );
        }
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

fn is_root(name: &str) -> bool {
    matches!(name, "std" | "core" | "alloc" | "labrt" | "labrpc")
}
