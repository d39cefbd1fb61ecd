//! Functions that would make a borrow outlive the borrowed value.
//!
//! From an argument `&'a &'b T` the compiler implies, within the function, that `'b` outlives `'a`, but does
//! not check it where the function is converted to a function pointer
//! (<https://github.com/rust-lang/rust/issues/25860>). With an explicit `'b: 'a` it does. Safe code can use
//! this to read and write arbitrary memory, so a function is found that
//!
//! - has a type in its signature that may imply `'b: 'a`, such as `&'a &'b T` or `Pair<'a, 'b>`,
//! - takes a borrow for `'b` in another argument, and returns it for `'a`,
//! - does not declare `'b: 'a`.
//!
//! The check works on tokens, because macros have no other structure: `fn`, `fn(…)` and `Fn(…)` in any
//! position.

use std::collections::BTreeSet;

use proc_macro2::{Delimiter, Ident, TokenTree};

use super::tokens::{is_punct, is_separator, is_word, list};

/// The number of tokens of a signature that are read. Real signatures are shorter, and each token is examined
/// for every pair of lifetimes.
const LONGEST: usize = 1_000;

/// The maximum number of lifetimes in a signature; more are refused.
const MOST: usize = 12;

/// The keywords `fn`, `Fn`, `FnMut` and `FnOnce` of such signatures, each with the text to show.
pub(super) fn extending(tokens: &[TokenTree]) -> Vec<(Ident, String)> {
    let mut found = Vec::new();
    look(tokens, &[], &mut found);
    found
}

fn look(tokens: &[TokenTree], own: &[TokenTree], found: &mut Vec<(Ident, String)>) {
    let mut implementing = own.to_vec();
    for (at, token) in tokens.iter().enumerate() {
        match token {
            TokenTree::Ident(word) if word == "impl" => {
                let head = tokens[at + 1..].iter().take(LONGEST);
                implementing = head.take_while(|token| !is_group(token, Delimiter::Brace)).cloned().collect();
            }
            TokenTree::Ident(word) if ["fn", "Fn", "FnMut", "FnOnce"].iter().any(|it| word == it) => {
                let signature = Signature::read(&tokens[at + 1..], &implementing);
                if let Some(signature) = signature.filter(Signature::extends) {
                    found.push((word.clone(), signature.shown(word)));
                }
            }
            TokenTree::Group(group) => {
                look(&list(&group.stream()), &implementing, found);
                if group.delimiter() == Delimiter::Brace {
                    implementing = own.to_vec();
                }
            }
            _ => {}
        }
    }
}

fn is_group(token: &TokenTree, delimiter: Delimiter) -> bool {
    matches!(token, TokenTree::Group(group) if group.delimiter() == delimiter)
}

/// The identifiers and symbols of a type, groups flattened.
type Type = Vec<String>;

struct Signature {
    name: String,
    /// Generics and bounds.
    bounds: Type,
    arguments: Vec<Type>,
    output: Type,
}

impl Signature {
    /// The signature that follows `fn`; `None` if there is none.
    fn read(tokens: &[TokenTree], implementing: &[TokenTree]) -> Option<Self> {
        let tokens = &tokens[..tokens.len().min(LONGEST)];
        let mut at = 0;
        let mut name = String::new();
        // The name may be a macro variable.
        if is_punct(tokens.first(), '$') {
            at += 1;
        }
        if let Some(TokenTree::Ident(word)) = tokens.get(at) {
            name = word.to_string();
            at += 1;
        }
        let mut bounds = flat(implementing);
        if is_punct(tokens.get(at), '<') {
            let end = at + end_of_angles(&tokens[at..])?;
            bounds.extend(flat(&tokens[at..end]));
            at = end;
        }
        let TokenTree::Group(group) = tokens.get(at)? else { return None };
        if group.delimiter() != Delimiter::Parenthesis {
            return None;
        }
        let mut arguments = Vec::new();
        for argument in split(&list(&group.stream())) {
            add_argument(&argument, implementing, &mut arguments);
        }
        at += 1;
        let mut output = Vec::new();
        if is_punct(tokens.get(at), '-') && is_punct(tokens.get(at + 1), '>') {
            let length = length_of_type(&tokens[at + 2..]);
            output = flat(&tokens[at + 2..at + 2 + length]);
            at += 2 + length;
        }
        if is_word(tokens.get(at), "where") {
            let rest = tokens[at..].iter();
            let rest: Vec<_> = rest.take_while(|token| !is_group(token, Delimiter::Brace)).cloned().collect();
            bounds.extend(flat(&rest));
        }
        Some(Self { name, bounds, arguments, output })
    }

