//! The imports of a file, and the rules that a path breaks with and without them.

use proc_macro2::TokenTree;

use super::{MEANINGS, Scan, Within};
use crate::rules::finding::Rule;
use crate::rules::forbidden_idents;
use crate::rules::imports::{DEEPEST, Import, import_length, imports_of, is_whole};
use crate::rules::paths::{self, End};
use crate::rules::tokens::{is_punct, list};

impl Scan<'_> {
    /// Records the imports of a file, all scopes together.
    pub(super) fn imports_in(&mut self, tokens: &[TokenTree]) {
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

    /// Checks `use …;`. Returns the index after it, or `None` if the import contains macro variables.
    pub(super) fn import(&mut self, tokens: &[TokenTree], at: usize, within: Within) -> Option<usize> {
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

    pub(super) fn broken(&self, path: &[String], end: &End, imported: bool) -> paths::Broken {
        paths::judge(path, end, imported, &|name| self.items.is_some_and(|items| items.has_module(name)))
    }

    pub(super) fn judge(&mut self, Import { path, end, at }: &Import, imported: bool, within: Within) {
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
}
