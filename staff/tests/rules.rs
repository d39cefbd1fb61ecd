//! Source that students might write, by mistake or on purpose, and what the rules say of it.

use std::fs;
use std::path::Path;

use staff::rules::{Findings, Rule, certain, check};
use staff::submission::{self, Limits, SourceFile};

fn check_files(files: &[(&str, &str)]) -> Findings {
    let file =
        |(path, text): &(&str, &str)| SourceFile { path: (*path).to_owned(), text: (*text).to_owned() };
    check(&files.iter().map(file).collect::<Vec<_>>()).unwrap()
}

fn check_text(text: &str) -> Findings {
    check_files(&[("raft/src/lib.rs", text)])
}

/// Every piece of source has a violation of this rule, and of no other.
#[track_caller]
fn violates(rule: Rule, sources: &[&str]) {
    for source in sources {
        let findings = check_text(source);
        assert!(findings.unparsed.is_empty(), "{source}: {findings:#?}");
        let rules: Vec<_> = findings.violations.iter().map(|finding| finding.rule).collect();
        assert!(!rules.is_empty() && rules.iter().all(|it| *it == rule), "{source}: {findings:#?}");
    }
}

#[track_caller]
fn warns(rule: Rule, sources: &[&str]) {
    for source in sources {
        let findings = check_text(source);
        let rules: Vec<_> = findings.warnings.iter().map(|finding| finding.rule).collect();
        assert!(!rules.is_empty() && rules.iter().all(|it| *it == rule), "{source}: {findings:#?}");
        assert_eq!(Findings { warnings: Vec::new(), ..findings }, Findings::default(), "{source}");
    }
}

/// Nothing is said of these.
#[track_caller]
fn passes(sources: &[&str]) {
    for source in sources {
        assert_eq!(check_text(source), Findings::default(), "{source}");
    }
}

#[test]
fn the_references_pass() {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let staged = submission::read(workspace, &Limits::default()).unwrap();
    assert_eq!(staged.crates(), submission::crates().collect());
    // Their own tests simulate, and are not compiled.
    let findings = check(&certain(&staged.files).unwrap()).unwrap();
    assert_eq!(findings, Findings::default(), "{findings:#?}");
}

#[test]
fn the_skeletons_pass() {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let mut files = Vec::new();
    for lab in tester::labs() {
        for entry in fs::read_dir(workspace.join(lab.folder).join("skeleton/src")).unwrap() {
            let entry = entry.unwrap();
            let path = format!("{}/src/{}", lab.folder, entry.file_name().to_str().unwrap());
            files.push(SourceFile { path, text: fs::read_to_string(entry.path()).unwrap() });
        }
    }
    let findings = check(&files).unwrap();
    assert!(findings.violations.is_empty() && findings.unparsed.is_empty(), "{findings:#?}");
}

