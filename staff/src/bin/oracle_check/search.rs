//! [`Sites`]: every site in the tester's source where it can give a verdict, and the source with a switch at
//! each.

use std::ops::Range;

use quote::ToTokens;
use syn::visit::{self, Visit};
use syn::{Attribute, Expr, ReturnType, Signature, Stmt};

use crate::names::{Names, changes_itself, is_entry, is_invariant, is_test, is_track_caller};
use crate::site::{Kind, Site};
use crate::syntax::{called, is_true, line, literal, range};

/// Functions that end a run or warn and are not defined in the tester.
const VERDICTS: [&str; 3] = ["fail_later", "warn", "resume_unwind"];

/// Functions that pass on the verdict of another function.
const PASS_ON: [&str; 2] = ["fail", "warn"];

/// The methods that emit an event to the stream.
const EMITS: [&str; 3] = ["emit", "submitted", "executed"];

/// The sites in a crate's files, numbered consecutively.
#[derive(Debug, Default)]
pub struct Sites {
    pub sites: Vec<Site>,
    numbers: u32,
}

impl Sites {
    /// Finds the sites in a file, and returns its text with a switch at each. Line numbers do not change.
    pub fn instrument(&mut self, names: &Names, file: &str, text: &str, syntax: &syn::File) -> String {
        let mut search = Search {
            names,
            file,
            text,
            sites: self,
            inserts: Vec::new(),
            function: String::new(),
            track_caller: false,
            must_diverge: false,
        };
        search.visit_file(syntax);
        let mut inserts = search.inserts;
        // Insertions at the same position keep the order in which they were found.
        inserts.sort_by_key(|(at, _)| *at);
        let mut result = String::with_capacity(text.len() * 2);
        let mut done = 0;
        for (at, insert) in inserts {
            result.push_str(&text[done..at]);
            result.push_str(&insert);
            done = at;
        }
        result.push_str(&text[done..]);
        result
    }
}

struct Search<'a> {
    names: &'a Names,
    file: &'a str,
    text: &'a str,
    sites: &'a mut Sites,
    /// Insertions: position and text.
    inserts: Vec<(usize, String)>,
    function: String,
    /// Whether the function has `#[track_caller]`.
    track_caller: bool,
    /// Whether the block must diverge, being the `else` of a `let`.
    must_diverge: bool,
}