    fn shown(&self, word: &Ident) -> String {
        if self.name.is_empty() { format!("{word}(…)") } else { format!("{word} {}", self.name) }
    }

    /// Whether it may extend the lifetime of a borrow.
    fn extends(&self) -> bool {
        let lifetimes: BTreeSet<&str> =
            self.arguments.iter().chain([&self.output]).flat_map(|it| lifetimes(it)).collect();
        if lifetimes.len() < 2 || lifetimes.len() > MOST {
            // Real signatures have fewer: the number alone decides.
            return lifetimes.len() > MOST;
        }
        lifetimes.iter().any(|long| {
            let others = lifetimes.iter().filter(|short| *short != long && **short != "'static");
            others
                .into_iter()
                .any(|short| !self.declares_outlives(short, long) && self.may_extend(short, long))
        })
    }

    /// Whether `short: long` is declared.
    fn declares_outlives(&self, short: &str, long: &str) -> bool {
        let bounds = &self.bounds;
        (0..bounds.len()).any(|at| {
            let declares = bounds[at] == short && bounds.get(at + 1).is_some_and(|next| next == ":");
            declares
                && bounds[at + 2..].iter().take_while(|it| !matches!(&***it, "," | ">")).any(|it| it == long)
        })
    }

    /// Whether a borrow for `short` may be returned as one for `long`.
    fn may_extend(&self, short: &str, long: &str) -> bool {
        let nested = [vec!["&", long, "&", short], vec!["&", long, "mut", "&", short]];
        let is_nested = |it: &Type| nested.iter().any(|nested| contains(it, nested));
        // The output may imply the bound as well as an argument.
        let all: Vec<&Type> = self.arguments.iter().chain([&self.output]).collect();
        all.iter().enumerate().any(|(evidence_at, evidence)| {
            implies_outlives(evidence, short, long)
                && self.arguments.iter().enumerate().any(|(at, given)| {
                    at != evidence_at
                        && has(given, short)
                        && self.outputs(at).any(|output| {
                            has(output, long)
                                && (is_nested(evidence) && !is_nested(given)
                                    || renamed_parts(given, short, long)
                                        .iter()
                                        .any(|it| contains(output, it)))
                        })
                })
        })
    }

    /// The types that the function writes to, without the argument at index `but`.
    fn outputs(&self, but: usize) -> impl Iterator<Item = &Type> {
        let arguments = self.arguments.iter().enumerate();
        let arguments =
            arguments.filter(move |(at, it)| *at != but && it.first().is_some_and(|first| first == "&"));
        let arguments = arguments.filter(|(_, it)| {
            it.get(1).is_some_and(|it| it == "mut") || it.get(2).is_some_and(|it| it == "mut")
        });
        arguments.map(|(_, it)| it).chain([&self.output])
    }
}