#[test]
fn what_solutions_are_made_of_passes() {
    passes(&[
        "",
        "//! unsafe std::fs",
        "/// See `std::fs`.\n#[must_use = \"std::process\"]\nfn f() {}",
        "#![allow(dead_code, clippy::all, unused)]\n#![warn(missing_docs)]",
        "use std::collections::{BTreeMap, HashMap as Map, hash_map::Entry};",
        "use std::{cmp::{max, min}, fmt::{self, Write as _}, rc::Rc, time::Duration};",
        "use std::sync::{Arc, Weak, atomic::Ordering};",
        "use core::ops::Range; use std::fmt::Result as FmtResult;",
        "use labrt::{channel::{self, select}, rand::{RngExt, rng}, sync::{Arc, Mutex}, thread, time::Instant};",
        "use labrt::channel as _; use labapi::*; use serde::{Serialize, Deserialize};",
        "use super::*; mod tests { use crate::*; }",
        "#[labrpc::service]\nimpl Peer { fn vote(&self, args: A) -> B { B } }",
        "#[derive(Serialize)] struct A { #[serde(with = \"labgob::bytes\", default)] a: u8 }",
        "fn f() -> std::io::Result<()> { Err(std::io::Error::from(std::io::ErrorKind::Other)) }",
        "fn f(std: f64, core: u8, env: u8, log: u8) -> f64 { println!(\"{}\", core + env); std / 2.0 as f64 }",
        "fn f(a: &'static str) -> impl Fn() + use<> { move || () }",
        "const A: [u8; 3] = [1, 2, 3]; static B: u64 = 3; static C: &[(&str, i8)] = &[(\"a\", -1)];",
        "pub(crate) static D: [usize; 4] = [1 << 3; 2 + 2];",
        "macro_rules! count { ($($name:ident),* $(,)?) => { [$(stringify!($name)),*].len() }; }\nfn f() { count!(a, b); }",
        "fn f() { log::info!(target: \"a\", \"x {}\", 1); std::println!(); core::assert!(true); }",
        "fn f() { let r#unsafe = 1; if !(true) { return !(false); } }",
        "fn f(a: u8) { match a { 1 => !(true), _ => false }; } fn include() {} fn asm() { include() }",
        "mod env; use crate::env::Env; use self::env as environment;",
        "mod core; use crate::core::State; fn f() { core::start() }",
        "fn f() { std::mem::size_of::<u64>(); std::iter::empty::<u8>(); Vec::<std::rc::Rc<u8>>::new() }",
        "macro_rules! m { ($a:ident) => { std::collections::$a::new() }; } fn f() { m!(BTreeMap) }",
        "mod io { pub struct Disk; } use io::Disk; fn f() { io::save() }",
        "macro_rules! note { ($($a:tt)*) => { log::debug!($($a)*) }; } fn f(&self) { note!(\"a static S, unsafe {}\", self.state.static_term()) }",
        "macro_rules! m { ($(#[$a:meta])* $b:ident<$c:lifetime>) => { $(#[$a])* struct $b { c: &$c str } } } m!(#[derive(Debug)] /// It's `std::fs`.\nS<'static>);",
        "macro_rules! m { ($path:expr) => { $path.len() } } fn f(path: &str) { m!(path); m!(self.path); println!(\"{}\", path) }",
        "macro_rules! m { () => { fn f<'a>(a: &'static str) -> labrt::time::Instant { std::cmp::max(a.allocated, crate::a::b()) } } }",
        "macro_rules! m { () => { use std::{fmt::{self, Write as _}, collections::*}; use labrt::sync::{Arc, Mutex}; }; }",
        "fn f() { let macro_rules = 1; if macro_rules != 2 { static A: u64 = 1; } }",
        "fn f(a: Arc<u8>) -> bool { std::ptr::eq(&a, &a) && std::mem::take(&mut a) == 1 }",
    ]);
}

#[test]
fn no_borrow_that_lives_too_long() {
    violates(
        Rule::Lifetime,
        &[
            "fn keep<'a, 'b, T: ?Sized>(_: &'a &'b (), it: &'b mut T) -> &'a mut T { it }",
            "mod a { mod b { trait Keep { fn keep<'a, 'b>(it: &'b u8, _: &'a &'b ()) -> &'a u8; } } }",
            "macro_rules! m { ($f:ident, $t:ty) => { fn $f<'a, 'b>(_: &'a &'b (), it: &'b $t) -> &'a $t { it } } }",
            "fn f<'b>(it: &'b mut u8) { let keep: for<'x> fn(_, &'x mut u8) -> &'b mut u8 = g(); }",
        ],
    );
    passes(&[
        "fn keep<'a, 'b: 'a, T: ?Sized>(_: &'a &'b (), it: &'b mut T) -> &'a mut T { it }",
        "#[cfg(test)] mod tests { fn keep<'a, 'b>(_: &'a &'b (), it: &'b u8) -> &'a u8 { it } }",
        "fn entries<'a>(log: &'a [Entry], from: usize) -> impl Iterator<Item = &'a Entry> + 'a { log[from..].iter() }",
    ]);
}

