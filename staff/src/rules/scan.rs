//! The walk over the tokens of a file.

use std::collections::{BTreeMap, BTreeSet};

use proc_macro2::{Delimiter, Group, Ident, Literal, Span, TokenStream, TokenTree};

use super::finding::{Finding, Rule, cut};
use super::imports::{DEEPEST, Import, import_length, imports_of, is_whole};
use super::items::Items;
use super::macros::Macros;
use super::paths::{self, End};
use super::tokens::{is_punct, is_separator, is_word, list, plain};
use super::{attributes, depth, forbidden_idents, lifetimes};

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

    /// Scans the arguments of a macro that may reassemble them, or the definition of a macro.
    fn macro_tokens(&mut self, tokens: &TokenStream) {
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
    fn pieces(&mut self, tokens: &[TokenTree], within: Within) {
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

    fn macro_call(&mut self, first: &Ident, name: &str, arguments: &Group, within: Within) {
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

    fn literal(&mut self, literal: &Literal, within: Within) {
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

    /// Checks `use …;`. Returns the index after it, or `None` if the import contains macro variables.
    fn import(&mut self, tokens: &[TokenTree], at: usize, within: Within) -> Option<usize> {
        let end = at + 1 + import_length(&tokens[at + 1..]);
        let tree = &tokens[at + 1..end];
        if !is_punct(tokens.get(end), ';') || !is_whole(tree) {
            return None;
        }
        for import in imports_of(tree, &[]) {
            self.judge(&import, true, within);
            let rule = match &import.path[..] {
                [name] => forbidden_idents::as_macro(name),
                [.., name] => forbidden_idents::anywhere(name),
                [] => None,
            };
            if let Some(rule) = rule {
                self.find(rule, import.at, &import.path.join("::"));
            }
        }
        Some(end + 1)
    }

    /// Records the imports of a file, all scopes together.
    fn imports_in(&mut self, tokens: &[TokenTree]) {
        let mut at = 0;
        while let Some(token) = tokens.get(at) {
            at += 1;
            match token {
                TokenTree::Group(group) => self.imports_in(&list(&group.stream())),
                TokenTree::Ident(word) if word == "use" && !self.is_test(word.span()) => {
                    let tree = &tokens[at..at + import_length(&tokens[at..])];
                    if !is_whole(tree) {
                        continue;
                    }
                    // No token is read twice: there is no other import in this one.
                    at += tree.len();
                    for Import { path, end, at } in imports_of(tree, &[]) {
                        let name = match &end {
                            End::Plain => path.last().cloned(),
                            End::As(name) => Some(name.clone()),
                            End::Glob => None,
                        };
                        // A forbidden import is reported once, and not at each use.
                        if let Some(name) = name
                            && path.len() > 1
                            && self.broken(&path, &end, true).is_none()
                        {
                            let meanings = self.imports.entry(name).or_default();
                            if meanings.len() < MEANINGS || meanings.contains(&path) {
                                meanings.insert(path);
                            } else {
                                self.find(Rule::Alias, at, &path.join("::"));
                            }
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
        if path.len() > DEEPEST {
            return self.find(Rule::Depth, *at, &path[..DEEPEST].join("::"));
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

/// Whether an identifier is followed by arguments and then continues as a path: `std<>::fs`, `std()::fs`.
fn continues_after_arguments(tokens: &[TokenTree], at: usize) -> bool {
    is_punct(tokens.get(at), '<') && is_punct(tokens.get(at + 1), '>')
        || matches!(tokens.get(at), Some(TokenTree::Group(_))) && is_separator(tokens, at + 1)
}

/// Whether the name is a crate of std or of the framework.
fn is_root(name: &str) -> bool {
    matches!(name, "std" | "core" | "alloc" | "labrt" | "labrpc")
}