/// Adds the type of an argument; for a tuple, the type of each element.
fn add_argument(argument: &[TokenTree], implementing: &[TokenTree], arguments: &mut Vec<Type>) {
    let mut at = 0;
    while at < argument.len() {
        let is_type = is_punct(argument.get(at), ':')
            && !is_separator(argument, at)
            && (at == 0 || !is_separator(argument, at - 1));
        if is_type {
            break;
        }
        at += 1;
    }
    let ty = if at < argument.len() { &argument[at + 1..] } else { argument };
    if let [TokenTree::Group(group)] = ty
        && group.delimiter() == Delimiter::Parenthesis
    {
        for part in split(&list(&group.stream())) {
            add_argument(&part, implementing, arguments);
        }
        return;
    }
    let mut ty = flat(ty);
    if let Some(own) = ty.iter().position(|it| it == "self" || it == "Self") {
        let named = flat(implementing);
        ty.splice(own + 1..own + 1, lifetimes(&named).map(str::to_owned).collect::<Vec<_>>());
    }
    arguments.push(ty);
}

/// The parts of a list that commas separate.
fn split(tokens: &[TokenTree]) -> Vec<Vec<TokenTree>> {
    let mut parts = vec![Vec::new()];
    let mut depth = 0_i32;
    for (at, token) in tokens.iter().enumerate() {
        match token {
            TokenTree::Punct(it) if it.as_char() == '<' => depth += 1,
            TokenTree::Punct(it) if it.as_char() == '>' && !is_arrow(tokens, at) => depth -= 1,
            TokenTree::Punct(it) if it.as_char() == ',' && depth <= 0 => {
                parts.push(Vec::new());
                continue;
            }
            _ => {}
        }
        parts.last_mut().expect("there is one from the start").push(token.clone());
    }
    parts.retain(|part| !part.is_empty());
    parts
}

/// Whether `>` at `at` belongs to an arrow.
fn is_arrow(tokens: &[TokenTree], at: usize) -> bool {
    at > 0 && matches!(tokens[at - 1], TokenTree::Punct(ref it) if matches!(it.as_char(), '-' | '='))
}

/// The length of the `<…>` that begins here.
fn end_of_angles(tokens: &[TokenTree]) -> Option<usize> {
    let mut depth = 0;
    for (at, token) in tokens.iter().enumerate() {
        match token {
            TokenTree::Punct(it) if it.as_char() == '<' => depth += 1,
            TokenTree::Punct(it) if it.as_char() == '>' && !is_arrow(tokens, at) => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return Some(at + 1);
        }
    }
    None
}

/// The length of the type that a signature returns.
fn length_of_type(tokens: &[TokenTree]) -> usize {
    let mut depth = 0;
    let ends = |(at, token): (usize, &TokenTree)| {
        match token {
            TokenTree::Punct(it) => match it.as_char() {
                '<' => depth += 1,
                '>' if !is_arrow(tokens, at) => depth -= 1,
                ';' => return true,
                ',' | '=' | '|' if depth == 0 => return true,
                _ => {}
            },
            TokenTree::Ident(word) => return word == "where" && depth == 0,
            TokenTree::Group(_) => return is_group(token, Delimiter::Brace),
            TokenTree::Literal(_) => {}
        }
        depth < 0
    };
    tokens.iter().enumerate().position(ends).unwrap_or(tokens.len())
}

/// The identifiers and symbols of the tokens: each lifetime as one piece, groups flattened.
fn flat(tokens: &[TokenTree]) -> Type {
    let mut flattened = Vec::new();
    let mut quoted = false;
    for token in tokens {
        match token {
            TokenTree::Group(group) => {
                let (open, close) = match group.delimiter() {
                    Delimiter::Parenthesis => ("(", ")"),
                    Delimiter::Bracket => ("[", "]"),
                    Delimiter::Brace => ("{", "}"),
                    Delimiter::None => ("", ""),
                };
                flattened.push(open.to_owned());
                flattened.extend(flat(&list(&group.stream())));
                flattened.push(close.to_owned());
            }
            TokenTree::Punct(it) if it.as_char() == '\'' => quoted = true,
            other if quoted => {
                flattened.push(format!("'{other}"));
                quoted = false;
            }
            other => flattened.push(other.to_string()),
        }
    }
    flattened
}