#[test]
fn no_unsafe() {
    violates(
        Rule::Unsafe,
        &[
            "fn f() { unsafe { g() } }",
            "unsafe fn f() {}",
            "unsafe impl Send for A {}",
            "unsafe trait A {}",
            "#[unsafe(no_mangle)] fn f() {}",
            "#[cfg_attr(all(), unsafe(no_mangle))] fn f() {}",
            "fn f() { vec![unsafe { g() }]; }",
            "fn f() { my!(unsafe); }",
            "macro_rules! m { () => { unsafe { g() } }; }",
            "macro_rules! m { ($($t:tt)*) => { mod a { $($t)* } } } m! { un!(a) vec![[[unsafe {}]]] }",
            "#[serde(from = \"[u8; { unsafe { g() } }]\")] struct A;",
        ],
    );
}

#[test]
fn nothing_foreign() {
    violates(
        Rule::Extern,
        &[
            "extern \"C\" fn f() {}",
            "extern \"C\" { fn getpid() -> i32; }",
            "type F = extern \"C\" fn();",
            "macro_rules! m { () => { extern \"C\" {} }; }",
        ],
    );
    violates(
        Rule::ExternCrate,
        &[
            "extern crate std;",
            "extern crate labrt as x;",
            "fn f() { extern crate alloc; }",
            "m! { extern crate self as y; }",
            "#[macro_use] extern crate log;",
        ],
    );
}

#[test]
fn nothing_of_the_system() {
    violates(
        Rule::System,
        &[
            "use std::fs;",
            "use std::fs::File as F;",
            "use std::{collections::BTreeMap, fs};",
            "use std::{{{net::{TcpStream}}}};",
            "use { std::{ fmt, process::{self, Command} } };",
            "use ::std::env;",
            "use r#std::r#fs::read;",
            "pub use core::ffi;",
            "fn f() { std::process::exit(0) }",
            "fn f() { ::std::process::abort() }",
            "fn f() { r#std::process::abort() }",
            "fn f() { std /* a comment */ :: // another\n process::abort() }",
            "fn f() -> <std::fs::File as A>::B {}",
            "fn f(_: Vec<std::net::TcpStream>) {}",
            "fn f() { crate::a::std::fs::read(x) }",
            "fn f() { println!(\"{}\", std::env::var(\"A\").unwrap()) }",
            "fn f() { my!(a, [std::os::fd::AsFd]) }",
            "macro_rules! m { ($a:ident) => { std::fs::$a() }; }",
            "macro_rules! m { () => { use std::{fmt, fs}; }; }",
            "#[derive(Deserialize)] struct A { #[serde(default = \"std::process::abort\")] a: u8 }",
            "#[derive(Deserialize)] struct A { #[serde(default = \"std\\u{3a}:process::abort\")] a: u8 }",
            "#[cfg_attr(all(), serde(with = \"std::fs\"))] struct A;",
            "m!(\"std::process::abort\");",
            "use std::io::stdin;",
            "use std::io::*;",
            "use std::io; fn f() { io::stdout(); }",
            "mod a { pub use std::io; } fn f() { a::io::stdin(); }",
            "fn f() { std::io::stdin() }",
            "use std::alloc::System;",
            "use std::backtrace::Backtrace;",
            "use std::intrinsics::abort;",
            "use std::prelude::v1::*;",
        ],
    );
}