impl Search<'_> {
    /// Whether an error made by this expression is an objection to a solution, and not an error about user
    /// input: any error in the file of an invariant, and an error with a text of its own in a lab's folder.
    fn judges(&self, expr: &Expr) -> bool {
        self.names.has_invariant(self.file)
            || self.is_course_test() && literal(expr.to_token_stream()).is_some()
    }

    fn is_course_test(&self) -> bool {
        self.names.is_course_test(self.file)
    }

    fn number(&mut self, kind: Kind, line: usize, what: String) -> u32 {
        self.sites.numbers += 1;
        let number = Some(self.sites.numbers);
        let (file, function) = (self.file.to_owned(), self.function.clone());
        self.sites.sites.push(Site { kind, number, file, line, function, what });
        self.sites.numbers
    }

    fn insert(&mut self, range: Range<usize>, before: String, after: &str) {
        self.inserts.push((range.start, before));
        self.inserts.push((range.end, after.to_owned()));
    }

    /// The expression that tests whether site `number` is switched off.
    fn is_off(&self, number: u32) -> String {
        if self.track_caller {
            format!("crate::switch::off_or_called_from({number}, ::std::panic::Location::caller())")
        } else {
            format!("crate::switch::off({number})")
        }
    }

    /// Whether the expression ends the run or warns.
    fn is_verdict(&self, expr: &Expr) -> bool {
        called(expr).is_some_and(|name| self.names.ends_run(&name) || VERDICTS.contains(&name.as_str()))
    }

    /// A call of a checker that returns nothing, in a test of the course.
    fn is_quiet_check(&self, expr: &Expr) -> bool {
        self.is_course_test() && called(expr).is_some_and(|name| self.names.checker(&name) == Some(true))
    }

    fn is_objection(&self, expr: &Expr) -> bool {
        self.judges(expr) && matches!(expr, Expr::Call(_)) && called(expr).is_some_and(|name| name == "Err")
    }

    /// The kind of site if the expression can be omitted where its value is unused.
    fn is_site(&self, expr: &Expr) -> Option<Kind> {
        match expr {
            Expr::Return(back) => {
                back.expr.as_ref().is_some_and(|expr| self.is_objection(expr)).then_some(Kind::Assertion)
            }
            expr if self.is_verdict(expr) => Some(Kind::Assertion),
            expr if self.is_quiet_check(expr) => Some(Kind::Check),
            _ => None,
        }
    }

    /// Wraps `range`, which contains `expr`, so that it is skipped if the site is switched off.
    fn make_optional(&mut self, kind: Kind, expr: &Expr, range: Range<usize>) {
        let what = if kind == Kind::Check { self.words(expr) } else { self.what(expr) };
        let number = self.number(kind, line(expr), what);
        let before = format!("if !{} {{ ", self.is_off(number));
        self.insert(range, before, " }");
    }

    /// The first words of the message of `expr`.
    fn what(&self, expr: &Expr) -> String {
        let message = literal(expr.to_token_stream());
        let text = message
            .map_or_else(|| self.text[range(expr)].to_owned(), |message| message.replace("\\\"", "\""));
        let text = text.replace("\\\n", "");
        let words: Vec<&str> = text.split_whitespace().collect();
        words.join(" ")
    }

    /// The expression on one line.
    fn words(&self, expr: &Expr) -> String {
        self.text[range(expr)].split_whitespace().collect::<Vec<_>>().join(" ")
    }

    /// Visits a block whose value is `()`.
    fn visit_quiet_block(&mut self, block: &syn::Block) {
        for (position, stmt) in block.stmts.iter().enumerate() {
            match stmt {
                Stmt::Expr(expr, None) if position + 1 == block.stmts.len() => match self.is_site(expr) {
                    Some(kind) if !self.must_diverge => self.make_optional(kind, expr, range(expr)),
                    _ => self.visit_expr(expr),
                },
                stmt => self.visit_stmt(stmt),
            }
        }
    }

    fn visit_function(
        &mut self,
        attributes: &[Attribute],
        signature: &Signature,
        block: &syn::Block,
        owner: &str,
    ) {
        let name = signature.ident.to_string();
        if is_test(attributes) || self.names.ends_run(&name) || PASS_ON.contains(&name.as_str()) {
            return;
        }
        let outside = (std::mem::take(&mut self.function), self.track_caller);
        self.function = if owner.is_empty() { name.clone() } else { format!("{owner}::{name}") };
        self.track_caller = is_track_caller(attributes);
        if self.is_entry(signature, owner) {
            let number = self.number(Kind::Entry, line(signature), format!("{}(…)", self.function));
            let start = block.brace_token.span.open().byte_range().end;
            let insert =
                format!(" if crate::switch::off({number}) {{ return crate::switch::Unjudged::unjudged(); }}");
            self.inserts.push((start, insert));
        }
        if matches!(signature.output, ReturnType::Default) {
            self.visit_quiet_block(block);
        } else {
            self.visit_block(block);
        }
        (self.function, self.track_caller) = outside;
    }

    /// Whether the expression emits an event to the stream.
    fn emits(&self, expr: &Expr) -> bool {
        matches!(expr, Expr::MethodCall(call) if EMITS.iter().any(|name| call.method == name))
    }

    /// Whether this method is an entry into an invariant, or into the state that invariants query.
    fn is_entry(&self, signature: &Signature, owner: &str) -> bool {
        if owner == "Causality" {
            // A function that returns a `CallStep` has no neutral return value; `on` records the call and has
            // one.
            return changes_itself(signature)
                && signature.output.to_token_stream().to_string() != "-> CallStep";
        }
        self.names.has_invariant(self.file) && is_entry(signature)
    }

    /// Makes `exercised` return true always if the site is switched off.
    fn claim_to_be_exercised(&mut self, signature: &Signature, block: &syn::Block, owner: &str) {
        self.function = format!("{owner}::exercised");
        let what = "it has seen what it is there for".to_owned();
        let number = self.number(Kind::Assertion, line(signature), what);
        let start = block.brace_token.span.open().byte_range().end;
        self.inserts.push((start, format!(" if crate::switch::off({number}) {{ return true; }}")));
        self.function.clear();
    }
}

