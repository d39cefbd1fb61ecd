//! Aliases and macros that could hide a forbidden name.

use staff::rules::Rule;

use super::{check_files, check_text, violates};

#[test]
fn no_prefix_hides_an_identifier_in_a_macro() {
    const BEFORE: [&str; 12] = [
        "macro_rules!",
        "macro_rules! x",
        "$",
        ".",
        "a::",
        "a::b::",
        "use",
        "use a as",
        "use a;",
        "#",
        "a!",
        "! =",
    ];
    // The macro may drop the prefix.
    let given = |what: &str| -> Vec<String> {
        let macros = "macro_rules! hide { (PREFIX $($t:tt)*) => { $($t)* } }";
        let text = what.replace('\\', "\\\\").replace('"', "\\\"");
        BEFORE
            .iter()
            .map(|before| format!("hide! {{ {before} {what} }}"))
            .chain(
                ["allow", "deny", "doc", "derive", "cfg", "serde"]
                    .map(|name| format!("hide! {{ #[{name}({what})] }}")),
            )
            .chain([
                format!("hide! {{ #[cfg_attr({what})] }}"),
                format!("hide! {{ #[cfg_attr({what}, inline)] struct A; }}"),
                format!("hide! {{ #[cfg_attr(all(), allow({what}))] struct A; }}"),
                format!("hide! {{ a [[(. {what})]] }}"),
                format!("vec![hide! {{ . {what} }}];"),
                format!("#[doc = hide!(. {what})] struct A;"),
                format!("macro_rules! m {{ () => {{ hide!{{ . {what} }} }} }}"),
                format!("macro_rules! m {{ () => {{ $ {what} }} }}"),
                format!("hide! {{ #[allow(\"[u8; hide!( . {text})]\")] }}"),
                format!("#[serde(from = \"[u8; hide!( . {text})]\")] struct A;"),
                format!("hide! {{ #[serde(from = \"[u8; hide!( . {text})]\")] struct A; }}"),
            ])
            .map(|hidden| format!("{macros} {hidden}"))
            .collect()
    };
    for (rule, what) in [
        (Rule::Static, "static S: Mutex<Vec<u8>> = Mutex::new(Vec::new());"),
        (Rule::Static, "static mut S: u64 = 0;"),
        (Rule::ThreadLocal, "thread_local! { static S: u8 = 0; }"),
        (Rule::System, "std::fs::read(a)"),
        (Rule::System, "core::ffi::a()"),
        (Rule::Simulation, "labrt::world::scheduling_point()"),
        (Rule::Simulation, "tester::cases()"),
        (Rule::Embed, "include_str!(\"a\")"),
    ] {
        for source in given(what) {
            let findings = check_text(&source);
            assert!(findings.unparsed.is_empty(), "{source}: {findings:#?}");
            assert!(
                findings.violations.iter().any(|finding| finding.rule == rule),
                "{source}: {findings:#?}"
            );
        }
    }
    for (rule, what) in [
        (Rule::Unsafe, "unsafe { a() }"),
        (Rule::Extern, "extern \"C\" {}"),
        (Rule::Alias, "std"),
        (Rule::Alias, "std::$a::b()"),
        (Rule::Embed, "env"),
        (Rule::Attribute, "no_mangle"),
        (Rule::Attribute, "unsafe_code"),
    ] {
        // In text these are ordinary words.
        for source in given(what).iter().filter(|source| !source.contains("u8;")) {
            let findings = check_text(source);
            assert!(
                findings.violations.iter().any(|finding| finding.rule == rule),
                "{source}: {findings:#?}"
            );
        }
    }
    // `macro_rules` is an ordinary name elsewhere.
    violates(Rule::System, &["fn f(macro_rules: u32) { if macro_rules != std::process::id() {} }"]);
    // Each location is reported once.
    for source in ["m! { a::std::fs::read(a) }", "m! { . static A: u8 = 0; }", "m! { use std::{fmt, fs}; }"] {
        let findings = check_text(source);
        assert_eq!(findings.violations.len(), 1, "{findings:#?}");
    }
}

#[test]
fn a_macro_of_another_crate_replaces_a_standard_one() {
    let library = "#[macro_export] macro_rules! vec { ($a:ident) => { $a::process::exit(0) } }";
    let findings =
        check_files(&[("raft/src/lib.rs", library), ("kvraft/src/lib.rs", "fn f() { raft::vec!(std) }")]);
    assert_eq!(findings.violations.len(), 1, "{findings:#?}");
}

#[test]
fn aliases_of_crates_and_modules_are_refused() {
    violates(
        Rule::Alias,
        &[
            "use std as s;",
            "use ::std as s;",
            "use {std as s};",
            "use {{fmt, {core as s}}};",
            "use std::{self as s};",
            "use std;",
            "pub use ::std;",
            "use r#std as s;",
            "use labrt as l;",
            "use labrpc::{self as l};",
            "use std::fmt as f;",
            "use std::{sync as s};",
            "use labrt::thread as t;",
            "macro_rules! m { ($a:ident, $b:ident) => { $a::$b::exit(0) }; } fn f() { m!(std, process) }",
            "macro_rules! m { ($b:ident) => { std::$b::exit(0) }; } fn f() { m!(process) }",
            "macro_rules! m { ($($a:tt)*) => { use $($a)*; } } m!(std as s);",
            "macro_rules! m { ($b:ident) => { std::io::$b() }; } fn f() { m!(stdin) }",
            "macro_rules! m { (vec![$a:tt]) => { $a::process::exit(0) }; } fn f() { m!(vec![std]) }",
            "macro_rules! m { ($a:tt) => { $a::process::exit(0) }; } fn f() { m!(r#std) }",
            "macro_rules! m { ($a:tt) => { $a::world }; } fn f() { m!(labrt) }",
            "macro_rules! m { () => { use std as s; }; }",
            "fn f() { std::<>::fs::read(x) }",
            "fn f(a: std<>::fs::File) {}",
            "fn f() { vec![m!(core)]; }",
        ],
    );
    violates(
        Rule::Glob,
        &["use std::*;", "use ::core::{*};", "use {labrt::*};", "pub use labrpc::*;", "use log::*;"],
    );
}