#[test]
fn nothing_is_read_while_building() {
    violates(
        Rule::Embed,
        &[
            "const A: &str = include_str!(\"/etc/passwd\");",
            "const A: &[u8] = core::include_bytes!(\"/etc/passwd\");",
            "include!(\"a.rs\");",
            "include ! { \"a.rs\" }",
            "const A: &str = env!(\"HOME\");",
            "const A: Option<&str> = option_env!(\"HOME\");",
            "use std::include_str as harmless;",
            "use include_str as harmless;",
            "use core::option_env;",
            "#[doc = include_str!(\"a\")] fn f() {}",
            "#![doc = include_str!(\"a\")]",
            "fn f() { println!(include_str!(\"a\")) }",
            "macro_rules! m { ($a:ident) => { $a!(\"x\") }; } const A: &str = m!(include_str);",
            "macro_rules! m { ($a:ident) => { $a!(\"x\") }; } const A: &str = m!(env);",
            "macro_rules! m { ($($a:tt)*) => { $($a)* }; } const A: &str = m!(env ! (\"x\"));",
            "macro_rules! println { ($a:ident) => { $a!(\"x\") }; } const A: &str = println!(include);",
            "use m as println; const A: &str = println!(include);",
            "macro_rules! m { ($a:ident) => { macro_rules! $a { () => {} } }; } fn f() { vec!(include) }",
        ],
    );
}

#[test]
fn no_assembly() {
    violates(
        Rule::Assembly,
        &[
            "use std::arch::asm;",
            "fn f() { core::arch::x86_64::_rdtsc() }",
            "global_asm!(\"\");",
            "fn f() { asm!(\"nop\") }",
            "m!(asm);",
        ],
    );
}

#[test]
fn nothing_joins_the_servers() {
    violates(
        Rule::Static,
        &[
            "static A: Mutex<u8> = Mutex::new(0);",
            "static mut A: u64 = 0;",
            "static A: AtomicU64 = AtomicU64::new(0);",
            "static A: std::cell::OnceCell<u8> = std::cell::OnceCell::new();",
            "static A: &Mutex<u8> = &Mutex::new(0);",
            "fn f() { static A: (u8, Cell<u8>) = (0, Cell::new(0)); }",
            "impl A { fn f() { if x { static A: AtomicU8 = AtomicU8::new(0); } } }",
            "const A: u8 = { static B: AtomicU8 = AtomicU8::new(0); 1 };",
            // Plain by name alone.
            "type u64 = Mutex<u8>; static A: u64 = u64::new(0);",
            "const NEW: u64 = 1; static A: u64 = NEW;",
            "static A: [u64; { 3 }] = [0; 3];",
            "static A: u64 = const { 1 };",
            // In a macro nobody knows what it becomes.
            "macro_rules! m { () => { static A: u64 = 0; }; }",
            "m! { static $a: u64 = 0; }",
            "m!(static);",
            "fn f() { println!(\"{}\", { static A: AtomicU8 = AtomicU8::new(0); 1 }) }",
            "#[serde(from = \"[u8; { static A: AtomicU8 = AtomicU8::new(0); 1 }]\")] struct A;",
            "m!(\"[u8; { static A: AtomicU8 = AtomicU8::new(0); 1 }]\");",
        ],
    );
    violates(
        Rule::ThreadLocal,
        &[
            "thread_local! {}",
            "std::thread_local! {}",
            "use std::thread_local as t;",
            "macro_rules! m { ($a:ident) => { $a! {} }; } m!(thread_local);",
        ],
    );
}

#[test]
fn nothing_that_stands_before_hides_a_word_in_a_macro() {
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
    // Which is dropped by the macro, or not.
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
        // In a text these are words.
        for source in given(what).iter().filter(|source| !source.contains("u8;")) {
            let findings = check_text(source);
            assert!(
                findings.violations.iter().any(|finding| finding.rule == rule),
                "{source}: {findings:#?}"
            );
        }
    }
    // A word of a macro's name is a name elsewhere.
    violates(Rule::System, &["fn f(macro_rules: u32) { if macro_rules != std::process::id() {} }"]);
    // Each place is told once.
    for source in ["m! { a::std::fs::read(a) }", "m! { . static A: u8 = 0; }", "m! { use std::{fmt, fs}; }"] {
        let findings = check_text(source);
        assert_eq!(findings.violations.len(), 1, "{findings:#?}");
    }
}

