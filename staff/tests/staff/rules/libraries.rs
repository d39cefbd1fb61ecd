//! Parts of std and of the framework that lab code may not use.

use staff::rules::Rule;

use super::{violates, warns};

#[test]
fn the_system_is_refused() {
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
fn reading_files_during_the_build_is_refused() {
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
fn control_of_the_simulation_is_refused() {
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
fn constructs_that_the_runtime_detects_are_warnings() {
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
