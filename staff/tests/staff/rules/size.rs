//! Large and deeply nested source.

use staff::rules::{Findings, Rule};

use super::{check_text, passes, violates};

// A scan that reads a megabyte again for each of its parts would not finish these tests.
const MEGABYTE: usize = 1 << 20;

#[test]
fn deep_nesting_is_refused() {
    let many = 1 << 17;
    for (open, close) in [
        ("(", ")"),
        ("!", ""),
        ("a + ", ""),
        ("if a {} else ", ""),
        ("Box < ", "> "),
        ("m!(", ")"),
        ("&", ""),
    ] {
        let findings = check_text(&format!("fn f() {{ {}x{} }}", open.repeat(many), close.repeat(many)));
        assert_eq!(findings.violations[0].rule, Rule::Depth, "{open}");
        // The deepest nesting that is accepted.
        let times = 3_900 / open.replace(' ', "").len().max(1);
        let findings = check_text(&format!("fn f() {{ {}x{} }}", open.repeat(times), close.repeat(times)));
        assert!(findings.violations.is_empty(), "{open}: {:?}", findings.violations);
    }
    violates(Rule::Depth, &[&format!("m!(\"{}{}\");", "(".repeat(many), ")".repeat(many))]);
}

#[test]
fn a_megabyte_of_imports_is_read_once() {
    for piece in ["use a,", "use $a,"] {
        check_text(&piece.repeat(MEGABYTE / piece.len()));
    }
}

#[test]
fn a_megabyte_of_tests_is_read_once() {
    let piece = "#[cfg(test)] fn f() {}";
    assert_eq!(check_text(&piece.repeat(MEGABYTE / piece.len())), Findings::default());
}

#[test]
fn a_megabyte_in_macros_in_macros_is_read_once() {
    let levels = 1_200;
    check_text(&format!("{}{}{}", "m!(".repeat(levels), "a,".repeat(MEGABYTE / 2), ")".repeat(levels)));
}

#[test]
fn the_imports_of_one_name_are_limited() {
    let imports = |count: usize| -> String { (0..count).map(|at| format!("use a{at}::x;\n")).collect() };
    violates(Rule::Alias, &[&imports(17)]);
    passes(&[&(imports(16) + &imports(16))]);
    // Each use of a name is checked against all of its imports.
    let uses = "x::y,".repeat(MEGABYTE / 100);
    check_text(&format!("{}m! {{ {uses} }}", imports(MEGABYTE / 100)));
}

#[test]
fn the_length_of_an_import_path_is_limited() {
    let deep = |names: usize| format!("use {}b{};", "a::{".repeat(names), "}".repeat(names));
    violates(Rule::Depth, &[&deep(100), &format!("m! {{ {} }}", deep(100))]);
    passes(&[&deep(20)]);
}
