//! [`Names`]: the functions of the tester that end a run, and those that check something for a test.

use quote::ToTokens;
use syn::visit::{self, Visit};
use syn::{Attribute, FnArg, Meta, ReturnType, Signature, Type};

/// Functions that answer perhaps something, and leave it to the test what that means.
const PERHAPS: [&str; 4] = ["start_on", "any_leader", "submit", "one_among"];

/// The functions of the tester that matter to the search, by name.
#[derive(Clone, Debug, Default)]
pub struct Names {
    /// Those that never return, because they end the run.
    ends_run: Vec<String>,
    /// The checkers that the tests call, with whether they return nothing.
    checkers: Vec<(String, bool)>,
    /// The methods of oracles by which they learn something.
    entries: Vec<String>,
}

impl Names {
    /// Collects those of a file.
    pub fn add(&mut self, file: &str, syntax: &syn::File) {
        let mut signatures = Signatures::default();
        signatures.visit_file(syntax);
        for (signature, track_caller) in signatures.found {
            let name = signature.ident.to_string();
            if file.starts_with("src/oracle/") && is_entry(&signature) {
                self.entries.push(name.clone());
            }
            if matches!(&signature.output, ReturnType::Type(_, ty) if matches!(**ty, Type::Never(_))) {
                self.ends_run.push(name);
            } else if track_caller && (file.starts_with("src/cluster/") || is_course_test(file)) {
                // One that answers yes or no leaves the verdict to the test.
                let answers = signature.output.to_token_stream().to_string();
                if answers != "-> bool" && !PERHAPS.contains(&name.as_str()) {
                    let quiet = matches!(signature.output, ReturnType::Default);
                    self.checkers.push((name, quiet));
                }
            }
        }
    }

    /// Whether a function of this name never returns, because it ends the run.
    pub fn ends_run(&self, name: &str) -> bool {
        self.ends_run.iter().any(|known| known == name)
    }

    /// Whether oracles learn something by a method of this name.
    pub fn is_entry(&self, name: &str) -> bool {
        self.entries.iter().any(|known| known == name)
    }

    /// Whether a function of this name is a checker, and if so, whether it returns nothing.
    pub fn checker(&self, name: &str) -> Option<bool> {
        self.checkers.iter().find(|(known, _)| known == name).map(|(_, quiet)| *quiet)
    }
}

#[derive(Default)]
struct Signatures {
    found: Vec<(Signature, bool)>,
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

    fn visit_impl_item_fn(&mut self, function: &'ast syn::ImplItemFn) {
        self.found.push((function.sig.clone(), is_track_caller(&function.attrs)));
    }
}

/// Whether a file has tests of the course, or what these are made of.
pub fn is_course_test(file: &str) -> bool {
    let folders = ["src/raft/", "src/key_value/", "src/kvsrv/", "src/rsm/", "src/kvraft/"];
    file == "src/key_value.rs" || folders.iter().any(|folder| file.starts_with(folder))
}

/// Whether a method changes an oracle and answers at most with a verdict.
pub fn is_entry(signature: &Signature) -> bool {
    let changes = signature.inputs.iter().any(
        |input| matches!(input, FnArg::Receiver(me) if me.reference.is_some() && me.mutability.is_some()),
    );
    let result = signature.output.to_token_stream().to_string();
    changes && (result.is_empty() || result.contains("Verdict") || result.contains("Result"))
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