#[test]
fn a_macro_of_another_crate_is_no_plain_one() {
    let library = "#[macro_export] macro_rules! vec { ($a:ident) => { $a::process::exit(0) } }";
    let findings =
        check_files(&[("raft/src/lib.rs", library), ("kvraft/src/lib.rs", "fn f() { raft::vec!(std) }")]);
    assert_eq!(findings.violations.len(), 1, "{findings:#?}");
}

#[test]
fn crates_have_their_own_names() {
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

#[test]
fn attributes_are_those_of_labs() {
    violates(
        Rule::Attribute,
        &[
            "#[path = \"../../other.rs\"] mod a;",
            "#[cfg_attr(all(), path = \"/etc/passwd\")] mod a;",
            "#[cfg_attr(all(), cfg_attr(all(), inline, path = \"/etc/passwd\"))] mod a;",
            "#[r#path = \"a.rs\"] mod a;",
            "#[no_mangle] fn malloc() {}",
            "#[export_name = \"malloc\"] fn f() {}",
            "#[link_section = \".init_array\"] const A: u8 = 0;",
            "#[global_allocator] const A: u8 = 0;",
            "#[panic_handler] fn f() {}",
            "#[proc_macro] fn f() {}",
            "#![feature(asm)]",
            "#![no_std]",
            "#![crate_type = \"cdylib\"]",
            "#![recursion_limit = \"100000\"]",
            "#![allow(unsafe_code)]",
            "#[expect(unsafe_code, reason = \"x\")] fn f() {}",
            "#![cfg_attr(all(), allow(unsafe_code))]",
            "fn f() { #[path = \"a.rs\"] mod a; }",
            "macro_rules! m { () => { #[path = \"a.rs\"] mod a; }; }",
            "macro_rules! m { ($($a:tt)*) => { #[$($a)*] fn f() {} }; } m!(no_mangle);",
            "macro_rules! m { ($a:meta) => { #[$a] struct A; }; } m!(path = \"a.rs\");",
            "#[used] const A: u8 = 1;",
        ],
    );
}

#[test]
fn lints_that_guard_are_left_as_they_are() {
    for lint in ["unsafe_code", "r#unsafe_code", "unsafe_op_in_unsafe_fn", "long_running_const_eval"] {
        for how in ["allow", "warn", "expect", "deny", "forbid"] {
            violates(
                Rule::Attribute,
                &[
                    &format!("#![{how}({lint})]"),
                    &format!("#![{how}(dead_code, {lint}, reason = \"x\")]"),
                    &format!("#[{how}({lint})] mod a {{}}"),
                    &format!("mod a {{ #![{how}({lint})] }}"),
                    &format!("fn f() {{ #![{how}({lint})] }}"),
                    &format!("fn f() {{ #[{how}({lint})] let a = 1; }}"),
                    &format!("fn f() {{ #[{how}({lint})] a(); }}"),
                    &format!("fn f() {{ a(#[{how}({lint})] 1); }}"),
                    &format!("fn f() {{ match a {{ #[{how}({lint})] _ => 1 }} }}"),
                    &format!("fn f(#[{how}({lint})] a: u8) {{}}"),
                    &format!("impl A {{ #[{how}({lint})] const A: u8 = 1; }}"),
                    &format!("#[cfg_attr(all(), {how}({lint}))] fn f() {{}}"),
                    &format!("#![cfg_attr(all(), cfg_attr(all(), inline, {how}(a, {lint})))]"),
                    &format!("fn f() {{ #[cfg_attr(all(), {how}({lint}))] a(); }}"),
                    &format!("macro_rules! m {{ () => {{ #[{how}({lint})] fn f() {{}} }} }}"),
                ],
            );
        }
    }
    for lint in ["unsafe_code", "long_running_const_eval"] {
        violates(
            Rule::Attribute,
            &[&format!(
                "macro_rules! m {{ ($a:ident, $b:ident) => {{ #[$a($b)] fn f() {{}} }} }} m!(allow, {lint});"
            )],
        );
    }
}

#[test]
fn the_simulation_is_the_testers() {
    violates(
        Rule::Simulation,
        &[
            "use labrt::world;",
            "use labrt::{sync::Mutex, world::{self, World}};",
            "fn f() { labrt::world::scheduling_point() }",
            "use labrt; fn f() { self::labrt::world::scheduling_point() }",
            "use labrt::raw;",
            "use labrpc::Network;",
            "use labrpc::{ClientEnd, Server as S};",
            "fn f(a: labrpc::Network) {}",
            "fn f(p: Persister) { p.set_save_time(w, \"a\", None) }",
            "fn f(p: Persister) { Persister::set_save_time(&p, w, \"a\", None) }",
            "fn f() { tester::cases(); }",
            "use lab::run;",
            "fn f() { log::set_max_level(log::LevelFilter::Off) }",
            "use log::set_logger;",
            "m!(\"labrt::world::scheduling_point\");",
        ],
    );
    violates(
        Rule::Unwinding,
        &[
            "fn f() { std::panic::catch_unwind(g); }",
            "use std::panic; fn f() { panic::set_hook(g); }",
            "use std::panic::*;",
            "use std::panic::{Location, take_hook};",
        ],
    );
    violates(
        Rule::Hidden,
        &[
            "fn f() { log::__private_api::log() }",
            "use serde::__private::Vec;",
            "#[serde(default = \"serde::__private::f\")] struct A;",
        ],
    );
}

#[test]
fn what_the_runtime_finds_itself_is_a_warning() {
    warns(
        Rule::Blocking,
        &[
            "use std::thread;",
            "use std::thread::spawn as s;",
            "use std::sync::Mutex;",
            "use std::sync::{Arc, mpsc::channel};",
            "use std::sync::*;",
            "use std::sync; fn f() { sync::Condvar::new() }",
            "fn f() { std::thread::sleep(d) }",
            "use std::sync::atomic::{AtomicU64, Ordering};",
            "use std::sync::{LazyLock, OnceLock};",
        ],
    );
    warns(
        Rule::Clock,
        &["use std::time::{Duration, Instant};", "use std::time; fn f() { time::SystemTime::now() }"],
    );
    warns(
        Rule::Leak,
        &[
            "fn f() { std::mem::forget(a) }",
            "use std::mem; fn f() { mem::forget(a) }",
            "use std::mem::forget;",
            "fn f() { Box::leak(a); }",
            "fn f() { std::sync::Arc::into_raw(a); }",
            "fn f() { a.leak(); }",
        ],
    );
}

#[test]
fn a_line_for_the_shell_is_refused() {
    violates(Rule::Shebang, &["#!/bin/sh\nfn f() {}", "#! [allow(x)]", "\u{feff}#!/bin/sh"]);
}

#[test]
fn the_place_and_the_advice_are_told() {
    let findings = check_text("\u{feff}fn f() {\n    /* ä */ let a = std::net::TcpStream::connect(b);\n}");
    let lines: Vec<_> = findings.violations.iter().map(ToString::to_string).collect();
    assert_eq!(
        lines,
        [
            "raft/src/lib.rs:2:21: system: `std::net::TcpStream::connect`: call other servers by their `labrpc::ClientEnd`"
        ]
    );
    // In a text that is code, it is the text's place.
    let findings = check_text("#[serde(\n  default = \"\n\nstd::fs::f\")]\nstruct A;");
    assert_eq!((findings.violations[0].line, findings.violations[0].column), (2, 13));
}

#[test]
fn a_place_is_told_once_and_a_flood_is_cut() {
    let findings = check_text("use std::fs::{a, b};");
    assert_eq!(findings.violations.len(), 2);
    let findings = check_text(&("fn f() { g.leak() }\n".repeat(300) + &"unsafe fn f() {}\n".repeat(300)));
    assert_eq!((findings.violations.len(), findings.warnings.len(), findings.besides), (100, 100, 400));
}

#[test]
fn tests_of_students_are_not_graded() {
    passes(&[
        "#[cfg(test)] mod tests { use labrt::world::simulate; static A: Mutex<u8> = f(); thread_local! {} }",
        "fn f() { #[cfg(test)] use std::fs; } #[cfg(test)] fn g() { std::fs::read(a) }",
        "#[cfg(test)]\n#[allow(unused)]\nmod tests { #[path = \"x\"] mod y; }",
    ]);
    for source in [
        "#[cfg(not(test))] mod tests { use std::fs; }",
        "#[cfg(any(test, all()))] mod tests { use std::fs; }",
        "#[cfg(feature = \"test\")] mod tests { use std::fs; }",
        "#[labrpc::service] #[cfg(test)] impl A { fn f() { std::fs::read(a) } }",
        "m! { #[cfg(test)] mod tests { use std::fs; } }",
        "#[cfg(test)] mod tests {} mod a { use std::fs; }",
        "mod a { #![doc = \"cfg(test)\"] use std::fs; }",
    ] {
        assert!(!check_text(source).violations.is_empty(), "{source}");
    }
}

/// Which of these files the compiler reads in any case.
fn certain_of(files: &[(&str, &str)]) -> Vec<String> {
    let file =
        |(path, text): &(&str, &str)| SourceFile { path: (*path).to_owned(), text: (*text).to_owned() };
    let certain = certain(&files.iter().map(file).collect::<Vec<_>>()).unwrap();
    certain.into_iter().map(|file| file.path).collect()
}

#[test]
fn what_no_module_names_is_not_compiled_for_certain() {
    let (root, a) = ("raft/src/lib.rs", "raft/src/a.rs");
    for text in [
        "",
        "#[cfg(test)] mod a;",
        "#[cfg(not(test))] mod a;",
        "#![cfg(any())] mod a;",
        "#[cfg(unix)] mod b { mod a; }",
        "#[path = \"b.rs\"] mod a;",
        "#[cfg_attr(all(), path = \"b.rs\")] mod a;",
        "m! { mod a; }",
        "fn f() { mod a {} }",
        "// mod a;",
    ] {
        assert_eq!(certain_of(&[(a, ""), (root, text)]), [root], "{text}");
    }
    for text in [
        "mod a;",
        "#[allow(dead_code)] pub mod a;",
        "/// It.\nmod a;",
        "#[cfg(test)] mod a; mod a;",
        "mod r#a;",
    ] {
        assert_eq!(certain_of(&[(a, ""), (root, text)]), [a, root], "{text}");
    }
    let (bully, b) = ("protocols/bully/src/lib.rs", "protocols/bully/src/b.rs");
    assert_eq!(certain_of(&[(b, ""), (bully, "mod b;")]), [b, bully]);
    // A file that only looks like the root of a crate, and one of another crate.
    for other in ["raft/src/main.rs", "raft/src/bin/b.rs", "raft/src/b/lib.rs", "kvraft/src/a.rs"] {
        assert_eq!(certain_of(&[(other, "mod a;"), (root, "")]), [root], "{other}");
    }
    // The compiler says what is wrong with it, and everything else.
    assert_eq!(certain_of(&[(a, ""), (root, "mod a; fn f( {")]), [root]);
    let deep = "(".repeat(99_999) + &")".repeat(99_999);
    assert_eq!(certain_of(&[(a, &deep), (root, "mod a;")]), [a, root]);
}

#[test]
fn only_the_root_of_a_crate_has_its_modules_beside_it() {
    let root = ("raft/src/lib.rs", "mod a;");
    for files in [
        [root, ("raft/src/a.rs", "mod b;"), ("raft/src/a/b.rs", "")],
        [root, ("raft/src/a/mod.rs", "mod b;"), ("raft/src/a/b/mod.rs", "")],
        [root, ("raft/src/a.rs", "mod c { mod b; }"), ("raft/src/a/c/b.rs", "")],
        [("raft/src/lib.rs", "mod main;"), ("raft/src/main.rs", "mod b;"), ("raft/src/main/b.rs", "")],
        [
            ("raft/src/lib.rs", "mod a { mod lib; }"),
            ("raft/src/a/lib.rs", "mod b;"),
            ("raft/src/a/lib/b.rs", ""),
        ],
    ] {
        assert_eq!(certain_of(&files).len(), 3, "{files:?}");
    }
    for files in [
        [root, ("raft/src/a.rs", "mod b;"), ("raft/src/b.rs", "")],
        [root, ("raft/src/a/mod.rs", "mod b;"), ("raft/src/a/mod/b.rs", "")],
        [("raft/src/lib.rs", "mod main;"), ("raft/src/main.rs", "mod b;"), ("raft/src/b.rs", "")],
    ] {
        assert_eq!(certain_of(&files).len(), 2, "{files:?}");
    }
}

#[test]
fn each_file_is_judged_as_if_it_were_compiled() {
    let files = [("raft/src/lib.rs", "#[cfg(test)] mod t;"), ("raft/src/t.rs", "use std::fs;")];
    let found: Vec<_> = check_files(&files).violations.into_iter().map(|finding| finding.file).collect();
    assert_eq!(found, ["raft/src/t.rs"]);
}

#[test]
fn what_does_not_parse_is_for_the_compiler_and_is_read_all_the_same() {
    let findings = check_text("fn f( { }\n");
    assert_eq!((findings.unparsed.len(), findings.violations.len()), (1, 0));
    let findings = check_text("fn f() {}\nfn 3() { unsafe {} static A: u64 = 0; }");
    assert_eq!((findings.unparsed[0].line, findings.unparsed[0].column), (2, 4));
    let rules: Vec<_> = findings.violations.iter().map(|finding| finding.rule).collect();
    // That a static is plain, nobody can tell then.
    assert_eq!(rules, [Rule::Unsafe, Rule::Static]);
    assert_eq!(check_text("fn f() { \"open }").unparsed.len(), 1);
}

#[test]
fn nesting_does_not_end_the_grader() {
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
        // As deep as is let pass.
        let times = 3_900 / open.replace(' ', "").len().max(1);
        let findings = check_text(&format!("fn f() {{ {}x{} }}", open.repeat(times), close.repeat(times)));
        assert!(findings.violations.is_empty(), "{open}: {:?}", findings.violations);
    }
    violates(Rule::Depth, &[&format!("m!(\"{}{}\");", "(".repeat(many), ")".repeat(many))]);
}

