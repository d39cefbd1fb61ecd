//! Parts of the language that lab code may not use.

use staff::rules::Rule;

use super::{passes, violates};

#[test]
fn functions_that_extend_a_borrow_are_refused() {
    violates(
        Rule::Lifetime,
        &[
            "fn keep<'a, 'b, T: ?Sized>(_: &'a &'b (), it: &'b mut T) -> &'a mut T { it }",
            "mod a { mod b { trait Keep { fn keep<'a, 'b>(it: &'b u8, _: &'a &'b ()) -> &'a u8; } } }",
            "macro_rules! m { ($f:ident, $t:ty) => { \
             fn $f<'a, 'b>(_: &'a &'b (), it: &'b $t) -> &'a $t { it } } }",
            "fn f<'b>(it: &'b mut u8) { let keep: for<'x> fn(_, &'x mut u8) -> &'b mut u8 = g(); }",
        ],
    );
    passes(&[
        "fn keep<'a, 'b: 'a, T: ?Sized>(_: &'a &'b (), it: &'b mut T) -> &'a mut T { it }",
        "#[cfg(test)] mod tests { fn keep<'a, 'b>(_: &'a &'b (), it: &'b u8) -> &'a u8 { it } }",
        "fn entries<'a>(log: &'a [Entry], from: usize) -> impl Iterator<Item = &'a Entry> + 'a \
         { log[from..].iter() }",
    ]);
}

#[test]
fn unsafe_code_is_refused() {
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
fn foreign_code_is_refused() {
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
fn assembly_is_refused() {
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
fn memory_shared_by_servers_is_refused() {
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
            // Plain data by name only.
            "type u64 = Mutex<u8>; static A: u64 = u64::new(0);",
            "const NEW: u64 = 1; static A: u64 = NEW;",
            "static A: [u64; { 3 }] = [0; 3];",
            "static A: u64 = const { 1 };",
            // A macro may turn it into anything.
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
fn attributes_that_labs_do_not_need_are_refused() {
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
fn guarded_lints_cannot_be_set() {
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
fn a_shebang_is_refused() {
    violates(Rule::Shebang, &["#!/bin/sh\nfn f() {}", "#! [allow(x)]", "\u{feff}#!/bin/sh"]);
}
