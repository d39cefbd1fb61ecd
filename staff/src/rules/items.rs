//! [`Items`]: facts about a file that only its syntax tree shows.

use std::collections::BTreeSet;
use std::ops::Range;

use syn::spanned::Spanned;
use syn::visit::{self, Visit};
use syn::{Attribute, Expr, Item, ItemMod, ItemStatic, Meta, StaticMutability, Type};

use crate::submission::{crates, folder_of};

/// Facts about a file from its syntax tree.
#[derive(Debug, Default)]
pub(super) struct Items {
    /// The positions of the keyword `static` of harmless statics, as byte offsets in the file.
    plain_statics: BTreeSet<usize>,
    /// The byte ranges of items that are compiled for tests only, sorted and without nesting.
    tests: Vec<Range<usize>>,
    /// The possible paths of modules that are compiled if this file is.
    modules: Vec<String>,
    /// The names of all modules.
    names: BTreeSet<String>,
}

impl Items {
    pub(super) fn of(file: &syn::File, path: &str) -> Self {
        let folder = match path.rsplit_once('/') {
            Some((folder, "mod.rs")) => folder.to_owned(),
            // The root of a crate has its modules beside it. Elsewhere `lib.rs` has no special meaning.
            Some((folder, "lib.rs")) if is_source_folder(folder) => folder.to_owned(),
            _ => path.trim_end_matches(".rs").to_owned(),
        };
        let is_certain = file.attrs.iter().all(decides_nothing);
        let mut visitor = Visitor { items: Self::default(), folder, is_certain };
        visitor.visit_file(file);
        visitor.items.tests = outermost(visitor.items.tests);
        visitor.items
    }

    /// Whether the keyword `static` at this byte begins an immutable static.
    pub(super) fn is_plain_static(&self, byte: usize) -> bool {
        self.plain_statics.contains(&byte)
    }

    /// Whether the token at this byte is compiled for tests only.
    pub(super) fn is_test(&self, byte: usize) -> bool {
        let next = self.tests.partition_point(|range| range.start <= byte);
        next.checked_sub(1).is_some_and(|at| self.tests[at].contains(&byte))
    }

    /// The possible paths of modules that are compiled if this file is.
    pub(super) fn modules(&self) -> &[String] {
        &self.modules
    }

    /// Whether a module of this name is declared.
    pub(super) fn has_module(&self, name: &str) -> bool {
        self.names.contains(name)
    }
}

/// Whether a folder is the `src` of a crate, and not a folder within.
fn is_source_folder(folder: &str) -> bool {
    let krate = folder.strip_suffix("/src");
    crates().any(|name| krate == Some(folder_of(name)))
}

/// The items that are not nested in another, sorted.
fn outermost(mut items: Vec<Range<usize>>) -> Vec<Range<usize>> {
    items.sort_by_key(|range| (range.start, std::cmp::Reverse(range.end)));
    let mut end = 0;
    items.retain(|range| {
        let is_outside = range.start >= end;
        end = end.max(range.end);
        is_outside
    });
    items
}

struct Visitor {
    items: Items,
    /// The folder of the current module's submodules.
    folder: String,
    /// Whether the current item is certainly compiled if the file is.
    is_certain: bool,
}

impl Visitor {
    fn module(&mut self, module: &ItemMod) {
        let name = module.ident.to_string();
        let name = name.trim_start_matches("r#");
        self.items.names.insert(name.to_owned());
        let folder = format!("{}/{name}", self.folder);
        if module.content.is_none() && self.is_certain {
            self.items.modules.extend([format!("{folder}.rs"), format!("{folder}/mod.rs")]);
        }
        let outside = std::mem::replace(&mut self.folder, folder);
        visit::visit_item_mod(self, module);
        self.folder = outside;
    }
}

impl<'ast> Visit<'ast> for Visitor {
    fn visit_item(&mut self, item: &'ast Item) {
        if is_for_tests(item) {
            self.items.tests.push(item.span().byte_range());
        }
        let outside = self.is_certain;
        match item {
            Item::Mod(module) => {
                self.is_certain &= module.attrs.iter().all(decides_nothing);
                self.module(module);
            }
            item => {
                self.is_certain = false;
                visit::visit_item(self, item);
            }
        }
        self.is_certain = outside;
    }

    fn visit_item_static(&mut self, item: &'ast ItemStatic) {
        let fixed = matches!(item.mutability, StaticMutability::None);
        if fixed && is_plain(&item.ty) && is_literal(&item.expr) {
            self.items.plain_statics.insert(item.static_token.span.byte_range().start);
        }
        visit::visit_item_static(self, item);
    }
}

/// Whether an item has `#[cfg(test)]`, and no attribute that could change the item.
fn is_for_tests(item: &Item) -> bool {
    let attributes = match item {
        Item::Mod(item) => &item.attrs,
        Item::Fn(item) => &item.attrs,
        Item::Use(item) => &item.attrs,
        Item::Impl(item) => &item.attrs,
        _ => return false,
    };
    let harmless = |attribute: &Attribute| {
        ["cfg", "allow", "expect", "doc", "test", "must_use"]
            .iter()
            .any(|name| attribute.path().is_ident(name))
    };
    attributes.iter().any(is_cfg_test) && attributes.iter().all(harmless)
}

/// Whether an attribute does not influence what is compiled, and from which file.
fn decides_nothing(attribute: &Attribute) -> bool {
    ["allow", "deny", "doc", "expect", "warn"].iter().any(|name| attribute.path().is_ident(name))
}

fn is_cfg_test(attribute: &Attribute) -> bool {
    let Meta::List(list) = &attribute.meta else { return false };
    list.path.is_ident("cfg") && list.tokens.to_string() == "test"
}

/// Whether a type consists of numbers, characters and strings. Another type may have the name of such a type,
/// but not a value that [`is_literal`] accepts.
fn is_plain(ty: &Type) -> bool {
    const PLAIN: [&str; 17] = [
        "bool", "char", "str", "f32", "f64", "i8", "i16", "i32", "i64", "i128", "isize", "u8", "u16", "u32",
        "u64", "u128", "usize",
    ];
    match ty {
        Type::Path(path) => PLAIN.iter().any(|name| path.qself.is_none() && path.path.is_ident(name)),
        Type::Reference(reference) => reference.mutability.is_none() && is_plain(&reference.elem),
        Type::Array(array) => is_plain(&array.elem) && is_literal(&array.len),
        Type::Slice(slice) => is_plain(&slice.elem),
        Type::Tuple(tuple) => tuple.elems.iter().all(is_plain),
        Type::Paren(paren) => is_plain(&paren.elem),
        _ => false,
    }
}

/// Whether an expression consists of literals and contains no name.
fn is_literal(expression: &Expr) -> bool {
    match expression {
        Expr::Lit(_) => true,
        Expr::Unary(unary) => is_literal(&unary.expr),
        Expr::Binary(binary) => is_literal(&binary.left) && is_literal(&binary.right),
        Expr::Paren(paren) => is_literal(&paren.expr),
        Expr::Reference(reference) => reference.mutability.is_none() && is_literal(&reference.expr),
        Expr::Array(array) => array.elems.iter().all(is_literal),
        Expr::Tuple(tuple) => tuple.elems.iter().all(is_literal),
        Expr::Repeat(repeat) => is_literal(&repeat.expr) && is_literal(&repeat.len),
        _ => false,
    }
}
