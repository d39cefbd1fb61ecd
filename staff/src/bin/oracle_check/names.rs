//! [`Names`]: the functions of the tester that end a run, and those that check something for a test.

use std::collections::BTreeSet;

use quote::ToTokens;
use syn::visit::{self, Visit};
use syn::{Attribute, FnArg, Meta, ReturnType, Signature, Type};
use tester::Lab;

/// Functions that return an optional result and leave its meaning to the test.
const OPTIONAL_RESULT: [&str; 5] = ["get_state", "start_on", "any_leader", "submit", "one_among"];

/// The functions of the tester that the search has to know, by name.
#[derive(Clone, Debug, Default)]
pub struct Names {
    /// Functions that never return, because they end the run.
    ends_run: Vec<String>,
    /// The checkers that tests may call: file, name, and whether they return nothing.
    checkers: Vec<(String, String, bool)>,
    /// The files that contain an invariant.
    invariants: BTreeSet<String>,
}

impl Names {
    /// Collects the functions of a file.
    pub fn add(&mut self, file: &str, syntax: &syn::File) {
        let mut signatures = Signatures::default();
        signatures.visit_file(syntax);
        if signatures.has_invariant {
            self.invariants.insert(file.to_owned());
        }
        for (signature, track_caller) in signatures.found {
            let name = signature.ident.to_string();
            if matches!(&signature.output, ReturnType::Type(_, ty) if matches!(**ty, Type::Never(_))) {
                self.ends_run.push(name);
            } else if track_caller {
                // A function that returns a `bool` leaves the verdict to the test.
                let answers = signature.output.to_token_stream().to_string();
                if answers != "-> bool" && !OPTIONAL_RESULT.contains(&name.as_str()) {
                    let quiet = matches!(signature.output, ReturnType::Default);
                    self.checkers.push((file.to_owned(), name, quiet));
                }
            }
        }
    }

    /// Whether a function of this name never returns, because it ends the run.
    pub fn ends_run(&self, name: &str) -> bool {
        self.ends_run.iter().any(|known| known == name)
    }

    /// Whether a file contains an invariant. Such a file is instrumented as a whole, helpers included.
    pub fn has_invariant(&self, file: &str) -> bool {
        self.invariants.contains(file)
    }

    /// Whether a file contains tests of the course or their helpers.
    pub fn is_course_test(&self, file: &str) -> bool {
        // Files shared by the labs with clients belong to no single lab.
        let shared = file == "src/key_value.rs" || file.starts_with("src/key_value/");
        let is_of = |lab: &Lab| {
            let rest = file.strip_prefix("src/").and_then(|file| file.strip_prefix(lab.krate));
            rest.is_some_and(|rest| rest == ".rs" || rest.starts_with('/'))
        };
        shared || tester::labs().iter().any(is_of)
    }

    /// Whether a function of this name is a checker, and if so, whether it returns nothing.
    pub fn checker(&self, name: &str) -> Option<bool> {
        let is = |(file, known, _): &&(String, String, bool)| known == name && self.is_course_test(file);
        self.checkers.iter().find(is).map(|(_, _, quiet)| *quiet)
    }
}

#[derive(Default)]
struct Signatures {
    found: Vec<(Signature, bool)>,
    has_invariant: bool,
}

impl<'ast> Visit<'ast> for Signatures {
    fn visit_item_mod(&mut self, module: &'ast syn::ItemMod) {
        if !is_test(&module.attrs) {
            visit::visit_item_mod(self, module);
        }
    }

    fn visit_item_fn(&mut self, function: &'ast syn::ItemFn) {
        self.found.push((function.sig.clone(), is_track_caller(&function.attrs)));
    }

    fn visit_item_impl(&mut self, item: &'ast syn::ItemImpl) {
        self.has_invariant |= is_invariant(item);
        visit::visit_item_impl(self, item);
    }

    fn visit_impl_item_fn(&mut self, function: &'ast syn::ImplItemFn) {
        self.found.push((function.sig.clone(), is_track_caller(&function.attrs)));
    }
}

/// `impl Invariant for …`.
pub fn is_invariant(item: &syn::ItemImpl) -> bool {
    let last = item.trait_.as_ref().and_then(|(_, path, _)| path.segments.last());
    last.is_some_and(|name| name.ident == "Invariant")
}

/// Whether a method changes an invariant and returns at most a verdict.
pub fn is_entry(signature: &Signature) -> bool {
    let result = signature.output.to_token_stream().to_string();
    changes_itself(signature)
        && (result.is_empty() || result.contains("Verdict") || result.contains("Result"))
}

/// `&mut self`.
pub fn changes_itself(signature: &Signature) -> bool {
    signature.inputs.iter().any(
        |input| matches!(input, FnArg::Receiver(me) if me.reference.is_some() && me.mutability.is_some()),
    )
}

/// `#[track_caller]`.
pub fn is_track_caller(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| attribute.path().is_ident("track_caller"))
}

/// `#[cfg(test)]` or `#[test]`.
pub fn is_test(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| match &attribute.meta {
        Meta::Path(path) => path.is_ident("test"),
        Meta::List(list) => list.path.is_ident("cfg") && list.tokens.to_string() == "test",
        Meta::NameValue(_) => false,
    })
}