/// Whether the type may imply `short: long`: by a reference, or by the bounds of a type with both lifetimes.
fn implies_outlives(ty: &[String], short: &str, long: &str) -> bool {
    let references = references(ty, long).any(|reference| has(&reference[2..], short));
    let mut lists = ty.iter().enumerate().filter(|(at, it)| *it == "<" && (*at == 0 || ty[at - 1] != "for"));
    let lists = lists.any(|(at, _)| {
        let list: Vec<_> = ty[at + 1..].iter().take_while(|it| it.starts_with('\'') || *it == ",").collect();
        list.iter().any(|it| *it == short) && list.iter().any(|it| *it == long)
    });
    references || lists || matches!(ty, [one] if one == "_")
}

/// The parts of a type that are references with the lifetime.
fn references<'a>(ty: &'a [String], lifetime: &str) -> impl Iterator<Item = &'a [String]> {
    let starts = ty.windows(2).enumerate().filter(move |(_, pair)| pair[0] == "&" && pair[1] == lifetime);
    starts.map(|(start, _)| {
        let mut depth = 0;
        let length = ty[start..].iter().position(|it| {
            match it.as_str() {
                "<" | "(" | "[" => depth += 1,
                ">" | ")" | "]" => depth -= 1,
                "," if depth == 0 => return true,
                _ => {}
            }
            depth < 0
        });
        &ty[start..length.map_or(ty.len(), |length| start + length)]
    })
}

/// The named lifetimes in a type.
fn lifetimes(ty: &[String]) -> impl Iterator<Item = &str> {
    ty.iter().map(String::as_str).filter(|it| it.starts_with('\'') && *it != "'_")
}

fn has(ty: &[String], word: &str) -> bool {
    ty.iter().any(|it| it == word)
}

fn contains<T: AsRef<str>>(ty: &[String], part: &[T]) -> bool {
    ty.windows(part.len()).any(|window| window.iter().zip(part).all(|(it, other)| it == other.as_ref()))
}