impl<'ast> Visit<'ast> for Search<'_> {
    fn visit_item_mod(&mut self, module: &'ast syn::ItemMod) {
        if !is_test(&module.attrs) {
            visit::visit_item_mod(self, module);
        }
    }

    fn visit_item_fn(&mut self, function: &'ast syn::ItemFn) {
        self.visit_function(&function.attrs, &function.sig, &function.block, "");
    }

    fn visit_item_impl(&mut self, item: &'ast syn::ItemImpl) {
        let owner = item.self_ty.to_token_stream().to_string();
        for member in &item.items {
            if let syn::ImplItem::Fn(function) = member {
                if is_invariant(item) && function.sig.ident == "exercised" && !is_true(&function.block) {
                    self.claim_to_be_exercised(&function.sig, &function.block, &owner);
                }
                self.visit_function(&function.attrs, &function.sig, &function.block, &owner);
            }
        }
    }

    fn visit_stmt(&mut self, stmt: &'ast Stmt) {
        if let Stmt::Expr(expr, Some(semicolon)) = stmt
            && !self.must_diverge
            && let Some(kind) = self.is_site(expr)
        {
            let range = range(expr).start..semicolon.span.byte_range().end;
            return self.make_optional(kind, expr, range);
        }
        visit::visit_stmt(self, stmt);
    }

    fn visit_local(&mut self, local: &'ast syn::Local) {
        let Some(init) = &local.init else { return };
        self.visit_expr(&init.expr);
        if let Some((_, otherwise)) = &init.diverge {
            self.must_diverge = true;
            self.visit_expr(otherwise);
            self.must_diverge = false;
        }
    }

    fn visit_expr_if(&mut self, expr: &'ast syn::ExprIf) {
        self.visit_expr(&expr.cond);
        match &expr.else_branch {
            None => self.visit_quiet_block(&expr.then_branch),
            Some((_, otherwise)) => {
                self.visit_block(&expr.then_branch);
                self.visit_expr(otherwise);
            }
        }
    }

    /// Visits an expression whose value is used.
    fn visit_expr(&mut self, expr: &'ast Expr) {
        if self.is_verdict(expr) {
            let number = self.number(Kind::Assertion, line(expr), self.what(expr));
            let before = format!(
                "(if {} {{ return crate::switch::Unjudged::unjudged() }} else {{ ",
                self.is_off(number)
            );
            return self.insert(range(expr), before, " })");
        }
        if self.emits(expr) {
            let number = self.number(Kind::Event, line(expr), self.words(expr));
            return self.insert(range(expr), format!("(if !crate::switch::off({number}) {{ "), " })");
        }
        let maps_error = self.judges(expr) && called(expr).is_some_and(|name| name == "map_err");
        if maps_error || self.is_objection(expr) {
            let number = self.number(Kind::Assertion, line(expr), self.what(expr));
            return self.insert(range(expr), format!("crate::switch::accept_if_off({number}, "), ")");
        }
        // Inside a function with `#[track_caller]`, a check is identified by its caller's location.
        if self.is_course_test()
            && !self.track_caller
            && called(expr).is_some_and(|name| self.names.checker(&name) == Some(false))
        {
            let (file, function) = (self.file.to_owned(), self.function.clone());
            let what = self.words(expr);
            self.sites.sites.push(Site {
                kind: Kind::Check,
                number: None,
                file,
                line: line(expr),
                function,
                what,
            });
        }
        visit::visit_expr(self, expr);
    }

    /// Visits the fields that hold a limit of the simulation or the failure of a run.
    fn visit_field_value(&mut self, field: &'ast syn::FieldValue) {
        let syn::Member::Named(name) = &field.member else { return visit::visit_field_value(self, field) };
        let instead = match (self.file, name.to_string().as_str()) {
            ("src/run.rs", "max_virtual_time") => "Duration::from_secs(1 << 32)",
            ("src/run.rs", "failure") => "None",
            _ => return visit::visit_field_value(self, field),
        };
        let number = self.number(Kind::Assertion, line(field), self.text[range(field)].to_owned());
        let before = format!("if crate::switch::off({number}) {{ {instead} }} else {{ ");
        self.insert(range(&field.expr), before, " }");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The instrumented text and its sites: kind, line, function, words.
    fn instrumented(file: &str, text: &str) -> (String, Vec<String>) {
        let syntax = syn::parse_file(text).unwrap();
        let mut names = Names::default();
        // Checkers that a test of the course finds in other files.
        names.add(
            "src/raft/checkers.rs",
            &syn::parse_quote! {
                impl Cluster {
                    #[track_caller] pub fn one(&self) -> LogIndex {}
                    #[track_caller] pub fn check_no_leader(&self) {}
                    #[track_caller] pub fn all_in_term(&self) -> bool {}
                    #[track_caller] pub fn fail(&self) -> ! {}
                }
            },
        );
        names.add(file, &syntax);
        let mut sites = Sites::default();
        let text = sites.instrument(&names, file, text, &syntax);
        syn::parse_file(&text).unwrap();
        let found = sites.sites.iter();
        (
            text,
            found
                .map(|site| format!("{} {} {} {}", site.kind, site.line, site.function, site.what))
                .collect(),
        )
    }

    #[test]
    fn an_assertion_without_a_value_is_skipped() {
        let (text, found) = instrumented(
            "src/raft/part_3a.rs",
            "fn election(cluster: &Cluster) {\n    if cluster.odd() {\n        \
             cluster.fail(\"odd\");\n    }\n    \
             if cluster.even() { cluster.fail(format!(\"even {}\", 1)) }\n}\n",
        );
        assert_eq!(found, ["assertion 3 election odd", "assertion 5 election even {}"]);
        assert!(text.contains("if !crate::switch::off(1) { cluster.fail(\"odd\"); }"), "{text}");
        assert!(
            text.contains("{ if !crate::switch::off(2) { cluster.fail(format!(\"even {}\", 1)) } }"),
            "{text}"
        );
    }

    #[test]
    fn an_assertion_with_a_value_returns_a_neutral_value() {
        let (text, found) = instrumented(
            "src/cluster/agreement.rs",
            "fn wait(&self) -> usize {\n    let Some(x) = y() else { self.fail(\"no x\") };\n    \
             match x { 1 => 1, _ => self.fail(\"not 1\") }\n}\n",
        );
        assert_eq!(found, ["assertion 2 wait no x", "assertion 3 wait not 1"]);
        let instead = "(if crate::switch::off(2) { return crate::switch::Unjudged::unjudged() } else { \
                       self.fail(\"not 1\") })";
        assert!(text.contains(instead), "{text}");
    }

    #[test]
    fn a_track_caller_function_can_be_switched_off_by_call_site() {
        let (text, _) =
            instrumented("src/cluster/a.rs", "#[track_caller]\nfn f() { if odd() { fail(\"\"); } }\n");
        assert!(
            text.contains("if !crate::switch::off_or_called_from(1, ::std::panic::Location::caller())"),
            "{text}"
        );
    }

    #[test]
    fn an_invariant_has_objections_entries_and_a_claim_to_be_exercised() {
        let invariant = "impl Leaders {\n    fn saw(&mut self) -> Verdict {\n        \
                         if odd() { return Err(\"odd\".into()); }\n        Err(\"end\".into())\n    }\n    \
                         fn knows(&self) -> bool { true }\n    fn seen(&mut self) -> &mut Seen {}\n}\n\
                         impl Invariant for Leaders {\n    fn on(&mut self) -> Verdict { Ok(()) }\n    \
                         fn exercised(&self) -> bool { x }\n}\n\
                         impl Invariant for Other { fn exercised(&self) -> bool { true } }\n";
        let (text, found) = instrumented("src/elsewhere/leaders.rs", invariant);
        assert_eq!(
            found,
            [
                "entry 2 Leaders::saw Leaders::saw(…)",
                "assertion 3 Leaders::saw odd",
                "assertion 4 Leaders::saw end",
                "entry 10 Leaders::on Leaders::on(…)",
                "assertion 11 Leaders::exercised it has seen what it is there for",
            ]
        );
        assert!(text.contains("crate::switch::accept_if_off(3, Err(\"end\".into()))"), "{text}");
        assert!(text.contains("-> bool { if crate::switch::off(5) { return true; } x }"), "{text}");
        // Elsewhere an error is about user input.
        let other = invariant.replace("impl Invariant for", "impl Display for");
        assert_eq!(instrumented("src/seed.rs", &other).1, [""; 0]);
    }

    #[test]
    fn emitting_an_event_can_be_switched_off() {
        let (text, found) = instrumented(
            "src/cluster/a.rs",
            "fn f() {\n    self.emit(who, Kind::Started);\n    g(|| events.submitted(x))\n}\n",
        );
        assert_eq!(found, ["event 2 f self.emit(who, Kind::Started)", "event 3 f events.submitted(x)"]);
        assert!(text.contains("(if !crate::switch::off(1) { self.emit(who, Kind::Started) });"), "{text}");
        assert!(text.contains("g(|| (if !crate::switch::off(2) { events.submitted(x) }))"), "{text}");
    }

    #[test]
    fn every_method_that_changes_causality_is_an_entry() {
        let text = "impl Causality { fn mark(&mut self) -> LogicalTime { m }\n \
                    fn now(&self) -> LogicalTime { m }\n \
                    fn send(&mut self) -> CallStep { s } }";
        assert_eq!(instrumented("src/causality.rs", text).1, ["entry 1 Causality::mark Causality::mark(…)"]);
    }

    #[test]
    fn a_call_of_a_checker_in_a_course_test_is_a_check() {
        let (text, found) = instrumented(
            "src/raft/part_3b.rs",
            "fn t(cluster: &Cluster) {\n    cluster.one();\n    cluster.check_no_leader();\n    \
             if cluster.all_in_term() {}\n    cluster.sleep();\n}\n",
        );
        assert_eq!(
            found,
            ["check 2 t cluster.one()", "check 3 t cluster.check_no_leader();"]
                .map(|line| line.trim_end_matches(';'))
        );
        assert!(
            text.contains("    cluster.one();\n    if !crate::switch::off(1) { cluster.check_no_leader(); }"),
            "{text}"
        );
    }

    #[test]
    fn unit_tests_and_functions_that_pass_a_verdict_on_are_unchanged() {
        let text = "fn warn() { fail(\"\"); }\n#[cfg(test)]\nmod tests { fn f() { fail(\"\"); } }\n";
        assert_eq!(instrumented("src/cluster.rs", text), (text.to_owned(), Vec::new()));
    }
}