// Whoever reads a megabyte again for each of its pieces does not come to the end of these.

const MEGABYTE: usize = 1 << 20;

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
fn a_name_has_few_meanings() {
    let imports = |count: usize| -> String { (0..count).map(|at| format!("use a{at}::x;\n")).collect() };
    violates(Rule::Alias, &[&imports(17)]);
    passes(&[&(imports(16) + &imports(16))]);
    // Each use of a name is looked up in all of its meanings.
    let uses = "x::y,".repeat(MEGABYTE / 100);
    check_text(&format!("{}m! {{ {uses} }}", imports(MEGABYTE / 100)));
}

#[test]
fn a_path_of_an_import_ends() {
    let deep = |names: usize| format!("use {}b{};", "a::{".repeat(names), "}".repeat(names));
    violates(Rule::Depth, &[&deep(100), &format!("m! {{ {} }}", deep(100))]);
    passes(&[&deep(20)]);
}

#[test]
fn the_same_source_has_the_same_findings() {
    let source = "use std::{fs, net}; fn f() { unsafe { m!(std) } }";
    let files = [("raft/src/b.rs", source), ("raft/src/a.rs", source), ("kvsrv/src/lib.rs", source)];
    let findings = check_files(&files);
    assert_eq!(findings, check_files(&[files[2], files[0], files[1]]));
    let places: Vec<_> = findings.violations.iter().map(|it| (&it.file, it.line, it.column)).collect();
    assert!(places.is_sorted() && places.len() == 12, "{places:?}");
}
