//! Source that the rules accept.

use std::fs;
use std::path::Path;

use staff::rules::{Findings, certain, check};
use staff::submission::{self, Limits, SourceFile};

use super::{check_text, passes};

#[test]
fn the_references_pass() {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let staged = submission::read(workspace, &Limits::default()).unwrap();
    assert_eq!(staged.crates(), submission::crates().collect());
    // Unit tests of the references use the simulation; they are not compiled.
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
fn ordinary_source_passes() {
    passes(&[
        "",
        "//! unsafe std::fs",
        "/// See `std::fs`.\n#[must_use = \"std::process\"]\nfn f() {}",
        "#![allow(dead_code, clippy::all, unused)]\n#![warn(missing_docs)]",
        "use std::collections::{BTreeMap, HashMap as Map, hash_map::Entry};",
        "use std::{cmp::{max, min}, fmt::{self, Write as _}, rc::Rc, time::Duration};",
        "use std::sync::{Arc, Weak, atomic::Ordering};",
        "use core::ops::Range; use std::fmt::Result as FmtResult;",
        "use labrt::{channel::{self, select}, rand::{RngExt, rng}}; \
         use labrt::{sync::{Arc, Mutex}, thread, time::Instant};",
        "use labrt::channel as _; use labapi::*; use serde::{Serialize, Deserialize};",
        "use super::*; mod tests { use crate::*; }",
        "#[labrpc::service]\nimpl Peer { fn vote(&self, args: A) -> B { B } }",
        "#[derive(Serialize)] struct A { #[serde(with = \"labgob::bytes\", default)] a: u8 }",
        "fn f() -> std::io::Result<()> { Err(std::io::Error::from(std::io::ErrorKind::Other)) }",
        "fn f(std: f64, core: u8, env: u8, log: u8) -> f64 { println!(\"{}\", core + env); \
         std / 2.0 as f64 }",
        "fn f(a: &'static str) -> impl Fn() + use<> { move || () }",
        "const A: [u8; 3] = [1, 2, 3]; static B: u64 = 3; static C: &[(&str, i8)] = &[(\"a\", -1)];",
        "pub(crate) static D: [usize; 4] = [1 << 3; 2 + 2];",
        "macro_rules! count { ($($name:ident),* $(,)?) => { [$(stringify!($name)),*].len() }; }\n\
         fn f() { count!(a, b); }",
        "fn f() { log::info!(target: \"a\", \"x {}\", 1); std::println!(); core::assert!(true); }",
        "fn f() { let r#unsafe = 1; if !(true) { return !(false); } }",
        "fn f(a: u8) { match a { 1 => !(true), _ => false }; } fn include() {} fn asm() { include() }",
        "mod env; use crate::env::Env; use self::env as environment;",
        "mod core; use crate::core::State; fn f() { core::start() }",
        "fn f() { std::mem::size_of::<u64>(); std::iter::empty::<u8>(); Vec::<std::rc::Rc<u8>>::new() }",
        "macro_rules! m { ($a:ident) => { std::collections::$a::new() }; } fn f() { m!(BTreeMap) }",
        "mod io { pub struct Disk; } use io::Disk; fn f() { io::save() }",
        "macro_rules! note { ($($a:tt)*) => { log::debug!($($a)*) }; } \
         fn f(&self) { note!(\"a static S, unsafe {}\", self.state.static_term()) }",
        "macro_rules! m { ($(#[$a:meta])* $b:ident<$c:lifetime>) => { \
         $(#[$a])* struct $b { c: &$c str } } } m!(#[derive(Debug)] /// It's `std::fs`.\nS<'static>);",
        "macro_rules! m { ($path:expr) => { $path.len() } } \
         fn f(path: &str) { m!(path); m!(self.path); println!(\"{}\", path) }",
        "macro_rules! m { () => { fn f<'a>(a: &'static str) -> labrt::time::Instant \
         { std::cmp::max(a.allocated, crate::a::b()) } } }",
        "macro_rules! m { () => { use std::{fmt::{self, Write as _}, collections::*}; \
         use labrt::sync::{Arc, Mutex}; }; }",
        "fn f() { let macro_rules = 1; if macro_rules != 2 { static A: u64 = 1; } }",
        "fn f(a: Arc<u8>) -> bool { std::ptr::eq(&a, &a) && std::mem::take(&mut a) == 1 }",
    ]);
}

#[test]
fn unit_tests_are_not_checked() {
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
