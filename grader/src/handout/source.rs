//! [`cut`]: a source without what is compiled for its own tests or for teachers alone.

use std::ops::RangeInclusive;

use syn::spanned::Spanned;
use syn::visit::{self, Visit};
use syn::{Arm, Attribute, Expr, Field, FieldValue, ImplItem, Item, Local, Meta, Stmt, TraitItem, Variant};

/// A source of which something was cut.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Cut {
    /// What is left.
    pub(super) text: String,
    /// The modules in files of their own that are gone.
    pub(super) modules: Vec<String>,
}

/// What has one of these conditions is cut out, with its documentation.
const CONDITIONS: [&str; 3] = ["test", "feature=\"grading\"", "feature=\"confine\""];

/// Cuts out of `source` all that stands under `#[cfg(test)]`, `#[cfg(feature = "grading")]` or
/// `#[cfg(feature = "confine")]`.
///
/// # Errors
///
/// The source is not Rust.
pub(super) fn cut(source: &str) -> Result<Cut, String> {
    let file = syn::parse_file(source).map_err(|error| error.to_string())?;
    let mut finder = Finder::default();
    finder.visit_file(&file);
    let mut lines: Vec<Option<&str>> = source.lines().map(Some).collect();
    for range in finder.lines {
        // The lines before and after, without the gap between them.
        let before = range.start().checked_sub(1);
        let gap = before.is_some_and(|line| lines[line].is_some_and(|text| text.trim().is_empty()));
        let after = lines.get(range.end() + 1).copied().flatten();
        if gap && after.is_none_or(|text| text.trim().is_empty() || text.trim_start().starts_with('}')) {
            lines[before.expect("there is a gap before")] = None;
        }
        let is_first = before.is_some_and(|line| lines[line].is_some_and(|text| text.ends_with('{')));
        if is_first && after.is_some_and(|text| text.trim().is_empty()) {
            lines[range.end() + 1] = None;
        }
        lines[range].fill(None);
    }
    let text = lines.iter().flatten().flat_map(|line| [line, "\n"]).collect();
    Ok(Cut { text, modules: finder.modules })
}

/// Finds what has to go.
#[derive(Default)]
struct Finder {
    /// The lines to cut, counted from 0, in order.
    lines: Vec<RangeInclusive<usize>>,
    modules: Vec<String>,
}

impl Finder {
    /// Whether what has these attributes goes; then its lines are noted.
    fn goes(&mut self, attributes: &[Attribute], whole: &impl Spanned) -> bool {
        let goes = attributes.iter().any(is_condition);
        if goes {
            let span = whole.span();
            self.lines.push(span.start().line - 1..=span.end().line - 1);
        }
        goes
    }
}

fn is_condition(attribute: &Attribute) -> bool {
    let Meta::List(list) = &attribute.meta else {
        return false;
    };
    let condition = list.tokens.to_string().replace(' ', "");
    list.path.is_ident("cfg") && CONDITIONS.contains(&condition.as_str())
}

impl<'ast> Visit<'ast> for Finder {
    fn visit_item(&mut self, item: &'ast Item) {
        let attributes = match item {
            Item::Const(it) => &it.attrs,
            Item::Enum(it) => &it.attrs,
            Item::Fn(it) => &it.attrs,
            Item::Impl(it) => &it.attrs,
            Item::Macro(it) => &it.attrs,
            Item::Mod(it) => &it.attrs,
            Item::Static(it) => &it.attrs,
            Item::Struct(it) => &it.attrs,
            Item::Trait(it) => &it.attrs,
            Item::Type(it) => &it.attrs,
            Item::Use(it) => &it.attrs,
            _ => return visit::visit_item(self, item),
        };
        if !self.goes(attributes, item) {
            visit::visit_item(self, item);
        } else if let Item::Mod(module) = item
            && module.content.is_none()
        {
            self.modules.push(module.ident.to_string());
        }
    }

    fn visit_impl_item(&mut self, item: &'ast ImplItem) {
        let attributes = match item {
            ImplItem::Const(it) => &it.attrs,
            ImplItem::Fn(it) => &it.attrs,
            _ => return visit::visit_impl_item(self, item),
        };
        if !self.goes(attributes, item) {
            visit::visit_impl_item(self, item);
        }
    }

    fn visit_trait_item(&mut self, item: &'ast TraitItem) {
        let attributes = match item {
            TraitItem::Fn(it) => &it.attrs,
            _ => return visit::visit_trait_item(self, item),
        };
        if !self.goes(attributes, item) {
            visit::visit_trait_item(self, item);
        }
    }

    fn visit_variant(&mut self, variant: &'ast Variant) {
        if !self.goes(&variant.attrs, variant) {
            visit::visit_variant(self, variant);
        }
    }

    fn visit_field(&mut self, field: &'ast Field) {
        if !self.goes(&field.attrs, field) {
            visit::visit_field(self, field);
        }
    }

    fn visit_field_value(&mut self, value: &'ast FieldValue) {
        if !self.goes(&value.attrs, value) {
            visit::visit_field_value(self, value);
        }
    }

    fn visit_arm(&mut self, arm: &'ast Arm) {
        if !self.goes(&arm.attrs, arm) {
            visit::visit_arm(self, arm);
        }
    }

    fn visit_local(&mut self, local: &'ast Local) {
        if !self.goes(&local.attrs, local) {
            visit::visit_local(self, local);
        }
    }

    fn visit_stmt(&mut self, statement: &'ast Stmt) {
        let attributes: &[Attribute] = match statement {
            Stmt::Expr(Expr::Block(it), _) => &it.attrs,
            Stmt::Expr(Expr::Call(it), _) => &it.attrs,
            Stmt::Expr(Expr::If(it), _) => &it.attrs,
            Stmt::Expr(Expr::MethodCall(it), _) => &it.attrs,
            Stmt::Macro(it) => &it.attrs,
            _ => &[],
        };
        if !self.goes(attributes, statement) {
            visit::visit_stmt(self, statement);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_for_tests_and_teachers_goes_and_no_gap_stays() {
        let source = r#"//! Docs.

mod args;
#[cfg(feature = "grading")]
mod handout;

#[cfg(unix)]
use std::os;

/// A command.
enum Command {
    /// Stays.
    Test,
    /// Goes.
    #[cfg(feature = "grading")]
    Handout(Args),
    Last,
}

fn run(command: Command) {
    match command {
        Command::Test => {}
        #[cfg(feature = "grading")]
        Command::Handout(args) => {
            hand_out(args);
        }
        Command::Last => {}
    }
    #[cfg(test)]
    counted();
}

impl Command {
    #[cfg(test)]
    fn dropped_first() {}

    fn kept() {}

    #[cfg(test)]
    fn dropped() {}
}

#[cfg(test)]
mod tests {
    fn nothing() {}
}
"#;
        let expected = r"//! Docs.

mod args;

#[cfg(unix)]
use std::os;

/// A command.
enum Command {
    /// Stays.
    Test,
    Last,
}

fn run(command: Command) {
    match command {
        Command::Test => {}
        Command::Last => {}
    }
}

impl Command {
    fn kept() {}
}
";
        let cut = cut(source).unwrap();
        assert_eq!(cut.text, expected);
        assert_eq!(cut.modules, ["handout"]);
    }

    #[test]
    fn what_nothing_is_cut_from_stays_as_it_is() {
        let source = "//! Docs.\n\n#[cfg(not(test))]\nfn stays() {}\n\n\nfn too() {}\n";
        assert_eq!(cut(source).unwrap(), Cut { text: source.to_owned(), modules: vec![] });
        assert!(cut("fn {").is_err());
    }
}