/// The type, and each reference for `short` in it, with `short` renamed to `long`.
fn renamed_parts(ty: &[String], short: &str, long: &str) -> Vec<Type> {
    let rename = |part: &[String]| {
        part.iter().map(|it| if it == short { long.to_owned() } else { it.clone() }).collect::<Type>()
    };
    references(ty, short).map(rename).chain([rename(ty)]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(source: &str) -> Vec<String> {
        let tokens: proc_macro2::TokenStream = source.parse().unwrap();
        extending(&list(&tokens)).into_iter().map(|(_, shown)| shown).collect()
    }

    #[test]
    fn signatures_that_extend_a_borrow_are_found() {
        for source in [
            "fn t<'a, 'b, T: ?Sized>(_: &'a &'b (), b: &'b mut T) -> &'a mut T { b }",
            "fn t<'a, 'b>(b: &'b u8, _: &'a &'b ()) -> &'a u8 { b }",
            "fn t<'a, 'b>((_, b): (&'a &'b (), &'b u8)) -> &'a u8 { b }",
            "fn t<'b>(_: &'static &'b (), b: &'b u8) -> &'static u8 { b }",
            "fn t<'a, 'b>(_: &'a mut &'b (), b: Box<dyn A + 'b>) -> Box<dyn A + 'a> { b }",
            "fn t<'a, 'b>(_: &'a &'b (), b: &'b u8) -> Option<(u8, &'a u8)> { b }",
            "fn t<'a, 'b>(_: W<'a, 'b>, b: Option<&'b [u8]>) -> Option<&'a [u8]> { b }",
            "fn t<'a, 'b>(_: &'a Cell<&'b ()>, b: &'b u8) -> (&'a u8, u8) { b }",
            "fn t<'a, 'b>(b: &'b u8, _: fn(&'a &'b ())) -> &'a u8 { b }",
            "fn t<'a, 'b>(b: &'b u8) -> (Option<&'a &'b ()>, &'a u8) { b }",
            "fn t<'a, 'b>(_: &'a &'b (), b: &'b u8, out: &mut Option<&'a u8>) { *out = Some(b) }",
            "impl<'b> W<'b> { fn t<'a>(&'a self, b: &'b u8) -> &'a u8 { b } }",
            "impl<'b> W<'b> { fn t<'a>(self: &'a Self, b: &'b u8) -> &'a u8 { b } }",
            "trait A<'a, 'b, T> { fn t(_: &'a &'b (), b: &'b T) -> &'a T; }",
            "macro_rules! m { () => { fn t<'a, 'b>(_: &'a &'b (), b: &'b u8) -> &'a u8 { b } } }",
            "macro_rules! m { ($name:ident) => { \
             fn $name<'a, 'b>(_: &'a &'b (), b: &'b u8) -> &'a u8 { b } } }",
            "fn f() { fn g() {} fn t<'a, 'b>(_: &'a &'b (), b: &'b u8) -> &'a u8 { b } }",
            "fn f() { let f: for<'x> fn(_, &'x mut T) -> &'b mut T = g; }",
            "fn f() { let f: for<'x> fn(&'x W<'a>, &'a T) -> &'x T = W::t; }",
            "fn f<F>(f: F) where F: for<'x> Fn(&'static &'x (), &'x T) -> &'static T {}",
            "type F = for<'a, 'b> fn(&'a &'b (), &'b mut u8) -> &'a mut u8;",
        ] {
            assert_eq!(found(source).len(), 1, "{source}");
        }
    }

    #[test]
    fn sound_signatures_are_not_found() {
        for source in [
            "fn t<'a, 'b: 'a>(_: &'a &'b (), b: &'b u8) -> &'a u8 { b }",
            "fn t<'a, 'b>(_: &'a &'b (), b: &'b u8) -> &'a u8 where 'b: 'a { b }",
            "fn first<'a>(all: &'a [&'a str], other: &'a str) -> &'a str { other }",
            "fn first<'a, 'b>(all: &'a &'b str) -> &'a str { all }",
            "fn first<'a, 'b>(all: &'a [&'b str]) -> &'b str { all[0] }",
            "fn get<'a, 'b>(map: &'a HashMap<&'b str, u8>, key: &'b str) -> Option<&'a u8> { map.get(key) }",
            "fn get<'a>(map: &'a HashMap<String, Vec<u8>>, key: &str) -> &'a [u8] { &map[key] }",
            "impl<'b> W<'b> { fn push(&mut self, it: &'b str) -> &mut Self { self } }",
            "impl<'a> Iterator for It<'a> { type Item = &'a Entry; \
             fn next(&mut self) -> Option<&'a Entry> { None } }",
            "fn wait<'a, 'b>(lock: &'b Condvar, guard: MutexGuard<'a, State>) -> MutexGuard<'a, State> \
             { guard }",
            "fn wait<'a>(&'a self, guard: MutexGuard<'a, State>, until: impl Fn(&State) -> bool) \
             -> MutexGuard<'a, State> { guard }",
            "fn name(f: fn(&State) -> &'static str, all: &[(u8, fn() -> &'static str)]) -> &'static str \
             { f() }",
            "fn f() { all.iter().filter(|it: &&Entry| it.term < 3).map(|(a, b): (&u8, &u8)| a + b).sum() }",
            "fn f<'a>(x: &'a str, y: &'static str) -> &'a str { if x < y { x } else { y } }",
            "impl<'de> Deserialize<'de> for A { \
             fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> { x } }",
            "fn f<'a, 'b>(a: &'a str, b: &'b str) -> (&'a str, &'b str) { (a, b) }",
            "fn f<'a, 'b>(a: &'a str, b: &'b str) -> Result<&'a str, &'b str> { Ok(a) }",
            "fn f<'a, 'b>(all: &[(&'a str, &'b str)], other: &'b str) -> Option<&'a str> { None }",
            "impl<'a, 'b> Both<'a, 'b> { fn f(&self, other: &'b str) -> &'a str { self.a } }",
        ] {
            assert_eq!(found(source), [""; 0], "{source}");
        }
    }
}
